//! Documents as the types they are, and long lists of changes in as few commits as fit.

use std::{marker::PhantomData, sync::Arc};

use q2o_domain::{
    Failure, Result,
    ports::{
        Address, Body, Change, CommitError, Database, Document, MOST_BYTES, MOST_CHANGES, Query,
        Stored,
    },
};
use serde::{Serialize, de::DeserializeOwned};

/// The documents of one collection as values of one type.
pub struct Collection<T> {
    database: Arc<dyn Database>,
    name: &'static str,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Collection<T> {
    pub fn new(database: Arc<dyn Database>, name: &'static str) -> Self {
        Self { database, name, of: PhantomData }
    }

    /// A value and the version it was read in.
    pub async fn get(&self, partition: &str, id: &str) -> Result<Option<(T, String)>> {
        let at =
            Address { partition: partition.to_owned(), collection: self.name, id: id.to_owned() };
        let found = self.database.get(&at).await?;
        found.map(|stored| Ok((self.read(&stored)?, stored.version))).transpose()
    }

    /// What `query` finds, with everything that is stored beside the value.
    pub async fn list(&self, query: &Query) -> Result<Vec<(T, Stored)>> {
        let found = self.database.list(query).await?;
        found.into_iter().map(|stored| Ok((self.read(&stored)?, stored))).collect()
    }

    /// The document of a value, to be given a key or a time and committed.
    pub fn document(&self, id: impl Into<String>, value: &T) -> Result<Document> {
        let body = Body::of(value)
            .map_err(|e| Failure::bug(format!("a document of {}: {e}", self.name)))?;
        Ok(Document::new(self.name, id, body))
    }

    /// Writes one value over whatever was there.
    pub async fn put(&self, partition: &str, id: &str, value: &T) -> Result<()> {
        let change = Change::Put(self.document(id, value)?);
        Ok(self.database.commit(partition, vec![change]).await?)
    }

    fn read(&self, stored: &Stored) -> Result<T> {
        let wrong = |e| Failure::bug(format!("{} {}: {e}", self.name, stored.id));
        stored.body.read().map_err(wrong)
    }
}

/// Commits any number of changes, as many at a time as fit. Each commit stands
/// by itself, so the whole must be safe to begin again when it breaks off.
pub async fn commit_all(
    database: &dyn Database,
    partition: &str,
    changes: Vec<Change>,
) -> Result<(), CommitError> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    for change in changes {
        let more = size(&change);
        if !batch.is_empty() && (batch.len() == MOST_CHANGES || bytes + more > MOST_BYTES) {
            database.commit(partition, std::mem::take(&mut batch)).await?;
            bytes = 0;
        }
        bytes += more;
        batch.push(change);
    }
    if batch.is_empty() { Ok(()) } else { database.commit(partition, batch).await }
}

fn size(change: &Change) -> usize {
    let (Change::Insert(document) | Change::Replace(document, _) | Change::Put(document)) = change
    else {
        return 0;
    };
    super::rows::bytes(document)
}
