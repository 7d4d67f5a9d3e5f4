//! The methods that are called by RPC.

use serde_json::{Value, json};

use super::{
    accounting,
    convert::{Reading, check, known, lines},
    domain::{search, search_among},
    fault::{Raised, Result},
    files,
    group::read_group,
    load::load,
    models::{self, Field, MAGIC, Type, fields, label, pointing},
    moves, orders, reconcile,
    store::{Record, Store},
};

/// The user that the migration signs in as.
pub const USER: i64 = 2;
/// Somebody who works in Odoo.
pub const PERSON: i64 = 3;

pub fn call(
    store: &mut Store,
    model: &str,
    method: &str,
    args: &Value,
    named: &Value,
) -> Result<Value> {
    if fields(model).is_none() || !there(store, model, "") {
        return Err(Raised::user(format!("Object {model} doesn't exist")));
    }
    let context = &named["context"];
    store.work_in(context["allowed_company_ids"][0].as_i64());
    store.skips_procurement = context["skip_procurement"] == true;
    let nothing = Value::Null;
    let arg = |at: usize, name: &str| args.get(at).or_else(|| named.get(name)).unwrap_or(&nothing);
    match (model, method) {
        (_, "create") => match arg(0, "vals_list") {
            Value::Array(records) => Ok(json!(create(store, model, records, context)?)),
            one => Ok(json!(create(store, model, std::slice::from_ref(one), context)?[0])),
        },
        (_, "write") => {
            for id in ids(arg(0, "ids")) {
                write(store, model, id, arg(1, "vals"))?;
            }
            Ok(json!(true))
        }
        (_, "unlink") => {
            for id in ids(arg(0, "ids")) {
                unlink(store, model, id)?;
            }
            Ok(json!(true))
        }
        ("ir.model.fields", "search_read") => Ok(pointers(store, arg(0, "domain"))),
        ("ir.model.data", "search_read") => Ok(store.names_of(module(arg(0, "domain")))),
        (_, "get_external_id") => {
            let named = ids(arg(0, "ids")).into_iter();
            let named = named.map(|id| (id.to_string(), json!(store.name_of(model, id))));
            Ok(Value::Object(named.collect()))
        }
        (_, "search") => Ok(json!(searched(store, model, arg(0, "domain"), named)?)),
        (_, "search_count") => Ok(json!(search(store, model, arg(0, "domain"))?.count())),
        (_, "search_read") => {
            let found = searched(store, model, arg(0, "domain"), named)?;
            let reading = Reading::new(model, &texts(arg(1, "fields")), named)?;
            found.into_iter().map(|id| reading.of(store, id)).collect()
        }
        (_, "read") => {
            let reading = Reading::new(model, &texts(arg(1, "fields")), named)?;
            let there = ids(arg(0, "ids")).into_iter().filter(|id| store.get(model, *id).is_some());
            there.map(|id| reading.of(store, id)).collect()
        }
        (_, "read_group") => {
            let by = match arg(2, "groupby") {
                Value::String(one) => vec![one.clone()],
                many => texts(many),
            };
            read_group(store, model, arg(0, "domain"), &texts(arg(1, "fields")), &by)
        }
        (_, "fields_get") => {
            let of = fields(model).unwrap_or_default();
            let of = of.iter().filter(|field| there(store, model, field.name));
            let mut described: Record =
                of.chain(MAGIC).map(|field| (field.name.to_owned(), described(field))).collect();
            described.insert("id".to_owned(), json!({ "type": "integer" }));
            Ok(Value::Object(described))
        }
        (_, "load") => load(store, model, arg(0, "fields"), arg(1, "data"), context),
        ("account.move", "action_post") => {
            moves::post(store, &ids(arg(0, "ids")))?;
            Ok(json!(false))
        }
        ("account.move", "button_cancel") => {
            moves::cancel(store, &ids(arg(0, "ids")))?;
            Ok(Value::Null)
        }
        ("account.move", "button_draft") => {
            moves::to_draft(store, &ids(arg(0, "ids")))?;
            Ok(Value::Null)
        }
        ("account.move.line", "reconcile") => {
            reconcile::greedy(store, &ids(arg(0, "ids")))?;
            Ok(Value::Null)
        }
        _ => Err(Raised::attribute(model, method)),
    }
}

/// Whether the application that a model or a field comes with is installed.
fn there(store: &Store, model: &str, field: &str) -> bool {
    models::app(model, field).is_none_or(|app| store.installed(app))
}

/// A field as `fields_get` tells it.
fn described(field: &Field) -> Value {
    match field.is {
        Type::Choice(choices) => {
            let pairs: Vec<[&str; 2]> = choices.iter().map(|one| [*one, label(one)]).collect();
            json!({ "type": "selection", "selection": pairs })
        }
        Type::One(of) => json!({ "type": "many2one", "relation": of }),
        Type::Many(of) => json!({ "type": "many2many", "relation": of }),
        Type::Lines(of, _) => json!({ "type": "one2many", "relation": of }),
        _ => json!({ "type": "any" }),
    }
}

pub fn ids(value: &Value) -> Vec<i64> {
    match value {
        Value::Array(ids) => ids.iter().filter_map(Value::as_i64).collect(),
        one => one.as_i64().into_iter().collect(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
    values.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// The fields that point at the models asked for.
fn pointers(store: &Store, domain: &Value) -> Value {
    let terms = domain.as_array().map(Vec::as_slice).unwrap_or_default();
    let relation = terms.iter().find(|term| term[0] == "relation");
    let models = relation.map(|term| texts(&term[2])).unwrap_or_default();
    let rows = models.iter().flat_map(|to| {
        let all = pointing(to).into_iter();
        let all = all.filter(|(model, field, _)| there(store, model, field.name));
        all.map(move |(model, field, many)| {
            let of = if many { "many2many" } else { "many2one" };
            json!({ "model": model, "name": field.name, "relation": to, "ttype": of })
        })
    });
    rows.collect()
}

/// The module that external ids are asked for of.
fn module(domain: &Value) -> &str {
    let terms = domain.as_array().map(Vec::as_slice).unwrap_or_default();
    let module = terms.iter().find(|term| term[0] == "module");
    module.and_then(|term| term[2].as_str()).unwrap_or_default()
}

fn searched(store: &Store, model: &str, domain: &Value, named: &Value) -> Result<Vec<i64>> {
    let hide = named["context"]["active_test"] != json!(false);
    let found = search_among(store, model, domain, hide)?;
    let whole = |name: &str| named[name].as_u64().and_then(|n| usize::try_from(n).ok());
    let most = whole("limit").filter(|most| *most > 0).unwrap_or(usize::MAX);
    let skipped = whole("offset").unwrap_or(0);
    if named["order"].as_str().is_some_and(|order| order.ends_with("desc")) {
        let mut found: Vec<i64> = found.collect();
        found.reverse();
        return Ok(found.into_iter().skip(skipped).take(most).collect());
    }
    Ok(found.skip(skipped).take(most).collect())
}

/// Makes records; what their model adds and checks is done as well.
pub fn create(
    store: &mut Store,
    model: &str,
    records: &[Value],
    context: &Value,
) -> Result<Vec<i64>> {
    let mut made = Vec::with_capacity(records.len());
    for values in records {
        let values = values.as_object().ok_or_else(|| Raised::value("create() takes records"))?;
        let id = match model {
            "account.move" => moves::create(store, values, context)?,
            _ => insert(store, model, values)?,
        };
        accounting::made(store, model, id)?;
        if model == "account.partial.reconcile" {
            reconcile::made(store, id)?;
        }
        if model == "account.full.reconcile" {
            reconcile::closed(store, id);
        }
        made.push(id);
    }
    Ok(made)
}

/// Puts a record and its lines into the tables.
pub fn insert(store: &mut Store, model: &str, values: &Record) -> Result<i64> {
    let mut record = Record::new();
    for (name, value) in values {
        let field = known(model, name)?;
        if !matches!(field.is, Type::Lines(..)) {
            let value = match field.is {
                Type::Many(_) => json!(linked(value)),
                _ => check(model, field, value)?,
            };
            record.insert(name.clone(), value);
        }
    }
    accounting::defaults(store, model, &mut record);
    if model == files::ATTACHMENT {
        files::digest(&mut record)?;
        record.entry("company_id".to_owned()).or_insert(json!(store.company()));
    }
    for field in fields(model).unwrap_or_default().iter().filter(|field| field.required) {
        if record.get(field.name).is_none_or(|value| value == &json!(false)) {
            return Err(Raised::validation(format!(
                "The operation cannot be completed: a mandatory field is not set.\nModel: {model}, Field: {}",
                field.name
            )));
        }
        if let Type::One(to) = field.is {
            points(store, to, &record[field.name])?;
        }
    }
    let id = store.insert(model, record);
    for (name, value) in values {
        if let Type::Lines(of, back) = known(model, name)?.is {
            line_commands(store, of, back, id, value)?;
        }
    }
    orders::changed(store, model, id, values);
    Ok(id)
}

fn points(store: &Store, model: &str, value: &Value) -> Result<()> {
    match value.as_i64() {
        Some(id) if store.get(model, id).is_none() => Err(Raised::missing(model, id)),
        _ => Ok(()),
    }
}

/// The ids that many-to-many commands come to.
fn linked(value: &Value) -> Vec<i64> {
    let mut linked: Vec<i64> = Vec::new();
    for command in value.as_array().map(Vec::as_slice).unwrap_or_default() {
        match command[0].as_i64() {
            Some(6) => linked = ids(&command[2]),
            Some(4) => linked.extend(command[1].as_i64()),
            Some(5) => linked.clear(),
            _ => linked.extend(command.as_i64()),
        }
    }
    linked
}

fn line_commands(store: &mut Store, of: &str, back: &str, id: i64, value: &Value) -> Result<()> {
    for command in value.as_array().map(Vec::as_slice).unwrap_or_default() {
        match command[0].as_i64() {
            Some(0) => {
                let mut line = command[2].as_object().cloned().unwrap_or_default();
                line.insert(back.to_owned(), json!(id));
                insert(store, of, &line)?;
            }
            Some(1) => write(store, of, command[1].as_i64().unwrap_or(0), &command[2])?,
            Some(2) => unlink(store, of, command[1].as_i64().unwrap_or(0))?,
            Some(5) => {
                for line in lines(store, of, back, id) {
                    unlink(store, of, line)?;
                }
            }
            _ => return Err(Raised::value(format!("Wrong command {command}"))),
        }
    }
    Ok(())
}

pub fn write(store: &mut Store, model: &str, id: i64, values: &Value) -> Result<()> {
    let mut record = store.get(model, id).cloned().ok_or_else(|| Raised::missing(model, id))?;
    let values = values.as_object().ok_or_else(|| Raised::value("write() takes a record"))?;
    accounting::may_write(store, model, id, values)?;
    for (name, value) in values {
        let field = known(model, name)?;
        match field.is {
            Type::Lines(..) => {}
            Type::Many(_) => {
                record.insert(name.clone(), json!(linked(value)));
            }
            _ => {
                record.insert(name.clone(), check(model, field, value)?);
            }
        }
    }
    if model == files::ATTACHMENT {
        files::digest(&mut record)?;
    }
    let before = store.get(model, id).cloned().unwrap_or_default();
    store.replace(model, id, record);
    for (name, value) in values {
        if let Type::Lines(of, back) = known(model, name)?.is {
            line_commands(store, of, back, id, value)?;
        }
    }
    accounting::made(store, model, id)?;
    let after = store.get(model, id).cloned().unwrap_or_default();
    let changed = after.into_iter().filter(|(name, value)| before.get(name) != Some(value));
    let changed = changed.filter(|(name, _)| values.contains_key(name)).collect();
    orders::changed(store, model, id, &changed);
    // what Odoo computes stays as written, unless what it is computed from is written with it
    if let (Some(status), false) = (values.get("invoice_status"), values.contains_key("state")) {
        store.set(model, id, "invoice_status", status.clone());
    }
    Ok(())
}

fn unlink(store: &mut Store, model: &str, id: i64) -> Result<()> {
    if store.get(model, id).is_none() {
        return Err(Raised::missing(model, id));
    }
    accounting::may_unlink(store, model, id)?;
    for field in fields(model).unwrap_or_default() {
        if let Type::Lines(of, back) = field.is {
            for line in lines(store, of, back, id) {
                if store.get(of, line).is_some() {
                    store.remove(of, line);
                }
            }
        }
    }
    if model == "account.partial.reconcile" {
        reconcile::undone(store, id);
    } else {
        accounting::let_go(store, model, id)?;
    }
    store.remove(model, id);
    files::go_with(store, model, id);
    Ok(())
}
