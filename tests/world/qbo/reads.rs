//! Single objects: by id, company info, preferences, exchange rates.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use bytes::Bytes;
use serde_json::json;

use super::catalogue;
use super::faults::Fault;
use super::http::{Answer, Noted, Params, answered};
use super::{World, held};

pub async fn by_id(
    State(world): State<Arc<World>>,
    Path((_realm, entity, id)): Path<(String, String, String)>,
) -> Response {
    answered(&world, object(&world, &entity, &id))
}

pub async fn company_info(State(world): State<Arc<World>>) -> Response {
    answered(&world, only(&world, "CompanyInfo"))
}

pub async fn preferences(State(world): State<Arc<World>>) -> Response {
    answered(&world, only(&world, "Preferences"))
}

pub async fn refuse_write(
    State(world): State<Arc<World>>,
    Path((_realm, entity)): Path<(String, String)>,
) -> Response {
    answered(&world, Err(Fault::unsupported(&entity)))
}

/// `{"Invoice":{…}`, open for the time.
fn object(world: &World, entity: &str, id: &str) -> Answer {
    let store = world.store();
    let Some((entity, table)) = store.table(entity) else {
        return Err(Fault::unsupported(entity));
    };
    if held(&world.knobs).odd.poisoned.contains(&(entity.to_owned(), id.to_owned())) {
        return Err(Fault::system());
    }
    let record = table.get(id).ok_or_else(Fault::not_found)?;
    Ok(single(catalogue::json_key(entity), &record.text))
}

fn only(world: &World, entity: &str) -> Answer {
    let store = world.store();
    let record = store.rows(entity).first().ok_or_else(Fault::not_found)?;
    Ok(single(entity, &record.text))
}

fn single(key: &str, text: &[u8]) -> (Bytes, Noted) {
    let body = [format!("{{\"{key}\":").as_bytes(), text].concat();
    (body.into(), Noted { items: 1, rows: 1, ..Noted::default() })
}

/// The newest stored rate not after the asked day; the home currency is always 1.
pub async fn exchange_rate(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Response {
    let params = Params::of(query.as_deref());
    let Some(source) = params.get("sourcecurrencycode") else {
        return answered(&world, Err(Fault::required("sourcecurrencycode")));
    };
    let day = params.get("asofdate").map_or_else(|| world.today().to_string(), str::to_owned);
    let store = world.store();
    let stored = store
        .rows("ExchangeRate")
        .iter()
        .filter(|record| record.value["SourceCurrencyCode"] == source)
        .filter(|record| {
            record.value["AsOfDate"].as_str().is_some_and(|known| known <= day.as_str())
        })
        .max_by_key(|record| record.value["AsOfDate"].as_str().map(str::to_owned));
    let answer = match stored {
        Some(record) => Ok(single("ExchangeRate", &record.text)),
        None if source == world.company.home => {
            let rate = json!({
                "SourceCurrencyCode": source, "TargetCurrencyCode": source, "Rate": 1,
                "AsOfDate": day, "domain": "QBO", "sparse": false,
            });
            Ok(single("ExchangeRate", rate.to_string().as_bytes()))
        }
        None => Err(Fault::invalid(&format!("no exchange rate for {source} on {day}"))),
    };
    drop(store);
    answered(&world, answer)
}
