//! `GET /api/mappings/export?link=L`: the mapping as a table for spreadsheets, with
//! everything that can be decided and what is suggested.

use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use http::Method;
use q2o_domain::LinkId;
use serde::Deserialize;

use super::{check::Sides, current, link, sides, table, view::View};
use crate::{
    access::Member,
    app::App,
    function::{Access, Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function =
    Function::http("mappings-export", Method::GET, "api/mappings/export", Access::Member, |on| {
        handler(on, export)
    });

#[derive(Deserialize)]
struct Asked {
    link: LinkId,
}

async fn export(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let link = link(&member, &asked.link).await?;
    let mapping = current(&member.tenant, &link.id).await?;
    let (source, chart) = sides(&app, &member, &link).await?;
    let view = View::new(&link.id, mapping.as_ref(), &Sides { source: &source, chart: &chart });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"mapping.csv\""),
    ];
    Ok((headers, table::write(&view)?).into_response())
}
