//! Transfer → an entry from one account to another.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Money, Posting, Sums, Write};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, postings},
    wire::{Head, Reference, id},
};

pub struct Transfer;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(flatten)]
    head: Head,
    from_account_ref: Option<Reference>,
    to_account_ref: Option<Reference>,
    #[serde(default)]
    amount: Money,
}

impl Entity for Transfer {
    const KIND: Kind = Kind::Transfer;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = &[Kind::Account];
    const WRITE: Write = Write::Document;
    type Source = Source;

    fn order(transfer: &Source) -> String {
        transfer.head.order()
    }

    fn map(transfer: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        if transfer.amount.is_zero() {
            return Err(MapError::NotMoved("It moves nothing.".into()));
        }
        let document = Document {
            move_type: "entry",
            journal: Journal::Payments,
            head: &transfer.head,
            due: None,
            partner: None,
            lines: lines(transfer)?,
        };
        Ok(document.draft(books)?.into())
    }

    fn post(transfer: &Source, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(postings(&lines(transfer)?, &transfer.head, books.facts))
    }

    fn sums(transfer: &Source, _: &Facts) -> Option<Sums> {
        Some(Sums {
            date: transfer.head.txn_date,
            total: transfer.amount,
            debits: Some(transfer.amount.abs()),
            tax: None,
            open: None,
            due: None,
            currency: transfer.head.currency(),
        })
    }
}

fn lines(transfer: &Source) -> Result<Vec<Line>, MapError> {
    let missing = || MapError::Missing("It names only one account.".into());
    let to = id(transfer.to_account_ref.as_ref()).ok_or_else(missing)?;
    let from = id(transfer.from_account_ref.as_ref()).ok_or_else(missing)?;
    Ok(vec![
        Line::new(to, transfer.amount, &transfer.head),
        Line::new(from, -transfer.amount, &transfer.head),
    ])
}
