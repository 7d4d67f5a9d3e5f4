//! `GET /api/ops/jobs/{job}`: one job.

use axum::{Json, extract::Path};
use http::Method;
use q2o_domain::records::Job;

use crate::{
    access::Member,
    backfills::job,
    function::{Access, Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function =
    Function::http("jobs-show", Method::GET, "api/ops/jobs/{job}", Access::Member, |on| {
        handler(on, show)
    });

async fn show(member: Member, Path(id): Path<String>) -> Result<Json<Job>, Problem> {
    job(&member, &id).await.map(Json)
}
