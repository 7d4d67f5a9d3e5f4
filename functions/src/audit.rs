//! Who did what: a row with every administrative act.

use std::sync::Arc;

use q2o_domain::{
    Result,
    ports::{Change, Clock},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    access::Member,
    store::{collection, document, log_expires},
};

/// The row that goes into the commit of the act itself.
pub fn entry(member: &Member, clock: &Arc<dyn Clock>, act: &str, about: &Value) -> Result<Change> {
    let now = clock.now();
    let body = json!({ "at": now, "actor": member.actor, "act": act, "about": about });
    let id = format!("{now} {}", Uuid::new_v4());
    let row = document(collection::AUDIT, id, &body)?.key("audit").sort(now.to_string());
    Ok(Change::Insert(row.expires(log_expires(now))))
}
