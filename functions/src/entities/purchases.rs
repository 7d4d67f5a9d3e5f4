//! What bills, vendor credits and purchases have in common: lines of accounts
//! and items, and taxes.

use jiff::civil::Date;
use q2o_domain::{Books, Facts, Kind, MapError, Mapped, Money, Posting, QboId, Ref, Sums};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, Role, postings},
    sales::{dimensions, flat, project},
    wire::{self, Head, ItemDetail, Reference, TxnTaxDetail, id},
};

/// What bills and vendor credits point at.
pub const AFTER: &[Kind] = &[
    Kind::Account,
    Kind::Vendor,
    Kind::Customer,
    Kind::Item,
    Kind::TaxRate,
    Kind::Class,
    Kind::Department,
    Kind::Term,
];

/// A bill, or a vendor's credit for one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Bought {
    #[serde(flatten)]
    pub head: Head,
    vendor_ref: Option<Reference>,
    #[serde(rename = "APAccountRef")]
    ap_account_ref: Option<Reference>,
    due_date: Option<Date>,
    balance: Option<Money>,
    #[serde(default)]
    line: Vec<wire::Line>,
    txn_tax_detail: Option<TxnTaxDetail>,
}

impl Bought {
    /// As a document. `sign` is one for a bill, minus one for a credit.
    pub fn map(
        &self,
        move_type: &'static str,
        journal: Journal,
        sign: i64,
        books: &Books<'_>,
    ) -> Result<Mapped, MapError> {
        let document = Document {
            move_type,
            journal,
            head: &self.head,
            due: self.due_date,
            partner: self.vendor(),
            lines: Vec::new(),
        };
        if self.head.voided() {
            return Ok(document.voided(books.facts)?.into());
        }
        let lines = self.lines(books, sign)?;
        Ok(Document { lines, ..document }.draft(books)?.into())
    }

    pub fn post(&self, sign: i64, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(postings(&self.lines(&books.alone(), sign)?, &self.head, books.facts))
    }

    pub fn sums(&self) -> Sums {
        Sums {
            date: self.head.txn_date,
            total: self.head.total_amt,
            debits: None,
            tax: self.txn_tax_detail.as_ref().and_then(|detail| detail.total_tax),
            open: self.balance.map(Money::abs),
            due: self.due_date,
            currency: self.head.currency(),
        }
    }

    fn vendor(&self) -> Option<Ref> {
        self.vendor_ref.as_ref().map(|v| v.to(Kind::Vendor))
    }

    fn lines(&self, books: &Books<'_>, sign: i64) -> Result<Vec<Line>, MapError> {
        let (head, facts) = (&self.head, books.facts);
        let mut lines = lines(&self.line, self.txn_tax_detail.as_ref(), head, facts, sign)?;
        // few documents name it; where there are several, the ledger tells
        let payable = id(self.ap_account_ref.as_ref())
            .or_else(|| books.posted_to("Accounts Payable"))
            .or_else(|| facts.payable(id(self.vendor_ref.as_ref()), head.currency().as_ref()))
            .ok_or_else(|| MapError::Missing("The company has no payable account.".into()))?;
        let due = Line::new(payable, head.total_amt * (-sign).into(), head)
            .with(Role::Due(self.due_date))
            .partner(self.vendor());
        lines.push(due);
        Ok(lines)
    }
}

/// The lines of what was bought. `sign` is one where buying debits, minus one
/// where something is given back.
pub fn lines(
    lines: &[wire::Line],
    tax: Option<&TxnTaxDetail>,
    head: &Head,
    facts: &Facts,
    sign: i64,
) -> Result<Vec<Line>, MapError> {
    let mut made = Vec::new();
    for line in flat(lines) {
        let amount = line.amount * sign.into();
        if let Some(detail) = &line.account_based_expense_line_detail {
            let account = id(detail.account_ref.as_ref())
                .ok_or_else(|| MapError::Missing("One of its lines names no account.".into()))?;
            let mut one = Line::new(account, amount, head).name(line.description.clone()).analytic(
                analytic(detail.class_ref.as_ref(), detail.customer_ref.as_ref(), head, facts),
            );
            one.taxes = levied(id(detail.tax_code_ref.as_ref()), tax, facts);
            made.push(one);
        } else if let Some(detail) = &line.item_based_expense_line_detail {
            made.push(item(detail, line, amount, tax, head, facts)?);
        }
    }
    for line in tax.iter().flat_map(|detail| &detail.tax_line) {
        if line.amount.is_zero() {
            continue;
        }
        let detail = line.tax_line_detail.as_ref();
        let rate = detail.and_then(|d| id(d.tax_rate_ref.as_ref())).cloned();
        let account = rate
            .as_ref()
            .and_then(|rate| facts.tax_account(rate))
            .ok_or_else(|| MapError::Missing("No account is known for one of its taxes.".into()))?;
        let base = detail.and_then(|d| d.net_amount_taxable).unwrap_or_default();
        let line = Line::new(account, line.amount * sign.into(), head)
            .with(Role::Tax { rate, base: base * sign.into() })
            .name(Some("Tax".into()));
        made.push(Line { inferred: true, ..line });
    }
    Ok(made)
}

fn item(
    detail: &ItemDetail,
    line: &wire::Line,
    amount: Money,
    tax: Option<&TxnTaxDetail>,
    head: &Head,
    facts: &Facts,
) -> Result<Line, MapError> {
    let item = id(detail.item_ref.as_ref());
    let stated = id(detail.item_account_ref.as_ref());
    let stocked =
        |item: &&QboId| facts.items.get(*item).is_some_and(|i| i.item_type == "Inventory");
    let account = stated
        .or_else(|| facts.item_account(item.filter(stocked)?, |i| i.asset.as_ref()))
        .or_else(|| facts.item_account(item?, |i| i.expense.as_ref()))
        .or_else(|| facts.item_account(item?, |i| i.income.as_ref()))
        .ok_or_else(|| MapError::Missing("The item of one of its lines has no account.".into()))?;
    let mut made = Line::new(account, amount, head)
        .name(line.description.clone())
        .analytic(analytic(detail.class_ref.as_ref(), detail.customer_ref.as_ref(), head, facts));
    made.inferred = stated.is_none();
    made.product = item.filter(|item| facts.items.contains_key(*item)).cloned();
    made.quantity = detail.qty;
    made.price = detail.unit_price;
    made.taxes = levied(id(detail.tax_code_ref.as_ref()), tax, facts);
    Ok(made)
}

/// Class and location of a line, and the project it was bought for.
fn analytic(
    class: Option<&Reference>,
    customer: Option<&Reference>,
    head: &Head,
    facts: &Facts,
) -> Vec<Ref> {
    let project = project(id(customer), facts);
    dimensions(id(class), head).into_iter().chain(project).collect()
}

/// The purchase taxes on a line, where the document has any.
pub fn levied(code: Option<&QboId>, tax: Option<&TxnTaxDetail>, facts: &Facts) -> Vec<Ref> {
    if tax.is_none_or(|detail| detail.tax_line.is_empty()) {
        return Vec::new();
    }
    let rates = code.and_then(|code| facts.tax_codes.get(code)).map(|(_, purchase)| purchase);
    rates
        .into_iter()
        .flatten()
        .map(|rate| Ref::part(Kind::TaxRate, rate.clone(), "purchase"))
        .collect()
}
