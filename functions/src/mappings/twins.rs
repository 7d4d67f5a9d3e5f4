//! `GET /api/mappings/twins?link=L`: vendors that look like customers, and why. Those
//! that a saved mapping names share one partner in Odoo; nobody else ever does.

use axum::{
    Json,
    extract::{Query, State},
};
use http::Method;
use q2o_domain::LinkId;
use serde::Deserialize;

use super::{
    current, link,
    pairs::{Pair, pairs, parties},
};
use crate::{
    access::Member,
    app::App,
    function::{Access, Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function =
    Function::http("mappings-twins", Method::GET, "api/mappings/twins", Access::Member, |on| {
        handler(on, twins)
    });

#[derive(Deserialize)]
struct Asked {
    link: LinkId,
}

async fn twins(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<Pair>>, Problem> {
    let link = link(&member, &asked.link).await?;
    let quickbooks = app.connect.quickbooks(&member.tenant, &link.realm);
    let (customers, vendors) = parties(quickbooks.as_ref()).await?;
    let confirmed = current(&member.tenant, &link.id).await?;
    let confirmed = confirmed.map(|mapping| mapping.decisions.twins).unwrap_or_default();
    let mut pairs = pairs(&customers, &vendors);
    for pair in &mut pairs {
        pair.confirmed = confirmed.get(&pair.vendor) == Some(&pair.customer);
    }
    Ok(Json(pairs))
}
