//! The engine's journals, kept as documents beside everything else of a tenant,
//! so that an answer and what rides along with it are one commit.

use std::{borrow::Cow, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use q2o_domain::{
    Result,
    ports::{
        Address, Body, Change, Clock, CommitError, Database, Document, Query, Scope, Select, Stored,
    },
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
        let changes = step.changes.into_iter().map(change).collect::<Result<Vec<_>, _>>();
        let mut changes = changes.map_err(JournalError::storage)?;
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
    Row { partition, id, version, body: body.text().to_owned() }
}

fn change(change: durable::Change) -> Result<Change> {
    Ok(match change {
        durable::Change::Insert(write) => Change::Insert(document(write)?),
        durable::Change::Replace(write, version) => Change::Replace(document(write)?, version),
        durable::Change::Put(write) => Change::Put(document(write)?),
        durable::Change::Delete { table, id } => {
            Change::Delete { collection: Cow::Borrowed(table.name()), id }
        }
    })
}

fn document(write: durable::Write) -> Result<Document> {
    let durable::Write { table, id, body, key, sort, due, expires } = write;
    let (collection, body) = (Cow::Borrowed(table.name()), Body::kept(body)?);
    Ok(Document { collection, id, body, key, sort, due, expires })
}

fn limit(most: usize) -> u32 {
    u32::try_from(most).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use q2o_durable::{
        Activity, Attempt, Context, Engine, Failure, InstanceId, Message, Orchestration, Queue,
        Registry, Rider, Signal, Status, Turn,
    };
    use serde_json::Value;
    use tokio::sync::Mutex;

    use super::*;
    use crate::{
        clock::ManualClock,
        database::{Memory, Sqlite},
    };

    #[derive(Default)]
    struct Line(Mutex<Vec<Message>>);

    #[async_trait]
    impl Queue for Line {
        async fn send(
            &self,
            message: &Message,
            _: Duration,
        ) -> Result<(), Box<dyn Error + Send + Sync>> {
            self.0.lock().await.push(message.clone());
            Ok(())
        }
    }

    /// Counts its calls in a document that must not be written past another.
    struct Count(Arc<dyn Database>);

    #[async_trait]
    impl Rider for Count {
        async fn changes(&self) -> Result<Vec<Value>, Failure> {
            let (partition, id) = ("tenant".to_owned(), "calls".to_owned());
            let at = Address { partition, collection: "counts", id: id.clone() };
            let found = self.0.get(&at).await.map_err(|e| Failure::retry(e.to_string()))?;
            let number = found.as_ref().map_or(0, |found| found.body.read().unwrap()) + 1;
            let document = Document::new("counts", id, Body::of(&number).unwrap());
            let change = match found {
                Some(found) => Change::Replace(document, found.version),
                None => Change::Insert(document),
            };
            Ok(vec![serde_json::to_value(change).map_err(|e| Failure::bug(e.to_string()))?])
        }
    }

    struct Square(Arc<dyn Database>);
    impl Activity for Square {
        const NAME: &'static str = "square";
        type Input = u64;
        type Output = u64;

        fn lane(_: &u64) -> Option<Cow<'_, str>> {
            Some("two".into())
        }

        async fn run(&self, n: u64, attempt: &Attempt) -> Result<u64, Failure> {
            attempt.checkpoint(&n).await?;
            attempt.ride(Count(self.0.clone()));
            Ok(n * n)
        }
    }

    struct Squares;
    impl Orchestration for Squares {
        const NAME: &'static str = "squares";
        type Input = u64;
        type Output = u64;

        fn run(cx: &mut Context<'_>, to: u64) -> Turn<u64> {
            Ok(cx.call_all::<Square>(0..to)?.into_iter().sum::<Result<u64, Failure>>()?)
        }
    }

    struct More;
    impl Signal for More {
        const NAME: &'static str = "more";
        type Payload = u64;
    }

    struct All;
    impl Orchestration for All {
        const NAME: &'static str = "all";
        type Input = u64;
        type Output = u64;

        fn run(cx: &mut Context<'_>, children: u64) -> Turn<u64> {
            let sums = cx.run_all::<Squares>((0..children).map(|n| (n.to_string(), n)))?;
            let more = cx.wait_for::<More>()?;
            Ok(more + sums.into_iter().sum::<Result<u64, Failure>>()?)
        }
    }

    /// Four workers over one store; every fourth hint is lost.
    async fn runs_on(database: Arc<dyn Database>) {
        let registry = Registry::default()
            .orchestration::<All>()
            .orchestration::<Squares>()
            .activity(Square(database.clone()));
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let queue = Arc::new(Line::default());
        let journals = Arc::new(DatabaseJournals::new(database.clone()));
        let engine_clock = Arc::new(EngineClock(clock.clone()));
        let engine = Engine::new(registry, journals, queue.clone(), engine_clock)
            .admission(|_, lane| (lane == "two").then_some(2));
        let id = InstanceId::new("tenant", "job");
        let note = Change::Insert(Document::new("jobs", "job", Body::of(&()).unwrap()));
        let note = vec![serde_json::to_value(note).unwrap()];
        assert!(engine.start::<All>(&id, &6, note.clone()).await.unwrap());
        assert!(!engine.start::<All>(&id, &6, note).await.unwrap());
        assert!(engine.signal::<More>(&id, "m", &1000).await.unwrap());

        let worker = async || {
            let mut taken = 0;
            while !engine.status(&id).await.unwrap().is_ended() {
                let Some(message) = queue.0.lock().await.pop() else {
                    clock.advance(Duration::from_secs(20));
                    engine.sweep().await.unwrap();
                    continue;
                };
                taken += 1;
                if taken % 4 != 0 {
                    engine.handle(&message).await.unwrap();
                }
            }
        };
        tokio::join!(worker(), worker(), worker(), worker());
        let sum: u64 = (0..6u64).flat_map(|to| 0..to).map(|n| n * n).sum();
        let output = (1000 + sum).into();
        assert_eq!(engine.status(&id).await.unwrap(), Status::Done { output });
        let (partition, id) = ("tenant".to_owned(), "calls".to_owned());
        let count = Address { partition, collection: "counts", id };
        let count = database.get(&count).await.unwrap().unwrap();
        assert_eq!(count.body.read::<u32>().unwrap(), 15, "one rider for each of the calls");
    }

    #[tokio::test]
    async fn the_engine_runs_on_memory() {
        Box::pin(runs_on(Arc::new(Memory::default()))).await;
    }

    #[tokio::test]
    async fn the_engine_runs_on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let opened = Sqlite::open(&folder.path().join("q2o.db")).await.unwrap();
        Box::pin(runs_on(Arc::new(opened))).await;
    }
}
