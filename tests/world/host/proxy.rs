//! HTTP functions: matched in the order of their names, streamed both ways.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::prelude::*;
use serde_json::{Value, json};

use super::{
    Client, PATIENCE, envelope,
    host_json::Mode,
    invoke::Invoker,
    local_uri,
    package::{AuthLevel, Package, Trigger},
    process::Worker,
    queue_source::Message,
};

/// Azure's default.
const MOST_BYTES: u64 = 104_857_600;

#[derive(Clone)]
struct Proxy {
    package: Arc<Package>,
    worker: Arc<Worker>,
    client: Client,
    invoker: Invoker,
}

pub fn router(
    package: Arc<Package>,
    worker: Arc<Worker>,
    client: Client,
    invoker: Invoker,
) -> Router {
    Router::new()
        .route("/admin/host/status", get(|| async { Json(json!({ "state": "Running" })) }))
        .route("/admin/functions/{name}", post(run_by_hand))
        .fallback(pass)
        .with_state(Proxy { package, worker, client, invoker })
}

/// Headers of a connection, not of a message.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "transfer-encoding",
    "keep-alive",
    "upgrade",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
];

async fn pass(
    State(proxy): State<Proxy>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    // in Azure the platform's own layer answers these
    if request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let Some(auth) = matched(&proxy.package, request.method(), request.uri().path()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if auth == AuthLevel::Key && !request.headers().contains_key("x-functions-key") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > MOST_BYTES) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let Some(endpoint) = proxy.worker.endpoint(PATIENCE).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "Function host is not running.").into_response();
    };
    let mode = proxy.package.host.mode;
    let (mut parts, body) = request.into_parts();
    let host = parts.headers.get(header::HOST).cloned();
    parts.uri = local_uri(
        endpoint.port,
        parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str),
    );
    mark(&mut parts.headers, mode, host, peer);
    let sent = proxy.client.request(Request::from_parts(parts, body)).await;
    let Ok(response) = sent else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let (mut parts, body) = response.into_parts();
    for name in HOP_BY_HOP {
        parts.headers.remove(name);
    }
    let body = Body::new(body);
    match mode {
        Mode::Proxying => Response::from_parts(parts, body),
        // forwarding reads the whole answer first
        Mode::Forwarding => match to_bytes(body, usize::MAX).await {
            Ok(bytes) => Response::from_parts(parts, Body::from(bytes)),
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        },
    }
}

/// The first route that matches, by the functions' names.
fn matched(package: &Package, method: &Method, path: &str) -> Option<AuthLevel> {
    package.functions.iter().find_map(|function| match &function.trigger {
        Trigger::Http { route, methods, auth } => {
            let answers = methods.as_ref().is_none_or(|methods| methods.contains(method));
            (answers && route.matches(path)).then_some(*auth)
        }
        _ => None,
    })
}

/// What the host adds, over whatever the client sent.
fn mark(headers: &mut HeaderMap, mode: Mode, host: Option<HeaderValue>, peer: SocketAddr) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    let invocation = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string());
    let mut set = |name: &'static str, value: Option<HeaderValue>| {
        if let Some(value) = value {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    let invocation = invocation.ok();
    set("x-azure-functions-hostversion", Some(HeaderValue::from_static("4.1052.200")));
    set("x-azure-functions-invocationid", invocation.clone());
    if mode == Mode::Proxying {
        set("x-ms-invocation-id", invocation);
        set("x-forwarded-host", host);
        set("x-forwarded-proto", Some(HeaderValue::from_static("http")));
        set("x-forwarded-for", HeaderValue::from_str(&peer.ip().to_string()).ok());
        // the handler sees its own address
        headers.remove(header::HOST);
    }
}

/// `POST /admin/functions/{name}`: runs any trigger by hand.
async fn run_by_hand(
    State(proxy): State<Proxy>,
    Path(name): Path<String>,
    Json(body): Json<Value>,
) -> StatusCode {
    let Some(function) = proxy.package.functions.iter().find(|f| f.name == name) else {
        return StatusCode::NOT_FOUND;
    };
    let called = match &function.trigger {
        Trigger::Http { .. } => return StatusCode::BAD_REQUEST,
        Trigger::Timer { .. } => envelope::timer(function, None, false),
        Trigger::Queue { binary, .. } => {
            let input = body["input"].as_str().unwrap_or_default();
            envelope::queue(function, *binary, &by_hand(input), input.as_bytes())
        }
    };
    if proxy.invoker.call(function, &called).await {
        StatusCode::ACCEPTED
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

fn by_hand(input: &str) -> Message {
    let now = super::now();
    Message {
        id: uuid::Uuid::new_v4().to_string(),
        receipt: String::new(),
        text: BASE64_STANDARD.encode(input),
        dequeue_count: 1,
        inserted: now,
        expires: now,
        next_visible: now,
    }
}
