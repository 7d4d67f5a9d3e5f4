//! Refund receipt → `account.move` of type `out_refund`, and the payment that settles it.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Posting, Sums, Write};

use super::{
    document::Journal,
    sales::{AFTER, Sale},
};

pub struct RefundReceipt;

impl Entity for RefundReceipt {
    const KIND: Kind = Kind::RefundReceipt;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = AFTER;
    const WRITE: Write = Write::Document;
    type Source = Sale;

    fn order(refund: &Sale) -> String {
        refund.head.order()
    }

    fn map(refund: &Sale, books: &Books<'_>) -> Result<Mapped, MapError> {
        refund.settled_at_once("out_refund", Journal::CreditMemos, 1, books)
    }

    fn post(refund: &Sale, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        refund.posted_at_once(1, books.facts)
    }

    fn sums(refund: &Sale, _: &Facts) -> Option<Sums> {
        Some(refund.sums(None))
    }
}
