//! `GET /api/reports/certificate/{job}`: what a migration was proved to be, as JSON
//! that anybody can check, or as PDF with `?format=pdf`.

use axum::{
    Json,
    extract::{Path, Query},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header};
use q2o_domain::{Remedy, records::Purpose};
use serde::Deserialize;

use crate::{
    access::Member,
    backfills::job,
    certificate::{Certificate, pdf},
    function::{Access, Function, handler},
    problem::Problem,
    sync::prove::kept_proof,
};

pub const FUNCTION: Function = Function::http(
    "reports-certificate",
    Method::GET,
    "api/reports/certificate/{job}",
    Access::Member,
    |on| handler(on, certificate),
);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    Json,
    Pdf,
}

#[derive(Deserialize)]
struct Asked {
    format: Option<Format>,
}

async fn certificate(
    member: Member,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let job = job(&member, &id).await?;
    if job.plan.purpose == Purpose::Rehearse {
        let detail = "A rehearsal moves nothing, so there is nothing to certify. Its proof is at \
                      /api/reports/proof; start the migration for a certificate.";
        return Err(Problem::bad_request(detail));
    }
    let proof = kept_proof::read(&member.tenant, &job.id).await?;
    let balances = kept_proof::balances(&member.tenant, &job.id).await?;
    let Some(certificate) = proof.and_then(|proof| Certificate::of(&job, proof, balances)) else {
        let detail = "The job has not been proved yet. Its certificate can be had when it is.";
        return Err(Problem::new(StatusCode::CONFLICT, "not-proved", detail)
            .remedied_by(Remedy::CorrectRequest));
    };
    let signed = certificate.sealed();
    if !wants_pdf(asked.format, &headers) {
        return Ok(Json(signed).into_response());
    }
    let pdf = pdf::draw(&certificate, &signed).map_err(|why| {
        let detail = "The certificate could not be drawn. It can be had as JSON.";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "our-mistake", detail).caused_by(why)
    })?;
    let name = format!("inline; filename=\"certificate-{}.pdf\"", job.id);
    let headers =
        [(header::CONTENT_TYPE, "application/pdf".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, pdf).into_response())
}

fn wants_pdf(format: Option<Format>, headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let accepts = accepted.is_some_and(|accept| accept.contains("application/pdf"));
    format.map_or(accepts, |format| format == Format::Pdf)
}
