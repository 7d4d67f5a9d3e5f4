//! `load-<kind>`: maps a batch of staged records and brings it into Odoo.
//!
//! One loader for all kinds: skip what is unchanged, resolve references in one
//! read, write in batches, link, settle. A record that fails does not stop the
//! others.

pub mod apps;
pub mod as_decided;
pub mod documents;
pub mod gone;
pub mod hanging;
pub mod load_documents;
pub mod load_files;
pub mod load_masters;
pub mod masters;
pub mod matched;
pub mod open;
pub mod opening;
pub mod orders;
pub mod problems;
pub mod replace;
pub mod resolve;
pub mod send_file;
pub mod settle;
pub mod settle_late;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use q2o_domain::{
    AnyEntity, Books, Facts, Failure, JobId, Kind, LinkId, Mapped, OdooId, QboId, Result, Txn,
    Write,
    ports::Select,
    records::{Counts, ErrorEntry, IdLink, LedgerTxn, Staged},
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};

use crate::{
    app::Tools,
    digest,
    entities::entity,
    store::{Read, collection, document, fetched_key, kind_key, record_key, txn_key},
    sync::{
        company::{Company, Task},
        error_document,
        progress::Progress,
        sorted,
    },
};
use problems::Problem;
use resolve::Known;

/// Records a batch: enough to save calls, few enough to be done well within a lease.
const BATCH: u32 = 200;

/// The same of files, which come and go one by one.
const FILES: u32 = 20;

pub struct Load(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub kind: Kind,
    /// Behind this record (sort, id); from the first if `None`.
    pub after: Option<(String, String)>,
}

/// How far the loading of a kind came.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Loaded {
    pub next: Option<(String, String)>,
}

impl Activity for Load {
    const NAME: &'static str = "load";
    type Input = Input;
    type Output = Loaded;

    fn target(input: &Input) -> Cow<'static, str> {
        format!("load-{}", input.kind.slug()).into()
    }

    fn lane(input: &Input) -> Option<Cow<'_, str>> {
        Some(format!("odoo-{}", input.task.link).into())
    }

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<Loaded, q2o_durable::Failure> {
        load(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn load(tools: &Tools, input: Input, attempt: &Attempt) -> Result<Loaded> {
    let Input { task, kind, after } = input;
    let entity =
        entity(kind).ok_or_else(|| Failure::bug(format!("no entity is listed for {kind}")))?;
    let company = Company::open(tools, &task).await?;
    company.check().await?;
    let facts = tools.facts.of(&company.tenant, &task.job).await?;
    let batch = Batch { tools, company: &company, entity, facts: &facts, task: &task, attempt };
    if after.is_none() || after == Some(task.beginning()) {
        batch.drop_gone().await?;
    }
    let key = Select::Key(fetched_key(&task.job, kind));
    let most = if entity.write() == Write::File { FILES } else { BATCH };
    let staged: Vec<Read<Staged>> =
        company.tenant.list(collection::STAGED, key, after, most).await?;
    let full = staged.len() == most as usize;
    let next = staged
        .last()
        .filter(|_| full)
        .map(|last| (last.sort.clone().unwrap_or_default(), last.id.clone()));
    let counts = batch.load(staged.into_iter().map(|read| read.value).collect()).await?;
    attempt.ride(
        Progress::new(&company.tenant, &tools.clock, &task.job, "loaded")
            .of(kind, counts)
            .calls(tools.connect.http.take_calls())
            .phase("load"),
    );
    Ok(Loaded { next })
}

/// A record on its way.
pub(super) struct Item {
    pub id: QboId,
    pub mapped: Mapped,
    hash: String,
    /// By part.
    pub odoo: BTreeMap<String, OdooId>,
    /// As it is in Odoo already.
    pub unchanged: bool,
    /// Parts that were in Odoo before us: pointed at, but not ours to change.
    pub adopted: BTreeSet<String>,
    /// The job that made it; `None` if it is not known.
    pub job: Option<JobId>,
    /// What was sent, by part, in short.
    pub sent: BTreeMap<String, String>,
    pub settled: BTreeSet<OdooId>,
    /// It settled something new, be it unchanged itself.
    pub resettled: bool,
    pub error: Option<Problem>,
}

impl Item {
    fn new(id: QboId, mapped: Mapped) -> Self {
        let (hash, odoo, adopted, sent, settled) = Default::default();
        let (unchanged, resettled) = (false, false);
        let (job, error) = (None, None);
        Self { id, mapped, hash, odoo, unchanged, adopted, job, sent, settled, resettled, error }
    }

    /// What it became in Odoo, but for what was there before us.
    pub fn made(&self) -> BTreeSet<OdooId> {
        let made = self.odoo.iter().filter(|(part, _)| !self.adopted.contains(*part));
        made.map(|(_, id)| *id).collect()
    }

    /// In Odoo, but not as it should be.
    pub fn outdated(&self) -> bool {
        let movable = self.error.as_ref().is_none_or(|error| error.class == "not_moved");
        movable && !self.unchanged && !self.odoo.is_empty()
    }
}

/// Records of one kind, loaded together.
pub(super) struct Batch<'a> {
    pub tools: &'a Tools,
    pub company: &'a Company,
    pub entity: &'static dyn AnyEntity,
    pub facts: &'a Facts,
    pub task: &'a Task,
    pub attempt: &'a Attempt,
}

impl Batch<'_> {
    async fn load(&self, staged: Vec<Staged>) -> Result<Counts> {
        if let Some((why, remedy)) = apps::missing(self.tools, self.company, self.entity).await? {
            let problem = |id| Item {
                error: Some(Problem {
                    class: "not_moved",
                    why: why.clone(),
                    remedy: Some(remedy.clone()),
                    waits_for: Vec::new(),
                }),
                ..Item::new(id, Mapped::default())
            };
            return self
                .record(staged.into_iter().map(|staged| problem(staged.id)).collect())
                .await;
        }
        let mut items = self.map(staged).await?;
        let twins = items.iter().filter_map(|item| self.twin(&item.id));
        let twins = twins.map(|id| record_key(self.link(), Kind::Customer, id));
        let billed = items.iter().filter_map(|item| item.mapped.order.as_ref());
        let billed = billed.flat_map(|order| &order.billed_by);
        let billed = billed.map(|by| record_key(self.link(), by.kind, &by.id));
        let own: Vec<String> =
            items.iter().map(|item| self.key(&item.id)).chain(twins).chain(billed).collect();
        let mapped = items.iter().map(|item| &item.mapped);
        let mut known = Known::read(self.company, own.into_iter(), mapped).await?;
        for item in &mut items {
            if let Some(link) = known.link(&self.key(&item.id)) {
                item.job.clone_from(&link.job);
                // what a rollback left half way is looked for under its key
                if !link.leaving {
                    item.odoo.clone_from(&link.odoo);
                    item.sent.clone_from(&link.sent);
                    item.settled.clone_from(&link.settled);
                    item.unchanged = link.hash == item.hash;
                    item.adopted.clone_from(&link.adopted);
                }
            } else {
                item.job = Some(self.task.job.clone());
            }
        }
        match self.entity.write() {
            Write::Master => self.masters(&mut items, &mut known).await?,
            Write::NonPosting => self.non_posting(&mut items, &mut known).await?,
            Write::Document => self.documents(&mut items, &mut known).await?,
            Write::File => self.files(&mut items, &known).await?,
            Write::Nothing => {}
        }
        self.record(items).await
    }

    pub(super) fn key(&self, id: &QboId) -> String {
        record_key(self.link(), self.entity.kind(), id)
    }

    pub(super) fn link(&self) -> &LinkId {
        &self.company.link.id
    }

    /// The customer that a vendor is, too.
    pub(super) fn twin(&self, id: &QboId) -> Option<&QboId> {
        let vendor = self.entity.kind() == Kind::Vendor;
        self.company.decisions.twins.get(id).filter(|_| vendor)
    }

    async fn map(&self, staged: Vec<Staged>) -> Result<Vec<Item>> {
        let ledger = self.ledger(&staged).await?;
        let mut items = Vec::with_capacity(staged.len());
        for Staged { id, record, .. } in staged {
            let postings = ledger.get(&id).map_or(&[][..], |txn| &txn.postings);
            let books = Books { facts: self.facts, ledger: postings };
            let mapped = self.entity.read(&record).and_then(|record| record.map(&books));
            let (mapped, error) = match mapped {
                Ok(mapped) => (mapped, None),
                Err(error) => (Mapped::default(), Some(self.unmapped(&id, &error))),
            };
            items.push(Item { error, ..Item::new(id, mapped) });
        }
        self.trim(&mut items).await?;
        for item in &mut items {
            item.hash = hash(&item.mapped)?;
        }
        Ok(items)
    }

    /// Leaves out parts whose application this Odoo does not have.
    async fn trim(&self, items: &mut [Item]) -> Result<()> {
        let own = self.entity.model();
        let parts = items.iter().flat_map(|item| &item.mapped.drafts);
        let models: BTreeSet<&str> =
            parts.map(|draft| draft.model).filter(|model| *model != own).collect();
        for model in models {
            if !apps::has(self.tools, self.company, model).await? {
                for item in items.iter_mut() {
                    item.mapped.drafts.retain(|d| d.part.is_empty() || d.model != model);
                }
            }
        }
        Ok(())
    }

    /// What QuickBooks' ledger says of these very transactions.
    async fn ledger(&self, staged: &[Staged]) -> Result<BTreeMap<QboId, LedgerTxn>> {
        if self.entity.write() != Write::Document {
            return Ok(BTreeMap::new());
        }
        let kind = self.entity.kind();
        let ids = staged.iter().map(|s| txn_key(self.link(), &Txn::new(kind, s.id.clone())));
        let read = self.company.tenant.list_ids(collection::LEDGER, ids.collect()).await?;
        let read = read.into_iter().map(|read: Read<LedgerTxn>| read.value);
        let current = read.filter(|txn| txn.job == self.task.job);
        Ok(current.map(|txn| (txn.txn.id.clone(), txn)).collect())
    }

    pub(super) fn linked(&self, item: &Item) -> IdLink {
        IdLink {
            models: self.models(item),
            odoo: item.odoo.clone(),
            hash: item.hash.clone(),
            adopted: item.adopted.clone(),
            job: item.job.clone(),
            sent: item.sent.clone(),
            settled: item.settled.clone(),
            leaving: false,
        }
    }

    /// The models of parts that are not what their kind is.
    fn models(&self, item: &Item) -> BTreeMap<String, String> {
        let drafts = item.mapped.drafts.iter();
        let parts = drafts.flat_map(|draft| {
            let made = draft.made.iter().map(|made| (made.part, made.model));
            std::iter::once((draft.part, draft.model)).chain(made)
        });
        let other = parts.filter(|(_, model)| *model != self.entity.model());
        other.map(|(part, model)| (part.to_owned(), model.to_owned())).collect()
    }

    /// Links and errors, and the count of both.
    async fn record(&self, items: Vec<Item>) -> Result<Counts> {
        let mut counts = Counts::default();
        let (mut links, mut errors, mut cleared) = (Vec::new(), Vec::new(), Vec::new());
        for item in items {
            let key = self.key(&item.id);
            match &item.error {
                None if item.unchanged && !item.resettled => counts.skipped += 1,
                None => {
                    let count =
                        if item.unchanged { &mut counts.skipped } else { &mut counts.loaded };
                    *count += 1;
                    let link = self.linked(&item);
                    links.push(
                        document(collection::ID_LINKS, key.clone(), &link)?
                            .key(kind_key(self.link(), self.entity.kind())),
                    );
                    cleared.push(key);
                }
                Some(problem) => {
                    if problem.class == "not_moved" {
                        counts.not_moved += 1;
                    } else {
                        counts.errors += 1;
                    }
                    errors.push(error_document(self.link(), &self.entry(&item.id, problem))?);
                }
            }
        }
        self.company.tenant.put_all(links).await?;
        self.company.tenant.put_all(errors).await?;
        // an error of an earlier run is over; most records never had one
        let stale = self.company.tenant.list_ids::<ErrorEntry>(collection::ERRORS, cleared).await?;
        let stale = stale.into_iter().map(|read| read.id).collect();
        self.company.tenant.delete_all(collection::ERRORS, stale).await?;
        Ok(counts)
    }
}

/// What was sent, in short.
fn hash(mapped: &Mapped) -> Result<String> {
    let text = serde_json::to_vec(mapped).map_err(|error| Failure::bug(error.to_string()))?;
    Ok(digest::short(&[&text], 16))
}
