//! Charges for what a customer has to pay back post nothing until they are on an
//! invoice; each one is listed with the reason.

use q2o_domain::{Books, Entity, Kind, MapError, Mapped, Write};

pub struct ReimburseCharge;

impl Entity for ReimburseCharge {
    const KIND: Kind = Kind::ReimburseCharge;
    const MODEL: &'static str = "account.move";
    const WRITE: Write = Write::Nothing;
    type Source = serde_json::Value;

    fn map(_: &Self::Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Err(MapError::NotMoved(
            "It posts nothing before it is on an invoice, and the invoice is moved.".into(),
        ))
    }
}
