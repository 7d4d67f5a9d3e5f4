//! `GET /api/entities/follow`: whether a company's changes are followed, when next, and
//! what QuickBooks told of lately.

use axum::{
    Json,
    extract::{Query, State},
};
use http::Method;
use q2o_domain::{
    LinkId,
    ports::Select,
    records::{CompanyLink, Follow, Notice},
};
use serde::{Deserialize, Serialize};

use super::of;
use crate::{
    access::Member,
    app::App,
    function::{Access, Function, handler},
    problem::Problem,
    store::collection,
};

pub const FUNCTION: Function =
    Function::http("follow-show", Method::GET, "api/entities/follow", Access::Member, |on| {
        handler(on, show)
    });

/// Notices shown.
const LATELY: u32 = 50;

#[derive(Deserialize)]
struct Asked {
    link: LinkId,
}

#[derive(Serialize)]
struct Shown {
    link: LinkId,
    on: bool,
    #[serde(flatten)]
    follow: Option<Follow>,
    /// Newest first.
    notices: Vec<Notice>,
}

async fn show(
    State(_): State<App>,
    member: Member,
    Query(Asked { link }): Query<Asked>,
) -> Result<Json<Shown>, Problem> {
    let tenant = &member.tenant;
    if tenant.get::<CompanyLink>(collection::LINKS, link.as_str()).await?.is_none() {
        return Err(Problem::not_found());
    }
    let follow = of(tenant, &link).await?.map(|read| read.value);
    let of_link = Select::Key(link.to_string());
    let notices = tenant.newest::<Notice>(collection::NOTICES, of_link, LATELY).await?;
    let notices = notices.into_iter().map(|read| read.value).collect();
    Ok(Json(Shown { link, on: follow.is_some(), follow, notices }))
}
