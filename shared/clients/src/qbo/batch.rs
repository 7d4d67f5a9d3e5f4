//! Several queries in one call.

use q2o_domain::{Failure, Kind, Result, ports::Unavailable};
use serde_json::{Value, json};

use super::{Ask, QboClient, fault};

/// Items a batch.
const MOST: usize = 30;

/// How many records of each kind there are, or why there are none to be had.
pub async fn counts(
    client: &QboClient,
    kinds: &[(Kind, Option<&str>)],
) -> Result<Vec<Result<u64, Unavailable>>> {
    let mut counts = Vec::with_capacity(kinds.len());
    for some in kinds.chunks(MOST) {
        let items: Vec<Value> = some
            .iter()
            .enumerate()
            .map(|(at, (kind, only))| {
                let only = only.map(|only| format!(" WHERE {only}")).unwrap_or_default();
                let statement = format!("SELECT count(*) FROM {kind}{only}");
                json!({ "bId": at.to_string(), "Query": statement })
            })
            .collect();
        let items = json!({ "BatchItemRequest": items });
        let answer = client.ask(Ask::Batch(&items)).await?;
        let answers = answer["BatchItemResponse"]
            .as_array()
            .ok_or_else(|| Failure::retry("QuickBooks' answer to a batch holds no answers"))?;
        // answers come in any order
        for (at, (kind, _)) in some.iter().enumerate() {
            let own = answers.iter().find(|answer| answer["bId"] == at.to_string().as_str());
            let own = own.ok_or_else(|| {
                Failure::retry(format!("QuickBooks' answer to a batch lacks {kind}"))
            })?;
            counts.push(match own["QueryResponse"]["totalCount"].as_u64() {
                Some(count) => Ok(count),
                // what is only busy is asked again; what this company does not have, is not
                None => Err(fault::unavailable(own)?),
            });
        }
    }
    Ok(counts)
}
