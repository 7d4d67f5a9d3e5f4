//! `POST /api/entities/backfill/{job}/resume`: goes on after a pause, or after a person did what the job asked for.

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
    sync::backfill::Resume,
};

pub const FUNCTION: Function = Function::http(
    "backfills-resume",
    Method::POST,
    "api/entities/backfill/{job}/resume",
    Access::Member,
    |on| handler(on, resume),
);

async fn resume(
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
    if job.state == JobState::NeedsUser {
        let actor = &member.actor;
        app.engine.signal::<Resume>(&instance, &mail, actor).await.map_err(unreachable)?;
    } else {
        app.engine.resume(&instance, &mail).await.map_err(unreachable)?;
    }
    let decided = decide(&app, &member, &job.id, JobState::Running, "resumed").await?;
    Ok(Json(decided))
}
