//! `timers-sweep`: every half minute, finds work whose message was lost and
//! hints at it again.

use axum::{extract::State, http::StatusCode};

use crate::{
    app::App,
    call::{Done, Tick},
    function::{Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function =
    Function::timer("timers-sweep", "*/30 * * * * *", |on| handler(on, sweep));

async fn sweep(State(app): State<App>, _: Tick) -> Result<Done, Problem> {
    let swept = app.engine.sweep().await.map_err(|error| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The table could not be reached.")
            .caused_by(error)
    })?;
    tracing::debug!(?swept, "swept");
    Ok(Done)
}
