//! `GET /api/ops/jobs`: the tenant's jobs.

use axum::{Json, extract::State};
use http::Method;
use q2o_domain::{ports::Select, records::Job};

use crate::{
    access::Member,
    app::App,
    function::{Access, Function, handler},
    problem::Problem,
    store::collection,
};

pub const FUNCTION: Function =
    Function::http("jobs-list", Method::GET, "api/ops/jobs", Access::Member, |on| {
        handler(on, list)
    });

async fn list(State(_): State<App>, member: Member) -> Result<Json<Vec<Job>>, Problem> {
    let jobs =
        member.tenant.list_all::<Job>(collection::JOBS, Select::Key("jobs".to_owned())).await?;
    // newest first
    Ok(Json(jobs.into_iter().rev().map(|read| read.value).collect()))
}
