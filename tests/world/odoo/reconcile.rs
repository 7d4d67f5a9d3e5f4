//! Reconciliation: partials by explicit amounts, or greedily.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    convert::{amount, number},
    fault::{Raised, Result},
    moves,
    store::{Record, Store},
};

const LINE: &str = "account.move.line";
const PARTIAL: &str = "account.partial.reconcile";
const FULL: &str = "account.full.reconcile";

/// A partial takes its amounts off what is left of its lines. Odoo does not
/// look whether there is enough.
pub fn made(store: &mut Store, id: i64) -> Result<()> {
    let (debit, credit) = sides(store, id);
    for line in [debit, credit] {
        if store.get(LINE, line).is_none() {
            return Err(Raised::missing(LINE, line));
        }
    }
    let company = store.field(LINE, debit, "company_id").clone();
    store.set(PARTIAL, id, "company_id", company);
    apply(store, id, Decimal::ONE);
    Ok(())
}

/// A partial that goes gives back what it took; nothing is settled whole any more.
pub fn undone(store: &mut Store, id: i64) {
    apply(store, id, -Decimal::ONE);
    if let Some(full) = store.field(PARTIAL, id, "full_reconcile_id").as_i64() {
        mark(store, full, &json!(false));
        store.remove(FULL, full);
    }
}

/// A full reconcile marks its lines and partials. Odoo does not look whether they are.
pub fn closed(store: &mut Store, full: i64) {
    mark(store, full, &json!(full));
}

fn mark(store: &mut Store, full: i64, value: &Value) {
    for (model, name) in [(LINE, "reconciled_line_ids"), (PARTIAL, "partial_reconcile_ids")] {
        for id in super::methods::ids(&store.field(FULL, full, name).clone()) {
            if store.get(model, id).is_some() {
                store.set(model, id, "full_reconcile_id", value.clone());
            }
        }
    }
}

fn sides(store: &Store, id: i64) -> (i64, i64) {
    let of = |name: &str| store.field(PARTIAL, id, name).as_i64().unwrap_or(0);
    (of("debit_move_id"), of("credit_move_id"))
}

fn apply(store: &mut Store, id: i64, sign: Decimal) {
    let (debit, credit) = sides(store, id);
    let home = sign * amount(store, PARTIAL, id, "amount");
    let foreign = |store: &Store, name: &str| sign * amount(store, PARTIAL, id, name);
    let (of_debit, of_credit) =
        (foreign(store, "debit_amount_currency"), foreign(store, "credit_amount_currency"));
    for (line, home, foreign) in [(debit, -home, -of_debit), (credit, home, of_credit)] {
        let left = amount(store, LINE, line, "amount_residual") + home;
        let left_foreign = amount(store, LINE, line, "amount_residual_currency") + foreign;
        store.set(LINE, line, "amount_residual", number(left));
        store.set(LINE, line, "amount_residual_currency", number(left_foreign));
        store.set(LINE, line, "reconciled", json!(left.is_zero()));
        let of = store.field(LINE, line, "move_id").as_i64().unwrap_or(0);
        moves::totals(store, of);
    }
}

/// Undoes whatever a move's lines are reconciled with.
pub fn loosen(store: &mut Store, of: i64) {
    let lines = super::convert::lines(store, LINE, "move_id", of);
    let mut partials = BTreeSet::new();
    if let Some(table) = store.table(PARTIAL) {
        let ids: Vec<_> = lines.iter().map(|line| json!(line)).collect();
        for field in ["debit_move_id", "credit_move_id"] {
            partials.extend(table.among(field, &ids).unwrap_or_default());
        }
    }
    for partial in partials {
        undone(store, partial);
        store.remove(PARTIAL, partial);
    }
}

/// `reconcile()`: as much as goes, oldest first.
pub fn greedy(store: &mut Store, lines: &[i64]) -> Result<()> {
    let open = |store: &Store, debit: bool| -> Option<i64> {
        lines.iter().copied().find(|line| {
            let left = amount(store, LINE, *line, "amount_residual");
            if debit { left > Decimal::ZERO } else { left < Decimal::ZERO }
        })
    };
    let accounts: BTreeSet<String> =
        lines.iter().map(|line| store.field(LINE, *line, "account_id").to_string()).collect();
    if accounts.len() > 1 {
        return Err(Raised::user("Entries are not from the same account."));
    }
    while let (Some(debit), Some(credit)) = (open(store, true), open(store, false)) {
        let left = |line: i64| amount(store, LINE, line, "amount_residual").abs();
        let part = number(left(debit).min(left(credit)));
        let mut partial = Record::new();
        for (name, value) in [
            ("debit_move_id", json!(debit)),
            ("credit_move_id", json!(credit)),
            ("amount", part.clone()),
            ("debit_amount_currency", part.clone()),
            ("credit_amount_currency", part),
        ] {
            partial.insert(name.to_owned(), value);
        }
        let id = store.insert(PARTIAL, partial);
        made(store, id)?;
    }
    Ok(())
}
