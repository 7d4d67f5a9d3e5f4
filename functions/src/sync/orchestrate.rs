//! `orchestrate`: the queue that wakes orchestrations.

use axum::extract::State;
use q2o_durable::Message;

use crate::{
    app::App,
    call::{Call, Done},
    function::{Function, handler},
    problem::Problem,
    sync::run,
};

pub const FUNCTION: Function = Function::queue("orchestrate", |on| handler(on, orchestrate));

async fn orchestrate(State(app): State<App>, call: Call<Message>) -> Result<Done, Problem> {
    run(&app, &call.0).await
}
