use std::borrow::Cow;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

use crate::{Failure, Result};

/// At most so many changes in one commit: the strictest store's limit is everyone's.
pub const MOST_CHANGES: usize = 100;
/// At most so many bytes in one commit.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;

/// A document store with just enough to be right: read, look along an index,
/// and change several documents of one partition together or not at all.
#[async_trait]
pub trait Database: Send + Sync {
    async fn get(&self, at: &Address) -> Result<Option<Stored>>;

    async fn list(&self, query: &Query) -> Result<Vec<Stored>>;

    /// All of `changes` or none of them.
    async fn commit(&self, partition: &str, changes: Vec<Change>) -> Result<(), CommitError>;
}

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    pub partition: String,
    pub collection: &'static str,
    pub id: String,
}

/// What a document says, as JSON text: it is taken apart by whoever reads it, and
/// by nobody on the way.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Body(Box<RawValue>);

impl Body {
    pub fn of(value: &impl Serialize) -> Result<Self> {
        let raw = to_raw_value(value);
        raw.map(Self).map_err(|error| Failure::bug(format!("it does not serialise: {error}")))
    }

    /// The text of a body, as a store has kept it.
    pub fn kept(text: String) -> Result<Self> {
        let raw = RawValue::from_string(text);
        raw.map(Self).map_err(|error| Failure::bug(format!("it is no JSON: {error}")))
    }

    pub fn text(&self) -> &str {
        self.0.get()
    }

    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(self.text())
            .map_err(|error| Failure::bug(format!("it is not what it should be: {error}")))
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Body {}

/// A document to be written. Changes can be written down themselves, so that
/// they can ride along with somebody else's commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub collection: Cow<'static, str>,
    /// Unique in its partition and collection.
    pub id: String,
    pub body: Body,
    /// What [`Select::Key`] looks for.
    pub key: Option<String>,
    /// Orders the documents of one key; then the id does.
    pub sort: Option<String>,
    /// When something has to be done about it.
    pub due: Option<Timestamp>,
    /// When it may be deleted.
    pub expires: Option<Timestamp>,
}

impl Document {
    pub fn new(
        collection: impl Into<Cow<'static, str>>,
        id: impl Into<String>,
        body: Body,
    ) -> Self {
        let (collection, id) = (collection.into(), id.into());
        Self { collection, id, body, key: None, sort: None, due: None, expires: None }
    }

    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    #[must_use]
    pub fn sort(mut self, sort: impl Into<String>) -> Self {
        self.sort = Some(sort.into());
        self
    }

    #[must_use]
    pub fn due(mut self, due: Option<Timestamp>) -> Self {
        self.due = due;
        self
    }

    #[must_use]
    pub fn expires(mut self, expires: Timestamp) -> Self {
        self.expires = Some(expires);
        self
    }
}

/// A document as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub partition: String,
    pub id: String,
    /// Changes with every write; a stale one makes a replacement fail.
    pub version: String,
    pub body: Body,
    pub key: Option<String>,
    pub sort: Option<String>,
    pub due: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub struct Query {
    pub scope: Scope,
    pub collection: &'static str,
    pub select: Select,
    /// Newest (greatest) first.
    pub descending: bool,
    /// Go on behind this one: sort and id of the last document seen (for
    /// selections by id, the sort is not looked at).
    pub after: Option<(String, String)>,
    pub most: u32,
    /// Only to know what is there: every body is left behind, and reads as `null`.
    pub heads: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Partition(String),
    /// Of all tenants; only together with [`Select::Due`] or [`Select::Expired`].
    Everywhere,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// All of the collection, by id.
    All,
    /// Ids that begin so, by id.
    Prefix(String),
    /// Exactly these, as far as they exist, by id.
    Ids(Vec<String>),
    /// With exactly this key, by sort and then id. A missing sort is `""`.
    Key(String),
    /// Due at or before this instant, by due time and then id; `after` is not supported.
    Due(Timestamp),
    /// May be deleted at this instant; `after` is not supported.
    Expired(Timestamp),
}

impl Query {
    pub fn new(partition: impl Into<String>, collection: &'static str, select: Select) -> Self {
        let scope = Scope::Partition(partition.into());
        let (descending, heads) = (false, false);
        Self { scope, collection, select, descending, after: None, most: 1000, heads }
    }

    #[must_use]
    pub fn most(mut self, most: u32) -> Self {
        self.most = most;
        self
    }

    #[must_use]
    pub fn after(mut self, last: Option<(String, String)>) -> Self {
        self.after = last;
        self
    }

    #[must_use]
    pub fn heads(mut self) -> Self {
        self.heads = true;
        self
    }

    #[must_use]
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Must not exist yet.
    Insert(Document),
    /// Must exist in exactly this version.
    Replace(Document, String),
    /// Whatever was there before.
    Put(Document),
    /// Gone afterwards, whether it was there or not.
    Delete { collection: Cow<'static, str>, id: String },
}

#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// An insert found a document, or a replacement found another version.
    #[error("changed by someone else")]
    Conflict,
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict => Self::retry("changed by someone else"),
            CommitError::Failed(failure) => failure,
        }
    }
}
