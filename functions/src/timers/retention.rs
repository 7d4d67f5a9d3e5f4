//! `timers-retention`: every night, deletes what has been kept long enough.

use axum::extract::State;

use crate::{
    app::App,
    call::{Done, Tick},
    function::{Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function =
    Function::timer("timers-retention", "0 17 3 * * *", |on| handler(on, delete));

async fn delete(State(app): State<App>, _: Tick) -> Result<Done, Problem> {
    let deleted = app.store.expire(app.clock.now()).await?;
    tracing::info!(deleted, "kept long enough");
    Ok(Done)
}
