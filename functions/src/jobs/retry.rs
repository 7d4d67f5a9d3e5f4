//! `POST /api/ops/jobs/{job}/retry`: goes through everything once more. What is
//! unchanged is passed by, so what failed is what is tried again.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use http::Method;
use q2o_domain::records::Purpose;
use serde_json::{Value, json};

use crate::{
    access::Member,
    app::App,
    backfills::{job, start},
    function::{Access, Function, handler},
    problem::Problem,
};

pub const FUNCTION: Function =
    Function::http("jobs-retry", Method::POST, "api/ops/jobs/{job}/retry", Access::Member, |on| {
        handler(on, retry)
    });

async fn retry(
    State(app): State<App>,
    member: Member,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let job = job(&member, &id).await?;
    if !job.state.ended() {
        return Err(Problem::bad_request("The job has not ended; resume it instead."));
    }
    if job.plan.purpose == Purpose::RollBack {
        return Err(Problem::bad_request("Ask for the rollback again: what is gone is gone."));
    }
    let asked = start::Asked {
        link: job.plan.link,
        plan: Some(job.plan.tier),
        cut: Some(job.plan.cut),
        until: Some(job.plan.until),
        kinds: Some(job.plan.kinds),
    };
    // one retry of one job: asking twice does not start two
    let key = format!("retry of {id}, {:?}", job.ended);
    let (job, _) = start::begin(&app, &member, asked, job.plan.purpose, Some(&key)).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "job": job }))))
}
