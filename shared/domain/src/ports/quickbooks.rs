use std::{collections::BTreeMap, path::Path, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{Kind, QboId, RealmId, Result};

/// One QuickBooks company, signed in and within its call budget.
#[async_trait]
pub trait QuickBooks: Send + Sync {
    fn realm(&self) -> &RealmId;

    /// `CompanyInfo` of the realm.
    async fn company(&self) -> Result<Value>;

    /// `Preferences` of the realm.
    async fn preferences(&self) -> Result<Value>;

    /// `most` records of a kind from position `start` (1-based), ordered by id.
    async fn page(&self, kind: Kind, only: Option<&str>, start: u32, most: u32) -> Result<Page>;

    /// How many records of each kind there are, in as few calls as possible; or
    /// why this company gives none of them.
    async fn counts(&self, kinds: &[(Kind, Option<&str>)])
    -> Result<Vec<Result<u64, Unavailable>>>;

    /// Several queries in as few calls as possible; each has an answer of its own.
    async fn queries(&self, statements: &[String]) -> Result<Vec<Answer>>;

    /// A report, read by column key.
    async fn report(&self, name: &str, params: &[(&str, &str)]) -> Result<Report>;

    /// Writes the file of an attachable to `to`, which is emptied first, piece by
    /// piece; or says why there is none to be had, as if it is longer than `most` bytes.
    async fn download(
        &self,
        attachable: &QboId,
        most: u64,
        to: &Path,
    ) -> Result<Result<Content, Unavailable>>;
}

/// What was in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub bytes: u64,
    /// Its SHA-1 in hexadecimal, by which Odoo tells files apart.
    pub checksum: String,
}

/// Why a company does not give records of a kind: a feature is switched off, or
/// its subscription or country does not have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable(pub String);

#[derive(Debug, Clone, Default)]
pub struct Page {
    /// As QuickBooks wrote them.
    pub records: Vec<Box<RawValue>>,
    /// Rows QuickBooks itself cannot read (error 4002), skipped so that the rest
    /// comes through: their position, and their id where it could be found.
    pub poison: Vec<(u32, Option<QboId>, String)>,
    /// Whether more may follow behind this page.
    pub more: bool,
}

/// What one of several queries found, or why there is nothing to be had.
pub type Answer = std::result::Result<Found, Unavailable>;

#[derive(Debug, Clone, Default)]
pub struct Found {
    pub rows: Vec<Value>,
    /// Of a `count(*)`.
    pub count: Option<u64>,
}

/// A report's data rows, flattened; sections are told by `sections`.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub header: BTreeMap<String, String>,
    /// Their keys, as in `tx_date`.
    pub columns: Arc<[String]>,
    pub rows: Vec<ReportRow>,
}

#[derive(Debug, Clone, Default)]
pub struct ReportRow {
    /// The headers of the sections around the row, outermost first.
    pub sections: Arc<[Cell]>,
    pub columns: Arc<[String]>,
    /// One a column.
    pub cells: Vec<Cell>,
    /// `Summary` rows and the like are told apart from data.
    pub summary: bool,
}

impl ReportRow {
    pub fn cell(&self, column: &str) -> Option<&Cell> {
        let at = self.columns.iter().position(|key| key == column)?;
        self.cells.get(at)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Cell {
    #[serde(default)]
    pub value: String,
    pub id: Option<String>,
}

/// A realm's OAuth tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access: SecretString,
    pub access_expires: Timestamp,
    pub refresh: SecretString,
    pub refresh_expires: Option<Timestamp>,
}

/// Where a realm's tokens are kept. Every refresh may rotate the refresh token,
/// and a lost rotation loses the connection, so there is one writer at a time.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// The tokens as last saved, and the version they were saved as.
    async fn read(&self) -> Result<(Tokens, String)>;

    /// Saves new tokens if `version` still stands; `false` if someone else was faster.
    async fn replace(&self, tokens: &Tokens, version: &str) -> Result<bool>;

    /// Takes the right to refresh for a short while; `false` if another holds it.
    async fn lock(&self) -> Result<bool>;

    async fn unlock(&self) -> Result<()>;
}
