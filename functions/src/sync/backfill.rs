//! The whole migration: survey, extract, read the ledger, load in waves, complete,
//! prove. A rehearsal ends before the first write, an assessment before anything is
//! fetched. Whatever becomes of it, the job says so in the end.

use std::collections::BTreeSet;

use jiff::civil::Date;
use q2o_domain::{
    JobId, Kind, RealmId, TenantId, Write,
    ledger::Level,
    records::{JobState, Plan, Purpose},
    waves,
};
use q2o_durable::{Context, Failure, Halt, Orchestration, Signal, Turn};
use serde::{Deserialize, Serialize};

use crate::{
    entities::{ENTITIES, entity},
    sync::{
        assess::{self, Assess},
        company::Task,
        complete::complete_all::{self, CompleteAll},
        fetch::{
            look::{self, Look},
            read_balances::{self, ReadBalances},
            read_books::{self, ReadBooks},
            seal::{self, Seal},
        },
        load::{open::Open, opening, settle_late::SettleLate},
        mark::{self, Mark},
        move_kind::{ExtractKind, LoadKind, Moving},
        prove::{
            self, Prove,
            rehearse::{self, Rehearse},
        },
        survey::{self, SETTINGS, Survey},
    },
};

pub struct Backfill;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub plan: Plan,
}

impl Input {
    pub fn new(tenant: TenantId, job: &JobId, plan: &Plan) -> Self {
        // the survey says which mapping counts
        let (job, link, mapping) = (job.clone(), plan.link.clone(), None);
        Self { task: Task { tenant, job, link, cut: plan.cut, mapping }, plan: plan.clone() }
    }
}

/// A person has done what the job asked for.
pub struct Resume;

impl Signal for Resume {
    const NAME: &'static str = "resume";
    type Payload = String;
}

impl Orchestration for Backfill {
    const NAME: &'static str = "backfill";
    type Input = Input;
    type Output = ();

    fn run(cx: &mut Context<'_>, input: Input) -> Turn<()> {
        // a life of its own: should it end otherwise than it means to, it is told here
        let outcome = alone::<Migrate>(cx, "round", input.clone())?;
        let (state, failure) = match outcome {
            Ok(()) => (JobState::Done, None),
            Err(failure @ Failure::NeedsUser { .. }) => (JobState::NeedsUser, Some(failure)),
            Err(failure) => (JobState::Failed, Some(failure)),
        };
        cx.call::<Mark>(&mark::Input { task: input.task.clone(), state, failure })?;
        if state != JobState::NeedsUser {
            return Ok(());
        }
        cx.wait_for::<Resume>()?;
        // all that was done is found done: the next round passes it by
        cx.restart(&input)
    }
}

/// One round of it, from the survey to the proof.
pub struct Migrate;

impl Orchestration for Migrate {
    const NAME: &'static str = "migrate";
    type Input = Input;
    type Output = ();

    fn run(cx: &mut Context<'_>, input: Input) -> Turn<()> {
        migrate(cx, &input)?.map_err(Halt::Failed)
    }
}

/// What a phase came to.
type Phase<T> = Turn<Result<T, Failure>>;

/// Takes the answer of a phase, or ends the round.
macro_rules! or_end {
    ($phase:expr) => {
        match $phase {
            Ok(answer) => answer,
            Err(failure) => return Ok(Err(failure)),
        }
    };
}

fn migrate(cx: &mut Context<'_>, input: &Input) -> Phase<()> {
    let Input { task, plan } = input;
    if plan.purpose == Purpose::Assess {
        or_end!(cx.attempt::<Assess>(&assess::Input { task: task.clone(), plan: plan.clone() })?);
        return Ok(Ok(()));
    }
    if let Some(since) = &plan.since {
        let look = look::Input { task: task.clone(), since: since.clone() };
        if !or_end!(cx.attempt::<Look>(&look)?) {
            return Ok(Ok(()));
        }
    }
    let kinds = plan.kinds.clone();
    let only_look = plan.purpose == Purpose::Rehearse;
    let survey = survey::Input { task: task.clone(), kinds: kinds.clone(), only_look };
    let survey::Surveyed { realm, to_fetch, mapping } = or_end!(cx.attempt::<Survey>(&survey)?);
    // what a person saved meanwhile counts from here on
    let task = &Task { mapping, ..task.clone() };
    let dates = or_end!(extract(cx, task, &realm, &to_fetch)?);
    let until = dates.map_or(plan.until, |(_, last)| last.max(plan.until));
    or_end!(alone::<ReadBooks>(cx, "ledger", read_books::Input::new(task, &realm, dates, until))?);
    let from = dates.map_or(until, |(first, _)| first).max(opening::day(task.cut));
    let balances = read_balances::Input { task: task.clone(), realm: realm.clone(), from, until };
    or_end!(cx.attempt::<ReadBalances>(&balances)?);
    let seal = seal::Input { task: task.clone(), realm: realm.clone() };
    let snapshot = or_end!(cx.attempt::<Seal>(&seal)?);
    if only_look {
        or_end!(cx.attempt::<Rehearse>(&rehearse::Input {
            task: task.clone(),
            until,
            snapshot
        })?);
        return Ok(Ok(()));
    }
    // nothing is there to load of other kinds
    let kinds = kinds.into_iter().filter(|kind| SETTINGS.contains(kind) || to_fetch.contains(kind));
    // the opening balances stand between what documents point at and the documents
    let (masters, documents): (BTreeSet<Kind>, _) = kinds.partition(|kind| is_master(*kind));
    or_end!(load(cx, task, &realm, &masters)?);
    // what documents leave to the ledger shows only where all of them are at hand:
    // else those of other kinds would come a second time, as entries
    let whole = is_whole(&plan.kinds);
    if whole {
        or_end!(cx.attempt::<Open>(task)?);
    }
    or_end!(load(cx, task, &realm, &documents)?);
    or_end!(cx.attempt::<SettleLate>(task)?);
    let by_documents = if whole {
        or_end!(alone::<CompleteAll>(cx, "complete", complete_all::Input::first(task))?)
    } else {
        Level::default()
    };
    let proving = prove::Input { task: task.clone(), by_documents, until, snapshot };
    or_end!(cx.attempt::<Prove>(&proving)?);
    Ok(Ok(()))
}

/// Runs a phase that is too long for this journal.
fn alone<O: Orchestration>(cx: &mut Context<'_>, name: &str, input: O::Input) -> Phase<O::Output> {
    let answer = cx.run_all::<O>([(name.to_owned(), input)])?.pop();
    answer.map_or_else(|| Err(Failure::bug("a phase has no answer").into()), Ok)
}

/// Fetches all kinds, and says from when to when their documents are.
fn extract(
    cx: &mut Context<'_>,
    task: &Task,
    realm: &RealmId,
    kinds: &[Kind],
) -> Phase<Option<(Date, Date)>> {
    let children = kinds.iter().map(|kind| (kind.slug(), Moving::first(task, realm, *kind)));
    let mut dates: Option<(Date, Date)> = None;
    for answer in cx.run_all::<ExtractKind>(children)? {
        if let Some((first, last)) = or_end!(answer) {
            let (earliest, latest) = dates.unwrap_or((first, last));
            dates = Some((earliest.min(first), latest.max(last)));
        }
    }
    Ok(Ok(dates))
}

/// Whether all kinds of documents are asked for.
fn is_whole(kinds: &[Kind]) -> bool {
    let mut documents = ENTITIES.iter().filter(|entity| entity.write() == Write::Document);
    documents.all(|entity| kinds.contains(&entity.kind()))
}

/// Whether a kind's records can be loaded before all documents.
fn is_master(kind: Kind) -> bool {
    let document = |kind: &Kind| entity(*kind).is_some_and(|e| e.write() == Write::Document);
    !document(&kind) && entity(kind).is_some_and(|e| !e.after().iter().any(document))
}

/// Loads kinds, in waves that each point only at earlier ones.
fn load(cx: &mut Context<'_>, task: &Task, realm: &RealmId, wanted: &BTreeSet<Kind>) -> Phase<()> {
    let Some(waves) = waves(ENTITIES, wanted) else {
        return Ok(Err(Failure::bug("kinds of records wait for each other in a circle")));
    };
    for wave in waves {
        let children = wave.iter().map(|kind| (kind.slug(), Moving::first(task, realm, *kind)));
        for answer in cx.run_all::<LoadKind>(children)? {
            or_end!(answer);
        }
    }
    Ok(Ok(()))
}
