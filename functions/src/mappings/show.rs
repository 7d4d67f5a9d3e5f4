//! `GET /api/mappings?link=L`: every account and tax, what was decided and what is
//! suggested. `version=N` shows what was decided then.

use axum::{
    Json,
    extract::{Query, State},
};
use http::Method;
use q2o_domain::LinkId;
use serde::Deserialize;

use super::{check::Sides, current, link, sides, version, view::View};
use crate::{
    access::Member,
    app::App,
    function::{Access, Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function =
    Function::http("mappings-show", Method::GET, "api/mappings", Access::Member, |on| {
        handler(on, show)
    });

#[derive(Deserialize)]
struct Asked {
    link: LinkId,
    version: Option<u32>,
}

async fn show(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Json<View>, Problem> {
    let link = link(&member, &asked.link).await?;
    let mapping = match asked.version {
        Some(number) => {
            let mapping = version(&member.tenant, &link.id, number).await?;
            Some(mapping.ok_or_else(Problem::not_found)?)
        }
        None => current(&member.tenant, &link.id).await?,
    };
    let (source, chart) = sides(&app, &member, &link).await?;
    let sides = Sides { source: &source, chart: &chart };
    Ok(Json(View::new(&link.id, mapping.as_ref(), &sides)))
}
