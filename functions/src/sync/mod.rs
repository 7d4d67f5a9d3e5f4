//! The migration: its orchestrations, and the activities that touch the world.

mod apps;
mod as_decided;
pub mod assess;
pub mod backfill;
pub mod company;
mod compare;
mod complete;
mod complete_all;
mod completion;
mod documents;
mod editors;
mod explain;
mod extract;
pub mod facts;
mod files_of_others;
mod forget;
mod gone;
mod groups;
mod hanging;
pub mod kept_proof;
mod left_over;
mod load;
mod load_documents;
mod load_files;
mod load_masters;
mod locks;
mod mark;
mod masters;
mod matched;
mod missed;
mod move_kind;
mod odoo_ledger;
mod open;
mod opening;
pub mod orchestrate;
mod orders;
pub mod progress;
mod prove;
mod read_balances;
mod read_books;
mod read_ledger;
mod reconciled;
pub mod rehearse;
mod remove;
mod replace;
mod resolve;
pub mod rollback;
mod seal;
mod send_file;
mod settle;
mod settle_late;
pub mod snapshot;
mod standing;
mod strangers;
mod survey;
mod uses;
mod virtual_odoo;
mod weigh;

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
        .orchestration::<read_books::ReadBooks>()
        .orchestration::<complete_all::CompleteAll>()
        .orchestration::<rollback::Rollback>()
        .orchestration::<move_kind::ExtractKind>()
        .orchestration::<move_kind::LoadKind>()
        .activity(assess::Assess(tools()))
        .activity(survey::Survey(tools()))
        .activity(extract::Extract(tools()))
        .activity(read_ledger::ReadLedger(tools()))
        .activity(read_balances::ReadBalances(tools()))
        .activity(seal::Seal(tools()))
        .activity(open::Open(tools()))
        .activity(load::Load(tools()))
        .activity(settle_late::SettleLate(tools()))
        .activity(complete::Complete(tools()))
        .activity(prove::Prove(tools()))
        .activity(rehearse::Rehearse(tools()))
        .activity(weigh::Weigh(tools()))
        .activity(remove::Remove(tools()))
        .activity(forget::Forget(tools()))
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
pub static STEPS: [Function; 14] = [
    step_named("assess"),
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
