//! Records on their way: as fetched, as linked, as refused.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{JobId, Kind, OdooId, QboId, Remedy};

/// A QuickBooks record as fetched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Staged {
    /// The job that fetched it last: what a later job does not find is gone.
    pub job: JobId,
    pub kind: Kind,
    pub id: QboId,
    /// As QuickBooks wrote it.
    pub record: Box<RawValue>,
}

/// The Odoo records that a QuickBooks record became.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdLink {
    /// By part; the record itself is `""`.
    pub odoo: BTreeMap<String, OdooId>,
    /// Of what was sent to Odoo.
    pub hash: String,
    /// Parts that were there before us: pointed at, but not ours to change.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub adopted: BTreeSet<String>,
    /// By part, where it is not the model of its kind, as `account.journal`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, String>,
    /// The job that made it; what is older than this field has none.
    #[serde(default)]
    pub job: Option<JobId>,
    /// Of a document, by part: its date and lines as they were sent, in short.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<String, String>,
    /// The partial reconciliations that this record asked for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub settled: BTreeSet<OdooId>,
    /// A rollback has begun to take it out of Odoo.
    #[serde(default)]
    pub leaving: bool,
}

impl IdLink {
    /// The records that we made, by part.
    pub fn made(&self) -> impl Iterator<Item = (&str, OdooId)> {
        let made = self.odoo.iter().filter(|(part, _)| !self.adopted.contains(*part));
        made.map(|(part, id)| (part.as_str(), *id))
    }
}

/// Why a record is not in Odoo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorEntry {
    pub kind: Kind,
    pub id: QboId,
    /// `not_moved`, `parked`, `refused`, `unreadable`, `missing`.
    pub class: String,
    /// What happened, with both sides' text.
    pub why: String,
    pub remedy: Option<Remedy>,
    /// What a parked record waits for.
    #[serde(default)]
    pub waits_for: Vec<String>,
    pub at: Timestamp,
}
