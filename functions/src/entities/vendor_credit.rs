//! Vendor credit → `account.move` of type `in_refund`, then posted.

use jiff::civil::Date;
use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Money, Posting, Sums, Write};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, Role, postings},
    purchases,
    wire::{self, Head, Reference, TxnTaxDetail, id},
};

pub struct VendorCredit;

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

impl Entity for VendorCredit {
    const KIND: Kind = Kind::VendorCredit;
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

    fn order(credit: &Source) -> String {
        credit.head.order()
    }

    fn map(credit: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        if credit.head.voided() {
            return Err(MapError::NotMoved("Voided in QuickBooks: it posts nothing.".into()));
        }
        let document = Document {
            move_type: "in_refund",
            journal: Journal::VendorCredits,
            head: &credit.head,
            due: credit.due_date,
            partner: credit.vendor_ref.as_ref().map(|v| v.to(Kind::Vendor)),
            lines: lines(credit, books.facts)?,
        };
        Ok(document.draft(books)?.into())
    }

    fn post(credit: &Source, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(postings(&lines(credit, books.facts)?, &credit.head, books.facts))
    }

    fn sums(credit: &Source, _: &Facts) -> Option<Sums> {
        Some(Sums {
            date: credit.head.txn_date,
            total: credit.head.total_amt,
            tax: credit.txn_tax_detail.as_ref().and_then(|detail| detail.total_tax),
            open: credit.balance.map(Money::abs),
            currency: credit.head.currency(),
        })
    }
}

fn lines(credit: &Source, facts: &Facts) -> Result<Vec<Line>, MapError> {
    let head = &credit.head;
    let mut lines =
        purchases::lines(&credit.line, credit.txn_tax_detail.as_ref(), head, facts, -1)?;
    let payable = id(credit.ap_account_ref.as_ref())
        .or_else(|| facts.payable(id(credit.vendor_ref.as_ref()), head.currency().as_ref()))
        .ok_or_else(|| MapError::Missing("The company has no payable account.".into()))?;
    let due = Line::new(payable, head.total_amt * 1.into(), head)
        .with(Role::Due(credit.due_date))
        .partner(credit.vendor_ref.as_ref().map(|v| v.to(Kind::Vendor)));
    lines.push(due);
    Ok(lines)
}
