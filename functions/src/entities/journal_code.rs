//! Journal codes (France) sort postings that come into journals of their own;
//! each one is listed with the reason.

use q2o_domain::{Books, Entity, Kind, MapError, Mapped, Write};

pub struct JournalCode;

impl Entity for JournalCode {
    const KIND: Kind = Kind::JournalCode;
    const MODEL: &'static str = "account.journal";
    const WRITE: Write = Write::Nothing;
    type Source = serde_json::Value;

    fn map(_: &Self::Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Err(MapError::NotMoved(
            "History goes into journals of its own in Odoo; these codes are not moved.".into(),
        ))
    }
}
