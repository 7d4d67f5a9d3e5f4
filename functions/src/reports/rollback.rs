//! `GET /api/reports/rollback/{job}`: what a rollback takes, or took, and what it leaves.

use axum::{Json, extract::Path};
use http::Method;
use q2o_domain::records::RolledBack;

use crate::{
    access::Member,
    backfills::job,
    function::{Access, Function, handler},
    problem::Problem,
    store::collection,
};

pub const FUNCTION: Function = Function::http(
    "reports-rollback",
    Method::GET,
    "api/reports/rollback/{job}",
    Access::Member,
    |on| handler(on, rolled_back),
);

async fn rolled_back(member: Member, Path(id): Path<String>) -> Result<Json<RolledBack>, Problem> {
    let job = job(&member, &id).await?;
    let read = member.tenant.get::<RolledBack>(collection::ROLLBACKS, job.id.as_str()).await?;
    read.map(|read| Json(read.value)).ok_or_else(Problem::not_found)
}
