//! Files: Odoo keeps them by their checksum, and they go with what they hang on.

use std::fmt::Write;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::{
    fault::{Raised, Result},
    store::{Record, Store},
};

pub const ATTACHMENT: &str = "ir.attachment";

/// Of the bytes only their checksum and their number are kept here.
pub fn digest(record: &mut Record) -> Result<()> {
    // a file of no bytes has no checksum
    let Some(Value::String(datas)) = record.remove("datas") else { return Ok(()) };
    let bytes = BASE64_STANDARD
        .decode(datas)
        .map_err(|error| Raised::value(format!("Incorrect padding: {error}")))?;
    let sum = Sha1::digest(&bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    record.insert("checksum".to_owned(), json!(sum));
    record.insert("file_size".to_owned(), json!(bytes.len()));
    Ok(())
}

/// What hangs on a record goes with it.
pub fn go_with(store: &mut Store, model: &str, id: i64) {
    for (of, named) in [(ATTACHMENT, "res_model"), ("mail.message", "model")] {
        let Some(table) = store.table(of) else { continue };
        let hangs = |one: &i64| {
            store.text(of, *one, named) == model && store.field(of, *one, "res_id") == &json!(id)
        };
        let gone: Vec<i64> = table.ids().filter(hangs).collect();
        for one in gone {
            store.remove(of, one);
        }
    }
}
