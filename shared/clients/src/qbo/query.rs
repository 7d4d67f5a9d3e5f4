//! Pages of records. The order is always given: QuickBooks' own would skip and
//! double rows while people work.

use std::collections::HashMap;

use q2o_domain::{Failure, Kind, Result, ports::Page, record_id};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Ask, QboClient, fault::Fault};

/// A page; rows that QuickBooks cannot read are found by halving and left out.
pub async fn page(
    client: &QboClient,
    kind: Kind,
    only: Option<&str>,
    start: u32,
    most: u32,
) -> Result<Page> {
    match rows(client, kind, only, "*", start, most).await {
        Ok(records) => {
            let more = records.len() == most as usize;
            Ok(Page { records, poison: Vec::new(), more })
        }
        Err(Fault::Poison { why }) if most == 1 => {
            // its id can often be read even so
            let ids = rows(client, kind, only, "Id", start, 1).await.unwrap_or_default();
            let id = ids.first().and_then(|row| record_id(row));
            Ok(Page { records: Vec::new(), poison: vec![(start, id, why)], more: true })
        }
        Err(Fault::Poison { .. }) => {
            let half = most / 2;
            let mut first = Box::pin(page(client, kind, only, start, half)).await?;
            if !first.more {
                return Ok(first);
            }
            let second = Box::pin(page(client, kind, only, start + half, most - half)).await?;
            first.records.extend(second.records);
            first.poison.extend(second.poison);
            first.more = second.more;
            Ok(first)
        }
        Err(fault) => Err(fault.into()),
    }
}

/// What a query answers: rows under the name of their kind, and positions.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "QueryResponse")]
    found: HashMap<String, Box<RawValue>>,
}

async fn rows(
    client: &QboClient,
    kind: Kind,
    only: Option<&str>,
    columns: &str,
    start: u32,
    most: u32,
) -> Result<Vec<Box<RawValue>>, Fault> {
    let only = only.map(|only| format!(" WHERE {only}")).unwrap_or_default();
    let order = if kind == Kind::ExchangeRate { "AsOfDate, SourceCurrencyCode" } else { "Id" };
    let statement = format!(
        "SELECT {columns} FROM {kind}{only} ORDERBY {order} STARTPOSITION {start} MAXRESULTS {most}"
    );
    let Answer { mut found } = client.ask(Ask::Query(&statement)).await?;
    // one kind answers under another name than it is asked by
    let key = match kind {
        Kind::CreditCardPayment => "CreditCardPaymentTxn".to_owned(),
        _ => kind.to_string(),
    };
    // nothing found is an empty object
    let Some(rows) = found.remove(&key) else { return Ok(Vec::new()) };
    serde_json::from_str(rows.get()).map_err(|error| {
        Failure::retry(format!("QuickBooks' answer holds no {kind} page: {error}")).into()
    })
}
