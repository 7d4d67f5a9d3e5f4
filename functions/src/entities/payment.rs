//! Payment → an entry from receivable to where the money went, set against the
//! documents it pays, to the cent.

use q2o_domain::{
    Books, Entity, Facts, Kind, MapError, Mapped, Money, Posting, QboId, Sums, Write,
};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, postings},
    settlement::allocate,
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
        if payment.head.voided() && payment.line.is_empty() {
            return Err(MapError::NotMoved("Voided in QuickBooks: it posts nothing.".into()));
        }
        let account = receivable(payment, books.facts)?;
        let applied = payment.head.total_amt - payment.unapplied_amt.unwrap_or_default();
        let allocations = allocate(&payment.line, applied, &account, &[Kind::CreditMemo]);
        let mut mapped = Mapped { drafts: Vec::new(), allocations };
        // a payment of nothing only sets credits against invoices
        if !payment.head.total_amt.is_zero() {
            let mut head = payment.head.clone();
            head.doc_number = head.doc_number.or_else(|| payment.payment_ref_num.clone());
            let document = Document {
                move_type: "entry",
                journal: Journal::Payments,
                head: &head,
                due: None,
                partner: payment.customer_ref.as_ref().map(|c| c.to(Kind::Customer)),
                lines: lines(payment, books.facts)?,
            };
            mapped.drafts.push(document.draft(books)?);
        }
        Ok(mapped)
    }

    fn post(payment: &Source, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(postings(&lines(payment, books.facts)?, &payment.head, books.facts))
    }

    fn sums(payment: &Source, _: &Facts) -> Option<Sums> {
        Some(Sums {
            date: payment.head.txn_date,
            total: payment.head.total_amt,
            tax: None,
            open: payment.unapplied_amt,
            currency: payment.head.currency(),
        })
    }
}

fn receivable(payment: &Source, facts: &Facts) -> Result<QboId, MapError> {
    id(payment.ar_account_ref.as_ref())
        .or_else(|| {
            facts.receivable(id(payment.customer_ref.as_ref()), payment.head.currency().as_ref())
        })
        .cloned()
        .ok_or_else(|| MapError::Missing("The company has no receivable account.".into()))
}

fn lines(payment: &Source, facts: &Facts) -> Result<Vec<Line>, MapError> {
    let total = payment.head.total_amt;
    if total.is_zero() {
        return Ok(Vec::new());
    }
    let to = id(payment.deposit_to_account_ref.as_ref())
        .or_else(|| facts.undeposited_funds())
        .ok_or_else(|| MapError::Missing("It says no account to deposit to.".into()))?;
    let partner = payment.customer_ref.as_ref().map(|c| c.to(Kind::Customer));
    Ok(vec![
        Line::new(to, total, &payment.head).partner(partner.clone()),
        Line::new(&receivable(payment, facts)?, -total, &payment.head).partner(partner),
    ])
}
