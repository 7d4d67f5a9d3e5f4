//! Conditions and orders of a query, applied to records.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::Value;

use super::catalogue;
use super::clock::{instant, pacific_day};
use super::faults::Fault;
use super::query::{Condition, Operator};
use super::record::Record;
use super::store::Table;

/// The real spelling of a property, or the fault for one the entity does not have.
pub fn known<'t>(entity: &str, table: &'t Table, property: &str) -> Result<&'t str, Fault> {
    table.property(property).ok_or_else(|| {
        Fault::query_validation(&format!("property {property} not found for Entity {entity}"))
    })
}

/// A condition made ready: its property found, its values read.
pub struct Test<'q> {
    pub path: &'q str,
    operator: Operator,
    values: Vec<Operand>,
}

struct Operand {
    text: String,
    number: Option<Decimal>,
    at: Option<Timestamp>,
}

impl<'q> Test<'q> {
    pub fn new(
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

    pub fn holds(&self, record: &Record) -> bool {
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
