//! `POST /api/connect/odoo/{connection}/test`: whether a kept connection still works.

use axum::{
    Json,
    extract::{Path, State},
};
use http::Method;
use serde_json::{Value, json};

use super::odoo_save::test;
use crate::{
    access::Member,
    app::App,
    function::{Access, Function, handler},
    problem::Problem,
    store::collection,
};

pub const FUNCTION: Function = Function::http(
    "connect-odoo-test",
    Method::POST,
    "api/connect/odoo/{connection}/test",
    Access::Member,
    |on| handler(on, try_it),
);

async fn try_it(
    State(app): State<App>,
    member: Member,
    Path(connection): Path<String>,
) -> Result<Json<Value>, Problem> {
    let known = member
        .tenant
        .get::<Value>(collection::ODOO_CONNECTIONS, connection.as_str())
        .await?
        .is_some();
    if !known {
        return Err(Problem::not_found());
    }
    let (odoo, mut connection) = app.connect.odoo(&member.tenant, &connection).await?;
    test(odoo.as_ref(), &mut connection).await?;
    Ok(Json(json!({ "company": connection.company_name, "version": connection.version })))
}
