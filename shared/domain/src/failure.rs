//! Failures, sorted by what helps, and what a person can do about them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Kind, QboId};

/// Why something did not work, sorted by what helps: time, a person, or us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The same call may well succeed later; `after` is what the other side asked for.
    #[error("{why}")]
    Retry { why: String, after: Option<Duration> },
    /// Only a person can help, in the way the remedy says.
    #[error("{why}")]
    NeedsUser { why: String, remedy: Remedy },
    /// Our mistake; trying again changes nothing.
    #[error("{why}")]
    Bug { why: String },
}

impl Failure {
    pub fn retry(why: impl Into<String>) -> Self {
        Self::Retry { why: why.into(), after: None }
    }

    pub fn needs(remedy: Remedy, why: impl Into<String>) -> Self {
        Self::NeedsUser { why: why.into(), remedy }
    }

    pub fn bug(why: impl Into<String>) -> Self {
        Self::Bug { why: why.into() }
    }
}

pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// What a person can do about a failure; each is a button on a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "remedy", rename_all = "snake_case")]
pub enum Remedy {
    /// Sign in to QuickBooks again.
    ReconnectQuickBooks,
    /// Save the Odoo connection again: URL, database, user, key, or rights.
    CheckOdoo,
    /// Choose the Odoo company that belongs to this QuickBooks company.
    CheckCompany,
    /// Set the Odoo company's currency before it has journal items, or choose another company.
    CheckCurrency,
    /// Say what this record becomes in Odoo.
    Map { kind: Kind, id: QboId },
    /// Correct this record in QuickBooks (or what it collides with in Odoo), then retry it.
    FixRecord { kind: Kind, id: QboId },
    /// Look at the transaction's postings on both sides.
    Review { txn_type: String, id: QboId },
    /// Roll the migration back first: what was loaded stands in the way.
    RollBack,
    /// Install this application in Odoo, then migrate again.
    InstallApp { app: String },
    /// Choose a plan with more years of history.
    Upgrade,
    /// Send what is missing or malformed again.
    CorrectRequest,
}
