//! `POST /api/entities/rollback`: takes what was moved out of Odoo again: all of a
//! link, or of a job, of some kinds, of some days. Or only says what it would take.

use axum::{extract::State, http::HeaderMap, response::Response};
use http::Method;
use jiff::{civil::Date, tz::TimeZone};
use q2o_domain::{
    JobId, Kind, LinkId,
    records::{CompanyLink, Job, Plan, Purpose, Scope},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    job,
    start::{accepted, alone, enter, job_id},
};
use crate::{
    access::Member,
    app::App,
    body::Body,
    entities::ENTITIES,
    follow,
    function::{Access, Function, handler},
    problem::Problem,
    store::{Read, collection, failed},
    sync::{
        company::Task,
        rollback::{Input, Rollback},
    },
};

pub const FUNCTION: Function = Function::http(
    "backfills-rollback",
    Method::POST,
    "api/entities/rollback",
    Access::Member,
    |on| handler(on, roll_back),
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    link: LinkId,
    /// What this job made; everything, if left out.
    job: Option<JobId>,
    /// These kinds only.
    kinds: Option<Vec<Kind>>,
    /// Documents of these days only, both included.
    from: Option<Date>,
    to: Option<Date>,
    /// Only say what would be taken.
    #[serde(default)]
    preview: bool,
}

async fn roll_back(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Body(asked): Body<Asked>,
) -> Result<Response, Problem> {
    let tenant = &member.tenant;
    let link = tenant.get::<CompanyLink>(collection::LINKS, asked.link.as_str()).await?;
    let Some(Read { value: link, .. }) = link else {
        return Err(Problem::not_found());
    };
    let id = job_id(headers.get("idempotency-key").and_then(|value| value.to_str().ok()));
    if tenant.get::<Job>(collection::JOBS, id.as_str()).await?.is_some() {
        return Ok(accepted((id, false)));
    }
    check(&member, &asked).await?;
    if !asked.preview {
        let writing = [Purpose::Backfill, Purpose::RollBack];
        alone(tenant, &link.id, &writing).await?;
        // else the next run would bring back what is taken; one may have begun just now
        tenant.commit(vec![follow::ended(&link.id)]).await.map_err(failed)?;
        alone(tenant, &link.id, &writing).await?;
    }
    let until = app.clock.now().to_zoned(TimeZone::UTC).date();
    let plan = Plan {
        link: link.id.clone(),
        tier: member.tier,
        cut: link.cut.unwrap_or(until),
        until,
        kinds: asked
            .kinds
            .clone()
            .unwrap_or_else(|| ENTITIES.iter().map(|entity| entity.kind()).collect()),
        purpose: Purpose::RollBack,
        since: None,
    };
    let Asked { job, kinds, from, to, preview, .. } = asked;
    let scope = Scope { job, kinds, from, to, preview };
    let about = json!({ "job": id, "purpose": Purpose::RollBack, "scope": scope });
    let task =
        Task { tenant: tenant.id, job: id.clone(), link: link.id, cut: plan.cut, mapping: None };
    let input = Input { task, scope, at: None };
    let fresh = enter::<Rollback>(&app, &member, (&id, plan), &about, &input, Vec::new()).await?;
    Ok(accepted((id, fresh)))
}

async fn check(member: &Member, asked: &Asked) -> Result<(), Problem> {
    if let Some(of) = &asked.job {
        let of = job(member, of.as_str()).await?;
        if of.plan.link != asked.link {
            return Err(Problem::not_found());
        }
        if of.plan.purpose != Purpose::Backfill {
            return Err(Problem::bad_request(format!(
                "Job {} moved nothing: name one that did, or none.",
                of.id
            )));
        }
    }
    if asked.kinds.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::bad_request("`kinds` is empty: leave it out to take everything."));
    }
    if asked.from.zip(asked.to).is_some_and(|(from, to)| from > to) {
        return Err(Problem::bad_request("`from` is after `to`."));
    }
    Ok(())
}
