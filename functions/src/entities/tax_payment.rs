//! Tax payments name one account of two: the ledger completes them, and the
//! records are listed.

use q2o_domain::{Books, Entity, Kind, MapError, Mapped, Write};

pub struct TaxPayment;

impl Entity for TaxPayment {
    const KIND: Kind = Kind::TaxPayment;
    const MODEL: &'static str = "account.move";
    const WRITE: Write = Write::Nothing;
    type Source = serde_json::Value;

    fn map(_: &Self::Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Err(MapError::NotMoved(
            "Its postings come from QuickBooks' ledger, as an entry: the record names one account."
                .into(),
        ))
    }
}
