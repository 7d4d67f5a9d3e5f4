//! `POST /api/hooks/quickbooks`: QuickBooks tells that records have changed. It is
//! written down, once however often it is told, and the run that follows comes sooner.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, body::Bytes, extract::State};
use http::{HeaderMap, Method, StatusCode};
use q2o_clients::qbo::{Refused, notices};
use q2o_domain::{
    Failure, LinkId, RealmId, Result,
    ports::{Change, CommitError, MOST_CHANGES},
    records::Notice,
};
use serde_json::{Value, json};

use crate::{
    app::App,
    follow,
    function::{Access, Function, handler},
    problem::Problem,
    store::{Tenant, collection, document, failed, payload_expires},
};

pub const FUNCTION: Function = Function::http(
    "hooks-quickbooks",
    Method::POST,
    "api/hooks/quickbooks",
    Access::Signed,
    |on| handler(on, take),
);

/// Tries against others who write the same rows.
const TRIES: u32 = 10;

async fn take(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let forged = || {
        let why = "The call is not signed as QuickBooks signs its notices.";
        Problem::new(StatusCode::UNAUTHORIZED, "not-signed", why)
    };
    let signature = headers.get("intuit-signature").and_then(|value| value.to_str().ok());
    let signature = signature.ok_or_else(forged)?;
    let verifier = app.settings.qbo_webhook_verifier.as_ref().ok_or_else(|| {
        tracing::warn!("QuickBooks calls, and QBO_WEBHOOK_VERIFIER is not set");
        forged()
    })?;
    let told = match notices(&body, signature, verifier) {
        Ok(told) => told,
        Err(refused @ Refused::Forged) => return Err(forged().caused_by(refused)),
        // Intuit would only send it again, and all later ones behind it
        Err(refused @ Refused::Unreadable(_)) => {
            tracing::error!(%refused, "a notice is passed by");
            Vec::new()
        }
    };
    let mut by_realm: BTreeMap<RealmId, Vec<Notice>> = BTreeMap::new();
    // that it was sent to somebody changes nothing in the books
    for notice in told.into_iter().filter(|n| !n.operation.eq_ignore_ascii_case("emailed")) {
        by_realm.entry(notice.realm.clone()).or_default().push(notice);
    }
    let mut new = 0;
    for (realm, told) in by_realm {
        for (tenant, link) in app.store.followers(&realm).await? {
            let tenant = app.store.tenant(tenant);
            // with room for the row of the company itself
            for some in told.chunks(MOST_CHANGES - 1) {
                new += keep(&app, &tenant, &link, some).await?;
            }
        }
    }
    Ok(Json(json!({ "new": new })))
}

/// Writes down what was not told before, and brings the next run forward: both or
/// neither. Says how much was new.
async fn keep(app: &App, tenant: &Tenant, link: &LinkId, told: &[Notice]) -> Result<usize> {
    let key = |notice: &Notice| format!("{link}/{}", notice.event);
    for _ in 0..TRIES {
        let Some(read) = follow::of(tenant, link).await? else { return Ok(0) };
        let known = tenant.keys_of(collection::NOTICES, told.iter().map(key).collect()).await?;
        let mut seen: BTreeSet<String> = known.into_keys().collect();
        let now = app.clock.now();
        let mut changes = Vec::new();
        for notice in told {
            let key = key(notice);
            if seen.insert(key.clone()) {
                let row = document(collection::NOTICES, key, notice)?;
                let row = row.key(link.as_str()).sort(notice.at.to_string());
                changes.push(Change::Insert(row.expires(payload_expires(now))));
            }
        }
        if changes.is_empty() {
            return Ok(0);
        }
        let new = changes.len();
        let next = follow::kept(&follow::told(read.value, new, now))?;
        changes.push(Change::Replace(next, read.version));
        match tenant.commit(changes).await {
            Ok(()) => return Ok(new),
            Err(CommitError::Conflict) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(Failure::retry("others write the same rows"))
}
