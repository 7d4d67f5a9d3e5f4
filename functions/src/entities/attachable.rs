//! Attachables are not fetched with their files; each one is listed with the reason.

use q2o_domain::{Books, Entity, Kind, MapError, Mapped, Write};
use serde::Deserialize;

pub struct Attachable;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    file_name: Option<String>,
    note: Option<String>,
}

impl Entity for Attachable {
    const KIND: Kind = Kind::Attachable;
    const MODEL: &'static str = "ir.attachment";
    const WRITE: Write = Write::Nothing;
    type Source = Source;

    fn map(attachable: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        let what = attachable.file_name.as_ref().or(attachable.note.as_ref());
        let what = what.map_or("An attachment", String::as_str);
        Err(MapError::NotMoved(format!(
            "{what}: attachments are not moved. Download them from QuickBooks (Attachments) before \
             you leave it."
        )))
    }
}
