//! Bill → `account.move` of type `in_invoice`, then posted.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Posting, Sums, Write};

use super::{
    document::Journal,
    purchases::{AFTER, Bought},
};

pub struct Bill;

impl Entity for Bill {
    const KIND: Kind = Kind::Bill;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = AFTER;
    const WRITE: Write = Write::Document;
    type Source = Bought;

    fn order(bill: &Bought) -> String {
        bill.head.order()
    }

    fn inform(bill: &Bought, facts: &mut Facts) {
        bill.head.inform(Self::KIND, facts);
    }

    fn map(bill: &Bought, books: &Books<'_>) -> Result<Mapped, MapError> {
        bill.map("in_invoice", Journal::Bills, 1, books)
    }

    fn post(bill: &Bought, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        bill.post(1, books)
    }

    fn sums(bill: &Bought, _: &Facts) -> Option<Sums> {
        Some(bill.sums())
    }
}
