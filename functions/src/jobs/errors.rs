//! `GET /api/ops/errors?link=L`: records that are not in Odoo, and what helps.

use axum::{Json, extract::Query};
use http::Method;
use q2o_domain::{
    LinkId,
    ports::Select,
    records::{CompanyLink, ErrorEntry},
};
use serde::Deserialize;

use crate::{
    access::Member,
    function::{Access, Function, handler},
    problem::Problem,
    store::collection,
};

pub const FUNCTION: Function =
    Function::http("jobs-errors", Method::GET, "api/ops/errors", Access::Member, |on| {
        handler(on, errors)
    });

#[derive(Deserialize)]
struct Asked {
    link: LinkId,
}

async fn errors(
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<ErrorEntry>>, Problem> {
    let link = asked.link.as_str();
    if member.tenant.get::<CompanyLink>(collection::LINKS, link).await?.is_none() {
        return Err(Problem::not_found());
    }
    let select = Select::Key(asked.link.0);
    let errors = member.tenant.list_all::<ErrorEntry>(collection::ERRORS, select).await?;
    Ok(Json(errors.into_iter().map(|read| read.value).collect()))
}
