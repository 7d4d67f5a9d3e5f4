//! Answers a parsed query from the store.

use std::collections::HashSet;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::catalogue;
use super::condition::{Test, known};
use super::faults::Fault;
use super::query::{Query, Select};
use super::record::Record;
use super::store::{Store, Table};

/// The inside of `QueryResponse` and how many rows it carries.
#[derive(Debug)]
pub struct Found {
    pub body: Bytes,
    pub rows: usize,
}

/// Rows, by entity and id, that do not come as they should.
#[derive(Debug, Clone, Default)]
pub struct OddRows {
    /// QuickBooks itself cannot read them.
    pub poisoned: HashSet<(String, String)>,
    /// Pages miss them, as one that moved up while they were read; asked for by their
    /// id they are there.
    pub slipped: HashSet<(String, String)>,
}

impl OddRows {
    fn among(rows: &HashSet<(String, String)>, entity: &str, id: &str) -> bool {
        !rows.is_empty() && rows.contains(&(entity.to_owned(), id.to_owned()))
    }
}

/// Runs a query.
pub fn run(store: &Store, query: &Query, now: Timestamp, odd: &OddRows) -> Result<Found, Fault> {
    let Some((entity, table)) = store.table(&query.entity) else {
        let detail = format!("Metadata not found for Entity: {}", query.entity);
        return Err(Fault::query_parser(&detail));
    };
    let class = catalogue::find(entity).map_or(catalogue::Class::Other, |entity| entity.class);
    let tests = query
        .conditions
        .iter()
        .map(|condition| Test::new(entity, table, condition, now))
        .collect::<Result<Vec<_>, _>>()?;
    for order in &query.order {
        known(entity, table, &order.property)?;
    }
    let all_states = tests.iter().any(|test| test.path == "Active");
    let hide_inactive = catalogue::has_active(entity) && !all_states;
    let by_id = tests.iter().any(|test| test.path == "Id");
    let wanted = |record: &Record| {
        (record.active || !hide_inactive)
            && tests.iter().all(|test| test.holds(record))
            && (by_id || !OddRows::among(&odd.slipped, entity, &record.id))
    };
    if query.select == Select::Count {
        let total = table.rows().iter().filter(|record| wanted(record)).count();
        return Ok(Found { body: format!(r#"{{"totalCount":{total}}}"#).into(), rows: 0 });
    }
    let order = table.ordered(class, &query.order);
    let all = order.iter().map(|&row| &table.rows()[row]).filter(|record| wanted(record));
    let page: Vec<_> = all.skip(query.start - 1).take(query.most).collect();
    if let Select::All = query.select
        && page.iter().any(|record| OddRows::among(&odd.poisoned, entity, &record.id))
    {
        return Err(Fault::query_processing());
    }
    if page.is_empty() {
        return Ok(Found { body: Bytes::from_static(b"{}"), rows: 0 });
    }
    let mut body = Vec::with_capacity(page.iter().map(|record| record.text.len() + 1).sum());
    body.extend_from_slice(format!(r#"{{"{}":["#, catalogue::json_key(entity)).as_bytes());
    for (row, record) in page.iter().enumerate() {
        if row > 0 {
            body.push(b',');
        }
        match &query.select {
            Select::Columns(columns) => {
                let slim = projected(entity, table, record, columns)?;
                body.extend_from_slice(slim.to_string().as_bytes());
            }
            _ => body.extend_from_slice(&record.text),
        }
    }
    let tail = format!(r#"],"startPosition":{},"maxResults":{}"#, query.start, page.len());
    body.extend_from_slice(tail.as_bytes());
    if catalogue::tells_total(entity) {
        let total = table.rows().iter().filter(|record| wanted(record)).count();
        body.extend_from_slice(format!(r#","totalCount":{total}"#).as_bytes());
    }
    body.push(b'}');
    Ok(Found { rows: page.len(), body: body.into() })
}

/// A row of the named columns only, marked sparse.
fn projected(
    entity: &str,
    table: &Table,
    record: &Record,
    columns: &[String],
) -> Result<Value, Fault> {
    let mut slim =
        Map::from_iter([("domain".into(), "QBO".into()), ("sparse".into(), true.into())]);
    for column in columns {
        let name = match column.split_once('.') {
            Some((first, _)) => first,
            None => known(entity, table, column)?,
        };
        if let Some(value) = record.object().get(name) {
            slim.insert(name.to_owned(), value.clone());
        }
    }
    Ok(Value::Object(slim))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qbo::query::parse;

    fn store() -> Store {
        let mut store = Store::default();
        for (id, name, active, time) in [
            ("2", "Beta", true, "2026-01-02T00:00:00-07:00"),
            ("10", "alpha", true, "2026-01-03T00:00:00-07:00"),
            ("3", "Gamma (deleted)", false, "2026-01-01T00:00:00-07:00"),
        ] {
            let meta = serde_json::json!({"LastUpdatedTime": time});
            let customer = serde_json::json!({
                "Id": id, "DisplayName": name, "Active": active, "Balance": 9, "MetaData": meta,
            });
            store.load("Customer", Record::new(customer).unwrap());
            let invoice = serde_json::json!({
                "Id": id, "TxnDate": time[..10], "CustomerRef": {"value": id}, "TotalAmt": id.parse::<u32>().unwrap(),
                "MetaData": meta,
            });
            store.load("Invoice", Record::new(invoice).unwrap());
        }
        store
    }

    fn ids(statement: &str) -> Vec<String> {
        let found =
            run(&store(), &parse(statement).unwrap(), Timestamp::UNIX_EPOCH, &OddRows::default());
        let body: Value = serde_json::from_slice(&found.unwrap().body).unwrap();
        let rows = body.as_object().unwrap().values().find_map(Value::as_array);
        rows.into_iter().flatten().map(|row| row["Id"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn lists_come_by_name_transactions_newest_first_and_the_inactive_hide() {
        assert_eq!(ids("select * from customer"), ["10", "2"]);
        assert_eq!(
            ids("select * from Customer where Active in (true,false) orderby Id"),
            ["2", "3", "10"]
        );
        assert_eq!(ids("select * from Customer where Active = false"), ["3"]);
        assert_eq!(ids("select * from Invoice"), ["10", "2", "3"]);
        assert_eq!(ids("select * from Invoice startposition 2 maxresults 1"), ["2"]);
    }

    #[test]
    fn conditions_compare_numbers_times_references_and_patterns() {
        assert_eq!(
            ids("select * from Invoice where TotalAmt > '2' order by totalamt asc"),
            ["3", "10"]
        );
        assert_eq!(ids("select * from Invoice where CustomerRef = '10'"), ["10"]);
        assert_eq!(ids("select * from Invoice where Id in ('3','2') orderby TxnDate"), ["3", "2"]);
        assert_eq!(
            ids(
                "select * from Invoice where MetaData.LastUpdatedTime >= '2026-01-02T07:00:00Z' orderby Id"
            ),
            ["2", "10"]
        );
        assert_eq!(ids("select * from Customer where DisplayName like 'AL%a'"), ["10"]);
    }

    #[test]
    fn faults_carry_the_codes_of_quickbooks() {
        let code = |statement: &str, poison: &str| {
            let query = parse(statement).unwrap();
            let poisoned = [("Invoice".to_owned(), poison.to_owned())].into();
            let odd = OddRows { poisoned, ..OddRows::default() };
            let found = run(&store(), &query, Timestamp::UNIX_EPOCH, &odd);
            found.unwrap_err().code().to_owned()
        };
        assert_eq!(code("select * from Nonsense", ""), "4000");
        assert_eq!(code("select * from Invoice where Colour = 'red'", ""), "4001");
        assert_eq!(code("select * from Invoice where Id > '5'", ""), "4001");
        assert_eq!(
            code(
                "select * from Invoice where MetaData.LastUpdatedTime > '2026-01-01T00:00:00 07:00'",
                ""
            ),
            "4001"
        );
        assert_eq!(code("select * from Invoice", "2"), "4002");
    }
}
