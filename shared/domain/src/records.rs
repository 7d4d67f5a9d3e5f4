//! What we keep: connections, links, jobs, staged records, proofs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    Currency, JobId, Kind, LinkId, Money, OdooId, Posting, QboId, RealmId, Remedy, Tier, Txn,
    ledger::Level,
};

/// A QuickBooks connection: a realm and its sealed tokens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QboConnection {
    pub realm: RealmId,
    /// As `CompanyInfo` said when the connection was tested.
    pub company_name: String,
    /// Sealed by the tenant's key.
    pub access_token: String,
    pub access_expires: Timestamp,
    /// Sealed by the tenant's key.
    pub refresh_token: String,
    pub refresh_expires: Option<Timestamp>,
    /// One refresher at a time, and no longer than this.
    #[serde(default)]
    pub refreshing_until: Option<Timestamp>,
    pub connected_by: String,
}

/// An Odoo connection: one company of one database.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OdooConnection {
    pub url: String,
    pub database: String,
    pub login: String,
    /// Sealed by the tenant's key.
    pub api_key: String,
    pub company: OdooId,
    pub company_name: String,
    pub version: String,
    /// Calls a second this Odoo may be asked; `None` is as many as it answers.
    pub calls_per_second: Option<u32>,
    pub connected_by: String,
}

/// A QuickBooks company tied to an Odoo company, with what told them apart
/// when they were tied.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompanyLink {
    pub id: LinkId,
    pub realm: RealmId,
    /// Id of the Odoo connection.
    pub odoo: String,
    /// Fixed at the first migration; checked before every later write.
    pub fingerprint: Option<Fingerprint>,
    /// The first day of history, fixed with it.
    #[serde(default)]
    pub cut: Option<Date>,
    /// What the migration set up in Odoo beside records: written down before it
    /// is made, so that a rollback knows it from what was there.
    #[serde(default)]
    pub set_up: BTreeSet<SetUp>,
}

/// A record that the migration needs of its own, as a journal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SetUp {
    /// As in `account.journal`.
    pub model: String,
    /// The field that tells it, and its value.
    pub by: String,
    pub value: String,
}

/// What says that both companies are still the ones they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    pub realm: RealmId,
    /// When QuickBooks made the company; survives renaming.
    pub company_created: String,
    pub odoo_database: String,
    /// The database's own uuid, where it can be read.
    pub odoo_uuid: String,
    pub odoo_company: OdooId,
    pub currency: Currency,
}

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

/// What QuickBooks' own ledger says of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerTxn {
    /// The job that read it last.
    pub job: JobId,
    pub txn: Txn,
    /// The report's word for the type.
    pub reported_as: String,
    pub date: Date,
    pub doc_number: String,
    pub memo: String,
    pub postings: Vec<Posting>,
}

/// A report of QuickBooks' that says what stood on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// Balances of accounts, debit positive, with the results of earlier years in
    /// retained earnings. An account that the report only names is under its name.
    TrialBalance { day: Date, balances: BTreeMap<QboId, Money> },
    /// Stock by item.
    Stock { day: Date, items: BTreeMap<QboId, InStock> },
}

/// How much of an item there is, and what it is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InStock {
    pub name: String,
    #[serde(with = "rust_decimal::serde::str")]
    pub quantity: Decimal,
    pub value: Money,
}

/// What was read from QuickBooks, whole, before the first record was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// SHA-256 over its canonical lines, in hexadecimal.
    pub sha256: String,
    pub records: u64,
    pub transactions: u64,
    pub reports: u64,
    pub taken: Timestamp,
}

/// An entry in Odoo for what documents cannot explain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    pub class: String,
    pub txn_type: String,
    pub txn_id: QboId,
    pub date: Date,
    /// The sum of its debits.
    pub amount: Money,
    /// Part of the document itself, not an entry of its own.
    #[serde(default)]
    pub in_document: bool,
}

/// Something that differs, told so that a person can find it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub level: String,
    pub what: String,
    pub quickbooks: String,
    pub odoo: String,
    /// What kind of difference it is, as in `only_in_odoo`.
    #[serde(default)]
    pub reason: String,
    /// The first transactions behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because_of: Vec<String>,
}

/// QuickBooks' own trial balance of a day beside what Odoo holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BothBalances {
    pub day: Date,
    /// Results from before this day stand in retained earnings.
    pub year_start: Date,
    pub retained_earnings: QboId,
    pub accounts: Vec<BothBalance>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BothBalance {
    pub account: QboId,
    /// Its number, if it has one, and its name in QuickBooks.
    pub name: String,
    /// The account it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odoo_account: Option<OdooId>,
    /// Whether it is one of profit and loss.
    pub result: bool,
    pub quickbooks: Money,
    pub odoo: Money,
}

/// QuickBooks accounts that are one account in Odoo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Odoo's code.
    pub odoo: String,
    /// Ids and names.
    pub accounts: Vec<String>,
}

/// Entries on an adopted account that are not ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// Code and name in Odoo.
    pub account: String,
    pub lines: u64,
    /// Debit positive.
    pub amount: Money,
}

/// Between whom, when and by what a proof was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// QuickBooks' company.
    pub quickbooks: String,
    pub realm: RealmId,
    pub odoo_url: String,
    pub odoo_database: String,
    pub odoo_company: OdooId,
    pub odoo_company_name: String,
    pub odoo_version: String,
    pub currency: Currency,
    pub proved: Timestamp,
    /// The version of this program.
    pub software: String,
}

/// Both ledgers compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// `L0` to `L4`, after completion.
    pub levels: BTreeMap<String, Level>,
    /// What documents post by themselves against QuickBooks' ledger, before completion.
    pub by_documents: Level,
    /// The debit sum of the running balances at the last date.
    pub trial_balance_total: Money,
    pub completion_entries: Vec<Completion>,
    pub unexplained: Vec<Difference>,
    /// The first differences of each level.
    pub differences: Vec<Difference>,
    /// What could not be compared, and why.
    #[serde(default)]
    pub not_compared: Vec<String>,
    /// What it was compared with.
    #[serde(default)]
    pub snapshot: Option<Snapshot>,
    /// Accounts that are one account in Odoo: compared by their sum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// What stood, or was booked, on adopted accounts without us: not compared,
    /// but in Odoo's own balances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<Foreign>,
    #[serde(default)]
    pub circumstances: Option<Circumstances>,
    /// The records that are not in Odoo (or would not be), as of the proof.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_loaded: Vec<ErrorEntry>,
}

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

impl Proof {
    pub fn clean(&self) -> bool {
        self.unexplained.is_empty() && self.levels.values().all(|level| level.different == 0)
    }
}
