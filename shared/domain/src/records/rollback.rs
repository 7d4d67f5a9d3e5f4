//! A rollback: what is asked for, and what came of it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{JobId, Kind, QboId};

/// What a rollback takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// What this job made; what all jobs of the link made, if left out.
    pub job: Option<JobId>,
    /// These kinds only.
    pub kinds: Option<Vec<Kind>>,
    /// Documents dated so only.
    pub from: Option<Date>,
    pub to: Option<Date>,
    /// Only say what would be taken.
    #[serde(default)]
    pub preview: bool,
}

/// What a rollback takes (or took) and what it leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolledBack {
    pub scope: Scope,
    /// By kind, and by what has none, as `Opening balances`.
    pub kinds: BTreeMap<String, Taken>,
    pub refused: Vec<Left>,
    /// Whether nothing of the link is left, so that it may begin anew.
    pub forgotten: bool,
}

/// How many records of a kind a rollback takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// In the preview: would be removed. Afterwards: were.
    pub removed: u64,
    /// Were in Odoo before the migration.
    pub kept: u64,
    pub refused: u64,
}

/// A record that a rollback leaves, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Left {
    /// Its kind.
    pub what: String,
    pub id: QboId,
    /// `edited`, `reconciled`, `used`, `locked`, `needed` or `refused`.
    pub class: String,
    pub why: String,
}
