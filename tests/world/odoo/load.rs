//! `load()`: all cells text, records told by external ids, all rows or none, and
//! every bad row named.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    accounting,
    convert::{check, known, lines},
    fault::{Raised, Result},
    methods::{insert, write},
    models::{Field, Type},
    moves,
    store::{Record, Store},
};

/// One record and its lines, gathered from one or more rows.
struct Row {
    at: usize,
    until: usize,
    name: Option<String>,
    /// Its database id, where that is how it is told.
    own: Option<i64>,
    values: Record,
    lines: BTreeMap<String, Vec<(Option<String>, Record)>>,
    errors: Vec<(String, String)>,
}

pub fn load(
    store: &mut Store,
    model: &str,
    columns: &Value,
    table: &Value,
    context: &Value,
) -> Result<Value> {
    let columns: Vec<&str> =
        columns.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for column in &columns {
        let name = column.split('/').next().unwrap_or(column);
        if !matches!(name, "id" | ".id") {
            known(model, name)?;
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    for (at, cells) in table.as_array().into_iter().flatten().enumerate() {
        let cells: Vec<&str> = cells
            .as_array()
            .into_iter()
            .flatten()
            .map(|c| c.as_str().unwrap_or_default())
            .collect();
        gather(store, model, at, &columns, &cells, &mut rows)?;
    }
    let mut errors: Vec<(usize, usize, String, String)> = Vec::new();
    let mut made = Vec::new();
    for row in &rows {
        let from = (row.at, row.until);
        if let Some((field, message)) = row.errors.first() {
            errors.push((from.0, from.1, field.clone(), message.clone()));
            continue;
        }
        match put(store, model, row, context) {
            Ok(id) => made.push(id),
            Err(raised) => errors.push((from.0, from.1, String::new(), raised.message)),
        }
    }
    if errors.is_empty() {
        return Ok(json!({ "ids": made, "messages": [], "nextrow": 0 }));
    }
    // nothing of this call stays, though the call itself is answered
    store.rollback();
    let messages: Vec<Value> = errors
        .into_iter()
        .map(|(from, to, field, message)| {
            let mut told = json!({
                "type": "error",
                "message": message,
                "record": from,
                "rows": { "from": from, "to": to },
            });
            if !field.is_empty() {
                told["field"] = json!(field);
            }
            told
        })
        .collect();
    Ok(json!({ "ids": false, "messages": messages, "nextrow": 0 }))
}

fn gather(
    store: &Store,
    model: &str,
    at: usize,
    columns: &[&str],
    cells: &[&str],
    rows: &mut Vec<Row>,
) -> Result<()> {
    // a row without anything of the record itself goes on with the one before
    let own = columns.iter().zip(cells).any(|(column, cell)| {
        let head = column.split('/').next().unwrap_or(column);
        let of_line = known(model, head).is_ok_and(|f| matches!(f.is, Type::Lines(..)));
        !of_line && !cell.is_empty()
    });
    if own || rows.is_empty() {
        rows.push(Row {
            at,
            until: at,
            name: None,
            own: None,
            values: Record::new(),
            lines: BTreeMap::new(),
            errors: Vec::new(),
        });
    }
    let Some(row) = rows.last_mut() else { return Ok(()) };
    row.until = at;
    let mut line: BTreeMap<&str, (Option<String>, Record)> = BTreeMap::new();
    for (column, cell) in columns.iter().zip(cells) {
        if *column == ".id" {
            row.own = cell.parse().ok();
            continue;
        }
        if *column == "id" {
            if !cell.is_empty() {
                row.name = Some((*cell).to_owned());
            }
            continue;
        }
        let (head, rest) = column.split_once('/').unwrap_or((column, ""));
        let field = known(model, head)?;
        if let Type::Lines(of, _) = field.is {
            if cell.is_empty() {
                continue;
            }
            let entry = line.entry(head).or_default();
            if rest == "id" {
                entry.0 = Some((*cell).to_owned());
                continue;
            }
            let (inner, by) = rest.split_once('/').unwrap_or((rest, ""));
            let inner = known(of, inner)?;
            match converted(store, of, inner, by, cell) {
                Ok(value) => {
                    entry.1.insert(inner.name.to_owned(), value);
                }
                Err(message) => row.errors.push((head.to_owned(), message)),
            }
        } else if own {
            match converted(store, model, field, rest, cell) {
                Ok(value) => {
                    row.values.insert(head.to_owned(), value);
                }
                Err(message) => row.errors.push((head.to_owned(), message)),
            }
        }
    }
    for (head, one) in line {
        row.lines.entry(head.to_owned()).or_default().push(one);
    }
    Ok(())
}

/// A cell's text as its field's value.
fn converted(
    store: &Store,
    model: &str,
    field: &Field,
    by: &str,
    cell: &str,
) -> std::result::Result<Value, String> {
    let find = |to: &str, text: &str| -> std::result::Result<i64, String> {
        let missing = |what: &str| {
            format!("No matching record found for {what} '{text}' in field '{}'", field.name)
        };
        match by {
            ".id" => {
                let id = text.parse::<i64>().ok().filter(|id| store.get(to, *id).is_some());
                id.ok_or_else(|| missing("database id"))
            }
            "id" => store.named(text).map(|(_, id)| *id).ok_or_else(|| missing("external id")),
            _ => {
                let table = store.table(to);
                let found =
                    table.and_then(|t| t.ids().find(|id| store.text(to, *id, "name") == text));
                found.ok_or_else(|| missing("name"))
            }
        }
    };
    if cell.is_empty() {
        return Ok(match field.is {
            Type::Many(_) => json!([[6, 0, []]]),
            _ => json!(false),
        });
    }
    match field.is {
        Type::One(to) => find(to, cell).map(|id| json!(id)),
        Type::Many(to) => {
            let ids = cell
                .split(',')
                .map(|text| find(to, text))
                .collect::<std::result::Result<Vec<_>, _>>()?;
            Ok(json!([[6, 0, ids]]))
        }
        Type::Flag => Ok(json!(matches!(cell.to_lowercase().as_str(), "1" | "true" | "yes"))),
        Type::Whole => cell.parse::<i64>().map(|whole| json!(whole)).map_err(|_| {
            format!("'{cell}' does not seem to be an integer for field '{}'", field.name)
        }),
        _ => check(model, field, &json!(cell)).map_err(|raised| raised.message),
    }
}

fn put(store: &mut Store, model: &str, row: &Row, context: &Value) -> Result<i64> {
    let known_id = row.name.as_ref().and_then(|name| store.named(name)).map(|(_, id)| *id);
    let known_id = known_id.or(row.own);
    let id = match known_id {
        Some(id) => {
            write(store, model, id, &Value::Object(row.values.clone()))?;
            id
        }
        None => {
            let id = match model {
                "account.move" => moves::create(store, &row.values, context)?,
                _ => insert(store, model, &row.values)?,
            };
            if let Some(name) = &row.name {
                if name.contains(' ') {
                    return Err(Raised::validation("External IDs cannot contain spaces"));
                }
                store.name(name, model, id);
            }
            id
        }
    };
    for (field, made) in &row.lines {
        let Type::Lines(of, back) = known(model, field)?.is else { continue };
        for (name, values) in made {
            let line = name.as_ref().and_then(|name| store.named(name)).map(|(_, id)| *id);
            match line {
                Some(line) => write(store, of, line, &Value::Object(values.clone()))?,
                None => {
                    let mut values = values.clone();
                    values.insert(back.to_owned(), json!(id));
                    let line = insert(store, of, &values)?;
                    accounting::made(store, of, line)?;
                    if let Some(name) = name {
                        store.name(name, of, line);
                    }
                }
            }
        }
        debug_assert!(!lines(store, of, back, id).is_empty(), "lines were just made");
    }
    accounting::made(store, model, id)?;
    Ok(id)
}
