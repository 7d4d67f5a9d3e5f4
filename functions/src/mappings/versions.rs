//! `GET /api/mappings/versions?link=L`: the versions there are, newest first.

use axum::{Json, extract::Query};
use http::Method;
use jiff::Timestamp;
use q2o_domain::{
    LinkId,
    mapping::{Mapping, Mode},
    ports::Select,
};
use serde::{Deserialize, Serialize};

use super::link;
use crate::{
    access::Member,
    function::{Access, Function, handler},
    problem::Problem,
    store::collection,
};

pub const FUNCTION: Function = Function::http(
    "mappings-versions",
    Method::GET,
    "api/mappings/versions",
    Access::Member,
    |on| handler(on, versions),
);

#[derive(Deserialize)]
struct Asked {
    link: LinkId,
}

#[derive(Serialize)]
struct Line {
    version: u32,
    mode: Mode,
    note: String,
    saved: Timestamp,
    saved_by: String,
    accounts: usize,
    taxes: usize,
    twins: usize,
}

async fn versions(member: Member, Query(asked): Query<Asked>) -> Result<Json<Vec<Line>>, Problem> {
    let link = link(&member, &asked.link).await?;
    let mut versions = Vec::new();
    let select = Select::Key(link.id.0);
    let see = |read: crate::store::Read<Mapping>| {
        let Mapping { version, mode, note, saved, saved_by, decisions, .. } = read.value;
        versions.push(Line {
            version,
            mode,
            note,
            saved,
            saved_by,
            accounts: decisions.accounts.len(),
            taxes: decisions.taxes.values().map(std::collections::BTreeMap::len).sum(),
            twins: decisions.twins.len(),
        });
    };
    member.tenant.each(collection::MAPPINGS, select, see).await?;
    versions.reverse();
    Ok(Json(versions))
}
