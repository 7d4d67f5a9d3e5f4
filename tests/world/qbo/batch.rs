//! Up to 30 queries in one call, each with its own answer or fault.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::World;
use super::faults::Fault;
use super::http::{Answer, Noted, answered, query_response};

const MOST_ITEMS: usize = 30;

pub async fn batch(State(world): State<Arc<World>>, body: String) -> Response {
    answered(&world, run(&world, &body))
}

fn run(world: &World, body: &str) -> Answer {
    let request: Value =
        serde_json::from_str(body).map_err(|error| Fault::invalid(&format!("JSON: {error}")))?;
    let items =
        request["BatchItemRequest"].as_array().ok_or(Fault::required("BatchItemRequest"))?;
    if items.len() > MOST_ITEMS {
        return Err(Fault::batch_too_large(items.len()));
    }
    let mut body = br#"{"BatchItemResponse":["#.to_vec();
    let mut statements = Vec::new();
    let mut rows = 0;
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        let answer = match item["Query"].as_str() {
            Some(statement) => {
                statements.push(statement);
                query_response(world, statement)
            }
            None => {
                Err(Fault::unsupported(item["operation"].as_str().unwrap_or("of the batch item")))
            }
        };
        match answer {
            Ok((found, count)) => {
                rows += count;
                body.extend_from_slice(b"{\"QueryResponse\":");
                body.extend_from_slice(&found);
            }
            Err(fault) => {
                body.extend_from_slice(format!("{{\"Fault\":{}", fault.value()).as_bytes());
            }
        }
        body.extend_from_slice(format!(",\"bId\":{}}}", item["bId"]).as_bytes());
    }
    body.push(b']');
    let statement = statements.join("\n");
    Ok((body.into(), Noted { statement, items: items.len(), rows, ..Noted::default() }))
}
