//! Backfills: assessed, rehearsed, started, paused, resumed, cancelled, rolled back.

pub mod assess;
pub mod cancel;
pub mod pause;
pub mod rehearse;
pub mod resume;
pub mod rollback;
pub mod start;

use q2o_domain::{
    JobId,
    ports::CommitError,
    records::{Job, JobState},
};
use q2o_durable::{EngineError, InstanceId};
use serde_json::{Value, json};

use crate::{
    access::Member,
    app::App,
    audit,
    problem::Problem,
    store::{Tenant, collection, failed},
    sync::progress::Progress,
};

/// The orchestration of a job.
pub fn instance(tenant: &Tenant, job: &JobId) -> InstanceId {
    InstanceId::new(tenant.partition(), format!("backfill-{job}"))
}

/// The job, if it is this tenant's.
pub async fn job(member: &Member, id: &str) -> Result<Job, Problem> {
    let read = member.tenant.get::<Job>(collection::JOBS, id).await?;
    read.map(|read| read.value).ok_or_else(Problem::not_found)
}

/// Writes a person's decision about a job down, with its event and audit row.
async fn decide(
    app: &App,
    member: &Member,
    job: &JobId,
    state: JobState,
    what: &str,
) -> Result<Value, Problem> {
    let mut progress = Progress::new(&member.tenant, &app.clock, job, what).state(state);
    progress.actor.clone_from(&member.actor);
    // workers write the same row; they are short, so a few tries are enough
    for _ in 0..20 {
        let mut changes = progress.written().await?;
        changes.push(audit::entry(member, &app.clock, what, &json!({ "job": job }))?);
        match member.tenant.commit(changes).await {
            Ok(()) => return Ok(json!({ "job": job, "state": state })),
            Err(CommitError::Conflict) => {}
            Err(error) => return Err(failed(error).into()),
        }
    }
    Err(failed(CommitError::Conflict).into())
}

fn unreachable(error: EngineError) -> Problem {
    let detail = "The job could not be reached. Try again in a moment.";
    Problem::new(http::StatusCode::SERVICE_UNAVAILABLE, "busy", detail).caused_by(error)
}
