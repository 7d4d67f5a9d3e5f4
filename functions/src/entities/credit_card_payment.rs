//! Credit card payment → an entry from the bank account to the card's.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Money, Posting, Sums, Write};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, postings},
    wire::{Head, Reference, id},
};

pub struct CreditCardPayment;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(flatten)]
    head: Head,
    credit_card_account_ref: Option<Reference>,
    bank_account_ref: Option<Reference>,
    vendor_ref: Option<Reference>,
    #[serde(default)]
    amount: Money,
}

impl Entity for CreditCardPayment {
    const KIND: Kind = Kind::CreditCardPayment;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = &[Kind::Account, Kind::Vendor];
    const WRITE: Write = Write::Document;
    type Source = Source;

    fn order(payment: &Source) -> String {
        payment.head.order()
    }

    fn map(payment: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        if payment.amount.is_zero() {
            return Err(MapError::NotMoved("It moves nothing.".into()));
        }
        let document = Document {
            move_type: "entry",
            journal: Journal::Payments,
            head: &payment.head,
            due: None,
            partner: payment.vendor_ref.as_ref().map(|vendor| vendor.to(Kind::Vendor)),
            lines: lines(payment)?,
        };
        Ok(document.draft(books)?.into())
    }

    fn post(payment: &Source, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(postings(&lines(payment)?, &payment.head, books.facts))
    }

    fn sums(payment: &Source, _: &Facts) -> Option<Sums> {
        Some(Sums {
            date: payment.head.txn_date,
            total: payment.amount,
            debits: Some(payment.amount.abs()),
            tax: None,
            open: None,
            due: None,
            currency: payment.head.currency(),
        })
    }
}

fn lines(payment: &Source) -> Result<Vec<Line>, MapError> {
    let missing = |which| move || MapError::Missing(format!("It names no {which} account."));
    let card = id(payment.credit_card_account_ref.as_ref()).ok_or_else(missing("credit card"))?;
    let bank = id(payment.bank_account_ref.as_ref()).ok_or_else(missing("bank"))?;
    Ok(vec![
        Line::new(card, payment.amount, &payment.head),
        Line::new(bank, -payment.amount, &payment.head),
    ])
}
