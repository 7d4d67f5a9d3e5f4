//! `POST /api/entities/rehearse`: a migration without the writing. Its proof says
//! what the real one's would; Odoo is only read.

use axum::{extract::State, http::HeaderMap, response::Response};
use http::Method;
use q2o_domain::records::Purpose;

use super::start::{Asked, accepted, begin};
use crate::{
    access::Member,
    app::App,
    body::Body,
    function::{Access, Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function = Function::http(
    "backfills-rehearse",
    Method::POST,
    "api/entities/rehearse",
    Access::Member,
    |on| handler(on, rehearse),
);

async fn rehearse(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Body(asked): Body<Asked>,
) -> Result<Response, Problem> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    Ok(accepted(begin(&app, &member, asked, Purpose::Rehearse, key).await?))
}
