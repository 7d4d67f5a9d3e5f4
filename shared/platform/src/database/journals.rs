//! The engine's journals, kept as documents beside everything else of a tenant,
//! so that an answer and what rides along with it are one commit.

use std::{borrow::Cow, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use q2o_domain::ports::{
    Address, Change, Clock, CommitError, Database, Document, Query, Scope, Select, Stored,
};
use q2o_durable::{self as durable, JournalError, Journals, Row, Step, Table};

/// [`Journals`] over any [`Database`]. A rider is a [`Change`] as JSON.
pub struct DatabaseJournals {
    database: Arc<dyn Database>,
}

impl DatabaseJournals {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    async fn find(&self, query: Query) -> Result<Vec<Row>, JournalError> {
        let found = self.database.list(&query).await.map_err(JournalError::storage)?;
        Ok(found.into_iter().map(row).collect())
    }
}

#[async_trait]
impl Journals for DatabaseJournals {
    async fn get(
        &self,
        table: Table,
        partition: &str,
        id: &str,
    ) -> Result<Option<Row>, JournalError> {
        let at = Address {
            partition: partition.to_owned(),
            collection: table.name(),
            id: id.to_owned(),
        };
        let found = self.database.get(&at).await.map_err(JournalError::storage)?;
        Ok(found.map(row))
    }

    async fn list(
        &self,
        table: Table,
        partition: &str,
        select: durable::Select,
        most: usize,
    ) -> Result<Vec<Row>, JournalError> {
        let select = match select {
            durable::Select::Prefix(prefix) => Select::Prefix(prefix),
            durable::Select::Key(key) => Select::Key(key),
        };
        self.find(Query::new(partition, table.name(), select).most(limit(most))).await
    }

    async fn due(
        &self,
        table: Table,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<Row>, JournalError> {
        let query = Query::new("", table.name(), Select::Due(now)).most(limit(most));
        self.find(Query { scope: Scope::Everywhere, ..query }).await
    }

    async fn commit(&self, step: Step) -> Result<(), JournalError> {
        let mut changes: Vec<_> = step.changes.into_iter().map(change).collect();
        for rider in step.riders {
            changes.push(serde_json::from_value(rider).map_err(JournalError::storage)?);
        }
        match self.database.commit(&step.partition, changes).await {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict) => Err(JournalError::Conflict),
            Err(CommitError::Failed(failure)) => Err(JournalError::storage(failure)),
        }
    }
}

/// The engine's clock: ours, and the runtime's timer.
pub struct EngineClock(pub Arc<dyn Clock>);

#[async_trait]
impl durable::Clock for EngineClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}

fn row(Stored { partition, id, version, body, .. }: Stored) -> Row {
    Row { partition, id, version, body }
}

fn change(change: durable::Change) -> Change {
    match change {
        durable::Change::Insert(write) => Change::Insert(document(write)),
        durable::Change::Replace(write, version) => Change::Replace(document(write), version),
        durable::Change::Put(write) => Change::Put(document(write)),
        durable::Change::Delete { table, id } => {
            Change::Delete { collection: Cow::Borrowed(table.name()), id }
        }
    }
}

fn document(write: durable::Write) -> Document {
    let durable::Write { table, id, body, key, sort, due, expires } = write;
    Document { collection: Cow::Borrowed(table.name()), id, body, key, sort, due, expires }
}

fn limit(most: usize) -> u32 {
    u32::try_from(most).unwrap_or(u32::MAX)
}
