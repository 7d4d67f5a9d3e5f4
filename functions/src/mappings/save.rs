//! `PUT /api/mappings`: saves a new version, whole: what is not said is not decided.

use axum::{Json, extract::State};
use http::Method;
use q2o_domain::{
    LinkId, QboId,
    mapping::{Mode, TaxUse},
};
use serde::Deserialize;

use super::{
    check::{Asked, What},
    keep::{Saved, Wanted, keep},
    link,
};
use crate::{
    access::Member,
    app::App,
    body::Body,
    function::{Access, Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function =
    Function::http("mappings-save", Method::PUT, "api/mappings", Access::Member, |on| {
        handler(on, save)
    });

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    link: LinkId,
    mode: Mode,
    #[serde(default)]
    note: String,
    /// The version it was made from: refused where somebody has saved another since.
    version: Option<u32>,
    #[serde(default)]
    accounts: Vec<AccountRow>,
    #[serde(default)]
    taxes: Vec<TaxRow>,
    #[serde(default)]
    twins: Vec<TwinRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountRow {
    id: QboId,
    /// The code of an account in Odoo, or `mirror`.
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaxRow {
    id: QboId,
    #[serde(rename = "use")]
    of: TaxUse,
    /// The name of a tax in Odoo, or `mirror`.
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TwinRow {
    vendor: QboId,
    customer: QboId,
}

async fn save(
    State(app): State<App>,
    member: Member,
    Body(whole): Body<Whole>,
) -> Result<Json<Saved>, Problem> {
    let link = link(&member, &whole.link).await?;
    let accounts = whole.accounts.into_iter().map(|row| What::Account { id: row.id, to: row.to });
    let taxes =
        whole.taxes.into_iter().map(|row| What::Tax { rate: row.id, of: row.of, to: row.to });
    let twins = whole
        .twins
        .into_iter()
        .map(|row| What::Twin { vendor: row.vendor, customer: row.customer });
    let asked = at("accounts", accounts).chain(at("taxes", taxes)).chain(at("twins", twins));
    let wanted = Wanted {
        mode: Some(whole.mode),
        note: whole.note,
        version: whole.version,
        asked: asked.collect(),
    };
    keep(&app, &member, &link, wanted).await.map(Json)
}

fn at(list: &str, rows: impl Iterator<Item = What>) -> impl Iterator<Item = Asked> {
    rows.enumerate().map(move |(at, what)| Asked { at: format!("{list}[{at}]"), what })
}
