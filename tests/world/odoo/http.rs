//! `/jsonrpc` as Odoo speaks it: every error is a 200, "nothing" has no result,
//! and no connection is kept.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    OdooSim,
    control::{Logged, Plan},
    fault::{Raised, Result},
    methods, rights,
};

pub fn router(sim: OdooSim) -> Router {
    Router::new()
        .route("/jsonrpc", post(jsonrpc))
        .route("/web/health", get(|| async { axum::Json(json!({"status": "pass"})) }))
        .layer(axum::extract::DefaultBodyLimit::max(128 * 1024 * 1024))
        .with_state(sim)
}

async fn jsonrpc(State(sim): State<OdooSim>, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return (StatusCode::BAD_REQUEST, Html("Invalid JSON data")).into_response();
    };
    let params = &request["params"];
    let args = params["args"].as_array().map(Vec::as_slice).unwrap_or_default();
    let outcome = match (params["service"].as_str(), params["method"].as_str()) {
        (Some("common"), Some("version")) => Ok(version(&sim)),
        (Some("common"), Some("authenticate" | "login")) => Ok(authenticate(&sim, args)),
        (Some("object"), Some("execute_kw")) => match object(&sim, args).await {
            Ok(outcome) => outcome,
            Err(instead) => return instead,
        },
        _ => Err(Raised::attribute("service", "method")),
    };
    answer(&request["id"], outcome)
}

fn version(sim: &OdooSim) -> Value {
    let series = &sim.options().series;
    let major: i64 = series.split('.').next().and_then(|m| m.parse().ok()).unwrap_or(18);
    json!({
        "server_version": format!("{series}-20250506"),
        "server_version_info": [major, 0, 0, "final", 0, ""],
        "server_serie": series,
        "protocol_version": 1,
    })
}

fn authenticate(sim: &OdooSim, args: &[Value]) -> Value {
    let options = sim.options();
    let known = args.first().and_then(Value::as_str) == Some(&options.database)
        && args.get(1).and_then(Value::as_str) == Some(&options.login)
        && args.get(2).and_then(Value::as_str) == Some(&options.key);
    if known { json!(methods::USER) } else { json!(false) }
}

/// `Err` is an answer that is none of Odoo's own.
async fn object(sim: &OdooSim, args: &[Value]) -> std::result::Result<Result<Value>, Response> {
    let text = |at: usize| args.get(at).and_then(Value::as_str).unwrap_or_default();
    let options = sim.options();
    if text(0) != options.database {
        let name = "psycopg2.OperationalError";
        let message = format!("database \"{}\" does not exist", text(0));
        return Ok(Err(Raised { name, message }));
    }
    if args.get(1).and_then(Value::as_i64) != Some(methods::USER) || text(2) != options.key {
        return Ok(Err(Raised::denied()));
    }
    let (model, method) = (text(3).to_owned(), text(4).to_owned());
    let nothing = Value::Null;
    let given = args.get(5).unwrap_or(&nothing);
    let named = args.get(6).unwrap_or(&nothing);
    sim.control().log(Logged {
        model: model.clone(),
        method: method.clone(),
        records: given[0].as_array().map_or(0, Vec::len),
    });
    let plan = sim.control().take(&model, &method);
    let mut refuse = None;
    match &plan {
        Some(Plan::Html(status)) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            return Err((status, Html("<html><h1>Bad gateway</h1></html>")).into_response());
        }
        Some(Plan::DieBefore) => return Err(broken()),
        Some(Plan::Denied) => return Ok(Err(Raised::denied())),
        Some(Plan::Serialization) => {
            let name = "psycopg2.errors.SerializationFailure";
            let message = "could not serialize access due to concurrent update\n".to_owned();
            return Ok(Err(Raised { name, message }));
        }
        Some(Plan::Late(pause)) => tokio::time::sleep(*pause).await,
        Some(Plan::Refuse(text)) => refuse = Some(text.clone()),
        Some(Plan::DieAfter) | None => {}
    }
    if let Some(text) = refuse
        && given.to_string().contains(&text)
    {
        return Ok(Err(Raised::validation(format!("No record may hold {text}."))));
    }
    let outcome = {
        let mut store = sim.store();
        // one call is one transaction
        store.begin();
        store.user = methods::USER;
        let outcome = rights::answer(sim.control(), &model, &method, given)
            .unwrap_or_else(|| methods::call(&mut store, &model, &method, given, named));
        if outcome.is_ok() {
            store.commit();
        } else {
            store.rollback();
        }
        outcome
    };
    if plan == Some(Plan::DieAfter) { Err(broken()) } else { Ok(outcome) }
}

/// A connection that ends in the middle of an answer.
fn broken() -> Response {
    let parts = futures::stream::iter([
        Ok(Bytes::from_static(b"{")),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    Response::new(axum::body::Body::from_stream(parts))
}

fn answer(id: &Value, outcome: Result<Value>) -> Response {
    let mut body = json!({ "jsonrpc": "2.0", "id": id });
    match outcome {
        Ok(Value::Null) => {}
        Ok(result) => body["result"] = result,
        Err(Raised { name, message }) => {
            body["error"] = json!({
                "code": 200,
                "message": "Odoo Server Error",
                "data": {
                    "name": name,
                    "debug": "Traceback (most recent call last):\n  ...",
                    "message": message,
                    "arguments": [message],
                    "context": {},
                },
            });
        }
    }
    ([(header::CONNECTION, "close")], axum::Json(body)).into_response()
}
