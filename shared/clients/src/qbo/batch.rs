//! Several queries in one call.

use q2o_domain::{
    Failure, Kind, Result,
    ports::{Answer, Found, Unavailable},
};
use serde_json::{Value, json};

use super::{Ask, QboClient, fault};

/// Items a batch.
const MOST: usize = 30;

/// The answers to some queries, in their order.
pub async fn queries(client: &QboClient, statements: &[String]) -> Result<Vec<Answer>> {
    let mut found = Vec::with_capacity(statements.len());
    for some in statements.chunks(MOST) {
        let items: Vec<Value> = some
            .iter()
            .enumerate()
            .map(|(at, statement)| json!({ "bId": at.to_string(), "Query": statement }))
            .collect();
        let items = json!({ "BatchItemRequest": items });
        let mut answer: Value = client.ask(Ask::Batch(&items)).await?;
        let answers = answer["BatchItemResponse"]
            .as_array_mut()
            .ok_or_else(|| Failure::retry("QuickBooks' answer to a batch holds no answers"))?;
        // answers come in any order
        for at in 0..some.len() {
            let own = answers.iter_mut().find(|answer| answer["bId"] == at.to_string().as_str());
            let own = own.ok_or_else(|| {
                Failure::retry("QuickBooks left a query of a batch without an answer")
            })?;
            found.push(match own.get_mut("QueryResponse").map(Value::take) {
                Some(response) => Ok(read(response)),
                // what is only busy is asked again; what this company does not have, is not
                None => Err(fault::unavailable(own)?),
            });
        }
    }
    Ok(found)
}

/// How many records of each kind there are, or why there are none to be had.
pub async fn counts(
    client: &QboClient,
    kinds: &[(Kind, Option<&str>)],
) -> Result<Vec<Result<u64, Unavailable>>> {
    let statement = |(kind, only): &(Kind, Option<&str>)| {
        let only = only.map(|only| format!(" WHERE {only}")).unwrap_or_default();
        format!("SELECT count(*) FROM {kind}{only}")
    };
    let statements: Vec<String> = kinds.iter().map(statement).collect();
    let count = |answer: Answer| match answer {
        Ok(Found { count: Some(count), .. }) => Ok(Ok(count)),
        Ok(_) => Err(Failure::retry("QuickBooks' answer to a count holds none")),
        Err(unavailable) => Ok(Err(unavailable)),
    };
    queries(client, &statements).await?.into_iter().map(count).collect()
}

fn read(response: Value) -> Found {
    let Value::Object(response) = response else { return Found::default() };
    let mut found = Found::default();
    for (name, value) in response {
        match value {
            // under the entity's name, which is not always the one that was asked by
            Value::Array(rows) => found.rows = rows,
            Value::Number(count) if name == "totalCount" => found.count = count.as_u64(),
            _ => {}
        }
    }
    found
}
