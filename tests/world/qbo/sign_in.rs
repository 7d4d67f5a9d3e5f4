//! The routes of Intuit's sign-in: discovery, authorize, token, revoke, user.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::World;
use super::held;

/// The document that tells a client where everything is: all on this very server.
pub async fn discovery(headers: HeaderMap) -> Json<Value> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let base = format!("http://{host}");
    Json(json!({
        "issuer": "https://oauth.platform.intuit.com/op/v1",
        "authorization_endpoint": format!("{base}/connect/oauth2"),
        "token_endpoint": format!("{base}/oauth2/v1/tokens/bearer"),
        "userinfo_endpoint": format!("{base}/v1/openid_connect/userinfo"),
        "revocation_endpoint": format!("{base}/v2/oauth2/tokens/revoke"),
        "jwks_uri": format!("{base}/op/v1/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }))
}

/// Nothing is signed here, so there are no keys.
pub async fn jwks() -> Json<Value> {
    Json(json!({"keys": []}))
}

/// The page where a person agrees; this one always does, and sends them back.
pub async fn authorize(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let Fields(fields) = Fields::of(query.as_bytes());
    let field =
        |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, v)| v.as_str());
    let (Some(redirect), Some("code")) = (field("redirect_uri"), field("response_type")) else {
        return (StatusCode::BAD_REQUEST, "redirect_uri or response_type=code is missing")
            .into_response();
    };
    if field("client_id") != Some(&world.options.client_id) {
        return (StatusCode::BAD_REQUEST, "client_id is unknown").into_response();
    }
    if !field("scope").unwrap_or_default().contains("com.intuit.quickbooks.accounting") {
        return (StatusCode::BAD_REQUEST, "scope is missing or unknown").into_response();
    }
    let Ok(mut target) = url::Url::parse(redirect) else {
        return (StatusCode::BAD_REQUEST, "redirect_uri is no address").into_response();
    };
    let code = held(&world.oauth).authorize(redirect, world.clock.now());
    target
        .query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", field("state").unwrap_or_default())
        .append_pair("realmId", &world.company.realm);
    Redirect::to(target.as_str()).into_response()
}

/// Codes and refresh tokens against token pairs.
pub async fn token(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = Fields::of(&body);
    if !client_known(&world, &headers, &fields) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", None);
    }
    let now = world.clock.now();
    let mut oauth = held(&world.oauth);
    let pair = match fields.get("grant_type") {
        Some("authorization_code") => {
            let redirect = fields.get("redirect_uri").unwrap_or_default();
            oauth.redeem(fields.get("code").unwrap_or_default(), redirect, now)
        }
        Some("refresh_token") => {
            let value = fields.get("refresh_token").unwrap_or_default();
            oauth.refresh(value, world.options.rotate_refresh_every, now)
        }
        _ => return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", None),
    };
    let hard = headers.get("x-include-refresh-token-hard-expires-in");
    if let Ok(pair) = pair {
        return Json(pair.answer(hard.is_some_and(|value| value == "true"))).into_response();
    }
    let why = (fields.get("grant_type") == Some("refresh_token"))
        .then_some("Incorrect or invalid refresh token");
    refused(StatusCode::BAD_REQUEST, "invalid_grant", why)
}

/// Ends a connection; the token comes as JSON or as a form.
pub async fn revoke(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    let fields = Fields::of(&body);
    if !client_known(&world, &headers, &fields) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client", None);
    }
    let json: Option<Value> = serde_json::from_slice(&body).ok();
    let token = json.as_ref().and_then(|json| json["token"].as_str()).or(fields.get("token"));
    if held(&world.oauth).revoke(token.unwrap_or_default()) {
        StatusCode::OK.into_response()
    } else {
        refused(StatusCode::BAD_REQUEST, "invalid_request", None)
    }
}

/// Who has agreed: always the same person.
pub async fn userinfo(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    if !world.admitted(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(json!({
        "sub": "248289761001", "givenName": "Ada", "familyName": "Keeper",
        "email": "ada@company.test", "emailVerified": true,
    }))
    .into_response()
}

fn refused(status: StatusCode, error: &str, description: Option<&str>) -> Response {
    let mut body = json!({"error": error});
    if let Some(description) = description {
        body["error_description"] = description.into();
    }
    (status, Json(body)).into_response()
}

fn client_known(world: &World, headers: &HeaderMap, fields: &Fields) -> bool {
    let basic = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|value| String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok());
    let (id, secret) = match &basic {
        Some(basic) => basic.split_once(':').unwrap_or((basic, "")),
        None => (
            fields.get("client_id").unwrap_or_default(),
            fields.get("client_secret").unwrap_or_default(),
        ),
    };
    id == world.options.client_id && secret == world.options.client_secret
}

struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(form: &[u8]) -> Self {
        Self(form_urlencoded::parse(form).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}
