//! `POST /api/connect/quickbooks/save`: keeps the tokens of a QuickBooks company.

use axum::{Json, extract::State};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use q2o_domain::{RealmId, ports::Change, records::QboConnection};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::tokens::Kept;
use crate::{
    access::Admin,
    app::App,
    audit,
    body::Body,
    function::{Access, Function, handler},
    problem::Problem,
    store::{collection, document, failed},
};

pub const FUNCTION: Function = Function::http(
    "connect-quickbooks-save",
    Method::POST,
    "api/connect/quickbooks/save",
    Access::Admin,
    |on| handler(on, save),
);

#[derive(Deserialize)]
struct Asked {
    realm: RealmId,
    access_token: SecretString,
    refresh_token: SecretString,
    /// Seconds the access token is still good for.
    expires_in: Option<i64>,
    /// Seconds the refresh token is still good for.
    refresh_expires_in: Option<i64>,
}

async fn save(
    State(app): State<App>,
    Admin(member): Admin,
    Body(asked): Body<Asked>,
) -> Result<Json<Value>, Problem> {
    if asked.realm.0.is_empty() || !asked.realm.0.chars().all(|c| c.is_ascii_digit()) {
        return Err(Problem::bad_request("`realm` has to be the digits of the company's id."));
    }
    let kept = Kept::new(&member.tenant, &asked.realm, &app.connect.sealer, &app.clock);
    let now = app.clock.now();
    let connection = QboConnection {
        realm: asked.realm.clone(),
        company_name: String::new(),
        access_token: kept.seal(&asked.access_token).await?,
        access_expires: later(now, asked.expires_in.unwrap_or(0)),
        refresh_token: kept.seal(&asked.refresh_token).await?,
        refresh_expires: asked.refresh_expires_in.map(|seconds| later(now, seconds)),
        refreshing_until: None,
        connected_by: member.actor.clone(),
    };
    let realm = asked.realm.as_str();
    let connection = document(collection::QBO_CONNECTIONS, realm, &connection)?.key("qbo");
    let audit =
        audit::entry(&member, &app.clock, "quickbooks connected", &json!({ "realm": realm }))?;
    member.tenant.commit(vec![Change::Put(connection), audit]).await.map_err(failed)?;
    Ok(Json(json!({ "realm": asked.realm })))
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}
