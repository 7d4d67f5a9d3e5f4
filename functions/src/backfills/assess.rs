//! `POST /api/entities/assess`: what a company has, whether it is ready, and what
//! moving it will take. Both sides are only read.

use axum::{extract::State, http::HeaderMap, response::Response};
use http::Method;
use jiff::civil::Date;
use q2o_domain::{LinkId, Tier, records::Purpose};
use serde::Deserialize;

use super::start::{self, accepted, begin};
use crate::{
    access::Member,
    app::App,
    body::Body,
    function::{Access, Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function =
    Function::http("backfills-assess", Method::POST, "api/entities/assess", Access::Member, |on| {
        handler(on, assess)
    });

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    link: LinkId,
    /// Any plan, bought or not; the tenant's own, if left out.
    plan: Option<Tier>,
    /// The day that counts as today.
    until: Option<Date>,
}

async fn assess(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Body(asked): Body<Asked>,
) -> Result<Response, Problem> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let Asked { link, plan, until } = asked;
    let asked = start::Asked { link, plan, cut: None, until, kinds: None };
    Ok(accepted(begin(&app, &member, asked, Purpose::Assess, key).await?))
}
