//! Answers a parsed query from the store.

use bytes::Bytes;
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::catalogue;
use super::clock::{instant, pacific_day};
use super::faults::Fault;
use super::query::{Condition, Operator, Query, Select};
use super::record::Record;
use super::store::{Store, Table};

/// The inside of `QueryResponse` and how many rows it carries.
#[derive(Debug)]
pub struct Found {
    pub body: Bytes,
    pub rows: usize,
}

/// Runs a query; `poisoned` tells the rows QuickBooks itself cannot read.
pub fn run(
    store: &Store,
    query: &Query,
    now: Timestamp,
    poisoned: &dyn Fn(&str, &str) -> bool,
) -> Result<Found, Fault> {
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
    let wanted = |record: &Record| {
        (record.active || !hide_inactive) && tests.iter().all(|test| test.holds(record))
    };
    if query.select == Select::Count {
        let total = table.rows().iter().filter(|record| wanted(record)).count();
        return Ok(Found { body: format!(r#"{{"totalCount":{total}}}"#).into(), rows: 0 });
    }
    let order = table.ordered(class, &query.order);
    let all = order.iter().map(|&row| &table.rows()[row]).filter(|record| wanted(record));
    let page: Vec<_> = all.skip(query.start - 1).take(query.most).collect();
    if let Select::All = query.select
        && page.iter().any(|record| poisoned(entity, &record.id))
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

fn known<'t>(entity: &str, table: &'t Table, property: &str) -> Result<&'t str, Fault> {
    table.property(property).ok_or_else(|| {
        Fault::query_validation(&format!("property {property} not found for Entity {entity}"))
    })
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

/// A condition made ready: its property found, its values read.
struct Test<'q> {
    path: &'q str,
    operator: Operator,
    values: Vec<Operand>,
}

struct Operand {
    text: String,
    number: Option<Decimal>,
    at: Option<Timestamp>,
}

impl<'q> Test<'q> {
    fn new(
        entity: &str,
        table: &'q Table,
        condition: &Condition,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let path = known(entity, table, &condition.property)?;
        let refused = catalogue::unfilterable(entity, path)
            || (path == "Id" && !matches!(condition.operator, Operator::Equal | Operator::In));
        if refused {
            return Err(Fault::query_validation(&format!("property {path} is not queryable")));
        }
        let values = condition.values.iter().map(|text| {
            let text = match text.as_str() {
                "CURRENT_DATE" => pacific_day(now).to_string(),
                other => other.to_owned(),
            };
            let operand =
                Operand { number: text.parse().ok(), at: instant(&text), text: text.clone() };
            if path.starts_with("MetaData.") && operand.at.is_none() {
                let detail = format!("{text} is not a valid timestamp for property {path}");
                return Err(Fault::query_validation(&detail));
            }
            Ok(operand)
        });
        Ok(Self { path, operator: condition.operator, values: values.collect::<Result<_, _>>()? })
    }

    fn holds(&self, record: &Record) -> bool {
        let [first, ..] = self.values.as_slice() else { return false };
        if self.path == "MetaData.LastUpdatedTime" {
            return first.at.is_some_and(|at| self.ordering_fits(record.updated.cmp(&at)));
        }
        if self.path == "Active" {
            let active = if record.active { "true" } else { "false" };
            return self.values.iter().any(|value| value.text.eq_ignore_ascii_case(active));
        }
        let Some(text) = scalar(record, self.path) else { return false };
        match self.operator {
            Operator::In => self.values.iter().any(|value| equal(&text, value)),
            Operator::Equal => equal(&text, first),
            Operator::Like => like(&text.to_lowercase(), &first.text.to_lowercase()),
            _ => self.ordering_fits(compare(&text, first)),
        }
    }

    fn ordering_fits(&self, ordering: std::cmp::Ordering) -> bool {
        match self.operator {
            Operator::Equal | Operator::In | Operator::Like => ordering.is_eq(),
            Operator::Less => ordering.is_lt(),
            Operator::More => ordering.is_gt(),
            Operator::AtMost => ordering.is_le(),
            Operator::AtLeast => ordering.is_ge(),
        }
    }
}

fn equal(text: &str, value: &Operand) -> bool {
    text == value.text || compare(text, value).is_eq()
}

/// By number where both are numbers, by instant where both are times, else as text.
fn compare(text: &str, value: &Operand) -> std::cmp::Ordering {
    if let (Some(right), Ok(left)) = (value.number, text.parse::<Decimal>()) {
        return left.cmp(&right);
    }
    if text.contains('T')
        && let (Some(right), Some(left)) = (value.at, instant(text))
    {
        return left.cmp(&right);
    }
    text.cmp(&value.text)
}

/// `%` stands for anything; nothing else is special.
fn like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('%');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The value at a path as text; a reference stands for its id, an address or
/// number object for what it holds.
fn scalar(record: &Record, path: &str) -> Option<String> {
    let value = path.split('.').try_fold(record.object(), |value, name| value.get(name))?;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Object(fields) => ["value", "Address", "FreeFormNumber"]
            .iter()
            .find_map(|name| Some(fields.get(*name)?.as_str()?.to_owned())),
        _ => None,
    }
}

/// A property as something to sort by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    Missing,
    Number(Decimal),
    Text(String),
}

pub fn sort_key(record: &Record, path: &str) -> SortKey {
    if path == "MetaData.LastUpdatedTime" {
        return SortKey::Number(record.updated.as_second().into());
    }
    match scalar(record, path) {
        None => SortKey::Missing,
        Some(text) => match text.parse() {
            Ok(number) => SortKey::Number(number),
            Err(_) => SortKey::Text(text.to_lowercase()),
        },
    }
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
        let found = run(&store(), &parse(statement).unwrap(), Timestamp::UNIX_EPOCH, &|_, _| false);
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
            let found = run(&store(), &query, Timestamp::UNIX_EPOCH, &|_, id| id == poison);
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
