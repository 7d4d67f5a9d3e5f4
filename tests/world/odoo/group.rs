//! `read_group`: sums by one or more groups, months among them.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    convert::{amount, display_name, known, number},
    domain::search,
    fault::Result,
    models::Type,
    store::{Record, Store},
};

pub fn read_group(
    store: &Store,
    model: &str,
    domain: &Value,
    sums: &[String],
    by: &[String],
) -> Result<Value> {
    let mut groups: BTreeMap<Vec<String>, (Vec<Value>, Vec<Decimal>, u64)> = BTreeMap::new();
    let names: Vec<&str> = sums.iter().map(|sum| sum.split(':').next().unwrap_or(sum)).collect();
    for name in &names {
        known(model, name)?;
    }
    for id in search(store, model, domain)? {
        let values: Vec<Value> =
            by.iter().map(|spec| value(store, model, id, spec)).collect::<Result<_>>()?;
        let key = values.iter().map(|v| format!("{v:>12}")).collect();
        let group =
            groups.entry(key).or_insert_with(|| (values, vec![Decimal::ZERO; names.len()], 0));
        for (at, name) in names.iter().enumerate() {
            group.1[at] += amount(store, model, id, name);
        }
        group.2 += 1;
    }
    let rows = groups.into_values().map(|(values, totals, count)| {
        let mut row = Record::new();
        let mut range = Record::new();
        for (spec, value) in by.iter().zip(&values) {
            let (shown, span) = label(store, model, spec, value);
            row.insert(spec.clone(), shown);
            if let Some(span) = span {
                range.insert(spec.clone(), span);
            }
        }
        for (name, total) in names.iter().zip(totals) {
            row.insert((*name).to_owned(), number(total));
        }
        row.insert("__count".to_owned(), json!(count));
        row.insert("__range".to_owned(), Value::Object(range));
        row.insert("__domain".to_owned(), domain.clone());
        Value::Object(row)
    });
    Ok(rows.collect())
}

fn value(store: &Store, model: &str, id: i64, spec: &str) -> Result<Value> {
    let (name, part) = spec.split_once(':').unwrap_or((spec, ""));
    known(model, name)?;
    let own = store.field(model, id, name);
    let month = own.as_str().filter(|_| part == "month").and_then(|day| day.get(..7));
    Ok(month.map_or_else(|| own.clone(), |month| json!(format!("{month}-01"))))
}

/// How a group is called, and the span of its month.
fn label(store: &Store, model: &str, spec: &str, value: &Value) -> (Value, Option<Value>) {
    let (name, part) = spec.split_once(':').unwrap_or((spec, ""));
    if let (Ok(field), Some(id)) = (known(model, name), value.as_i64())
        && let Type::One(to) = field.is
    {
        return (json!([id, display_name(store, to, id)]), None);
    }
    let first: Option<Date> =
        value.as_str().filter(|_| part == "month").and_then(|d| d.parse().ok());
    match first {
        Some(first) => {
            let span = json!({ "from": first, "to": first.saturating_add(1.month()) });
            (json!(first.strftime("%B %Y").to_string()), Some(span))
        }
        None => (value.clone(), None),
    }
}
