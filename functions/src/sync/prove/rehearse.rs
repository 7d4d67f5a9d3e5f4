//! `rehearse`: maps everything and books it into an Odoo that exists in memory
//! only, then compares as the proof would. Nothing is written to Odoo.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;
use q2o_domain::{
    AnyEntity, Books, Facts, MapError, Mapped, Ref, Result, Txn, Write,
    ports::Select,
    records::{Counts, ErrorEntry, LedgerTxn, Snapshot, Staged},
    waves,
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};

use super::{
    compare::{Compared, compare},
    kept_proof,
    virtual_odoo::VirtualOdoo,
};
use crate::{
    app::Tools,
    entities::{ENTITIES, entity},
    store::{Read, collection, fetched_key, record_key, txn_key},
    sync::{
        company::{Company, Task},
        complete::{
            completion::entry,
            explain::{At, Explain, completion},
        },
        load::{
            apps,
            hanging::{self, Hung},
            opening,
            settle_late::Pages,
        },
        progress::Progress,
        sorted, unsorted,
    },
};

/// Records looked at between two signs of life.
const BATCH: u32 = 500;

pub struct Rehearse(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub until: Date,
    pub snapshot: Snapshot,
}

impl Activity for Rehearse {
    const NAME: &'static str = "rehearse";
    type Input = Input;
    /// Whether nothing would differ.
    type Output = bool;

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<bool, q2o_durable::Failure> {
        rehearse(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn rehearse(tools: &Tools, input: Input, attempt: &Attempt) -> Result<bool> {
    let Input { task, until, snapshot } = input;
    let company = Company::open(tools, &task).await?;
    let facts = tools.facts.of(&company.tenant, &task.job).await?;
    let mut stage = Rehearsal {
        tools,
        company: &company,
        facts: &facts,
        task: &task,
        odoo: VirtualOdoo::new(&facts, &company.link.id, &company.decisions),
        problems: Vec::new(),
        counts: BTreeMap::new(),
    };
    let all: BTreeSet<_> = ENTITIES.iter().map(|entity| entity.kind()).collect();
    let in_order = waves(ENTITIES, &all).into_iter().flatten().flatten().filter_map(entity);
    // files hang on documents, too
    let late = |write| matches!(write, Write::Document | Write::File);
    let (documents, masters): (Vec<_>, Vec<_>) = in_order.partition(|entity| late(entity.write()));
    for entity in masters {
        stage.load(entity, attempt).await?;
    }
    stage.open().await?;
    for entity in documents {
        stage.load(entity, attempt).await?;
    }
    stage.settle_late(attempt).await?;

    let explain = Explain { company: &company, facts: &facts, task: &task };
    let (mut completions, mut unexplained) = (Vec::new(), Vec::new());
    let mut by_documents = q2o_domain::ledger::Level::default();
    let mut at = Some(At::first(&task));
    while let Some(here) = at {
        attempt.checkpoint(&here).await.map_err(unsorted)?;
        let explained = explain.at(here).await?;
        by_documents.merge(&explained.by_documents);
        for (txn, rest, class) in &explained.entries {
            stage.odoo.book(&txn.txn, &entry(txn, rest, class));
            completions.push(completion(txn, rest, class, false));
        }
        completions.extend(explained.in_documents.into_iter().map(|(_, completion)| completion));
        unexplained.extend(explained.unexplained);
        at = explained.next;
    }

    let Rehearsal { odoo, problems, counts, .. } = stage;
    let Compared { mut proof, balances } =
        compare(&company, &task, &facts, &odoo.settled(), until).await?;
    proof.snapshot = Some(snapshot);
    proof.by_documents = by_documents;
    proof.completion_entries = completions;
    proof.unexplained = unexplained;
    proof.not_loaded = problems;
    let clean = proof.clean();
    kept_proof::keep(&company.tenant, &task.job, proof, &balances).await?;
    let what = if clean { "rehearsed: nothing differs" } else { "rehearsed: something differs" };
    attempt.ride(
        Progress::new(&company.tenant, &tools.clock, &task.job, what)
            .of_all(counts)
            .calls(tools.connect.http.take_calls())
            .phase("rehearse"),
    );
    Ok(clean)
}

struct Rehearsal<'a> {
    tools: &'a Tools,
    company: &'a Company,
    facts: &'a Facts,
    task: &'a Task,
    odoo: VirtualOdoo<'a>,
    /// Records that would not be loaded, and why.
    problems: Vec<ErrorEntry>,
    counts: BTreeMap<q2o_domain::Kind, Counts>,
}

impl Rehearsal<'_> {
    async fn open(&mut self) -> Result<()> {
        let opening = opening::read(self.company, self.task, self.facts).await?;
        for (kind, id, mapped) in &opening.documents {
            // one that points at nothing shows in the comparison
            self.odoo.load(*kind, id, mapped, &opening::txn());
        }
        if let Some(entry) = opening.entry {
            self.odoo.book(&opening::txn(), &entry);
        }
        Ok(())
    }

    /// What was open at the cut, set against later documents.
    async fn settle_late(&mut self, attempt: &Attempt) -> Result<()> {
        let mut pages = Pages::of(self.company, self.task, self.facts).await?;
        while let Some(mut late) = pages.next().await? {
            attempt.checkpoint(&pages.at).await.map_err(unsorted)?;
            // the others were allocated when they were loaded
            late.retain(|(own, _)| pages.before.contains(own));
            self.odoo.allocate(late);
        }
        Ok(())
    }

    /// All staged records of a kind, in the order they would be loaded.
    async fn load(&mut self, entity: &'static dyn AnyEntity, attempt: &Attempt) -> Result<()> {
        let kind = entity.kind();
        let key = Select::Key(fetched_key(&self.task.job, kind));
        let nowhere = apps::missing(self.tools, self.company, entity).await?;
        let nowhere = nowhere.map(|(why, _)| why);
        let mut after = entity.write().dated().then(|| self.task.beginning());
        loop {
            attempt.checkpoint(&(kind, &after)).await.map_err(unsorted)?;
            let page: Vec<Read<Staged>> =
                self.company.tenant.list(collection::STAGED, key.clone(), after, BATCH).await?;
            let full = page.len() == BATCH as usize;
            after =
                page.last().map(|last| (last.sort.clone().unwrap_or_default(), last.id.clone()));
            let ledger = self.ledger(entity, &page).await?;
            let before = self.before(entity, &page).await?;
            for read in page {
                self.record(entity, &read.value, &ledger, &before, nowhere.as_ref());
            }
            if !full {
                return Ok(());
            }
        }
    }

    /// What files hang on that lies before the first day of history.
    async fn before(
        &self,
        entity: &'static dyn AnyEntity,
        page: &[Read<Staged>],
    ) -> Result<BTreeSet<String>> {
        if entity.write() != Write::File {
            return Ok(BTreeSet::new());
        }
        let books = Books { facts: self.facts, ledger: &[] };
        let mapped = page.iter().filter_map(|read| {
            entity.read(&read.value.record).and_then(|record| record.map(&books)).ok()
        });
        let drafts: Vec<_> = mapped.flat_map(|mapped| mapped.drafts).collect();
        let on: BTreeSet<String> = drafts
            .iter()
            .filter_map(hanging::hangs_on)
            .filter(|to| !self.odoo.has(to))
            .map(|to| record_key(&self.task.link, to.kind, &to.id))
            .collect();
        hanging::before_cut(self.company, self.task, on.into_iter().collect()).await
    }

    async fn ledger(
        &self,
        entity: &'static dyn AnyEntity,
        page: &[Read<Staged>],
    ) -> Result<BTreeMap<Txn, LedgerTxn>> {
        if entity.write() != Write::Document {
            return Ok(BTreeMap::new());
        }
        let txns = page.iter().map(|read| Txn::new(entity.kind(), read.value.id.clone()));
        let keys = txns.map(|txn| txn_key(&self.task.link, &txn)).collect();
        let read = self.company.tenant.list_ids::<LedgerTxn>(collection::LEDGER, keys).await?;
        let read = read.into_iter().map(|read| read.value);
        let current = read.filter(|txn| txn.job == self.task.job);
        Ok(current.map(|txn| (txn.txn.clone(), txn)).collect())
    }

    /// Hangs a file where the migration would; says what is missing for it.
    fn hang(
        &mut self,
        staged: &Staged,
        mapped: &Mapped,
        before: &BTreeSet<String>,
    ) -> Result<Vec<String>, MapError> {
        let never = |to: &Ref| {
            let key = record_key(&self.task.link, to.kind, &to.id);
            self.odoo.leaves_out(to) || before.contains(&key)
        };
        match Hung::of(mapped, |to| self.odoo.has(to), never) {
            Hung::On(_) => {
                self.odoo.hang(staged.kind, &staged.id);
                Ok(Vec::new())
            }
            Hung::Waits(waits) => Ok(waits),
            Hung::Nowhere(why) => Err(MapError::NotMoved(why)),
        }
    }

    fn record(
        &mut self,
        entity: &'static dyn AnyEntity,
        staged: &Staged,
        ledger: &BTreeMap<Txn, LedgerTxn>,
        before: &BTreeSet<String>,
        nowhere: Option<&String>,
    ) {
        let kind = entity.kind();
        let txn = Txn::new(kind, staged.id.clone());
        let postings = ledger.get(&txn).map_or(&[][..], |txn| &txn.postings);
        let books = Books { facts: self.facts, ledger: postings };
        let mapped = match nowhere {
            Some(why) => Err(MapError::NotMoved(why.clone())),
            None => entity.read(&staged.record).and_then(|record| record.map(&books)),
        };
        let mapped = mapped.and_then(|mapped| match entity.write() {
            Write::File => self.hang(staged, &mapped, before),
            _ => Ok(self.odoo.load(kind, &staged.id, &mapped, &txn)),
        });
        let (class, why, waits_for) = match mapped {
            Ok(missing) if missing.is_empty() => {
                self.counts.entry(kind).or_default().loaded += 1;
                return;
            }
            Ok(missing) => {
                let why =
                    format!("It points at records that cannot be moved: {}.", missing.join(", "));
                ("parked", why, missing)
            }
            Err(MapError::NotMoved(why)) => {
                self.odoo.leave_out(kind, &staged.id);
                ("not_moved", why, Vec::new())
            }
            Err(MapError::Unreadable(why)) => ("unreadable", why, Vec::new()),
            Err(MapError::Missing(why)) => ("missing", why, Vec::new()),
        };
        let counts = self.counts.entry(kind).or_default();
        if class == "not_moved" {
            counts.not_moved += 1;
        } else {
            counts.errors += 1;
        }
        self.problems.push(ErrorEntry {
            kind,
            id: staged.id.clone(),
            class: class.to_owned(),
            why,
            remedy: None,
            waits_for,
            at: self.tools.clock.now(),
        });
    }
}
