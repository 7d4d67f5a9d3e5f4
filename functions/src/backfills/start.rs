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
    ports::{Change, Select},
    records::{CompanyLink, Job, JobState, Plan, Purpose},
};
use q2o_durable::{EngineError, JournalError, Orchestration};
use serde::Deserialize;
use serde_json::{Value, json};
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
    store::{Read, Tenant, collection, document},
    sync::backfill::{Backfill, Input},
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
    let id = job_id(key);
    if tenant.get::<Job>(collection::JOBS, id.as_str()).await?.is_some() {
        return Ok((id, false));
    }
    let plan = plan(app, member, asked, purpose, &link)?;
    if purpose == Purpose::Backfill {
        alone(tenant, &link.id, &[Purpose::RollBack]).await?;
    }
    let about = json!({ "job": id, "purpose": purpose });
    let input = Input::new(tenant.id, &id, &plan);
    let fresh = enter::<Backfill>(app, member, (&id, plan), &about, &input, Vec::new()).await?;
    Ok((id, fresh))
}

/// A job's id: the one that a key always means, or a new one.
pub fn job_id(key: Option<&str>) -> JobId {
    JobId(key.map_or_else(
        || Uuid::new_v4().simple().to_string(),
        |key| digest::short(&[key.as_bytes()], 16),
    ))
}

/// Refuses to begin while a job of one of these purposes writes to the same company.
pub async fn alone(tenant: &Tenant, link: &LinkId, purposes: &[Purpose]) -> Result<(), Problem> {
    let jobs = tenant.list_all::<Job>(collection::JOBS, Select::Key("jobs".to_owned())).await?;
    let open = jobs.into_iter().map(|read| read.value).find(|job| {
        job.plan.link == *link && purposes.contains(&job.plan.purpose) && !job.state.ended()
    });
    match open {
        None => Ok(()),
        Some(job) => Err(Problem::new(
            StatusCode::CONFLICT,
            "company-busy",
            format!("Job {} is not done with this company: let it end, or cancel it.", job.id),
        )
        .remedied_by(q2o_domain::Remedy::CorrectRequest)),
    }
}

/// Writes a job's row with its audit row, the head of its orchestration and the rows of
/// who begins it: all of them or none. Says `false` if it is there already, or somebody
/// else wrote one of the latter meanwhile.
pub async fn enter<O: Orchestration>(
    app: &App,
    member: &Member,
    (id, plan): (&JobId, Plan),
    about: &Value,
    input: &O::Input,
    own: Vec<Change>,
) -> Result<bool, Problem> {
    let now = app.clock.now();
    let job = Job {
        id: id.clone(),
        plan,
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
        unchanged: false,
        calls: (0, 0),
        events: 0,
    };
    let row = document(collection::JOBS, id.as_str(), &job)?.key("jobs").sort(now.to_string());
    let audit = audit::entry(member, &app.clock, "job started", about)?;
    let watched = !own.is_empty();
    let changes = [Change::Insert(row), audit].into_iter().chain(own);
    let riders = changes.map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
    let riders = riders.map_err(|error| {
        Problem::from(q2o_domain::Failure::bug(format!("cannot write a job: {error}")))
    })?;
    let instance = instance(&member.tenant, id);
    match app.engine.start::<O>(&instance, input, riders).await {
        Err(EngineError::Journal(JournalError::Conflict)) if watched => Ok(false),
        answer => answer.map_err(unreachable),
    }
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
    let cut = match (link.cut, asked.cut) {
        (Some(begun), Some(day)) if day > begun => {
            return Err(Problem::bad_request(format!(
                "This company's history begins on {begun} already. Roll the migration back to \
                 begin on a later day."
            )));
        }
        (Some(begun), Some(day)) if day == begun => begun,
        // today moves on, the history that was begun with does not,
        (Some(begun), None) if asked.plan.is_none() => begun,
        // unless a bigger plan is asked for
        (Some(begun), None) => tier.cut(None, until)?.min(begun),
        (_, day) => tier.cut(day, until)?,
    };
    let kinds =
        asked.kinds.unwrap_or_else(|| ENTITIES.iter().map(|entity| entity.kind()).collect());
    if kinds.is_empty() {
        return Err(Problem::bad_request("`kinds` is empty: leave it out to move everything."));
    }
    Ok(Plan { link: asked.link, tier, cut, until, kinds, purpose, since: None })
}
