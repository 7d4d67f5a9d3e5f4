//! Search domains: prefix notation, as in `["|", ["a", "=", 1], ["b", "in", [2]]]`.

use std::{
    cmp::Ordering,
    collections::{BTreeSet, HashSet},
};

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde_json::Value;

use super::{
    convert::{decimal, known},
    fault::{Raised, Result},
    models::{Type, archives},
    store::{Record, Store, Table},
};

/// Ids that match, in the order of ids; looked for one by one.
pub fn search<'a>(
    store: &'a Store,
    model: &'a str,
    domain: &'a Value,
) -> Result<impl Iterator<Item = i64> + use<'a>> {
    search_among(store, model, domain, true)
}

/// The same; archived records too, unless they hide.
pub fn search_among<'a>(
    store: &'a Store,
    model: &'a str,
    domain: &'a Value,
    archived_hide: bool,
) -> Result<impl Iterator<Item = i64> + use<'a>> {
    let terms = domain.as_array().map(Vec::as_slice).unwrap_or_default();
    let hides = archived_hide && archives(model) && !terms.iter().any(|term| term[0] == "active");
    let tests = tests(model, terms)?;
    let table = store.table(model);
    let candidates = table.map(|table| candidates(table, terms)).unwrap_or_default();
    Ok(candidates.into_iter().filter(move |id| {
        let Some(record) = table.and_then(|table| table.get(*id)) else { return false };
        let hidden = hides && record.get("active") == Some(&Value::Bool(false));
        !hidden && store.sees(model, *id) && tests.iter().all(|test| test.holds(store, *id, record))
    }))
}

/// Ids that can match, by the index that leaves fewest.
fn candidates(table: &Table, terms: &[Value]) -> BTreeSet<i64> {
    // only plain conjunctions narrow
    let plain = terms.iter().all(Value::is_array);
    let terms = || terms.iter().filter(|_| plain);
    let narrowed = terms().filter_map(|term| {
        let values = match term[1].as_str()? {
            "=" => std::slice::from_ref(&term[2]),
            "in" => term[2].as_array()?,
            _ => return None,
        };
        table.among(term[0].as_str()?, values)
    });
    let behind = terms().find(|term| term[0] == "id" && term[1] == ">");
    let first = behind.and_then(|term| term[2].as_i64()).unwrap_or(0) + 1;
    match narrowed.min_by_key(BTreeSet::len) {
        Some(mut ids) => ids.split_off(&first),
        None => table.ids_from(first).collect(),
    }
}

/// A domain taken apart: all of these have to hold.
fn tests<'a>(model: &str, terms: &'a [Value]) -> Result<Vec<Test<'a>>> {
    let (mut tests, mut rest) = (Vec::new(), terms);
    while !rest.is_empty() {
        let (test, left) = next(model, rest)?;
        tests.push(test);
        rest = left;
    }
    Ok(tests)
}

enum Test<'a> {
    Both(Box<(Test<'a>, Test<'a>)>),
    Either(Box<(Test<'a>, Test<'a>)>),
    Not(Box<Test<'a>>),
    Term { field: &'a str, operator: Operator<'a> },
    Through { field: &'a str, to: &'static str, test: Box<Test<'a>> },
}

enum Operator<'a> {
    Among(HashSet<Plain<'a>>),
    Compared(&'a Value, fn(Ordering) -> bool),
    Like { pattern: String, cased: bool },
}

/// A value as it is compared: nothing is `false`, whatever the field's type.
#[derive(PartialEq, Eq, Hash)]
enum Plain<'a> {
    Nothing,
    True,
    Whole(i64),
    Number(Decimal),
    Text(&'a str),
}

fn next<'a>(model: &str, terms: &'a [Value]) -> Result<(Test<'a>, &'a [Value])> {
    let Some((first, rest)) = terms.split_first() else {
        return Err(Raised::value("Domain is not well formed"));
    };
    match first.as_str() {
        Some(operator @ ("&" | "|")) => {
            let (left, rest) = next(model, rest)?;
            let (right, rest) = next(model, rest)?;
            let two = Box::new((left, right));
            Ok((if operator == "&" { Test::Both(two) } else { Test::Either(two) }, rest))
        }
        Some("!") => {
            let (one, rest) = next(model, rest)?;
            Ok((Test::Not(Box::new(one)), rest))
        }
        _ => {
            let field = first[0].as_str();
            let field = field.ok_or_else(|| Raised::value("Domain is not well formed"))?;
            Ok((term(model, field, first)?, rest))
        }
    }
}

fn term<'a>(model: &str, field: &'a str, term: &'a Value) -> Result<Test<'a>> {
    if let Some((first, rest)) = field.split_once('.') {
        // through the record it points at
        let Type::One(to) = known(model, first)?.is else {
            return Err(Raised::value(format!("Invalid field {field} on model {model}")));
        };
        let test = Box::new(self::term(to, rest, term)?);
        return Ok(Test::Through { field: first, to, test });
    }
    if field != "id" {
        known(model, field)?;
    }
    let (operator, value) = (term[1].as_str().unwrap_or("="), &term[2]);
    let one = || std::slice::from_ref(value);
    let many = || value.as_array().map(Vec::as_slice).unwrap_or_default();
    let among = |values: &'a [Value]| Operator::Among(values.iter().filter_map(plain).collect());
    let (operator, is) = match operator {
        "=" => (among(one()), true),
        "!=" => (among(one()), false),
        "in" => (among(many()), true),
        "not in" => (among(many()), false),
        "<" => (Operator::Compared(value, Ordering::is_lt), true),
        ">" => (Operator::Compared(value, Ordering::is_gt), true),
        "<=" => (Operator::Compared(value, Ordering::is_le), true),
        ">=" => (Operator::Compared(value, Ordering::is_ge), true),
        "like" | "ilike" | "=like" | "=ilike" | "not like" => {
            let cased = !operator.ends_with("ilike");
            let wanted = value.as_str().unwrap_or_default();
            let wanted = if cased { wanted.to_owned() } else { wanted.to_lowercase() };
            let whole = operator.starts_with('=');
            let pattern = if whole { wanted } else { format!("%{wanted}%") };
            (Operator::Like { pattern, cased }, operator != "not like")
        }
        other => return Err(Raised::value(format!("Invalid operator {other:?} in domain term"))),
    };
    let test = Test::Term { field, operator };
    Ok(if is { test } else { Test::Not(Box::new(test)) })
}

/// `%` stands for anything, `_` for one character, as in SQL.
fn like(text: &str, pattern: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return text.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    if first == '%' {
        let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        return ends.into_iter().any(|at| like(&text[at..], rest));
    }
    let mut letters = text.chars();
    letters.next().is_some_and(|letter| letter == first || first == '_')
        && like(letters.as_str(), rest)
}

impl Test<'_> {
    fn holds(&self, store: &Store, id: i64, record: &Record) -> bool {
        match self {
            Self::Both(two) => two.0.holds(store, id, record) && two.1.holds(store, id, record),
            Self::Either(two) => two.0.holds(store, id, record) || two.1.holds(store, id, record),
            Self::Not(one) => !one.holds(store, id, record),
            Self::Through { field, to, test } => {
                let of = record.get(*field).and_then(Value::as_i64);
                let there = of.and_then(|of| Some((of, store.get(to, of)?)));
                there.is_some_and(|(of, record)| test.holds(store, of, record))
            }
            Self::Term { field: "id", operator } => operator.holds(&id.into()),
            Self::Term { field, operator } => match record.get(*field) {
                Some(own) => operator.holds(own),
                None => operator.holds(&Value::Bool(*field == "active")),
            },
        }
    }
}

impl Operator<'_> {
    fn holds(&self, own: &Value) -> bool {
        match (self, own) {
            // of several it is enough that one does
            (Self::Among(values), Value::Array(many)) => {
                many.iter().filter_map(plain).any(|one| values.contains(&one))
                    || (many.is_empty() && values.contains(&Plain::Nothing))
            }
            // an analytic distribution, by the accounts in it
            (Self::Among(values), Value::Object(shares)) => {
                let ids = shares.keys().flat_map(|ids| ids.split(','));
                ids.filter_map(|id| id.parse().ok()).any(|id| values.contains(&Plain::Whole(id)))
            }
            (Self::Among(values), own) => plain(own).is_some_and(|own| values.contains(&own)),
            (Self::Compared(value, wanted), own) => order(own, value).is_some_and(wanted),
            (Self::Like { pattern, cased: true }, own) => {
                like(own.as_str().unwrap_or_default(), pattern)
            }
            (Self::Like { pattern, cased: false }, own) => {
                like(&own.as_str().unwrap_or_default().to_lowercase(), pattern)
            }
        }
    }
}

fn plain(value: &Value) -> Option<Plain<'_>> {
    Some(match value {
        Value::Null | Value::Bool(false) => Plain::Nothing,
        Value::Bool(true) => Plain::True,
        Value::String(text) => Plain::Text(text),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Plain::Whole(whole),
            None => {
                let number = decimal(value)?;
                let whole = number.is_integer().then(|| number.to_i64()).flatten();
                whole.map_or(Plain::Number(number), Plain::Whole)
            }
        },
        Value::Array(_) | Value::Object(_) => return None,
    })
}

fn order(own: &Value, value: &Value) -> Option<Ordering> {
    match (own, value) {
        (Value::String(own), Value::String(value)) => Some(own.cmp(value)),
        (Value::Number(_), Value::Number(_)) => Some(decimal(own)?.cmp(&decimal(value)?)),
        _ => None,
    }
}
