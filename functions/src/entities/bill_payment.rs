//! Bill payment → an entry from a bank or card to payable, set against the
//! bills it pays, to the cent.

use q2o_domain::{
    Allocation, Books, Entity, Facts, Kind, MapError, Mapped, Posting, QboId, Sums, Write,
    ledger::net,
};
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line, postings},
    settlement::{self, allocate},
    wire::{self, Head, Reference, id},
};

pub struct BillPayment;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(flatten)]
    head: Head,
    vendor_ref: Option<Reference>,
    #[serde(rename = "APAccountRef")]
    ap_account_ref: Option<Reference>,
    check_payment: Option<Check>,
    credit_card_payment: Option<Card>,
    #[serde(default)]
    line: Vec<wire::Line>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Check {
    bank_account_ref: Option<Reference>,
}

#[derive(Deserialize)]
struct Card {
    #[serde(rename = "CCAccountRef")]
    cc_account_ref: Option<Reference>,
}

impl Entity for BillPayment {
    const KIND: Kind = Kind::BillPayment;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = &[
        Kind::Account,
        Kind::Vendor,
        Kind::Bill,
        Kind::VendorCredit,
        Kind::JournalEntry,
        Kind::Purchase,
    ];
    const WRITE: Write = Write::Document;
    type Source = Source;

    fn order(payment: &Source) -> String {
        payment.head.order()
    }

    fn map(payment: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let document = Document {
            move_type: "entry",
            journal: Journal::Payments,
            head: &payment.head,
            due: None,
            partner: payment.vendor_ref.as_ref().map(|v| v.to(Kind::Vendor)),
            lines: Vec::new(),
        };
        if payment.head.voided() && payment.line.is_empty() {
            return Ok(document.voided(books.facts)?.into());
        }
        let allocations = allocations(payment, books)?;
        let lines = lines(payment, &allocations, books)?;
        let mut mapped = Mapped { allocations, ..Mapped::default() };
        // a payment of nothing sets vendor credits against bills, and may realise a gain
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
            open: None,
            due: None,
            currency: payment.head.currency(),
        })
    }
}

fn payable(payment: &Source, books: &Books<'_>) -> Result<QboId, MapError> {
    let (vendor, currency) = (id(payment.vendor_ref.as_ref()), payment.head.currency());
    id(payment.ap_account_ref.as_ref())
        .or_else(|| books.posted_to("Accounts Payable"))
        .or_else(|| books.facts.payable(vendor, currency.as_ref()))
        .cloned()
        .ok_or_else(|| MapError::Missing("The company has no payable account.".into()))
}

fn allocations(payment: &Source, books: &Books<'_>) -> Result<Vec<Allocation>, MapError> {
    let account = payable(payment, books)?;
    Ok(allocate(&payment.line, payment.head.total_amt, &account, &[Kind::VendorCredit]))
}

fn lines(
    payment: &Source,
    allocations: &[Allocation],
    books: &Books<'_>,
) -> Result<Vec<Line>, MapError> {
    let (head, total, facts) = (&payment.head, payment.head.total_amt, books.facts);
    let bank = payment.check_payment.as_ref().and_then(|c| id(c.bank_account_ref.as_ref()));
    let card = payment.credit_card_payment.as_ref().and_then(|c| id(c.cc_account_ref.as_ref()));
    let from = bank.or(card);
    if from.is_none() && !total.is_zero() {
        return Err(MapError::Missing("It names no bank or card account.".into()));
    }
    let partner = payment.vendor_ref.as_ref().map(|v| v.to(Kind::Vendor));
    let money = from.map(|from| Line::new(from, -total, head).partner(partner.clone()));
    let control = Line::new(&payable(payment, books)?, total, head).partner(partner);
    Ok(settlement::lines(money, control, 1, allocations, head, facts))
}
