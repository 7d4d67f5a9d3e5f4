//! `weigh`: what a rollback takes, and what it leaves and why. Nothing is written
//! to Odoo.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use q2o_domain::{
    Failure, JobId, Kind, Result, Txn, Write,
    ports::{Change, Select},
    records::{Counts, IdLink, Job, Left, Purpose, RolledBack, Scope, Taken},
    waves,
};
use q2o_durable::{Activity, Attempt, Rider};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    MOVE, Record, Unit, editors::Editors, files_of_others, left_over::LeftOver, reconciled,
    standing, uses,
};
use crate::{
    app::Tools,
    entities::{ENTITIES, entity},
    store::{Read, Tenant, collection, document, kind_key, rollback_key, txn_key},
    sync::{
        company::{Company, Task},
        complete::Kept,
        load::opening,
        progress::{Found, Progress},
        sorted, unsorted,
    },
};

/// Documents that are taken out together: few enough for one call.
const DOCUMENTS: usize = 100;
/// The same of master records.
const MASTERS: usize = 200;

pub struct Weigh(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub scope: Scope,
}

impl Activity for Weigh {
    const NAME: &'static str = "weigh";
    type Input = Input;
    /// How many batches go.
    type Output = u32;

    fn lane(input: &Input) -> Option<std::borrow::Cow<'_, str>> {
        Some(format!("odoo-{}", input.task.link).into())
    }

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<u32, q2o_durable::Failure> {
        weigh(&self.0, input, attempt).await.map_err(sorted)
    }
}

/// A reason to stay: its class and its text.
pub type Why = (&'static str, String);

/// Everything that a link has in Odoo, and what speaks against taking it out.
#[derive(Default)]
pub struct Scales {
    pub units: Vec<Unit>,
    /// Whether a unit is asked for.
    pub asked: Vec<bool>,
    /// Why a unit that is asked for stays all the same.
    pub stays: Vec<Option<Why>>,
    /// Were in Odoo before us.
    adopted: BTreeMap<String, u64>,
    /// Odoo's records by model and id: whose they are.
    pub of: HashMap<(String, i64), usize>,
    /// The day of each document, as Odoo has it.
    pub days: HashMap<usize, String>,
}

impl Scales {
    pub fn goes(&self, at: usize) -> bool {
        self.asked[at] && self.stays[at].is_none()
    }

    pub fn stay(&mut self, at: usize, class: &'static str, why: impl Into<String>) {
        if self.stays[at].is_none() {
            self.stays[at] = Some((class, why.into()));
        }
    }

    /// What needs something that stays has to stay as well. An edge says that the
    /// second cannot go without the first.
    pub fn settle(&mut self, edges: &[(usize, usize)], word: &str) {
        loop {
            let before = self.stays.iter().flatten().count();
            for &(first, second) in edges {
                if !self.goes(first) && self.goes(second) {
                    let why = format!("{} stays, and {word} it.", self.units[first]);
                    self.stay(second, "needed", why);
                }
            }
            if self.stays.iter().flatten().count() == before {
                return;
            }
        }
    }

    pub fn push(&mut self, unit: Unit, asked: bool) {
        let at = self.units.len();
        for record in &unit.records {
            self.of.insert((record.model.clone(), record.id.0), at);
        }
        self.units.push(unit);
        self.asked.push(asked);
        self.stays.push(None);
    }
}

async fn weigh(tools: &Tools, input: Input, attempt: &Attempt) -> Result<u32> {
    let Input { task, scope } = input;
    let company = Company::open(tools, &task).await?;
    let mut scales = Scales::default();
    if company.link.fingerprint.is_some() {
        company.check().await?;
        let jobs = jobs_of(&company, &task).await?;
        let mut editors = Editors::of(&company, &jobs).await?;
        let before = read_report(&company.tenant, &task.job).await?;
        if before.is_some_and(|before| before.kinds.values().any(|taken| taken.removed > 0)) {
            editors = editors.under_way();
        }
        gather(&company, &scope, &mut scales).await?;
        let left = LeftOver { company: &company, scope: &scope, jobs: &jobs };
        left.gather(&mut scales).await?;
        attempt.checkpoint(&"documents").await.map_err(unsorted)?;
        standing::documents(tools, &company, &editors, &mut scales).await?;
        narrow(&scope, &mut scales);
        let set = reconciled::edges(&company, &editors, &mut scales).await?;
        uses::of_documents(&company, &mut scales).await?;
        files_of_others::keep(&company, &mut scales).await?;
        scales.settle(&set, "is set against");
        attempt.checkpoint(&"masters").await.map_err(unsorted)?;
        standing::masters(tools, &company, &editors, &mut scales).await?;
        let needs = uses::of_masters(&company, &mut scales).await?;
        scales.settle(&needs, "needs");
    }
    let batches = batches(&scales);
    let mut kept = Vec::new();
    if !scope.preview {
        for (number, batch) in batches.iter().enumerate() {
            let key = rollback_key(&task.job, u32::try_from(number).unwrap_or(u32::MAX));
            kept.push(document(collection::ROLLBACKS, key, batch)?);
        }
    }
    company.tenant.put_all(kept).await?;
    attempt.ride(Weighing {
        progress: Progress::new(&company.tenant, &tools.clock, &task.job, "weighed")
            .calls(tools.connect.http.take_calls())
            .phase("weigh"),
        report: report(&scales, &scope),
        going: going(&scales),
    });
    u32::try_from(batches.len()).map_err(|_| Failure::bug("too many batches"))
}

/// The jobs of this link that write to Odoo.
pub async fn jobs_of(company: &Company, task: &Task) -> Result<Vec<Job>> {
    let jobs =
        company.tenant.list_all::<Job>(collection::JOBS, Select::Key("jobs".to_owned())).await?;
    let jobs = jobs.into_iter().map(|read| read.value).filter(|job| {
        job.plan.link == company.link.id
            && matches!(job.plan.purpose, Purpose::Backfill | Purpose::RollBack)
            && job.id != task.job
    });
    Ok(jobs.collect())
}

/// Reads what the link has in Odoo, and which of it is asked for.
async fn gather(company: &Company, scope: &Scope, scales: &mut Scales) -> Result<()> {
    let link = &company.link.id;
    let by_job =
        |link: &IdLink| scope.job.as_ref().is_none_or(|job| link.job.as_ref() == Some(job));
    let ranged = scope.from.is_some() || scope.to.is_some();
    let mut completions: BTreeMap<String, Kept> = BTreeMap::new();
    let key = Select::Key(link.0.clone());
    let see = |read: Read<Kept>| {
        completions.insert(read.id, read.value);
    };
    company.tenant.each(collection::COMPLETIONS, key, see).await?;
    let mut opened = Unit::new("Opening balances", None, "1");
    let (mut opened_by, mut opened_in_part) = (scope.job.is_none(), false);
    for one in ENTITIES.iter().filter(|entity| entity.write() != Write::Nothing) {
        let kind = one.kind();
        let of_kind = scope.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind));
        let key = Select::Key(kind_key(link, kind));
        for Read { id: key, value: linked, .. } in
            company.tenant.list_all::<IdLink>(collection::ID_LINKS, key).await?
        {
            if linked.made().next().is_none() && !linked.adopted.is_empty() {
                if of_kind && !ranged && by_job(&linked) {
                    *scales.adopted.entry(kind.to_string()).or_default() += 1;
                }
                continue;
            }
            if linked.odoo.contains_key(opening::PART) {
                opened.add(key, &linked, kind);
                opened_in_part |= scope.kinds.is_some() && of_kind && by_job(&linked);
                continue;
            }
            let mut asked = of_kind && by_job(&linked);
            let id = key.rsplit('/').next().unwrap_or_default();
            let mut unit = Unit::new(kind.to_string(), Some(kind), id);
            if unit.is_document() {
                // what completes a document is a part of it
                let txn = txn_key(link, &Txn::new(kind, unit.id.clone()));
                if let Some(kept) = completions.remove(&txn) {
                    unit.complete(txn, &kept);
                }
            } else {
                asked &= !ranged;
            }
            unit.add(key, &linked, kind);
            scales.push(unit, asked);
            let at = scales.units.len() - 1;
            for record in linked.records(one.model()) {
                scales.of.insert((record.model, record.id.0), at);
            }
        }
    }
    for (key, kept) in completions {
        let asked = scope.kinds.is_none() && kept.link.as_ref().is_none_or(by_job);
        let mut unit = Unit::new("Ledger completion", None, kept.completion.txn_id.clone());
        unit.complete(key, &kept);
        scales.push(unit, asked);
    }
    if let Some(entry) = opening::entry_link(company).await? {
        opened_by |= by_job(&entry);
        opened.records.extend(entry.records(MOVE));
        opened.leaving |= entry.leaving;
        opened.links.push(opening::entry_key(company));
    }
    if !opened.links.is_empty() {
        scales.push(opened, opened_in_part || (scope.kinds.is_none() && opened_by));
        if opened_in_part {
            let why = "Opening balances go as one whole: leave `kinds` out.";
            scales.stay(scales.units.len() - 1, "needed", why);
        }
    }
    Ok(())
}

/// Goes with its tax.
const REPARTITION: &str = "account.tax.repartition.line";

impl Unit {
    pub fn add(&mut self, key: String, linked: &IdLink, kind: Kind) {
        let model = entity(kind).map_or(MOVE, q2o_domain::AnyEntity::model);
        let records = linked.records(model).into_iter();
        self.records.extend(records.filter(|record| record.model != REPARTITION));
        self.settled.extend(&linked.settled);
        self.leaving |= linked.leaving;
        self.links.push(key);
    }

    pub fn complete(&mut self, key: String, kept: &Kept) {
        if let Some(linked) = &kept.link {
            self.records.extend(linked.records(MOVE));
            self.leaving |= linked.leaving;
        }
        self.completion = Some(key);
    }
}

/// What an id link stands for; `model` is its kind's.
trait Records {
    fn records(&self, model: &str) -> Vec<Record>;
}

impl Records for IdLink {
    fn records(&self, model: &str) -> Vec<Record> {
        let all = self.made().map(|(part, id)| Record {
            model: self.models.get(part).map_or(model, String::as_str).to_owned(),
            id,
            sent: self.sent.get(part).cloned(),
        });
        all.collect()
    }
}

/// Only documents of the days asked for.
fn narrow(scope: &Scope, scales: &mut Scales) {
    let (from, to) = (scope.from.map(|d| d.to_string()), scope.to.map(|d| d.to_string()));
    if from.is_none() && to.is_none() {
        return;
    }
    for at in 0..scales.units.len() {
        let day = scales.days.get(&at);
        let within = day.is_some_and(|day| {
            from.as_ref().is_none_or(|from| day >= from) && to.as_ref().is_none_or(|to| day <= to)
        });
        scales.asked[at] &= within;
    }
}

/// What goes, in the order it goes in: documents, the newest first, then what
/// they pointed at, and last what that pointed at.
fn batches(scales: &Scales) -> Vec<Vec<&Unit>> {
    let going = |at: &usize| scales.goes(*at);
    let mut documents: Vec<usize> = (0..scales.units.len())
        .filter(going)
        .filter(|at| scales.units[*at].is_document())
        .collect();
    documents.sort_by_key(|at| std::cmp::Reverse((scales.days.get(at), *at)));
    let documents: Vec<&Unit> = documents.into_iter().map(|at| &scales.units[at]).collect();
    let mut batches: Vec<Vec<&Unit>> = documents.chunks(DOCUMENTS).map(<[&Unit]>::to_vec).collect();
    let masters: BTreeSet<Kind> = ENTITIES
        .iter()
        .filter(|entity| matches!(entity.write(), Write::Master | Write::NonPosting | Write::File))
        .map(|entity| entity.kind())
        .collect();
    for wave in waves(ENTITIES, &masters).unwrap_or_default().into_iter().rev() {
        for kind in wave {
            let mut units: Vec<&Unit> = (0..scales.units.len())
                .filter(going)
                .map(|at| &scales.units[at])
                .filter(|unit| unit.kind == Some(kind))
                .collect();
            // what was made later may point at what was made before
            units.sort_by_key(|unit| std::cmp::Reverse(unit.records.first().map(|r| r.id)));
            batches.extend(units.chunks(MASTERS).map(<[&Unit]>::to_vec));
        }
    }
    batches
}

fn report(scales: &Scales, scope: &Scope) -> RolledBack {
    let mut report = RolledBack { scope: scope.clone(), ..RolledBack::default() };
    for (what, kept) in &scales.adopted {
        report.kinds.entry(what.clone()).or_default().kept = *kept;
    }
    for (at, unit) in scales.units.iter().enumerate().filter(|(at, _)| scales.asked[*at]) {
        let taken: &mut Taken = report.kinds.entry(unit.what.clone()).or_default();
        match &scales.stays[at] {
            None => taken.removed += u64::from(scope.preview),
            Some((class, why)) => {
                taken.refused += 1;
                report.refused.push(Left {
                    what: unit.what.clone(),
                    id: unit.id.clone(),
                    class: (*class).to_owned(),
                    why: why.clone(),
                });
            }
        }
    }
    report.refused.sort();
    report
}

fn going(scales: &Scales) -> BTreeMap<Kind, u64> {
    let mut going = BTreeMap::new();
    for (at, unit) in scales.units.iter().enumerate() {
        if let Some(kind) = unit.kind.filter(|_| scales.goes(at)) {
            *going.entry(kind).or_default() += 1;
        }
    }
    going
}

/// The report is kept, and the job's counters say what it comes to.
struct Weighing {
    progress: Progress,
    report: RolledBack,
    going: BTreeMap<Kind, u64>,
}

#[async_trait]
impl Rider for Weighing {
    async fn changes(&self) -> Result<Vec<Value>, q2o_durable::Failure> {
        let mut report = self.report.clone();
        // what went before a person had to help is gone all the same
        let before = read_report(&self.progress.tenant, &self.progress.job);
        let before = before.await.map_err(sorted)?.filter(|_| !report.scope.preview);
        for (what, taken) in before.into_iter().flat_map(|before| before.kinds) {
            report.kinds.entry(what).or_default().removed += taken.removed;
        }
        let mut counts = BTreeMap::new();
        for kind in ENTITIES.iter().map(|entity| entity.kind()) {
            let going = self.going.get(&kind).copied().unwrap_or_default();
            let Some(taken) = report.kinds.get(&kind.to_string()) else { continue };
            let removed = if report.scope.preview { 0 } else { taken.removed };
            let source = going + removed + taken.kept + taken.refused;
            let (kept, refused) = (taken.kept, taken.refused);
            counts.insert(kind, Counts { source, removed, kept, refused, ..Counts::default() });
        }
        let found = Found { counts, unavailable: BTreeMap::new(), mapping: None };
        let mut changes = self.progress.clone().found(found).written().await.map_err(sorted)?;
        let key = self.progress.job.as_str();
        let kept = document(collection::ROLLBACKS, key, &report).map_err(sorted)?;
        changes.push(Change::Put(kept));
        let changes = changes.iter().map(serde_json::to_value).collect::<Result<_, _>>();
        changes.map_err(|error| q2o_durable::Failure::bug(error.to_string()))
    }
}

/// What is reported of a rollback so far.
pub async fn read_report(tenant: &Tenant, job: &JobId) -> Result<Option<RolledBack>> {
    let read = tenant.get::<RolledBack>(collection::ROLLBACKS, job.as_str()).await?;
    Ok(read.map(|read| read.value))
}
