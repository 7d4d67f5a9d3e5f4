//! Payment → an entry from receivable to where the money went, set against the
//! documents it pays, to the cent.

use q2o_domain::{
    Allocation, Books, Entity, Facts, Kind, MapError, Mapped, Money, Posting, QboId, Sums, Write,
    ledger::net,
};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, postings},
    settlement::{self, allocate},
    wire::{self, Head, Reference, id},
};

pub struct Payment;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(flatten)]
    head: Head,
    customer_ref: Option<Reference>,
    #[serde(rename = "ARAccountRef")]
    ar_account_ref: Option<Reference>,
    deposit_to_account_ref: Option<Reference>,
    payment_ref_num: Option<String>,
    unapplied_amt: Option<Money>,
    #[serde(default)]
    line: Vec<wire::Line>,
}

impl Entity for Payment {
    const KIND: Kind = Kind::Payment;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = &[
        Kind::Account,
        Kind::Customer,
        Kind::Invoice,
        Kind::CreditMemo,
        Kind::JournalEntry,
        Kind::Purchase,
    ];
    const WRITE: Write = Write::Document;
    type Source = Source;

    fn order(payment: &Source) -> String {
        payment.head.order()
    }

    fn map(payment: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let mut head = payment.head.clone();
        head.doc_number = head.doc_number.or_else(|| payment.payment_ref_num.clone());
        let document = Document {
            move_type: "entry",
            journal: Journal::Payments,
            head: &head,
            due: None,
            partner: payment.customer_ref.as_ref().map(|c| c.to(Kind::Customer)),
            lines: Vec::new(),
        };
        if payment.head.voided() && payment.line.is_empty() {
            return Ok(document.voided(books.facts)?.into());
        }
        let allocations = allocations(payment, books)?;
        let lines = lines(payment, &allocations, books)?;
        let mut mapped = Mapped { allocations, ..Mapped::default() };
        // a payment of nothing sets credits against invoices, and may realise a gain
        if !payment.head.total_amt.is_zero() || !net(books.ledger).is_empty() {
            mapped.drafts.push(Document { lines, ..document }.draft(books)?);
        }
        Ok(mapped)
    }

    fn post(payment: &Source, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        let books = books.alone();
        let allocations = allocations(payment, &books)?;
        let lines = lines(payment, &allocations, &books)?;
        Ok(postings(&lines, &payment.head, books.facts))
    }

    fn sums(payment: &Source, _: &Facts) -> Option<Sums> {
        Some(Sums {
            date: payment.head.txn_date,
            total: payment.head.total_amt,
            debits: Some(payment.head.total_amt.abs()),
            tax: None,
            open: payment.unapplied_amt,
            due: None,
            currency: payment.head.currency(),
        })
    }
}

fn receivable(payment: &Source, books: &Books<'_>) -> Result<QboId, MapError> {
    let (customer, currency) = (id(payment.customer_ref.as_ref()), payment.head.currency());
    id(payment.ar_account_ref.as_ref())
        .or_else(|| books.posted_to("Accounts Receivable"))
        .or_else(|| books.facts.receivable(customer, currency.as_ref()))
        .cloned()
        .ok_or_else(|| MapError::Missing("The company has no receivable account.".into()))
}

fn allocations(payment: &Source, books: &Books<'_>) -> Result<Vec<Allocation>, MapError> {
    let account = receivable(payment, books)?;
    let applied = payment.head.total_amt - payment.unapplied_amt.unwrap_or_default();
    Ok(allocate(&payment.line, applied, &account, &[Kind::CreditMemo]))
}

fn lines(
    payment: &Source,
    allocations: &[Allocation],
    books: &Books<'_>,
) -> Result<Vec<Line>, MapError> {
    let (head, total, facts) = (&payment.head, payment.head.total_amt, books.facts);
    let to = id(payment.deposit_to_account_ref.as_ref())
        .or_else(|| facts.undeposited_funds())
        .ok_or_else(|| MapError::Missing("It says no account to deposit to.".into()))?;
    let partner = payment.customer_ref.as_ref().map(|c| c.to(Kind::Customer));
    let money = Line::new(to, total, head).partner(partner.clone());
    let control = Line::new(&receivable(payment, books)?, -total, head).partner(partner);
    Ok(settlement::lines(Some(money), control, -1, allocations, head, facts))
}
