//! `timers-follow`: every minute, begins the runs that follow what changed in QuickBooks,
//! where one is due.

use axum::extract::State;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use q2o_domain::{
    JobId, Result,
    ports::{Change, CommitError, Select},
    records::{Follow, Job, JobState, Plan, Purpose},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    access::Member,
    app::App,
    backfills::start::enter,
    call::{Done, Tick},
    follow::{DAILY, kept, later},
    function::{Function, handler},
    problem::Problem,
    store::{Read, Tenant, collection, failed},
    sync::backfill::{Backfill, Input},
};

pub const FUNCTION: Function =
    Function::timer("timers-follow", "0 * * * * *", |on| handler(on, follow));

/// Companies looked at in one call.
const MOST: u32 = 100;

/// The books are read through at least this often, since not everything shows otherwise.
const THROUGH: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Looked at again after this, while the company has other work.
const BUSY: SignedDuration = SignedDuration::from_mins(1);

/// Looked at again after this, where a person has to do something first.
const HELD: SignedDuration = SignedDuration::from_hours(1);

async fn follow(State(app): State<App>, _: Tick) -> Result<Done, Problem> {
    let due = app.store.due::<Follow>(collection::FOLLOWS, app.clock.now(), MOST).await?;
    for (tenant, read) in due {
        let link = read.value.link.clone();
        // one company's trouble is not another's
        if let Err(problem) = begin(&app, tenant, read).await {
            tracing::error!(%link, cause = ?problem.cause, "not followed: {}", problem.detail);
        }
    }
    Ok(Done)
}

/// What a company that is due is to do.
enum Next {
    Run(Plan),
    Wait(SignedDuration, Option<String>),
}

async fn begin(app: &App, tenant: Tenant, due: Read<Follow>) -> Result<(), Problem> {
    let Read { value: mut follow, version, .. } = due;
    let now = app.clock.now();
    match next(&tenant, &follow, now).await? {
        Next::Wait(after, why) => {
            (follow.next, follow.held) = (later(now, after), why);
            let row = Change::Replace(kept(&follow)?, version);
            match tenant.commit(vec![row]).await {
                // somebody else saw to it, or ended it
                Ok(()) | Err(CommitError::Conflict) => Ok(()),
                Err(error) => Err(failed(error).into()),
            }
        }
        Next::Run(plan) => {
            let job = JobId(Uuid::new_v4().simple().to_string());
            let told = std::mem::take(&mut follow.told);
            (follow.next, follow.held) = (later(now, DAILY), None);
            follow.last = Some((job.clone(), now));
            // begun with the row that says so: once, whoever else was called meanwhile
            let row = Change::Replace(kept(&follow)?, version);
            let about = json!({ "job": job, "purpose": plan.purpose, "told": told });
            let member = Member { actor: "follow".to_owned(), tier: plan.tier, tenant };
            let input = Input::new(member.tenant.id, &job, &plan);
            enter::<Backfill>(app, &member, (&job, plan), &about, &input, vec![row]).await?;
            Ok(())
        }
    }
}

/// The last migration once more, until today, where it came to its end and nothing
/// else is under way.
async fn next(tenant: &Tenant, follow: &Follow, now: Timestamp) -> Result<Next> {
    let jobs = tenant.list_all::<Job>(collection::JOBS, Select::Key("jobs".to_owned())).await?;
    let of_link = jobs.into_iter().map(|read| read.value).filter(|job| {
        job.plan.link == follow.link
            && matches!(job.plan.purpose, Purpose::Backfill | Purpose::RollBack)
    });
    let (mut last, mut through, mut open) = (None, None, None);
    for job in of_link {
        if !job.state.ended() {
            open = Some(job);
        } else if job.plan.purpose == Purpose::Backfill {
            if job.state == JobState::Done && !job.unchanged {
                through = Some((job.id.clone(), job.started));
            }
            last = Some(job);
        }
    }
    let Some(job) = open.or(last) else {
        return Ok(Next::Wait(HELD, Some("Nothing was moved yet: migrate first.".to_owned())));
    };
    // a run that failed by itself is tried again by itself
    let own = follow.last.as_ref().is_some_and(|(last, _)| *last == job.id);
    Ok(match job.state {
        JobState::Running => Next::Wait(BUSY, None),
        state if state == JobState::Done || (own && state == JobState::Failed) => {
            // that something has changed is known already, or looked for first
            let lately = |(_, began): &(JobId, Timestamp)| later(*began, THROUGH) > now;
            let since = through.filter(lately).filter(|_| follow.told == 0).map(|(id, _)| id);
            Next::Run(Plan { until: now.to_zoned(TimeZone::UTC).date(), since, ..job.plan })
        }
        _ => {
            let id = job.id;
            let why = format!("Job {id} did not come to its end: see to it, or migrate again.");
            Next::Wait(HELD, Some(why))
        }
    })
}
