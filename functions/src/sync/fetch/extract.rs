//! `extract-<kind>`: fetches a page of records from QuickBooks and stages it.

use std::{borrow::Cow, sync::Arc};

use jiff::{Timestamp, civil::Date};
use q2o_domain::{
    AnyEntity, Facts, Failure, Kind, QboId, Record, Remedy, Result, Write,
    ports::Document,
    records::{Counts, ErrorEntry, Staged},
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::missed;
use crate::{
    app::Tools,
    entities::entity,
    store::{collection, document, fetched_key, payload_expires, record_key},
    sync::{company::Task, error_document, progress::Progress, sorted},
};

/// Rows a page; QuickBooks gives no more.
const PAGE: u32 = 1000;

pub struct Extract(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub realm: q2o_domain::RealmId,
    pub kind: Kind,
    /// Position of the first row, from 1.
    pub start: u32,
}

/// What a page held.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Fetched {
    pub next: Option<u32>,
    /// The earliest and the latest day of a document.
    pub dates: Option<(Date, Date)>,
}

impl Activity for Extract {
    const NAME: &'static str = "extract";
    type Input = Input;
    type Output = Fetched;

    fn target(input: &Input) -> Cow<'static, str> {
        format!("extract-{}", input.kind.slug()).into()
    }

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<Fetched, q2o_durable::Failure> {
        extract(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn extract(tools: &Tools, input: Input, attempt: &Attempt) -> Result<Fetched> {
    let Input { task, realm, kind, start } = input;
    let tenant = tools.store.tenant(task.tenant);
    let quickbooks = tools.connect.quickbooks(&tenant, &realm);
    let entity =
        entity(kind).ok_or_else(|| Failure::bug(format!("no entity is listed for {kind}")))?;
    let page = quickbooks.page(kind, entity.only(), start, PAGE).await?;
    let now = tools.clock.now();
    let mut documents = Vec::new();
    let mut dates: Option<(Date, Date)> = None;
    let mut counts = Counts::default();
    let facts = Facts::default();
    for record in page.records {
        let (document, read) = staged(&task, entity, record, now)?;
        if let Some(date) = read.and_then(|r| r.sums(&facts)).map(|sums| sums.date) {
            // what posts nothing says nothing of when the ledger is busy
            if entity.write() == Write::Document {
                let (first, last) = dates.unwrap_or((date, date));
                dates = Some((first.min(date), last.max(date)));
            }
            counts.before += u64::from(date < task.cut);
        }
        documents.push(document);
        counts.fetched += 1;
    }
    for (position, id, why) in &page.poison {
        counts.errors += 1;
        documents.push(poisoned(tools, &task, kind, *position, id.clone(), why)?);
    }
    tenant.put_all(documents).await?;
    // documents that were moved once and are not among them: gone, or missed
    if !page.more && entity.write() == Write::Document {
        let (found, unread) = missed::stage(tools, &task, entity, quickbooks.as_ref()).await?;
        counts.fetched += found;
        counts.errors += unread;
    }
    attempt.ride(
        Progress::new(&tenant, &tools.clock, &task.job, "fetched")
            .of(kind, counts)
            .calls(tools.connect.http.take_calls())
            .phase("extract"),
    );
    Ok(Fetched { next: page.more.then_some(start + PAGE), dates })
}

/// A record as it is staged, and as it is read. What cannot be read is staged all the
/// same, after all others, so that nobody passes it by: loading it says what is wrong.
pub fn staged(
    task: &Task,
    entity: &dyn AnyEntity,
    record: Box<RawValue>,
    now: Timestamp,
) -> Result<(Document, Option<Box<dyn Record>>)> {
    let read = entity.read(&record).ok();
    let order = read.as_ref().map_or_else(|| "~".to_owned(), |read| read.order());
    Ok((staged_document(task, entity.kind(), record, &order, now)?, read))
}

/// A record as fetched by a job.
pub fn staged_document(
    task: &Task,
    kind: Kind,
    record: Box<RawValue>,
    order: &str,
    now: Timestamp,
) -> Result<Document> {
    // there is one company, and its records need no id
    let id = q2o_domain::record_id(&record).unwrap_or_else(|| QboId::from("1"));
    let key = record_key(&task.link, kind, &id);
    let staged = Staged { job: task.job.clone(), kind, id, record };
    Ok(document(collection::STAGED, key, &staged)?
        .key(fetched_key(&task.job, kind))
        .sort(order)
        .expires(payload_expires(now)))
}

/// The error of a record that QuickBooks cannot read itself.
pub fn poisoned(
    tools: &Tools,
    task: &Task,
    kind: Kind,
    position: u32,
    id: Option<QboId>,
    why: &str,
) -> Result<Document> {
    let id = id.unwrap_or_else(|| format!("at-{position}").into());
    let entry = ErrorEntry {
        kind,
        id: id.clone(),
        class: "unreadable".to_owned(),
        why: format!("QuickBooks cannot read this record itself: {why}"),
        remedy: Some(Remedy::FixRecord { kind, id: id.clone() }),
        waits_for: Vec::new(),
        at: tools.clock.now(),
    };
    error_document(&task.link, &entry)
}
