//! The migration: its orchestrations, and the activities that touch the world.

pub mod assess;
pub mod backfill;
pub mod company;
pub mod complete;
pub mod facts;
pub mod fetch;
pub mod load;
pub mod mark;
pub mod move_kind;
pub mod orchestrate;
pub mod progress;
pub mod prove;
pub mod rollback;
pub mod survey;

use std::{borrow::Cow, sync::Arc};

use axum::{extract::State, http::StatusCode};
use q2o_domain::{Failure, Kind, LinkId, Result, ports::Document, records::ErrorEntry};
use q2o_durable::{Message, Registry};

use crate::{
    app::{App, Tools},
    call::{Call, Done},
    function::{Function, handler},
    problem::Problem,
    store::{collection, document, log_expires, record_key},
};

/// What this program can run, by durable name.
pub fn registry(tools: &Arc<Tools>) -> Registry {
    let tools = || Arc::clone(tools);
    Registry::default()
        .orchestration::<backfill::Backfill>()
        .orchestration::<backfill::Migrate>()
        .orchestration::<fetch::read_books::ReadBooks>()
        .orchestration::<complete::complete_all::CompleteAll>()
        .orchestration::<rollback::Rollback>()
        .orchestration::<move_kind::ExtractKind>()
        .orchestration::<move_kind::LoadKind>()
        .activity(assess::Assess(tools()))
        .activity(fetch::look::Look(tools()))
        .activity(survey::Survey(tools()))
        .activity(fetch::extract::Extract(tools()))
        .activity(fetch::read_ledger::ReadLedger(tools()))
        .activity(fetch::read_balances::ReadBalances(tools()))
        .activity(fetch::seal::Seal(tools()))
        .activity(load::open::Open(tools()))
        .activity(load::Load(tools()))
        .activity(load::settle_late::SettleLate(tools()))
        .activity(complete::Complete(tools()))
        .activity(prove::Prove(tools()))
        .activity(prove::rehearse::Rehearse(tools()))
        .activity(rollback::weigh::Weigh(tools()))
        .activity(rollback::remove::Remove(tools()))
        .activity(rollback::forget::Forget(tools()))
        .activity(mark::Mark(tools()))
}

/// The queue functions of an entity: its two steps.
pub fn steps(kind: Kind) -> [Function; 2] {
    ["extract", "load"]
        .map(|step| Function { name: Cow::Owned(format!("{step}-{}", kind.slug())), ..STEP })
}

/// What all steps are.
const STEP: Function = step_named("step");

const fn step_named(name: &'static str) -> Function {
    Function::queue(name, |on| handler(on, step))
}

/// The queue functions of the steps that no entity has of its own.
pub static STEPS: [Function; 15] = [
    step_named("assess"),
    step_named("look"),
    step_named("survey"),
    step_named("read-ledger"),
    step_named("read-balances"),
    step_named("seal"),
    step_named("open"),
    step_named("settle-late"),
    step_named("complete"),
    step_named("prove"),
    step_named("rehearse"),
    step_named("weigh"),
    step_named("remove"),
    step_named("forget"),
    step_named("mark"),
];

async fn step(State(app): State<App>, call: Call<Message>) -> Result<Done, Problem> {
    run(&app, &call.0).await
}

/// Does what a message hints at. What could be written down is a success, even
/// if it is a failure that was written down: the table knows it, and the queue
/// need not.
async fn run(app: &App, message: &Message) -> Result<Done, Problem> {
    app.engine.handle(message).await.map_err(|error| {
        let detail = "The table could not be reached; the message will come again.";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).caused_by(error)
    })?;
    Ok(Done)
}

/// Our failures in the engine's words.
pub fn sorted(failure: Failure) -> q2o_durable::Failure {
    match failure {
        Failure::Retry { why, after } => q2o_durable::Failure::Retry { why, after },
        Failure::NeedsUser { why, remedy } => q2o_durable::Failure::NeedsUser {
            why,
            remedy: serde_json::to_value(remedy).unwrap_or_default(),
        },
        Failure::Bug { why } => q2o_durable::Failure::Bug { why },
    }
}

/// The engine's failures in ours.
fn unsorted(failure: impl std::fmt::Display) -> Failure {
    Failure::retry(failure.to_string())
}

/// A record's error as kept.
fn error_document(link: &LinkId, entry: &ErrorEntry) -> Result<Document> {
    let id = record_key(link, entry.kind, &entry.id);
    Ok(document(collection::ERRORS, id, entry)?
        .key(link.as_str())
        .sort(entry.at.to_string())
        .expires(log_expires(entry.at)))
}
