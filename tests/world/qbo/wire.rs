//! What happens around every call: the log, planned faults, tokens, limits, headers, packing.

use std::io::Write;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use uuid::Uuid;

use super::call_log::{Call, CallKind};
use super::faults::{self, Fault, reply};
use super::http::Noted;
use super::plan::{Incoming, PlannedFault};
use super::{World, held};

/// More than any client sends: a batch of 30 long queries is some 10 kB.
const LARGEST_REQUEST: usize = 8 << 20;

/// Smaller answers are sent as they are.
const WORTH_PACKING: usize = 1024;

/// Lets a call through to its route and writes it down.
pub async fn gate(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return reply(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "too large");
    };
    let tid = trace_id(&world);
    let kind = CallKind::of(parts.uri.path(), parts.method.as_str());
    let mut open = OpenCall::begin(&world, &parts, kind, &tid);

    let latency = held(&world.knobs).latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let packed = world.options.gzip && takes_gzip(&parts.headers);
    let fault = {
        let text = std::str::from_utf8(&body).unwrap_or_default();
        let path = parts.uri.path();
        let query = parts.uri.query().unwrap_or_default();
        let method = parts.method.as_str();
        held(&world.plan).take(&Incoming { kind, method, path, query, body: text })
    };
    open.planned_fault = fault.is_some();
    let now = world.now();
    let truncated = fault == Some(PlannedFault::Truncated);
    let mut response = match fault {
        Some(PlannedFault::Throttled) => faults::throttled(now),
        Some(PlannedFault::ThrottledXml) => faults::throttled_xml(now),
        Some(PlannedFault::ThrottledRetryAfter(seconds)) => {
            let mut response = faults::throttled(now);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            response
        }
        Some(PlannedFault::Unauthorized) => faults::unauthorized(now),
        Some(PlannedFault::Forbidden) => faults::forbidden(now),
        Some(PlannedFault::BadGateway) => faults::bad_gateway(),
        Some(PlannedFault::GatewayTimeout) => faults::gateway_timeout(),
        Some(PlannedFault::Empty) => faults::empty(),
        Some(PlannedFault::WrongRealm) => faults::wrong_realm(now),
        Some(PlannedFault::System) => Fault::system().answer(now),
        Some(PlannedFault::InvalidGrant) => {
            reply(StatusCode::BAD_REQUEST, "application/json", r#"{"error":"invalid_grant"}"#)
        }
        Some(PlannedFault::Truncated) | None => {
            admit(&world, kind, Request::from_parts(parts, Body::from(body)), next).await
        }
        Some(PlannedFault::Stall(length)) => {
            tokio::time::sleep(length).await;
            admit(&world, kind, Request::from_parts(parts, Body::from(body)), next).await
        }
    };
    if truncated {
        response = cut(response).await;
    }
    open.end(&response);
    finish(response, &tid, packed).await
}

/// Checks token, realm and limits of calls for company data, then routes.
async fn admit(world: &World, kind: CallKind, request: Request, next: Next) -> Response {
    if kind.metered() || kind == CallKind::Write {
        let now = world.now();
        if !world.admitted(request.headers()) {
            return faults::unauthorized(now);
        }
        let realm = request.uri().path().split('/').nth(3);
        if realm != Some(world.company.realm.as_str()) {
            return faults::wrong_realm(now);
        }
        if !held(&world.throttle).admit(kind, world.clock.now()) {
            return faults::throttled(now);
        }
    }
    next.run(request).await
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|value| value.contains("gzip"))
}

/// As in `1-6788f78c-25f65cad00a700ac7f2c61c1`.
fn trace_id(world: &World) -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("1-{:08x}-{}", world.clock.now().as_second(), &random[..24])
}

async fn cut(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = body.slice(..body.len() / 2);
    Response::from_parts(parts, Body::from(half))
}

async fn finish(response: Response, tid: &str, packed: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    let mut body: Bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if packed && body.len() >= WORTH_PACKING {
        let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
        if let Ok(gzip) = encoder.write_all(&body).and_then(|()| encoder.finish()) {
            body = gzip.into();
            parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    // The body has a new length by now.
    parts.headers.remove(header::CONTENT_LENGTH);
    for (name, value) in [
        ("intuit_tid", tid.to_owned()),
        ("x-request-id", tid.to_owned()),
        ("x-amzn-trace-id", format!("Root={tid}")),
        ("x-spanid", Uuid::new_v4().to_string()),
        ("x-envoy-upstream-service-time", "97".to_owned()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            parts.headers.insert(name, value);
        }
    }
    Response::from_parts(parts, Body::from(body))
}

/// A call in the log that is still being answered; status 0 until it is.
struct OpenCall<'w> {
    world: &'w World,
    tid: String,
    planned_fault: bool,
}

impl<'w> OpenCall<'w> {
    fn begin(
        world: &'w World,
        parts: &axum::http::request::Parts,
        kind: CallKind,
        tid: &str,
    ) -> Self {
        let mut log = held(&world.log);
        log.in_flight += 1;
        log.most_in_flight = log.most_in_flight.max(log.in_flight);
        log.calls.push(Call {
            at: world.clock.now(),
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            kind,
            statement: String::new(),
            items: 1,
            rows: 0,
            status: 0,
            fault_code: "",
            planned_fault: false,
            tid: tid.to_owned(),
        });
        Self { world, tid: tid.to_owned(), planned_fault: false }
    }

    fn end(&self, response: &Response) {
        let mut log = held(&self.world.log);
        // Cleared in between, the call is simply not there any more.
        let Some(call) = log.calls.iter_mut().rev().find(|call| call.tid == self.tid) else {
            return;
        };
        call.status = response.status().as_u16();
        call.planned_fault = self.planned_fault;
        if let Some(noted) = response.extensions().get::<Noted>() {
            call.statement.clone_from(&noted.statement);
            call.items = noted.items;
            call.rows = noted.rows;
            call.fault_code = noted.fault_code;
        }
    }
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        held(&self.world.log).in_flight -= 1;
    }
}
