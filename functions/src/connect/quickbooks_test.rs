//! `POST /api/connect/quickbooks/{realm}/test`: whether a kept connection still works.

use axum::{
    Json,
    extract::{Path, State},
};
use http::Method;
use q2o_domain::RealmId;
use serde_json::{Value, json};

use crate::{
    access::Member,
    app::App,
    function::{Access, Function, handler},
    problem::Problem,
    store::collection,
};

pub const FUNCTION: Function = Function::http(
    "connect-quickbooks-test",
    Method::POST,
    "api/connect/quickbooks/{realm}/test",
    Access::Member,
    |on| handler(on, try_it),
);

async fn try_it(
    State(app): State<App>,
    member: Member,
    Path(realm): Path<String>,
) -> Result<Json<Value>, Problem> {
    let known =
        member.tenant.get::<Value>(collection::QBO_CONNECTIONS, realm.as_str()).await?.is_some();
    if !known {
        return Err(Problem::not_found());
    }
    let quickbooks = app.connect.quickbooks(&member.tenant, &RealmId(realm));
    let company = quickbooks.company().await?;
    Ok(Json(json!({ "company": company["CompanyName"], "country": company["Country"] })))
}
