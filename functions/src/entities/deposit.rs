//! Deposit → an entry into a bank account, out of undeposited funds for what
//! was received before, out of other accounts for the rest.

use q2o_domain::{
    Allocation, Books, Entity, Facts, Kind, MapError, Mapped, Money, Posting, QboId, Sums, Write,
};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, Role, debits, postings},
    heed::heed,
    sales::dimensions,
    wire::{self, Head, Reference, TxnTaxDetail, id},
};

pub struct Deposit;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(flatten)]
    head: Head,
    deposit_to_account_ref: Option<Reference>,
    #[serde(default)]
    line: Vec<wire::Line>,
    cash_back: Option<CashBack>,
    txn_tax_detail: Option<TxnTaxDetail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CashBack {
    account_ref: Option<Reference>,
    #[serde(default)]
    amount: Money,
}

impl Entity for Deposit {
    const KIND: Kind = Kind::Deposit;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = &[
        Kind::Account,
        Kind::Customer,
        Kind::Vendor,
        Kind::Employee,
        Kind::Payment,
        Kind::SalesReceipt,
        Kind::RefundReceipt,
        Kind::JournalEntry,
        Kind::Transfer,
        Kind::BillPayment,
    ];
    const WRITE: Write = Write::Document;
    type Source = Source;

    fn order(deposit: &Source) -> String {
        deposit.head.order()
    }

    fn inform(deposit: &Source, facts: &mut Facts) {
        deposit.head.inform(Self::KIND, facts);
    }

    fn map(deposit: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let document = Document {
            move_type: "entry",
            journal: Journal::Payments,
            head: &deposit.head,
            due: None,
            partner: None,
            lines: Vec::new(),
        };
        if deposit.head.voided() {
            return Ok(document.voided(books.facts)?.into());
        }
        let mut lines = lines(deposit, books.facts)?;
        heed(&mut lines, books);
        let funds = lines.iter().find(|line| line.inferred && line.role == Role::Item);
        let allocations = funds.map(|funds| deposited(deposit, &funds.account)).unwrap_or_default();
        let draft = Document { lines, ..document }.draft(books)?;
        Ok(Mapped { drafts: vec![draft], allocations, order: None })
    }

    fn post(deposit: &Source, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(postings(&lines(deposit, books.facts)?, &deposit.head, books.facts))
    }

    fn sums(deposit: &Source, facts: &Facts) -> Option<Sums> {
        Some(Sums {
            date: deposit.head.txn_date,
            total: deposit.head.total_amt,
            debits: lines(deposit, facts).ok().map(|lines| debits(&lines)),
            tax: None,
            open: None,
            due: None,
            currency: deposit.head.currency(),
        })
    }
}

/// What was received before leaves undeposited funds by this deposit.
fn deposited(deposit: &Source, funds: &QboId) -> Vec<Allocation> {
    let received = deposit.line.iter().filter_map(|line| {
        let target = line.linked_txn.first()?.target()?;
        let amount = line.amount.abs();
        let allocation =
            Allocation { account: funds.clone(), from: None, to: Some(target), amount };
        (!line.amount.is_zero()).then_some(allocation)
    });
    received.collect()
}

fn lines(deposit: &Source, facts: &Facts) -> Result<Vec<Line>, MapError> {
    let head = &deposit.head;
    let to = id(deposit.deposit_to_account_ref.as_ref())
        .ok_or_else(|| MapError::Missing("It says no account to deposit to.".into()))?;
    let mut lines = vec![Line::new(to, head.total_amt, head)];
    if let Some(back) = deposit.cash_back.as_ref().filter(|back| !back.amount.is_zero()) {
        let account = id(back.account_ref.as_ref())
            .ok_or_else(|| MapError::Missing("Its cash back names no account.".into()))?;
        lines.push(Line::new(account, back.amount, head).name(Some("Cash back".into())));
    }
    for line in &deposit.line {
        let detail = line.deposit_line_detail.as_ref();
        let own =
            detail.and_then(|d| id(d.account_ref.as_ref())).filter(|_| line.linked_txn.is_empty());
        let account = own
            .or_else(|| facts.undeposited_funds())
            .ok_or_else(|| MapError::Missing("One of its lines names no account.".into()))?;
        let class = detail.and_then(|d| id(d.class_ref.as_ref()));
        let made = Line::new(account, -line.amount, head)
            .name(line.description.clone())
            .partner(detail.and_then(|d| d.entity.as_ref()?.partner()))
            .analytic(if own.is_some() { dimensions(class, head) } else { Vec::new() });
        // where what was received waited, only the ledger knows if there are several
        lines.push(Line { inferred: own.is_none(), ..made });
    }
    for tax in deposit.txn_tax_detail.iter().flat_map(|detail| &detail.tax_line) {
        if tax.amount.is_zero() {
            continue;
        }
        let detail = tax.tax_line_detail.as_ref();
        let rate = detail.and_then(|d| id(d.tax_rate_ref.as_ref())).cloned();
        let account = rate
            .as_ref()
            .and_then(|rate| facts.tax_account(rate))
            .ok_or_else(|| MapError::Missing("No account is known for one of its taxes.".into()))?;
        let base = detail.and_then(|d| d.net_amount_taxable).unwrap_or_default();
        let line = Line::new(account, -tax.amount, head).with(Role::Tax { rate, base });
        lines.push(Line { inferred: true, ..line });
    }
    Ok(lines)
}
