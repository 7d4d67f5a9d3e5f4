//! Every function and every entity of Quick2Odoo, one file each.

pub mod access;
pub mod app;
mod audit;
mod backfills;
mod body;
pub mod call;
mod canonical;
mod certificate;
pub mod compose;
pub mod connect;
mod digest;
pub mod entities;
mod follow;
pub mod function;
mod health;
mod hooks;
mod jobs;
mod mappings;
pub mod problem;
mod reports;
pub mod store;
mod sync;
mod timers;

use function::Function;

/// Everything that a person, another program, a queue or a timer can call,
/// except the steps that follow from the entities.
pub static FUNCTIONS: &[Function] = &[
    backfills::assess::FUNCTION,
    backfills::cancel::FUNCTION,
    backfills::pause::FUNCTION,
    backfills::rehearse::FUNCTION,
    backfills::resume::FUNCTION,
    backfills::rollback::FUNCTION,
    backfills::start::FUNCTION,
    connect::link::FUNCTION,
    connect::odoo_save::FUNCTION,
    connect::odoo_test::FUNCTION,
    connect::quickbooks_save::FUNCTION,
    connect::quickbooks_test::FUNCTION,
    follow::show::FUNCTION,
    follow::switch::FUNCTION,
    health::live::FUNCTION,
    health::ready::FUNCTION,
    hooks::quickbooks::FUNCTION,
    jobs::errors::FUNCTION,
    jobs::events::FUNCTION,
    jobs::list::FUNCTION,
    jobs::retry::FUNCTION,
    jobs::show::FUNCTION,
    mappings::export::FUNCTION,
    mappings::import::FUNCTION,
    mappings::save::FUNCTION,
    mappings::show::FUNCTION,
    mappings::twins::FUNCTION,
    mappings::versions::FUNCTION,
    reports::accounts::FUNCTION,
    reports::assessment::FUNCTION,
    reports::certificate::FUNCTION,
    reports::proof::FUNCTION,
    reports::rollback::FUNCTION,
    reports::snapshot::FUNCTION,
    sync::orchestrate::FUNCTION,
    timers::follow::FUNCTION,
    timers::retention::FUNCTION,
    timers::sweep::FUNCTION,
];

/// All functions: the listed ones, the migration's steps, and two for every entity.
pub fn all() -> Vec<Function> {
    let of_entities = entities::ENTITIES.iter().flat_map(|entity| sync::steps(entity.kind()));
    FUNCTIONS.iter().cloned().chain(sync::STEPS.iter().cloned()).chain(of_entities).collect()
}
