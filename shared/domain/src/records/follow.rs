//! Companies whose changes are followed after their migration.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{JobId, LinkId, QboId, RealmId};

/// That a company's changes are followed, and when next.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Follow {
    pub link: LinkId,
    pub since: Timestamp,
    pub by: String,
    /// When the next run begins, at the latest.
    pub next: Timestamp,
    /// Changes that QuickBooks told of since the last run began.
    pub told: u64,
    /// The last run, and when it began.
    pub last: Option<(JobId, Timestamp)>,
    /// Why no run begins, and what helps.
    pub held: Option<String>,
}

/// One change that QuickBooks told of: that it happened, not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The same for each delivery of the same event.
    pub event: String,
    pub realm: RealmId,
    /// As QuickBooks wrote it: `Invoice`, or `invoice`.
    pub entity: String,
    pub id: QboId,
    /// As QuickBooks wrote it: `Update`, or `updated`.
    pub operation: String,
    pub at: Timestamp,
}
