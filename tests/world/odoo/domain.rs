//! Search domains: prefix notation, as in `["|", ["a", "=", 1], ["b", "in", [2]]]`.

use std::{cmp::Ordering, collections::BTreeSet};

use serde_json::{Value, json};

use super::{
    convert::{decimal, known},
    fault::{Raised, Result},
    models::{Type, archives},
    store::Store,
};

/// Ids that match, in the order of ids.
pub fn search(store: &Store, model: &str, domain: &Value) -> Result<Vec<i64>> {
    let Some(table) = store.table(model) else { return Ok(Vec::new()) };
    let terms = domain.as_array().map(Vec::as_slice).unwrap_or_default();
    let hides = archives(model) && !mentions(terms, "active");
    // only plain conjunctions narrow by index
    let plain = terms.iter().all(Value::is_array);
    let narrowed = terms.iter().filter(|_| plain).filter_map(|term| {
        let values = match term[1].as_str()? {
            "=" => std::slice::from_ref(&term[2]),
            "in" => term[2].as_array()?,
            _ => return None,
        };
        table.among(term[0].as_str()?, values)
    });
    let candidates: BTreeSet<i64> =
        narrowed.min_by_key(BTreeSet::len).unwrap_or_else(|| table.ids().collect());
    let mut found = Vec::new();
    for id in candidates {
        let hidden = hides && store.field(model, id, "active") == &json!(false) && {
            store.get(model, id).is_some_and(|record| record.contains_key("active"))
        };
        if store.get(model, id).is_some()
            && !hidden
            && store.sees(model, id)
            && matches(store, model, id, terms)?
        {
            found.push(id);
        }
    }
    Ok(found)
}

fn mentions(terms: &[Value], field: &str) -> bool {
    terms.iter().any(|term| term[0] == field)
}

/// Whether a record matches all terms (`&` is implied).
fn matches(store: &Store, model: &str, id: i64, terms: &[Value]) -> Result<bool> {
    let mut rest = terms;
    while !rest.is_empty() {
        let (one, left) = next(store, model, id, rest)?;
        if !one {
            return Ok(false);
        }
        rest = left;
    }
    Ok(true)
}

fn next<'a>(
    store: &Store,
    model: &str,
    id: i64,
    terms: &'a [Value],
) -> Result<(bool, &'a [Value])> {
    let Some((first, rest)) = terms.split_first() else {
        return Err(Raised::value("Domain is not well formed"));
    };
    match first.as_str() {
        Some("&" | "|") => {
            let (left, rest) = next(store, model, id, rest)?;
            let (right, rest) = next(store, model, id, rest)?;
            Ok((if first == "&" { left && right } else { left || right }, rest))
        }
        Some("!") => {
            let (one, rest) = next(store, model, id, rest)?;
            Ok((!one, rest))
        }
        _ => Ok((term(store, model, id, first)?, rest)),
    }
}

fn term(store: &Store, model: &str, id: i64, term: &Value) -> Result<bool> {
    let path = term[0].as_str().ok_or_else(|| Raised::value("Domain is not well formed"))?;
    let operator = term[1].as_str().unwrap_or("=");
    let value = &term[2];
    let nothing = json!(false);
    let own = if path == "id" {
        json!(id)
    } else if let Some((first, rest)) = path.split_once('.') {
        // through the record it points at
        let Type::One(to) = known(model, first)?.is else {
            return Err(Raised::value(format!("Invalid field {path} on model {model}")));
        };
        let Some(of) = store.field(model, id, first).as_i64() else { return Ok(false) };
        return self::term(store, to, of, &json!([rest, operator, value]));
    } else {
        known(model, path)?;
        let own = store.get(model, id).and_then(|record| record.get(path));
        match own {
            Some(own) => own.clone(),
            None if path == "active" => json!(true),
            None => nothing,
        }
    };
    Ok(match operator {
        "=" => same(&own, value),
        "!=" => !same(&own, value),
        "in" | "not in" => {
            let among = value.as_array().is_some_and(|values| values.iter().any(|v| same(&own, v)));
            among == (operator == "in")
        }
        "<" => order(&own, value) == Some(Ordering::Less),
        ">" => order(&own, value) == Some(Ordering::Greater),
        "<=" => order(&own, value).is_some_and(Ordering::is_le),
        ">=" => order(&own, value).is_some_and(Ordering::is_ge),
        "like" | "ilike" | "=like" | "=ilike" => {
            let cased = |value: &Value| {
                let text = value.as_str().unwrap_or_default();
                if operator.ends_with("ilike") { text.to_lowercase() } else { text.to_owned() }
            };
            let wanted = cased(value);
            let wanted = if operator.starts_with('=') { wanted } else { format!("%{wanted}%") };
            like(&cased(&own), &wanted)
        }
        other => return Err(Raised::value(format!("Invalid operator {other:?} in domain term"))),
    })
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

fn same(own: &Value, value: &Value) -> bool {
    let empty = |v: &Value| matches!(v, Value::Null | Value::Bool(false));
    if let Some(many) = own.as_array() {
        return many.iter().any(|one| one == value) || (many.is_empty() && empty(value));
    }
    own == value
        || (empty(own) && empty(value))
        || (own.is_number() && value.is_number() && decimal(own) == decimal(value))
}

fn order(own: &Value, value: &Value) -> Option<Ordering> {
    match (own, value) {
        (Value::String(own), Value::String(value)) => Some(own.cmp(value)),
        (Value::Number(_), Value::Number(_)) => Some(decimal(own)?.cmp(&decimal(value)?)),
        _ => None,
    }
}
