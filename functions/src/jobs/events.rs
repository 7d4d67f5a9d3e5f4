//! `GET /api/ops/jobs/{job}/events?after=N`: a job's numbered events, without gaps.

use axum::{
    Json,
    extract::{Path, Query},
};
use http::Method;
use q2o_domain::{ports::Select, records::Event};
use serde::Deserialize;

use crate::{
    access::Member,
    backfills::job,
    function::{Access, Function, handler},
    problem::Problem,
    store::{collection, event_key},
};

pub const FUNCTION: Function =
    Function::http("jobs-events", Method::GET, "api/ops/jobs/{job}/events", Access::Member, |on| {
        handler(on, events)
    });

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    after: u64,
}

/// Events an answer.
const MOST: u32 = 500;

async fn events(
    member: Member,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Event>>, Problem> {
    let job = job(&member, &id).await?;
    let after = Some((format!("{:010}", asked.after), event_key(&job.id, asked.after)));
    let select = Select::Key(job.id.0.clone());
    let events = member.tenant.list::<Event>(collection::EVENTS, select, after, MOST).await?;
    Ok(Json(events.into_iter().map(|read| read.value).collect()))
}
