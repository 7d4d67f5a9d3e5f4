//! Change data capture: what has changed or gone since a moment, of many entities at once.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use jiff::SignedDuration;
use serde_json::json;

use super::World;
use super::catalogue;
use super::clock::{instant, stamp};
use super::faults::Fault;
use super::http::{Answer, Noted, Params, answered};

const MOST_OBJECTS: usize = 1000;
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(30 * 24);

pub async fn cdc(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Response {
    answered(&world, run(&world, &Params::of(query.as_deref())))
}

fn run(world: &World, params: &Params) -> Answer {
    let entities = params.get("entities").ok_or(Fault::required("entities"))?;
    let since = params.get("changedSince").ok_or(Fault::required("changedSince"))?;
    let since = instant(since).ok_or_else(|| Fault::invalid(&format!("changedSince {since}")))?;
    // What is longer ago is not refused but left out.
    let since = since.max(world.clock.now() - LOOK_BACK);
    let store = world.store();
    let mut left = MOST_OBJECTS;
    let mut answers = Vec::new();
    for name in entities.split(',').map(str::trim) {
        let known = store.table(name).filter(|(entity, _)| catalogue::in_cdc(entity));
        let (entity, table) = known
            .ok_or_else(|| Fault::invalid(&format!("entity {name} in change data capture")))?;
        let mut live: Vec<_> = table.rows().iter().filter(|row| row.updated >= since).collect();
        live.sort_by_key(|row| row.updated);
        let mut rows: Vec<String> =
            live.into_iter().map(|row| String::from_utf8_lossy(&row.text).into_owned()).collect();
        let gone = store.deleted.iter().filter(|gone| gone.entity == entity && gone.at >= since);
        rows.extend(gone.map(|gone| {
            let meta = json!({"LastUpdatedTime": stamp(gone.at)});
            json!({"domain": "QBO", "status": "Deleted", "Id": gone.id, "MetaData": meta})
                .to_string()
        }));
        rows.truncate(left);
        left -= rows.len();
        answers.push(if rows.is_empty() {
            "{}".to_owned()
        } else {
            let key = catalogue::json_key(entity);
            let count = rows.len();
            let rows = rows.join(",");
            format!(r#"{{"{key}":[{rows}],"startPosition":1,"maxResults":{count}}}"#)
        });
    }
    let body = format!(r#"{{"CDCResponse":[{{"QueryResponse":[{}]}}]"#, answers.join(","));
    let statement = entities.to_owned();
    let rows = MOST_OBJECTS - left;
    Ok((body.into(), Noted { statement, items: 1, rows, ..Noted::default() }))
}
