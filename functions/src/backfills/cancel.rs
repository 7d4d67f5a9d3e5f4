//! `POST /api/entities/backfill/{job}/cancel`: ends the job; what is in Odoo stays there.

use axum::{
    Json,
    extract::{Path, State},
};
use http::Method;
use q2o_domain::records::JobState;
use serde_json::Value;
use uuid::Uuid;

use super::{decide, instance, job, unreachable};
use crate::{
    access::Member,
    app::App,
    function::{Access, Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function = Function::http(
    "backfills-cancel",
    Method::POST,
    "api/entities/backfill/{job}/cancel",
    Access::Member,
    |on| handler(on, cancel),
);

async fn cancel(
    State(app): State<App>,
    member: Member,
    Path(id): Path<String>,
) -> Result<Json<Value>, Problem> {
    let job = job(&member, &id).await?;
    if job.state.ended() {
        return Err(Problem::bad_request("The job has ended."));
    }
    let instance = instance(&member.tenant, &job.id);
    let mail = Uuid::new_v4().to_string();
    app.engine.cancel(&instance, &mail).await.map_err(unreachable)?;
    let decided = decide(&app, &member, &job.id, JobState::Cancelled, "cancelled").await?;
    Ok(Json(decided))
}
