//! Attachable → `ir.attachment`, once on each record that it hangs on; a note
//! without a file → `mail.message`, as it is written into a record's conversation.

use q2o_domain::{Books, Draft, Entity, Fields, Kind, MapError, Mapped, Ref, Write};
use serde::Deserialize;

use super::wire::{Reference, kind_named};

pub struct Attachable;

/// What a note becomes.
pub const NOTE: &str = "mail.message";

/// The field that says which record it hangs on; one that hangs on none has no such field.
pub const ON: &str = "res_id";

/// The field with a file's bytes as QuickBooks counts them.
pub const SIZE: &str = "file_size";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    file_name: Option<String>,
    note: Option<String>,
    size: Option<i64>,
    content_type: Option<String>,
    #[serde(default)]
    attachable_ref: Vec<On>,
    meta_data: Option<Stamps>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct On {
    entity_ref: Option<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stamps {
    create_time: Option<jiff::Timestamp>,
}

/// The records that one file hangs on, by turns.
const PARTS: [&str; 24] = [
    "", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17",
    "18", "19", "20", "21", "22", "23", "24",
];

/// Kinds that it may hang on, but for those that Odoo gets no record of.
const MAY_HANG_ON: [Kind; 24] = [
    Kind::Account,
    Kind::Class,
    Kind::Department,
    Kind::Customer,
    Kind::Vendor,
    Kind::Employee,
    Kind::Item,
    Kind::Invoice,
    Kind::CreditMemo,
    Kind::SalesReceipt,
    Kind::RefundReceipt,
    Kind::Payment,
    Kind::Bill,
    Kind::VendorCredit,
    Kind::BillPayment,
    Kind::Purchase,
    Kind::Deposit,
    Kind::Transfer,
    Kind::CreditCardPayment,
    Kind::InventoryAdjustment,
    Kind::JournalEntry,
    Kind::Estimate,
    Kind::PurchaseOrder,
    Kind::TimeActivity,
];

impl Entity for Attachable {
    const KIND: Kind = Kind::Attachable;
    const MODEL: &'static str = "ir.attachment";
    const AFTER: &'static [Kind] = &MAY_HANG_ON;
    const WRITE: Write = Write::File;
    type Source = Source;

    fn map(attachable: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        let note = attachable.note.as_deref().map(str::trim).filter(|note| !note.is_empty());
        let draft = match (&attachable.file_name, note) {
            (Some(name), note) => Draft::new(
                Self::MODEL,
                [
                    ("name", name.as_str().into()),
                    ("mimetype", attachable.content_type.clone().into()),
                    ("description", note.map(str::to_owned).into()),
                    (SIZE, attachable.size.into()),
                ],
            ),
            (None, Some(note)) => Draft::new(NOTE, message(note, attachable.meta_data.as_ref())),
            (None, None) => {
                return Err(MapError::NotMoved(
                    "An attachment with neither a file nor a note: there is nothing to move."
                        .to_owned(),
                ));
            }
        };
        let on = on(&attachable.attachable_ref)?;
        if on.is_empty() {
            return Ok(draft.into());
        }
        let drafts = PARTS.iter().zip(on).map(|(part, to)| {
            let mut draft = draft.clone().as_part(part);
            draft.fields.insert(ON, to.into());
            draft
        });
        Ok(Mapped { drafts: drafts.collect(), ..Mapped::default() })
    }
}

/// What a note says, and when it was written.
fn message(note: &str, stamps: Option<&Stamps>) -> Fields {
    let mut fields = Fields::from([("body", html(note).into())]);
    if let Some(at) = stamps.and_then(|stamps| stamps.create_time) {
        fields.insert("date", at.strftime("%F %T").to_string().into());
    }
    fields
}

/// Text as the field of a message takes it.
fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<p>{}</p>", text.replace('\n', "<br>"))
}

/// The records that it hangs on, each once.
fn on(refs: &[On]) -> Result<Vec<Ref>, MapError> {
    let mut on: Vec<Ref> = Vec::new();
    let mut unknown: Vec<&str> = Vec::new();
    for to in refs.iter().filter_map(|on| on.entity_ref.as_ref()) {
        let named = to.kind.as_deref().unwrap_or_default();
        match kind_named(named).filter(|kind| MAY_HANG_ON.contains(kind)) {
            Some(kind) => {
                let to = Ref::new(kind, to.value.clone());
                if !on.contains(&to) {
                    on.push(to);
                }
            }
            None => unknown.push(named),
        }
    }
    if on.is_empty() && !unknown.is_empty() {
        return Err(MapError::NotMoved(format!(
            "It hangs on a record that Odoo has no place for ({}). Download it from QuickBooks \
             (Attachments) before you leave it.",
            unknown.join(", ")
        )));
    }
    if on.len() > PARTS.len() {
        return Err(MapError::Missing(format!(
            "It hangs on {} records, and {} are the most that one is moved to. Attach it to fewer.",
            on.len(),
            PARTS.len()
        )));
    }
    Ok(on)
}
