//! Values as callers send them, as the database keeps them, and as Odoo reads
//! them out.

use rust_decimal::Decimal;
use serde_json::{Number, Value, json};

use super::{
    fault::{Raised, Result},
    models::{Field, Type, field},
    store::{Record, Store},
};

/// A decimal as kept: its text as a JSON number.
pub fn number(amount: Decimal) -> Value {
    let mut amount = amount.normalize();
    // floats always show a decimal place
    if amount.scale() == 0 {
        amount.rescale(1);
    }
    serde_json::from_str::<Number>(&amount.to_string()).map_or(Value::Null, Value::Number)
}

/// A number of any kind as a decimal.
pub fn decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        Value::Bool(false) => return Some(Decimal::ZERO),
        _ => return None,
    };
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// A monetary field of a record.
pub fn amount(store: &Store, model: &str, id: i64, name: &str) -> Decimal {
    decimal(store.field(model, id, name)).unwrap_or_default()
}

/// A plain value checked against its field.
pub fn check(model: &str, field: &Field, value: &Value) -> Result<Value> {
    let wrong = || Raised::value(format!("Wrong value for {model}.{}: {value}", field.name));
    if matches!(value, Value::Null | Value::Bool(false)) {
        return Ok(match field.is {
            Type::Whole => json!(0),
            Type::Number => number(Decimal::ZERO),
            Type::Many(_) | Type::Lines(..) => json!([]),
            _ => json!(false),
        });
    }
    match field.is {
        Type::Text => Ok(match value {
            Value::String(text) if text.is_empty() => json!(false),
            Value::String(_) => value.clone(),
            other => json!(other.to_string()),
        }),
        Type::Flag => Ok(json!(value.as_bool().unwrap_or(true))),
        Type::Whole => value.as_i64().map(|whole| json!(whole)).ok_or_else(wrong),
        Type::Number => decimal(value).map(number).ok_or_else(wrong),
        Type::Day => {
            let text = value.as_str().ok_or_else(wrong)?;
            let day = text.get(..10).unwrap_or(text);
            day.parse::<jiff::civil::Date>().map(|day| json!(day.to_string())).map_err(|_| {
                Raised::value(format!("time data '{text}' does not match format '%Y-%m-%d'"))
            })
        }
        Type::Choice(choices) => value
            .as_str()
            .filter(|choice| choices.contains(choice))
            .map(|choice| json!(choice))
            .ok_or_else(wrong),
        Type::One(_) => value.as_i64().map(|id| json!(id)).ok_or_else(wrong),
        Type::Moment | Type::Json | Type::Many(_) | Type::Lines(..) => Ok(value.clone()),
    }
}

/// The field, or the error that Odoo raises for an unknown one.
pub fn known(model: &str, name: &str) -> Result<&'static Field> {
    field(model, name)
        .ok_or_else(|| Raised::value(format!("Invalid field '{name}' on model '{model}'")))
}

/// What `read()` gives of each record.
pub struct Reading<'a> {
    model: &'a str,
    fields: Vec<&'static Field>,
    /// Whether records pointed at are named, which is the classic way.
    named: bool,
}

impl<'a> Reading<'a> {
    pub fn new(model: &'a str, names: &[String], kwargs: &Value) -> Result<Self> {
        let names = names.iter().filter(|name| *name != "id");
        let fields = names.map(|name| known(model, name)).collect::<Result<_>>()?;
        let load = kwargs.get("load").unwrap_or(&Value::Null);
        Ok(Self { model, fields, named: load.is_null() || load == "_classic_read" })
    }

    pub fn of(&self, store: &Store, id: i64) -> Result<Value> {
        let record = store.get(self.model, id).ok_or_else(|| Raised::missing(self.model, id))?;
        let mut row = Record::new();
        row.insert("id".to_owned(), json!(id));
        for field in &self.fields {
            row.insert(field.name.to_owned(), self.shown(store, id, record, field));
        }
        Ok(Value::Object(row))
    }

    fn shown(&self, store: &Store, id: i64, record: &Record, field: &Field) -> Value {
        if field.name == "display_name" {
            return json!(display_name(store, self.model, id));
        }
        match field.is {
            Type::One(to) if self.named => match record.get(field.name).and_then(Value::as_i64) {
                Some(of) => json!([of, display_name(store, to, of)]),
                None => json!(false),
            },
            _ => plain(store, id, record, field),
        }
    }
}

fn plain(store: &Store, id: i64, record: &Record, field: &Field) -> Value {
    match field.is {
        Type::Lines(of, back) => json!(lines(store, of, back, id)),
        Type::Many(_) => record.get(field.name).cloned().unwrap_or_else(|| json!([])),
        Type::Whole => record.get(field.name).cloned().unwrap_or_else(|| json!(0)),
        Type::Number => record.get(field.name).cloned().unwrap_or_else(|| number(Decimal::ZERO)),
        Type::Flag if field.name == "active" => {
            record.get("active").cloned().unwrap_or(Value::Bool(true))
        }
        _ => record.get(field.name).cloned().unwrap_or(Value::Bool(false)),
    }
}

/// Ids of the lines of a record, in the order they were made.
pub fn lines(store: &Store, of: &str, back: &str, id: i64) -> Vec<i64> {
    let Some(table) = store.table(of) else { return Vec::new() };
    match table.among(back, &[json!(id)]) {
        Some(ids) => ids.into_iter().collect(),
        None => table.ids().filter(|line| store.field(of, *line, back) == &json!(id)).collect(),
    }
}

pub fn display_name(store: &Store, model: &str, id: i64) -> String {
    let name = store.text(model, id, "name").to_owned();
    match model {
        "account.account" => format!("{} {name}", store.text(model, id, "code")),
        "res.partner" => match store.field(model, id, "parent_id").as_i64() {
            Some(parent) => format!("{}, {name}", store.text(model, parent, "name")),
            None => name,
        },
        _ => name,
    }
}
