//! `POST /api/mappings/import?link=L`: saves a new version from a table as an export
//! writes it. Nothing is saved if anything is wrong; every error names its line.

use axum::{
    Json,
    body::Bytes,
    extract::{Query, State},
};
use http::Method;
use q2o_domain::{LinkId, mapping::Mode};
use serde::Deserialize;

use super::{
    keep::{Saved, Wanted, keep, refusal},
    link, table,
};
use crate::{
    access::Member,
    app::App,
    function::{Access, Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function =
    Function::http("mappings-import", Method::POST, "api/mappings/import", Access::Member, |on| {
        handler(on, import)
    });

#[derive(Deserialize)]
struct Asked {
    link: LinkId,
    /// As it was, if left out; `map` where an account goes to one of Odoo's.
    mode: Option<Mode>,
    #[serde(default)]
    note: String,
    version: Option<u32>,
}

async fn import(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Result<Json<Saved>, Problem> {
    let link = link(&member, &asked.link).await?;
    let Asked { mode, note, version, .. } = asked;
    let asked = table::read(&body).map_err(refusal)?;
    keep(&app, &member, &link, Wanted { mode, note, version, asked }).await.map(Json)
}
