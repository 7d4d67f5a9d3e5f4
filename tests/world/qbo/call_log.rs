//! Every call the simulator has had, for tests to count and look at.

use jiff::Timestamp;

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    Query,
    /// One object by id, company info, preferences, exchange rate.
    Read,
    Batch,
    Cdc,
    Report,
    /// Any writing of an entity, which the simulator refuses.
    Write,
    OAuth,
    Other,
}

impl CallKind {
    /// Told from the path below the company.
    pub fn of(path: &str, method: &str) -> Self {
        let mut parts = path.trim_matches('/').split('/');
        if (parts.next(), parts.next()) != (Some("v3"), Some("company")) {
            return if path.contains("oauth2") || path.contains("openid") {
                Self::OAuth
            } else {
                Self::Other
            };
        }
        match parts.nth(1) {
            Some("query") => Self::Query,
            Some("batch") => Self::Batch,
            Some("cdc") => Self::Cdc,
            Some("reports") => Self::Report,
            Some(_) if method == "POST" => Self::Write,
            Some(_) => Self::Read,
            None => Self::Other,
        }
    }

    /// Reads of company data, which Intuit counts and charges for when they succeed.
    pub fn metered(self) -> bool {
        matches!(self, Self::Query | Self::Read | Self::Batch | Self::Cdc | Self::Report)
    }
}

/// One call and how it ended.
#[derive(Debug, Clone)]
pub struct Call {
    pub at: Timestamp,
    pub method: String,
    pub path: String,
    /// As sent, still encoded.
    pub query: String,
    pub kind: CallKind,
    /// The statement of a query; the statements of a batch, one a line.
    pub statement: String,
    /// Batch items, or 1.
    pub items: usize,
    /// Rows given back by queries and reports.
    pub rows: usize,
    /// 0 while the call is being answered, and for good if the caller hung up.
    pub status: u16,
    /// QuickBooks' own error code, as `4001`; empty when there is none.
    pub fault_code: &'static str,
    /// Whether a planned fault gave the answer.
    pub planned_fault: bool,
    pub tid: String,
}

/// All calls since the start, or since the log was last cleared.
#[derive(Debug, Default)]
pub struct CallLog {
    pub calls: Vec<Call>,
    pub in_flight: usize,
    /// The most calls that ran at the same time.
    pub most_in_flight: usize,
}
