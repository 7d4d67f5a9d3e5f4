//! `GET /api/reports/accounts?link=L`: which Odoo account each QuickBooks account became.

use std::collections::BTreeMap;

use axum::{Json, extract::Query};
use http::Method;
use q2o_domain::{
    Kind, LinkId, OdooId,
    ports::Select,
    records::{CompanyLink, IdLink},
};
use serde::Deserialize;

use crate::{
    access::Member,
    function::{Access, Function, handler},
    problem::Problem,
    store::{collection, kind_key},
};

pub const FUNCTION: Function =
    Function::http("reports-accounts", Method::GET, "api/reports/accounts", Access::Member, |on| {
        handler(on, accounts)
    });

#[derive(Deserialize)]
struct Asked {
    link: LinkId,
}

async fn accounts(
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Json<BTreeMap<String, OdooId>>, Problem> {
    let link = asked.link.as_str();
    if member.tenant.get::<CompanyLink>(collection::LINKS, link).await?.is_none() {
        return Err(Problem::not_found());
    }
    let select = Select::Key(kind_key(&asked.link, Kind::Account));
    let links = member.tenant.list_all::<IdLink>(collection::ID_LINKS, select).await?;
    let pairs = links.into_iter().filter_map(|read| {
        let id = read.id.rsplit('/').next()?.to_owned();
        Some((id, *read.value.odoo.get("")?))
    });
    Ok(Json(pairs.collect()))
}
