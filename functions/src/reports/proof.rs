//! `GET /api/reports/proof/{job}`: both ledgers compared, as of the end of a job.

use axum::{Json, extract::Path};
use http::Method;
use q2o_domain::records::Proof;

use crate::{
    access::Member,
    backfills::job,
    function::{Access, Function, handler},
    problem::Problem,
    sync::prove::kept_proof,
};

pub const FUNCTION: Function =
    Function::http("reports-proof", Method::GET, "api/reports/proof/{job}", Access::Member, |on| {
        handler(on, proof)
    });

async fn proof(member: Member, Path(id): Path<String>) -> Result<Json<Proof>, Problem> {
    let job = job(&member, &id).await?;
    let read = kept_proof::read(&member.tenant, &job.id).await?;
    read.map(Json).ok_or_else(Problem::not_found)
}
