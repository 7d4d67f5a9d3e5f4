//! Orders: their totals, what is left to bill of them, and the goods that Odoo
//! begins to move for those that are confirmed.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    convert::{amount, lines, number},
    store::{Record, Store},
};

/// What an order or a line of one is counted in.
fn quantity(line_model: &str) -> &'static str {
    if line_model == "sale.order.line" { "product_uom_qty" } else { "product_qty" }
}

/// What an order gets that says nothing of it.
pub fn defaults(store: &Store, record: &mut Record) {
    let pricelist = record.get("pricelist_id").and_then(Value::as_i64);
    let currency = match pricelist {
        Some(list) => store.field("product.pricelist", list, "currency_id").clone(),
        None => store.field("res.company", store.company(), "currency_id").clone(),
    };
    for (name, value) in [
        ("state", json!("draft")),
        ("invoice_status", json!("no")),
        ("company_id", json!(store.company())),
        ("currency_id", currency),
    ] {
        record.entry(name.to_owned()).or_insert(value);
    }
}

/// What follows from a change to an order, or to a line of one.
pub fn changed(store: &mut Store, model: &str, id: i64, values: &Record) {
    match model {
        "sale.order" | "purchase.order" if values.contains_key("state") => {
            // a purchase's receipt comes with its button, not with its state
            if model == "sale.order" && !store.skips_procurement {
                for line in lines(store, "sale.order.line", "order_id", id) {
                    moves_goods(store, model, id, line);
                }
            }
            bill(store, model, id);
        }
        "sale.order.line" | "purchase.order.line" => {
            let order = model.trim_end_matches(".line");
            let of = store.field(model, id, "order_id").as_i64().unwrap_or(0);
            // and purchases do not listen to who wants nothing procured
            let procures = order == "purchase.order" || !store.skips_procurement;
            if values.contains_key(quantity(model)) && procures {
                moves_goods(store, order, of, id);
            }
            total(store, order, of);
            bill(store, order, of);
        }
        "account.move.line" => {
            if let Some(line) = values.get("purchase_line_id").and_then(Value::as_i64) {
                let of = store.field("purchase.order.line", line, "order_id").as_i64();
                bill(store, "purchase.order", of.unwrap_or(0));
            }
        }
        _ => {}
    }
}

fn total(store: &mut Store, order: &str, id: i64) {
    let model = format!("{order}.line");
    let mut total = Decimal::ZERO;
    for line in lines(store, &model, "order_id", id) {
        let net = amount(store, &model, line, quantity(&model))
            * amount(store, &model, line, "price_unit");
        store.set(&model, line, "price_subtotal", number(net.round_dp(2)));
        let taxes = if order == "sale.order" { "tax_id" } else { "taxes_id" };
        let taxes = super::methods::ids(store.field(&model, line, taxes));
        let percent: Decimal =
            taxes.iter().map(|tax| amount(store, "account.tax", *tax, "amount")).sum();
        total += net.round_dp(2) + (net * percent / Decimal::ONE_HUNDRED).round_dp(2);
    }
    store.set(order, id, "amount_total", number(total));
}

fn confirmed(store: &Store, order: &str, id: i64) -> bool {
    matches!(store.text(order, id, "state"), "sale" | "purchase" | "done")
}

fn stored(store: &Store, line_model: &str, line: i64) -> bool {
    let product = store.field(line_model, line, "product_id").as_i64().unwrap_or(0);
    store.field("product.product", product, "is_storable") == &json!(true)
}

/// Goods of a confirmed order are to be sent or received.
fn moves_goods(store: &mut Store, order: &str, id: i64, line: i64) {
    let goods = stored(store, &format!("{order}.line"), line);
    if store.installed("stock") && confirmed(store, order, id) && goods {
        let origin = store.text(order, id, "name").to_owned();
        let company = store.company();
        let record = [("origin", json!(origin)), ("company_id", json!(company))];
        let record = record.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        store.insert("stock.picking", record);
    }
}

/// What is left to bill, by quantities: services and sales as ordered, goods
/// bought as received.
fn bill(store: &mut Store, order: &str, id: i64) {
    let model = format!("{order}.line");
    let (mut left, mut any) = (false, false);
    for line in lines(store, &model, "order_id", id) {
        let of_line = if order == "sale.order" {
            super::methods::ids(store.field(&model, line, "invoice_lines"))
        } else {
            lines_billing(store, line)
        };
        any |= !of_line.is_empty();
        let billed: Decimal =
            of_line.iter().map(|l| amount(store, "account.move.line", *l, "quantity")).sum();
        let due = if order == "purchase.order" && stored(store, &model, line) {
            Decimal::ZERO
        } else {
            amount(store, &model, line, quantity(&model))
        };
        left |= due != billed;
    }
    let status = match (confirmed(store, order, id), left, any) {
        (true, true, _) => "to invoice",
        (true, false, true) => "invoiced",
        _ => "no",
    };
    store.set(order, id, "invoice_status", json!(status));
}

fn lines_billing(store: &Store, line: i64) -> Vec<i64> {
    let Some(table) = store.table("account.move.line") else { return Vec::new() };
    let billing =
        |id: &i64| store.field("account.move.line", *id, "purchase_line_id").as_i64() == Some(line);
    table.ids().filter(billing).collect()
}
