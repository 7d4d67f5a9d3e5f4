//! Sales receipt → `account.move` of type `out_receipt`, and the payment that settles it.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Posting, Sums, Write};

use super::{
    document::Journal,
    sales::{AFTER, Sale},
};

pub struct SalesReceipt;

impl Entity for SalesReceipt {
    const KIND: Kind = Kind::SalesReceipt;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = AFTER;
    const WRITE: Write = Write::Document;
    type Source = Sale;

    fn order(receipt: &Sale) -> String {
        receipt.head.order()
    }

    fn map(receipt: &Sale, books: &Books<'_>) -> Result<Mapped, MapError> {
        receipt.settled_at_once("out_receipt", Journal::Invoices, -1, books)
    }

    fn post(receipt: &Sale, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        receipt.posted_at_once(-1, books.facts)
    }

    fn sums(receipt: &Sale, _: &Facts) -> Option<Sums> {
        Some(receipt.sums(None))
    }
}
