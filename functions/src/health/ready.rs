//! `GET /api/ready`: we can reach what we need.

use axum::{Json, extract::State};
use http::Method;
use q2o_domain::TenantId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::App,
    function::{Access, Function, handler},
    problem::Problem,
    store::collection,
};

pub const FUNCTION: Function =
    Function::http("health-ready", Method::GET, "api/ready", Access::Public, |on| {
        handler(on, ready)
    });

async fn ready(State(app): State<App>) -> Result<Json<Value>, Problem> {
    // any read will do: it asks the database, and finds nothing
    app.store.tenant(TenantId(Uuid::nil())).get::<Value>(collection::JOBS, "none").await?;
    Ok(Json(json!({ "status": "pass" })))
}
