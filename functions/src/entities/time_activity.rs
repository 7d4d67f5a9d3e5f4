//! Time activities post nothing and are not moved; each one is listed with the reason.

use q2o_domain::{Books, Entity, Kind, MapError, Mapped, Write};

pub struct TimeActivity;

impl Entity for TimeActivity {
    const KIND: Kind = Kind::TimeActivity;
    const MODEL: &'static str = "account.analytic.line";
    const WRITE: Write = Write::Nothing;
    type Source = serde_json::Value;

    fn map(_: &Self::Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Err(MapError::NotMoved(
            "Time activities post nothing in QuickBooks; they are not moved.".into(),
        ))
    }
}
