//! `GET /api/reports/snapshot/{job}`: all that a job read from QuickBooks, a line
//! a record. The file's SHA-256 is the hash in the job's certificate.

use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use futures::stream;
use http::{Method, StatusCode, header};
use jiff::SignedDuration;
use q2o_domain::{
    Remedy,
    ports::Select,
    records::{CompanyLink, Job},
};

use crate::{
    access::Member,
    app::App,
    backfills::job,
    function::{Access, Function, handler},
    problem::Problem,
    store::{PAYLOADS, collection},
    sync::{fetch::snapshot::Pages, prove::kept_proof},
};

pub const FUNCTION: Function = Function::http(
    "reports-snapshot",
    Method::GET,
    "api/reports/snapshot/{job}",
    Access::Member,
    |on| handler(on, snapshot),
);

async fn snapshot(
    member: Member,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let job = job(&member, &id).await?;
    let proof = kept_proof::read(&member.tenant, &job.id).await?;
    let taken = proof.and_then(|proof| proof.snapshot).map(|snapshot| snapshot.taken);
    let Some(taken) = taken else {
        let detail = "The job has not been proved yet; its snapshot can be had when it is.";
        return Err(Problem::new(StatusCode::CONFLICT, "not-proved", detail));
    };
    let age = app.clock.now().duration_since(taken);
    if age >= PAYLOADS - SignedDuration::from_hours(1) || replaced(&member, &job).await? {
        let detail = "What this job read from QuickBooks is no longer kept: payloads go after 30 \
                      days, and a later job of the same company replaces them. Its hash stays in \
                      the certificate. A new job's snapshot can be had.";
        return Err(Problem::new(StatusCode::GONE, "snapshot-gone", detail)
            .remedied_by(Remedy::CorrectRequest));
    }
    let link = member.tenant.get::<CompanyLink>(collection::LINKS, job.plan.link.as_str()).await?;
    let realm = link.ok_or_else(Problem::not_found)?.value.realm;
    let pages = Pages::new(&member.tenant, &job.id, &realm);
    let lines = stream::try_unfold(pages, async |mut pages| {
        Ok::<_, q2o_domain::Failure>(pages.next().await?.map(|lines| (lines, pages)))
    });
    let name = format!("attachment; filename=\"snapshot-{}.jsonl\"", job.id);
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(lines)).into_response())
}

/// Whether a later job has read the same company again.
async fn replaced(member: &Member, job: &Job) -> Result<bool, Problem> {
    let key = Select::Key("jobs".to_owned());
    let jobs = member.tenant.list_all::<Job>(collection::JOBS, key).await?;
    let mut jobs = jobs.into_iter().map(|read| read.value);
    Ok(jobs.any(|other| other.plan.link == job.plan.link && other.started > job.started))
}
