//! A trigger call of the Functions host, unwrapped and proven not forged.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use base64::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{app::App, problem::Problem};

/// What came with a queue message. The host's own envelope is taken off.
pub struct Call<T>(pub T);

/// A timer's call carries nothing we need.
pub struct Tick;

/// The host takes an empty answer for none at all, and waits until it kills us.
pub struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        Json(json!({})).into_response()
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Call<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let body = from_host(request, app).await?;
        let unreadable = |what: &str| {
            Problem::new(axum::http::StatusCode::BAD_REQUEST, "unreadable-call", what.to_owned())
        };
        let message = body["Data"]["message"]
            .as_str()
            .ok_or_else(|| unreadable("The call carries no message."))?;
        let bytes = BASE64_STANDARD
            .decode(message)
            .map_err(|e| unreadable("The message is not base64.").caused_by(e))?;
        let value = serde_json::from_slice(&bytes)
            .map_err(|e| unreadable("The message is not what this function takes.").caused_by(e))?;
        Ok(Self(value))
    }
}

impl FromRequest<App> for Tick {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        from_host(request, app).await.map(|_| Self)
    }
}

async fn from_host(request: Request, app: &App) -> Result<Value, Problem> {
    if !is_trigger_call(request.headers(), app.settings.port) {
        return Err(Problem::not_found());
    }
    let body = Bytes::from_request(request, app).await.map_err(|e| {
        Problem::new(axum::http::StatusCode::BAD_REQUEST, "unreadable-call", e.body_text())
    })?;
    serde_json::from_slice(&body).map_err(|e| {
        Problem::new(axum::http::StatusCode::BAD_REQUEST, "unreadable-call", "Not JSON.")
            .caused_by(e)
    })
}

/// Trigger calls come to the same port as everybody's requests. The host marks
/// what it passes on with headers that a client cannot take off; where it only
/// forwards, the host name is the client's, while its own calls carry ours.
fn is_trigger_call(headers: &HeaderMap, port: u16) -> bool {
    let ours = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let to_us = headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .is_none_or(|host| ours.iter().any(|our| our == host));
    headers.contains_key("x-azure-functions-invocationid")
        && !headers.contains_key("x-ms-invocation-id")
        && !headers.contains_key("x-forwarded-host")
        && to_us
}
