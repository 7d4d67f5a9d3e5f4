//! Estimates post nothing and are not moved; each one is listed with the reason.

use q2o_domain::{Books, Entity, Kind, MapError, Mapped, Write};

pub struct Estimate;

impl Entity for Estimate {
    const KIND: Kind = Kind::Estimate;
    const MODEL: &'static str = "sale.order";
    const WRITE: Write = Write::Nothing;
    type Source = serde_json::Value;

    fn map(_: &Self::Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Err(MapError::NotMoved("Estimates post nothing in QuickBooks; they are not moved.".into()))
    }
}
