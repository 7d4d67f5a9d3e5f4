//! Several queries in one call.

use q2o_domain::{Failure, Kind, Result};
use serde_json::{Value, json};

use super::{Ask, QboClient};

/// Items a batch.
const MOST: usize = 30;

/// How many records of each kind there are.
pub async fn counts(client: &QboClient, kinds: &[(Kind, Option<&str>)]) -> Result<Vec<u64>> {
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
        for at in 0..some.len() {
            let own = answers.iter().find(|answer| answer["bId"] == at.to_string().as_str());
            // a kind that the company's plan does not have counts nothing
            let count = own.and_then(|own| own["QueryResponse"]["totalCount"].as_u64());
            counts.push(count.unwrap_or(0));
        }
    }
    Ok(counts)
}
