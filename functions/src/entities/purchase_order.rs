//! Purchase orders post nothing and are not moved; each one is listed with the reason.

use q2o_domain::{Books, Entity, Kind, MapError, Mapped, Write};

pub struct PurchaseOrder;

impl Entity for PurchaseOrder {
    const KIND: Kind = Kind::PurchaseOrder;
    const MODEL: &'static str = "purchase.order";
    const WRITE: Write = Write::Nothing;
    type Source = serde_json::Value;

    fn map(_: &Self::Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Err(MapError::NotMoved(
            "Purchase orders post nothing in QuickBooks; they are not moved.".into(),
        ))
    }
}
