//! Templates of transactions to come: nothing has happened yet, and two systems
//! must not both make them. Each one is listed with the reason.

use q2o_domain::{Books, Entity, Kind, MapError, Mapped, Write};

pub struct RecurringTransaction;

impl Entity for RecurringTransaction {
    const KIND: Kind = Kind::RecurringTransaction;
    const MODEL: &'static str = "account.move";
    const WRITE: Write = Write::Nothing;
    type Source = serde_json::Value;

    fn map(_: &Self::Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Err(MapError::NotMoved(
            "A template posts nothing. Set it up in Odoo when QuickBooks stops making its documents."
                .into(),
        ))
    }
}
