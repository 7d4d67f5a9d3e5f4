//! The same records again, into another company: in the best batches, and one by one.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use q2o_domain::{OdooId, ports::Odoo};
use serde_json::{Value, json};

use super::{
    Made,
    copy::{Copy, lines},
};
use crate::demo::Failed;

/// Moves, and partial reconciliations, a call: Odoo gets no faster by more.
const BATCH: usize = 100;
/// Records done one by one; the rest is reckoned from them.
const SAMPLE: usize = 150;

const MOVE: &str = "account.move";
const LINE: &str = "account.move.line";
const PARTIAL: &str = "account.partial.reconcile";
const FULL: &str = "account.full.reconcile";

/// Batches of the same payloads, and nothing else. What they have to know of
/// each other (which line is which) is not counted. Gives the partial
/// reconciliations that were left for [`one_by_one`].
pub async fn raw(copy: &mut Copy, made: &Made) -> Result<(Duration, Vec<Value>), Failed> {
    let began = Instant::now();
    copy.load(&made.calls).await?;
    let mut took = began.elapsed();
    let moves: Vec<(&Value, OdooId)> = made.moves().collect();
    let mut pairs = Vec::new();
    for some in moves.chunks(BATCH) {
        let values = some.iter().map(|(values, _)| copy.values(MOVE, values)).collect();
        let began = Instant::now();
        let context = json!({ "skip_invoice_sync": true });
        let ids = copy.odoo.create(MOVE, values, context.clone()).await?;
        post(copy, &ids, context).await?;
        took += began.elapsed();
        pairs.extend(some.iter().map(|(_, theirs)| *theirs).zip(ids));
    }
    copy.made(&pairs).await?;
    let all: Vec<(OdooId, Value)> = made
        .created(PARTIAL)
        .filter_map(|(values, theirs)| Some((theirs, copy.partial(values)?)))
        .collect();
    if all.is_empty() {
        return Err("no line of the copy is known: there is nothing to set against".into());
    }
    let left: Vec<Value> =
        evenly(&all, SAMPLE / 3).into_iter().map(|(_, values)| values.clone()).collect();
    let began = Instant::now();
    let partials: Vec<_> = all.iter().filter(|(_, one)| !left.contains(one)).collect();
    for some in partials.chunks(BATCH) {
        let values = some.iter().map(|(_, values)| values.clone()).collect();
        let ids = copy.odoo.create(PARTIAL, values, json!({})).await?;
        for ((theirs, _), ours) in some.iter().zip(ids) {
            copy.became(PARTIAL, *theirs, ours);
        }
    }
    took += reckoned(began.elapsed(), partials.len(), all.len());
    let whole: Vec<Value> =
        made.created(FULL).filter_map(|(values, _)| copy.full(values)).collect();
    let began = Instant::now();
    for some in whole.chunks(BATCH) {
        copy.odoo.create(FULL, some.to_vec(), json!({})).await?;
    }
    took += reckoned(began.elapsed(), whole.len(), made.created(FULL).count());
    Ok((took, left))
}

async fn post(copy: &Copy, ids: &[OdooId], context: Value) -> Result<(), Failed> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let kwargs = json!({ "context": context });
    copy.odoo.call(MOVE, "action_post", json!([ids]), kwargs).await?;
    Ok(())
}

/// The way store connectors work: each record is looked for, made, and posted by
/// itself, and Odoo computes what it can and writes its messages. `partials` are
/// those that are left to be made in `other`.
pub async fn one_by_one(
    copy: &mut Copy,
    made: &Made,
    (other, partials): (&Copy, &[Value]),
) -> Result<Duration, Failed> {
    copy.load(&made.calls).await?;
    let mut took = masters(copy, made).await?;
    let mut kinds: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for (values, _) in made.moves() {
        kinds.entry(values["move_type"].as_str().unwrap_or_default()).or_default().push(values);
    }
    let all = made.moves().count();
    for of_kind in kinds.values() {
        let sample = evenly(of_kind, (SAMPLE * of_kind.len()).div_ceil(all));
        let began = Instant::now();
        for values in &sample {
            connect(copy, values).await?;
        }
        took += reckoned(began.elapsed(), sample.len(), of_kind.len());
    }
    let began = Instant::now();
    for partial in partials {
        let lines = json!([[partial["debit_move_id"], partial["credit_move_id"]]]);
        other.odoo.call(LINE, "reconcile", lines, json!({ "context": loud() })).await?;
    }
    Ok(took + reckoned(began.elapsed(), partials.len(), made.created(PARTIAL).count()))
}

/// Master records, under external ids of their own.
async fn masters(copy: &Copy, made: &Made) -> Result<Duration, Failed> {
    let mut took = Duration::ZERO;
    for call in made.calls.iter().filter(|call| call.method == "load") {
        let (columns, table) = copy.table(call);
        let name = columns.iter().position(|column| column == "name");
        let id = columns.iter().position(|column| column == "id");
        let (Some(name), Some(id)) = (name, id) else { continue };
        let rows: Vec<&Vec<String>> = table.iter().filter(|row| !row[id].is_empty()).collect();
        // records of more than one row (payment terms) are few
        let sample = match call.model.as_str() {
            "res.partner" | "product.product" => evenly(&rows, 25),
            _ => continue,
        };
        let began = Instant::now();
        for row in &sample {
            let mut row = (**row).clone();
            row[id].push_str("_again");
            let named = json!([["name", "=", row[name]]]);
            copy.odoo.search_read(&call.model, named, &["id"], "id", 0, 1).await?;
            copy.odoo.load(&call.model, &columns, vec![row]).await?;
        }
        took += reckoned(began.elapsed(), sample.len(), call.made.len());
    }
    Ok(took)
}

/// One document as a connector makes it.
async fn connect(copy: &Copy, values: &Value) -> Result<(), Failed> {
    const ORIGIN: &str = "invoice_origin";
    let there = json!([[ORIGIN, "=", values[ORIGIN]]]);
    copy.odoo.search_read(MOVE, there, &["id"], "id", 0, 1).await?;
    let mut record = copy.values(MOVE, values);
    if record["move_type"] != "entry" {
        // taxes and what is due are Odoo's to work out
        let sold = lines(&record["line_ids"]).filter(|line| line["display_type"] == "product");
        let sold: Vec<Value> = sold.map(|line| json!([0, 0, without_balance(line)])).collect();
        record["invoice_line_ids"] = json!(sold);
        if let Some(fields) = record.as_object_mut() {
            fields.remove("line_ids");
        }
    }
    let ids = copy.odoo.create(MOVE, vec![record], loud()).await?;
    post(copy, &ids, loud()).await
}

fn without_balance(line: &Value) -> Value {
    let fields = line.as_object().into_iter().flatten();
    let kept = fields.filter(|(name, _)| !matches!(name.as_str(), "balance" | "amount_currency"));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// As a caller's context is who says nothing of messages.
fn loud() -> Value {
    json!({ "tracking_disable": false })
}

/// So many of them, from first to last.
fn evenly<T>(all: &[T], most: usize) -> Vec<&T> {
    let step = all.len().div_ceil(most.max(1)).max(1);
    all.iter().step_by(step).collect()
}

/// What all would have taken.
fn reckoned(took: Duration, done: usize, all: usize) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let factor = all as f64 / done.max(1) as f64;
    took.mul_f64(factor)
}
