//! Vendor credit → `account.move` of type `in_refund`, then posted.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Posting, Sums, Write};

use super::{
    document::Journal,
    purchases::{AFTER, Bought},
};

pub struct VendorCredit;

impl Entity for VendorCredit {
    const KIND: Kind = Kind::VendorCredit;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = AFTER;
    const WRITE: Write = Write::Document;
    type Source = Bought;

    fn order(credit: &Bought) -> String {
        credit.head.order()
    }

    fn inform(credit: &Bought, facts: &mut Facts) {
        credit.head.inform(Self::KIND, facts);
    }

    fn map(credit: &Bought, books: &Books<'_>) -> Result<Mapped, MapError> {
        credit.map("in_refund", Journal::VendorCredits, -1, books)
    }

    fn post(credit: &Bought, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        credit.post(-1, books)
    }

    fn sums(credit: &Bought, _: &Facts) -> Option<Sums> {
        Some(credit.sums())
    }
}
