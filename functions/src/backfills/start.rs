//! `POST /api/entities/backfill`: starts a migration of what the plan reaches.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use http::Method;
use jiff::{civil::Date, tz::TimeZone};
use q2o_domain::{
    JobId, Kind, LinkId, Tier,
    ports::Change,
    records::{CompanyLink, Job, JobState, Plan, Purpose},
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{instance, unreachable};
use crate::{
    access::Member,
    app::App,
    audit,
    body::Body,
    digest,
    entities::ENTITIES,
    function::{Access, Function, handler},
    problem::Problem,
    store::{Read, collection, document},
    sync::{
        backfill::{Backfill, Input},
        company::Task,
    },
};

pub const FUNCTION: Function = Function::http(
    "backfills-start",
    Method::POST,
    "api/entities/backfill",
    Access::Member,
    |on| handler(on, start),
);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    pub link: LinkId,
    /// At most what the tenant has bought; that, if left out.
    pub plan: Option<Tier>,
    /// The first day of history; as far as the plan reaches, if left out.
    pub cut: Option<Date>,
    /// The day that counts as today.
    pub until: Option<Date>,
    /// All, if left out.
    pub kinds: Option<Vec<Kind>>,
}

async fn start(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Body(asked): Body<Asked>,
) -> Result<Response, Problem> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let begun = begin(&app, &member, asked, Purpose::Backfill, key).await?;
    Ok(accepted(begun))
}

/// The answer to who asked for a job.
pub fn accepted((job, fresh): (JobId, bool)) -> Response {
    let status = if fresh { StatusCode::ACCEPTED } else { StatusCode::OK };
    let location = [(header::LOCATION, format!("/api/ops/jobs/{job}"))];
    (status, location, Json(json!({ "job": job }))).into_response()
}

/// Starts a job, or finds the one that the same key started before.
pub async fn begin(
    app: &App,
    member: &Member,
    asked: Asked,
    purpose: Purpose,
    key: Option<&str>,
) -> Result<(JobId, bool), Problem> {
    let tenant = &member.tenant;
    let link = tenant.get::<CompanyLink>(collection::LINKS, asked.link.as_str()).await?;
    let Some(Read { value: link, .. }) = link else {
        return Err(Problem::not_found());
    };
    let id = JobId(key.map_or_else(
        || Uuid::new_v4().simple().to_string(),
        // the job that a key always means
        |key| digest::short(&[key.as_bytes()], 16),
    ));
    if tenant.get::<Job>(collection::JOBS, id.as_str()).await?.is_some() {
        return Ok((id, false));
    }
    let plan = plan(app, member, asked, purpose, &link)?;
    let now = app.clock.now();
    let job = Job {
        id: id.clone(),
        plan: plan.clone(),
        state: JobState::Running,
        phase: "starting".to_owned(),
        started: now,
        started_by: member.actor.clone(),
        ended: None,
        why: None,
        remedy: None,
        counts: std::collections::BTreeMap::default(),
        unavailable: std::collections::BTreeMap::default(),
        mapping: None,
        calls: (0, 0),
        events: 0,
    };
    let row = document(collection::JOBS, id.as_str(), &job)?.key("jobs").sort(now.to_string());
    let what = json!({ "job": id, "purpose": purpose });
    let audit = audit::entry(member, &app.clock, "job started", &what)?;
    // the job's row is written with its orchestration: both or neither
    let changes = [Change::Insert(row), audit];
    let riders = changes.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
    let riders = riders.map_err(|error| {
        Problem::from(q2o_domain::Failure::bug(format!("cannot write a job: {error}")))
    })?;
    let task = Task {
        tenant: tenant.id,
        job: id.clone(),
        link: plan.link.clone(),
        cut: plan.cut,
        // the survey says which
        mapping: None,
    };
    let input = Input { task, plan };
    app.engine
        .start::<Backfill>(&instance(tenant, &id), &input, riders)
        .await
        .map_err(unreachable)?;
    Ok((id, true))
}

fn plan(
    app: &App,
    member: &Member,
    asked: Asked,
    purpose: Purpose,
    link: &CompanyLink,
) -> Result<Plan, Problem> {
    let tier = asked.plan.unwrap_or(member.tier);
    // what it would take can be known before it is bought
    if tier > member.tier && purpose != Purpose::Assess {
        return Err(Problem::from(q2o_domain::Failure::needs(
            q2o_domain::Remedy::Upgrade,
            format!("Your plan is {:?}; {tier:?} has to be bought first.", member.tier),
        )));
    }
    let until = asked.until.unwrap_or_else(|| app.clock.now().to_zoned(TimeZone::UTC).date());
    let cut = match link.cut {
        // today moves on, the history that was begun with does not
        Some(begun) if asked.cut.is_none_or(|asked| asked == begun) => begun,
        Some(begun) => {
            return Err(Problem::bad_request(format!(
                "This company's history begins on {begun}: its opening balances stand before. \
                 Roll the migration back to begin on another day."
            )));
        }
        None => tier.cut(asked.cut, until)?,
    };
    let kinds =
        asked.kinds.unwrap_or_else(|| ENTITIES.iter().map(|entity| entity.kind()).collect());
    if kinds.is_empty() {
        return Err(Problem::bad_request("`kinds` is empty: leave it out to move everything."));
    }
    Ok(Plan { link: asked.link, tier, cut, until, kinds, purpose })
}
