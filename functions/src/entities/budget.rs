//! Budgets are Odoo Enterprise's; each one is listed with the reason.

use q2o_domain::{Books, Entity, Kind, MapError, Mapped, Write};

pub struct Budget;

impl Entity for Budget {
    const KIND: Kind = Kind::Budget;
    const MODEL: &'static str = "account.move";
    const WRITE: Write = Write::Nothing;
    type Source = serde_json::Value;

    fn map(_: &Self::Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Err(MapError::NotMoved(
            "Odoo Community has no budgets. Enter it in Odoo Enterprise, or keep a copy.".into(),
        ))
    }
}
