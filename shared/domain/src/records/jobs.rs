//! Jobs: what is asked for, and how far it is.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{JobId, Kind, LinkId, Remedy, Tier};

/// What a backfill is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub link: LinkId,
    pub tier: Tier,
    /// The first day of history that is moved.
    pub cut: Date,
    /// The day that counts as today.
    pub until: Date,
    pub kinds: Vec<Kind>,
    /// What it is for.
    #[serde(default)]
    pub purpose: Purpose,
    /// Only if QuickBooks has changed since this job read it through, as far as that can
    /// be told for little.
    #[serde(default)]
    pub since: Option<JobId>,
}

/// What a job is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Look at both companies, and say what moving would take. Nothing is written.
    Assess,
    /// Foretell what would come of a migration. Nothing is written to Odoo.
    Rehearse,
    /// Move the books.
    #[default]
    Backfill,
    /// Take back what was moved.
    RollBack,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Running,
    Paused,
    /// Waits for a person; the remedy says for what.
    NeedsUser,
    Done,
    Failed,
    Cancelled,
}

impl JobState {
    pub fn ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// One backfill, as its page shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    pub id: JobId,
    pub plan: Plan,
    pub state: JobState,
    /// What it is doing: `survey`, `extract`, `ledger`, `load`, `complete`, `prove`.
    pub phase: String,
    pub started: Timestamp,
    pub started_by: String,
    pub ended: Option<Timestamp>,
    pub why: Option<String>,
    pub remedy: Option<Remedy>,
    pub counts: BTreeMap<Kind, Counts>,
    /// Kinds that this company gives no records of, and why.
    #[serde(default)]
    pub unavailable: BTreeMap<Kind, String>,
    /// The version of the mapping it runs with, if there is one.
    #[serde(default)]
    pub mapping: Option<u32>,
    /// QuickBooks had not changed: nothing was read, moved or proved.
    #[serde(default)]
    pub unchanged: bool,
    /// Calls made to QuickBooks and to Odoo.
    #[serde(default)]
    pub calls: (u64, u64),
    /// Number of the last event.
    pub events: u64,
}

/// What has happened to the records of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// In QuickBooks, as far as known.
    pub source: u64,
    pub fetched: u64,
    pub loaded: u64,
    /// Unchanged since an earlier run.
    pub skipped: u64,
    /// Deliberately not moved.
    pub not_moved: u64,
    /// Documents before the first day of history: in the opening balances.
    #[serde(default)]
    pub before: u64,
    pub errors: u64,
    /// Of a rollback: no longer in Odoo.
    #[serde(default)]
    pub removed: u64,
    /// Of a rollback: were there before the migration.
    #[serde(default)]
    pub kept: u64,
    /// Of a rollback: stay, for a reason that is told.
    #[serde(default)]
    pub refused: u64,
}

impl Counts {
    pub fn add(&mut self, more: Self) {
        self.source += more.source;
        self.fetched += more.fetched;
        self.loaded += more.loaded;
        self.skipped += more.skipped;
        self.not_moved += more.not_moved;
        self.before += more.before;
        self.errors += more.errors;
        self.removed += more.removed;
        self.kept += more.kept;
        self.refused += more.refused;
    }
}

/// One step of a job's progress. Numbers of one job have no gaps.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    pub number: u64,
    pub at: Timestamp,
    pub what: String,
    pub kind: Option<Kind>,
    pub counts: Counts,
    pub actor: String,
}
