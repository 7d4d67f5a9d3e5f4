//! Bill → `account.move` of type `in_invoice`, then posted.

use jiff::civil::Date;
use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Money, Posting, Sums, Write};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, Role, postings},
    purchases,
    wire::{self, Head, Reference, TxnTaxDetail, id},
};

pub struct Bill;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(flatten)]
    head: Head,
    vendor_ref: Option<Reference>,
    #[serde(rename = "APAccountRef")]
    ap_account_ref: Option<Reference>,
    due_date: Option<Date>,
    balance: Option<Money>,
    #[serde(default)]
    line: Vec<wire::Line>,
    txn_tax_detail: Option<TxnTaxDetail>,
}

impl Entity for Bill {
    const KIND: Kind = Kind::Bill;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = &[
        Kind::Account,
        Kind::Vendor,
        Kind::Item,
        Kind::TaxRate,
        Kind::Class,
        Kind::Department,
        Kind::Term,
    ];
    const WRITE: Write = Write::Document;
    type Source = Source;

    fn order(bill: &Source) -> String {
        bill.head.order()
    }

    fn map(bill: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        if bill.head.voided() {
            return Err(MapError::NotMoved("Voided in QuickBooks: it posts nothing.".into()));
        }
        let document = Document {
            move_type: "in_invoice",
            journal: Journal::Bills,
            head: &bill.head,
            due: bill.due_date,
            partner: bill.vendor_ref.as_ref().map(|v| v.to(Kind::Vendor)),
            lines: lines(bill, books.facts)?,
        };
        Ok(document.draft(books)?.into())
    }

    fn post(bill: &Source, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(postings(&lines(bill, books.facts)?, &bill.head, books.facts))
    }

    fn sums(bill: &Source, _: &Facts) -> Option<Sums> {
        Some(Sums {
            date: bill.head.txn_date,
            total: bill.head.total_amt,
            tax: bill.txn_tax_detail.as_ref().and_then(|detail| detail.total_tax),
            open: bill.balance.map(Money::abs),
            currency: bill.head.currency(),
        })
    }
}

fn lines(bill: &Source, facts: &Facts) -> Result<Vec<Line>, MapError> {
    let head = &bill.head;
    let mut lines = purchases::lines(&bill.line, bill.txn_tax_detail.as_ref(), head, facts, 1)?;
    let payable = id(bill.ap_account_ref.as_ref())
        .or_else(|| facts.payable(id(bill.vendor_ref.as_ref()), head.currency().as_ref()))
        .ok_or_else(|| MapError::Missing("The company has no payable account.".into()))?;
    let due = Line::new(payable, head.total_amt * (-1).into(), head)
        .with(Role::Due(bill.due_date))
        .partner(bill.vendor_ref.as_ref().map(|v| v.to(Kind::Vendor)));
    lines.push(due);
    Ok(lines)
}
