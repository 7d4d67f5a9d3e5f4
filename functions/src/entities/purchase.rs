//! Purchase (expense, check, cash or card) → an entry out of a bank or card account.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Posting, Ref, Sums, Write};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, debits, postings},
    purchases,
    wire::{self, Head, Reference, TxnTaxDetail, id},
};

pub struct Purchase;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(flatten)]
    head: Head,
    account_ref: Option<Reference>,
    entity_ref: Option<Reference>,
    /// Money came back, as with a card credit.
    #[serde(default)]
    credit: bool,
    #[serde(default)]
    line: Vec<wire::Line>,
    txn_tax_detail: Option<TxnTaxDetail>,
}

impl Entity for Purchase {
    const KIND: Kind = Kind::Purchase;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = &[
        Kind::Account,
        Kind::Vendor,
        Kind::Customer,
        Kind::Employee,
        Kind::Item,
        Kind::Class,
        Kind::Department,
    ];
    const WRITE: Write = Write::Document;
    type Source = Source;

    fn order(purchase: &Source) -> String {
        purchase.head.order()
    }

    fn inform(purchase: &Source, facts: &mut Facts) {
        purchase.head.inform(Self::KIND, facts);
    }

    fn map(purchase: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let document = Document {
            move_type: "entry",
            journal: Journal::Payments,
            head: &purchase.head,
            due: None,
            partner: payee(purchase),
            lines: Vec::new(),
        };
        if purchase.head.voided() {
            return Ok(document.voided(books.facts)?.into());
        }
        let lines = lines(purchase, books.facts)?;
        Ok(Document { lines, ..document }.draft(books)?.into())
    }

    fn post(purchase: &Source, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(postings(&lines(purchase, books.facts)?, &purchase.head, books.facts))
    }

    fn sums(purchase: &Source, facts: &Facts) -> Option<Sums> {
        Some(Sums {
            date: purchase.head.txn_date,
            total: purchase.head.total_amt,
            debits: lines(purchase, facts).ok().map(|lines| debits(&lines)),
            tax: None,
            open: None,
            due: None,
            currency: purchase.head.currency(),
        })
    }
}

fn payee(purchase: &Source) -> Option<Ref> {
    purchase.entity_ref.as_ref().and_then(Reference::partner)
}

fn lines(purchase: &Source, facts: &Facts) -> Result<Vec<Line>, MapError> {
    let head = &purchase.head;
    let sign = if purchase.credit { -1 } else { 1 };
    let mut lines =
        purchases::lines(&purchase.line, purchase.txn_tax_detail.as_ref(), head, facts, sign)?;
    let account = id(purchase.account_ref.as_ref())
        .ok_or_else(|| MapError::Missing("It names no bank or card account.".into()))?;
    lines.push(Line::new(account, head.total_amt * (-sign).into(), head).partner(payee(purchase)));
    Ok(lines)
}
