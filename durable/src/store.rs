//! Typed reading and writing of rows over the [`Journals`] port.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Change, Head, InstanceId, JournalError, Journals, MOST_CHANGES, Row, Select, Slot, SlotId,
    Step, Write, rows::Record,
};

/// A row, and the version it was read in.
#[derive(Debug, Clone)]
pub struct Entry<T> {
    pub version: String,
    pub is: T,
}

#[derive(Clone)]
pub struct Store {
    journals: Arc<dyn Journals>,
}

impl Store {
    pub fn new(journals: Arc<dyn Journals>) -> Self {
        Self { journals }
    }

    pub async fn head(&self, id: &InstanceId) -> Result<Option<Entry<Head>>, JournalError> {
        self.get(&id.partition, &id.name).await
    }

    pub async fn slot(&self, id: &SlotId) -> Result<Option<Entry<Slot>>, JournalError> {
        self.get(&id.instance.partition, &id.row_id()).await
    }

    pub async fn get<T: Record>(
        &self,
        partition: &str,
        id: &str,
    ) -> Result<Option<Entry<T>>, JournalError> {
        self.journals.get(T::TABLE, partition, id).await?.map(read).transpose()
    }

    pub async fn list<T: Record>(
        &self,
        partition: &str,
        select: Select,
        most: usize,
    ) -> Result<Vec<Entry<T>>, JournalError> {
        let rows = self.journals.list(T::TABLE, partition, select, most).await?;
        rows.into_iter().map(read).collect()
    }

    pub async fn due<T: Record>(
        &self,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<Entry<T>>, JournalError> {
        self.journals.due(T::TABLE, now, most).await?.into_iter().map(read).collect()
    }

    pub async fn commit(&self, step: Step) -> Result<(), JournalError> {
        let changes = step.changes.len() + step.riders.len();
        if changes > MOST_CHANGES {
            return Err(JournalError::storage(format!("{changes} changes in one commit")));
        }
        self.journals.commit(step).await
    }
}

fn read<T: Record>(row: Row) -> Result<Entry<T>, JournalError> {
    let is = serde_json::from_str(&row.body).map_err(JournalError::storage)?;
    Ok(Entry { version: row.version, is })
}

impl Step {
    pub(crate) fn new(partition: &str) -> Self {
        Self { partition: partition.to_owned(), ..Self::default() }
    }

    pub(crate) fn insert<T: Record>(&mut self, row: &T) -> Result<(), JournalError> {
        self.changes.push(Change::Insert(write(row)?));
        Ok(())
    }

    pub(crate) fn put<T: Record>(&mut self, row: &T) -> Result<(), JournalError> {
        self.changes.push(Change::Put(write(row)?));
        Ok(())
    }

    pub(crate) fn replace<T: Record>(&mut self, entry: &Entry<T>) -> Result<(), JournalError> {
        self.changes.push(Change::Replace(write(&entry.is)?, entry.version.clone()));
        Ok(())
    }

    pub(crate) fn delete<T: Record>(&mut self, row: &T) {
        self.changes.push(Change::Delete { table: T::TABLE, id: row.row_id() });
    }

    pub(crate) fn ride(&mut self, riders: Vec<Value>) {
        self.riders.extend(riders);
    }
}

fn write<T: Record>(row: &T) -> Result<Write, JournalError> {
    Ok(Write {
        table: T::TABLE,
        id: row.row_id(),
        body: serde_json::to_string(row).map_err(JournalError::storage)?,
        key: row.key(),
        sort: row.sort(),
        due: row.due(),
        expires: row.expires(),
    })
}
