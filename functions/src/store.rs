//! A tenant's data: reachable only through the tenant.

mod followers;

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use q2o_domain::{
    Failure, JobId, Kind, LinkId, QboId, Result, TenantId, Txn,
    ports::{
        Address, Body, Change, CommitError, Database, Document, MOST_CHANGES, Query, Scope, Select,
        Stored,
    },
};
use serde::{Serialize, de::DeserializeOwned};

/// The database, which gives nothing away but tenants.
#[derive(Clone)]
pub struct Store {
    database: Arc<dyn Database>,
}

/// One tenant's data.
#[derive(Clone)]
pub struct Tenant {
    database: Arc<dyn Database>,
    pub id: TenantId,
}

/// What is kept, by collection.
pub mod collection {
    pub const QBO_CONNECTIONS: &str = "qbo-connections";
    pub const ODOO_CONNECTIONS: &str = "odoo-connections";
    pub const LINKS: &str = "links";
    pub const JOBS: &str = "jobs";
    pub const EVENTS: &str = "events";
    pub const STAGED: &str = "staged";
    pub const ID_LINKS: &str = "id-links";
    pub const ERRORS: &str = "errors";
    pub const LEDGER: &str = "ledger";
    pub const REPORTED: &str = "reported";
    pub const COMPLETIONS: &str = "completions";
    pub const UNEXPLAINED: &str = "unexplained";
    pub const PROOFS: &str = "proofs";
    pub const PROOF_PAGES: &str = "proof-pages";
    pub const BALANCES: &str = "balances";
    pub const MAPPINGS: &str = "mappings";
    pub const ASSESSMENTS: &str = "assessments";
    pub const ROLLBACKS: &str = "rollbacks";
    pub const FOLLOWS: &str = "follows";
    pub const NOTICES: &str = "notices";
    pub const FOLLOWERS: &str = "followers";
    pub const AUDIT: &str = "audit";

    /// Those whose documents may be deleted one day.
    pub const EXPIRING: [&str; 10] = [
        STAGED,
        LEDGER,
        REPORTED,
        EVENTS,
        ERRORS,
        NOTICES,
        AUDIT,
        q2o_platform::queue::MESSAGES,
        q2o_platform::queue::POISON,
        q2o_platform::budget::BUCKETS,
    ];
}

/// Documents read at a time.
const PAGE: u32 = 500;

/// Raw payloads are kept this long.
pub const PAYLOADS: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Logs and errors are kept this long.
const LOGS: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A value and the version it was read in.
#[derive(Debug, Clone)]
pub struct Read<T> {
    pub id: String,
    pub sort: Option<String>,
    pub version: String,
    pub value: T,
}

impl Store {
    pub fn new(database: Arc<dyn Database>) -> Self {
        Self { database }
    }

    pub fn tenant(&self, id: TenantId) -> Tenant {
        Tenant { database: Arc::clone(&self.database), id }
    }

    /// Deletes what may be deleted, of all tenants; says how much that was.
    pub async fn expire(&self, now: Timestamp) -> Result<u64> {
        let mut deleted = 0;
        for collection in collection::EXPIRING {
            loop {
                let query = Query {
                    scope: Scope::Everywhere,
                    ..Query::new("", collection, Select::Expired(now)).most(100)
                };
                let some = self.database.list(&query).await?;
                deleted += some.len() as u64;
                let full = some.len() == 100;
                for stored in some {
                    let delete = Change::Delete { collection: collection.into(), id: stored.id };
                    self.database.commit(&stored.partition, vec![delete]).await.map_err(failed)?;
                }
                if !full {
                    break;
                }
            }
        }
        Ok(deleted)
    }

    /// What is due now, of all tenants.
    pub async fn due<T: DeserializeOwned>(
        &self,
        collection: &'static str,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<(Tenant, Read<T>)>> {
        let query = Query {
            scope: Scope::Everywhere,
            ..Query::new("", collection, Select::Due(now)).most(most)
        };
        let due = self.database.list(&query).await?.into_iter();
        due.map(|stored| {
            let tenant = stored.partition.parse().map_err(|_| {
                Failure::bug(format!("{} is no tenant's partition", stored.partition))
            })?;
            Ok((self.tenant(TenantId(tenant)), read(stored)?))
        })
        .collect()
    }
}

impl Tenant {
    /// What the tenant's rows are kept together by.
    pub fn partition(&self) -> String {
        self.id.to_string()
    }

    pub async fn get<T: DeserializeOwned>(
        &self,
        collection: &'static str,
        id: impl Into<String>,
    ) -> Result<Option<Read<T>>> {
        let at = Address { partition: self.partition(), collection, id: id.into() };
        self.database.get(&at).await?.map(read).transpose()
    }

    pub async fn list<T: DeserializeOwned>(
        &self,
        collection: &'static str,
        select: Select,
        after: Option<(String, String)>,
        most: u32,
    ) -> Result<Vec<Read<T>>> {
        let query = Query::new(self.partition(), collection, select).after(after).most(most);
        self.database.list(&query).await?.into_iter().map(read).collect()
    }

    /// The last of a selection, the last one first.
    pub async fn newest<T: DeserializeOwned>(
        &self,
        collection: &'static str,
        select: Select,
        most: u32,
    ) -> Result<Vec<Read<T>>> {
        let query = Query::new(self.partition(), collection, select).descending().most(most);
        self.database.list(&query).await?.into_iter().map(read).collect()
    }

    /// As far as they exist, however many.
    pub async fn list_ids<T: DeserializeOwned>(
        &self,
        collection: &'static str,
        ids: Vec<String>,
    ) -> Result<Vec<Read<T>>> {
        let mut found = Vec::new();
        for ids in ids.chunks(500) {
            let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            found.extend(self.list(collection, Select::Ids(ids.to_vec()), None, most).await?);
        }
        Ok(found)
    }

    /// What of these is there, and under which key.
    pub async fn keys_of(
        &self,
        collection: &'static str,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Option<String>>> {
        let mut keys = HashMap::new();
        for ids in ids.chunks(500) {
            let most = u32::try_from(ids.len()).unwrap_or(u32::MAX);
            let query = Query::new(self.partition(), collection, Select::Ids(ids.to_vec()));
            let found = self.database.list(&query.most(most).heads()).await?;
            keys.extend(found.into_iter().map(|stored| (stored.id, stored.key)));
        }
        Ok(keys)
    }

    /// What a selection holds, by sort and id: without reading it.
    pub async fn list_heads(
        &self,
        collection: &'static str,
        select: Select,
        after: Option<(String, String)>,
        most: u32,
    ) -> Result<Vec<(String, String)>> {
        let query = Query::new(self.partition(), collection, select).after(after).most(most);
        let found = self.database.list(&query.heads()).await?;
        Ok(found.into_iter().map(|stored| (stored.sort.unwrap_or_default(), stored.id)).collect())
    }

    /// All of a selection.
    pub async fn list_all<T: DeserializeOwned>(
        &self,
        collection: &'static str,
        select: Select,
    ) -> Result<Vec<Read<T>>> {
        let mut all = Vec::new();
        self.each(collection, select, |read| all.push(read)).await?;
        Ok(all)
    }

    /// Goes through a selection page by page, so that it never stands in memory whole.
    pub async fn each<T: DeserializeOwned>(
        &self,
        collection: &'static str,
        select: Select,
        mut see: impl FnMut(Read<T>),
    ) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.list(collection, select.clone(), after, PAGE).await?;
            let full = page.len() == PAGE as usize;
            after =
                page.last().map(|last| (last.sort.clone().unwrap_or_default(), last.id.clone()));
            page.into_iter().for_each(&mut see);
            if !full {
                return Ok(());
            }
        }
    }

    pub async fn commit(&self, changes: Vec<Change>) -> Result<(), CommitError> {
        self.database.commit(&self.partition(), changes).await
    }

    /// Writes many documents that each stand for themselves, in as many commits
    /// as the store's limits ask for.
    pub async fn put_all(&self, documents: Vec<Document>) -> Result<()> {
        let mut documents = documents.into_iter().map(Change::Put).peekable();
        while documents.peek().is_some() {
            let some = documents.by_ref().take(MOST_CHANGES).collect();
            self.put_some(some).await?;
        }
        Ok(())
    }

    /// Halves what is too large for one commit.
    async fn put_some(&self, mut changes: Vec<Change>) -> Result<()> {
        let bytes: usize = changes.iter().map(size).sum();
        if bytes > q2o_domain::ports::MOST_BYTES * 9 / 10 && changes.len() > 1 {
            let rest = changes.split_off(changes.len() / 2);
            Box::pin(self.put_some(changes)).await?;
            return Box::pin(self.put_some(rest)).await;
        }
        self.commit(changes).await.map_err(failed)
    }

    pub async fn delete_all(&self, collection: &'static str, ids: Vec<String>) -> Result<()> {
        for ids in ids.chunks(MOST_CHANGES) {
            let changes = ids
                .iter()
                .map(|id| Change::Delete { collection: collection.into(), id: id.clone() });
            self.commit(changes.collect()).await.map_err(failed)?;
        }
        Ok(())
    }
}

fn size(change: &Change) -> usize {
    match change {
        Change::Insert(d) | Change::Replace(d, _) | Change::Put(d) => {
            // a good estimate is enough: the limit has room
            d.body.text().len() + 200
        }
        Change::Delete { .. } => 100,
    }
}

fn read<T: DeserializeOwned>(stored: Stored) -> Result<Read<T>> {
    let wrong = |error| Failure::bug(format!("unreadable document {}: {error}", stored.id));
    let value = stored.body.read().map_err(wrong)?;
    Ok(Read { id: stored.id, sort: stored.sort, version: stored.version, value })
}

/// A conflict where there should be no second writer: worth another try.
pub fn failed(error: CommitError) -> Failure {
    match error {
        CommitError::Conflict => Failure::retry("someone else wrote the same documents"),
        CommitError::Failed(failure) => failure,
    }
}

/// A document of `value`.
pub fn document<T: Serialize>(
    collection: &'static str,
    id: impl Into<String>,
    value: &T,
) -> Result<Document> {
    Ok(Document::new(collection, id, Body::of(value)?))
}

/// The id of what is kept for one QuickBooks record.
pub fn record_key(link: &LinkId, kind: Kind, id: &QboId) -> String {
    format!("{link}/{kind}/{id}")
}

/// The key of all that is linked of one kind.
pub fn kind_key(link: &LinkId, kind: Kind) -> String {
    format!("{link}/{kind}")
}

/// The key of all that a job fetched of one kind.
pub fn fetched_key(job: &JobId, kind: Kind) -> String {
    format!("{job}/{kind}")
}

/// The id of what is kept for one transaction of the ledger.
pub fn txn_key(link: &LinkId, txn: &Txn) -> String {
    format!("{link}/{}/{}", txn.txn_type, txn.id)
}

/// The id of a batch that a rollback takes.
pub fn rollback_key(job: &JobId, batch: u32) -> String {
    format!("{job}/{batch:06}")
}

/// The id of a job's event.
pub fn event_key(job: &JobId, number: u64) -> String {
    format!("{job}/{number:010}")
}

/// When a payload written now may go.
pub fn payload_expires(now: Timestamp) -> Timestamp {
    now.saturating_add(PAYLOADS).unwrap_or(Timestamp::MAX)
}

/// When a log entry written now may go.
pub fn log_expires(now: Timestamp) -> Timestamp {
    now.saturating_add(LOGS).unwrap_or(Timestamp::MAX)
}
