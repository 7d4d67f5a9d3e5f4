use std::path::Path;

use async_trait::async_trait;
use serde_json::Value;

use crate::{Failure, OdooId, Remedy};

/// One Odoo database and company, signed in.
#[async_trait]
pub trait Odoo: Send + Sync {
    /// The server's version, as in `[18, 0]`.
    async fn version(&self) -> Result<(u32, String), OdooError>;

    /// Any method: `args` positional, `kwargs` with the context. Answers `Null`
    /// where Odoo answers nothing.
    async fn call(
        &self,
        model: &str,
        method: &str,
        args: Value,
        kwargs: Value,
    ) -> Result<Value, OdooError>;

    /// Creates records in one call; all or none.
    async fn create(
        &self,
        model: &str,
        records: Vec<Value>,
        context: Value,
    ) -> Result<Vec<OdooId>, OdooError>;

    async fn write(&self, model: &str, ids: &[OdooId], fields: Value) -> Result<(), OdooError>;

    /// Records that match, with these fields; `most` zero means all.
    async fn search_read(
        &self,
        model: &str,
        domain: Value,
        fields: &[&str],
        order: &str,
        offset: u32,
        most: u32,
    ) -> Result<Vec<Value>, OdooError>;

    /// The same where rows are many: what records point at is told by its id alone, since
    /// its name is work for Odoo.
    async fn scan(
        &self,
        model: &str,
        domain: Value,
        fields: &[&str],
        most: u32,
    ) -> Result<Vec<Value>, OdooError>;

    /// Sums, grouped.
    async fn read_group(
        &self,
        model: &str,
        domain: Value,
        sums: &[&str],
        by: &[&str],
    ) -> Result<Vec<Value>, OdooError>;

    /// `load()`: creates or updates by external id; all rows or none, and every
    /// bad row is named.
    async fn load(
        &self,
        model: &str,
        columns: &[String],
        rows: Vec<Vec<String>>,
    ) -> Result<Loaded, OdooError>;

    /// The same for one record, with a file's bytes in one more column: they are
    /// read while they are sent, and never stand in memory whole.
    async fn load_with_file(
        &self,
        model: &str,
        columns: &[String],
        row: Vec<String>,
        column: &str,
        file: &Path,
    ) -> Result<Loaded, OdooError>;
}

/// What `load()` answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded {
    Done(Vec<OdooId>),
    /// Nothing was written.
    Refused(Vec<RowError>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    pub row: usize,
    pub field: Option<String>,
    pub message: String,
}

/// What an Odoo call can fail with.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OdooError {
    /// Odoo refuses the data: a business rule or a constraint. About records, not about us.
    #[error("{message}")]
    Refused { message: String },
    /// The record is gone.
    #[error("{message}")]
    Missing { message: String },
    /// Odoo has no such model: the application that brings it is not installed.
    #[error("{message}")]
    NotInstalled { message: String },
    /// The user may not do this.
    #[error("{message}")]
    Forbidden { message: String },
    /// No answer came, or none that tells: the call may or may not have been
    /// done. Look before trying again.
    #[error("{why}")]
    Unknown { why: String },
    /// Everything else, sorted by what helps.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<OdooError> for Failure {
    fn from(error: OdooError) -> Self {
        match error {
            OdooError::Failed(failure) => failure,
            OdooError::NotInstalled { message } => Self::NeedsUser {
                why: format!("An Odoo application is not installed: {message}"),
                remedy: Remedy::CheckOdoo,
            },
            OdooError::Forbidden { message } => Self::NeedsUser {
                why: format!("The Odoo user may not do this: {message}"),
                remedy: Remedy::CheckOdoo,
            },
            OdooError::Unknown { why } => Self::Retry { why, after: None },
            OdooError::Refused { message } | OdooError::Missing { message } => {
                Self::Bug { why: format!("Odoo refused: {message}") }
            }
        }
    }
}
