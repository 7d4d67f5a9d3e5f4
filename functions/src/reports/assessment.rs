//! `GET /api/reports/assessment/{job}`: what an assessment found.

use axum::{Json, extract::Path};
use http::Method;
use q2o_domain::assessment::Assessment;

use crate::{
    access::Member,
    backfills::job,
    function::{Access, Function, handler},
    problem::Problem,
    store::collection,
};

pub const FUNCTION: Function = Function::http(
    "reports-assessment",
    Method::GET,
    "api/reports/assessment/{job}",
    Access::Member,
    |on| handler(on, assessment),
);

async fn assessment(member: Member, Path(id): Path<String>) -> Result<Json<Assessment>, Problem> {
    let job = job(&member, &id).await?;
    let read = member.tenant.get::<Assessment>(collection::ASSESSMENTS, job.id.as_str()).await?;
    read.map(|read| Json(read.value)).ok_or_else(Problem::not_found)
}
