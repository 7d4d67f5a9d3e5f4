//! `GET /api/health`: we are there.

use axum::Json;
use http::Method;
use serde_json::{Value, json};

use crate::function::{Access, Function, handler};

pub const FUNCTION: Function =
    Function::http("health-live", Method::GET, "api/health", Access::Public, |on| {
        handler(on, live)
    });

async fn live() -> Json<Value> {
    Json(json!({ "status": "pass", "version": env!("CARGO_PKG_VERSION") }))
}
