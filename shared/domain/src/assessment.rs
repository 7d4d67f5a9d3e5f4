//! What a company has, whether it is ready to be moved, and what that will take.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{RealmId, Tier};

/// Both companies looked at, and nothing written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assessment {
    pub at: Timestamp,
    pub realm: RealmId,
    pub quickbooks_company: String,
    pub odoo_company: String,
    /// As Odoo says it; `None` where Odoo could not be asked.
    pub odoo_version: Option<String>,
    pub state: Readiness,
    /// 100 is a company that nothing has to be said about.
    pub score: u8,
    /// The first and the last day of a transaction.
    pub first: Option<Date>,
    pub last: Option<Date>,
    /// By QuickBooks' name of the kind, those without records left out.
    pub counts: BTreeMap<String, Counted>,
    /// Transactions by calendar year, of all kinds.
    pub by_year: BTreeMap<i16, u64>,
    pub features: Vec<Feature>,
    pub not_moved: Vec<LeftBehind>,
    pub checks: Vec<Check>,
    pub forecast: Forecast,
}

/// How many records of a kind there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub records: u64,
    /// Of transactions, by calendar year.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_year: BTreeMap<i16, u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Date>,
    /// Of transactions, those before the first day of history that is to be moved.
    #[serde(default, skip_serializing_if = "none")]
    pub before: u64,
    /// Why QuickBooks would not say: its plan may not have this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_answered: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn none(records: &u64) -> bool {
    *records == 0
}

/// Something of QuickBooks that the company uses, and how we know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// As in `multi_currency`.
    pub id: String,
    pub evidence: String,
}

/// Records that will not be in Odoo, or not as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftBehind {
    pub what: String,
    pub records: u64,
    pub why: String,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// As in `lock-dates`; the same in every assessment.
    pub id: String,
    pub severity: Severity,
    pub says: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Ok,
    /// It will work; this is good to know before.
    Warn,
    /// Somebody should decide before anything is moved.
    Review,
    /// A migration would fail, or end wrong.
    Block,
}

/// How something is put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    pub by: FixBy,
    pub what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixBy {
    /// The migration itself takes care of it.
    Automatic,
    /// By connecting one of the sides again.
    Connect,
    /// In Odoo's chart of accounts.
    Chart,
    /// In the settings of Odoo or QuickBooks.
    Configuration,
    /// By saying what something becomes.
    Mapping,
    /// By hand, record by record, or by choosing otherwise.
    Manual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    Blocked,
    NeedsReview,
    ReadyWithWarnings,
    Ready,
}

impl Readiness {
    /// The worst of the checks decides.
    pub fn of(checks: &[Check]) -> Self {
        match checks.iter().map(|check| check.severity).max() {
            Some(Severity::Block) => Self::Blocked,
            Some(Severity::Review) => Self::NeedsReview,
            Some(Severity::Warn) => Self::ReadyWithWarnings,
            Some(Severity::Ok) | None => Self::Ready,
        }
    }
}

/// 100, less 40 for what blocks, 10 for what is to be reviewed, 3 for a warning.
pub fn score(checks: &[Check]) -> u8 {
    let lost = checks.iter().map(|check| match check.severity {
        Severity::Block => 40u8,
        Severity::Review => 10,
        Severity::Warn => 3,
        Severity::Ok => 0,
    });
    lost.fold(100, u8::saturating_sub)
}

/// What the migration will take with the plan that was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    pub plan: Tier,
    /// The first day of history with this plan; what is before becomes opening balances.
    pub cut: Date,
    /// Master records.
    pub masters: u64,
    /// Documents of the years that are moved.
    pub documents: u64,
    /// Documents before.
    pub before: u64,
    /// Files and notes, if what they hang on is moved.
    pub files: u64,
    pub quickbooks_calls: u64,
    pub odoo_calls: u64,
    pub minutes: u64,
    /// The smallest plan that covers all of history; `None` if none does.
    pub plan_for_all: Option<Tier>,
    /// What the forecast goes by.
    pub assumes: Vec<String>,
}
