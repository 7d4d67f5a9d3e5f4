//! `POST /api/entities/follow`: from now on Odoo follows what changes in QuickBooks, or
//! no longer.

use axum::{Json, extract::State};
use http::{Method, StatusCode};
use q2o_domain::{
    LinkId, Remedy,
    ports::Change,
    records::{CompanyLink, Follow},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{DAILY, ended, kept, later, of};
use crate::{
    access::Member,
    app::App,
    audit,
    body::Body,
    function::{Access, Function, handler},
    problem::Problem,
    store::{Read, collection, failed},
};

pub const FUNCTION: Function =
    Function::http("follow-switch", Method::POST, "api/entities/follow", Access::Member, |on| {
        handler(on, switch)
    });

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    link: LinkId,
    on: bool,
}

async fn switch(
    State(app): State<App>,
    member: Member,
    Body(Asked { link, on }): Body<Asked>,
) -> Result<Json<Value>, Problem> {
    let tenant = &member.tenant;
    let read = tenant.get::<CompanyLink>(collection::LINKS, link.as_str()).await?;
    let Some(Read { value: company, .. }) = read else {
        return Err(Problem::not_found());
    };
    let (before, about) = (of(tenant, &link).await?.is_some(), json!({ "link": link }));
    if !on {
        if before {
            let audit = audit::entry(&member, &app.clock, "following ended", &about)?;
            tenant.commit(vec![ended(&link), audit]).await.map_err(failed)?;
        }
        // a rollback leaves it listed
        app.store.unlist(&company.realm, tenant.id, &link).await?;
    }
    if before || !on {
        return Ok(Json(json!({ "link": link, "on": on })));
    }
    if company.fingerprint.is_none() {
        let why = "Nothing was moved yet that could be followed: migrate first.";
        return Err(Problem::new(StatusCode::CONFLICT, "not-migrated", why)
            .remedied_by(Remedy::CorrectRequest));
    }
    let now = app.clock.now();
    let follow = Follow {
        link: link.clone(),
        since: now,
        by: member.actor.clone(),
        next: later(now, DAILY),
        told: 0,
        last: None,
        held: None,
    };
    // listed first: a notice of a company that is not followed does nothing
    app.store.list_follower(&company.realm, tenant.id, &link).await?;
    let audit = audit::entry(&member, &app.clock, "following begun", &about)?;
    tenant.commit(vec![Change::Put(kept(&follow)?), audit]).await.map_err(failed)?;
    Ok(Json(json!({ "link": link, "on": on })))
}
