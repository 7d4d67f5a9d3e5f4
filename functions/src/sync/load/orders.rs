//! What posts nothing: loaded as masters are; orders are then tied to what billed
//! them and put into their state.
//!
//! An order is loaded as a draft, and its state written when its lines are there:
//! Odoo begins deliveries and receipts for lines that a confirmed order gets. What
//! is left to bill Odoo works out from quantities, which QuickBooks' orders need
//! not bill exactly; so of a closed one it is told last.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{Failure, OdooId, Result, ports::Loaded};
use serde_json::{Value, json};

use super::{Batch, Item, resolve::Known};
use crate::sync::company::{id_of, many2one};

/// States in which Odoo's goods may already be on their way.
const CONFIRMED: [&str; 3] = ["sale", "purchase", "done"];

impl Batch<'_> {
    pub(super) async fn non_posting(&self, items: &mut [Item], known: &mut Known) -> Result<()> {
        self.leave_confirmed(items).await?;
        self.masters(items, known).await?;
        let (model, odoo) = (self.entity.model(), &self.company.odoo);
        let mut states: BTreeMap<&str, Vec<OdooId>> = BTreeMap::new();
        let (mut ties, mut closed) = (Vec::new(), Vec::new());
        for item in items.iter().filter(|item| item.error.is_none() && !item.unchanged) {
            if let (Some(order), Some(id)) = (&item.mapped.order, item.odoo.get("")) {
                states.entry(order.state).or_default().push(*id);
                ties.extend(order.billed_by.iter().filter_map(|by| Some((*id, known.id(by)?))));
                closed.extend(order.closed.then_some(*id));
            }
        }
        for (state, ids) in states {
            odoo.write(model, &ids, json!({ "state": state })).await?;
        }
        self.tie(&ties).await?;
        if !closed.is_empty() {
            odoo.write(model, &closed, json!({ "invoice_status": "invoiced" })).await?;
        }
        Ok(())
    }

    /// Orders that changed in QuickBooks after they were confirmed in Odoo stay.
    async fn leave_confirmed(&self, items: &mut [Item]) -> Result<()> {
        let changed = |item: &Item| item.error.is_none() && !item.unchanged;
        let ids: Vec<i64> = items
            .iter()
            .filter(|item| changed(item) && item.mapped.order.is_some())
            .filter_map(|item| item.odoo.get(""))
            .map(|id| id.0)
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        let domain = json!([["id", "in", ids], ["state", "in", CONFIRMED]]);
        let odoo = &self.company.odoo;
        let rows = odoo.search_read(self.entity.model(), domain, &["id"], "id", 0, 0).await?;
        let confirmed: BTreeSet<OdooId> = rows.iter().filter_map(id_of).collect();
        for item in items.iter_mut().filter(|item| changed(item)) {
            if item.odoo.get("").is_some_and(|id| confirmed.contains(id)) {
                item.error = Some(self.changed(&item.id));
            }
        }
        Ok(())
    }

    /// Ties lines of orders to lines of the documents that billed them.
    async fn tie(&self, ties: &[(OdooId, OdooId)]) -> Result<()> {
        if ties.is_empty() {
            return Ok(());
        }
        let odoo = &self.company.odoo;
        let sale = self.entity.model() == "sale.order";
        let quantity = if sale { "product_uom_qty" } else { "product_qty" };
        let orders: Vec<i64> = ties.iter().map(|(order, _)| order.0).collect();
        let bills: Vec<i64> = ties.iter().map(|(_, bill)| bill.0).collect();
        let of_orders = json!([["order_id", "in", orders], ["display_type", "=", false]]);
        let line_model = format!("{}.line", self.entity.model());
        let fields = ["order_id", "product_id", "price_subtotal", quantity];
        let ordered = odoo.search_read(&line_model, of_orders, &fields, "id", 0, 0).await?;
        let of_bills = json!([["move_id", "in", bills], ["display_type", "=", "product"]]);
        let fields = ["move_id", "product_id", "price_subtotal", "quantity"];
        let billed = odoo.search_read("account.move.line", of_bills, &fields, "id", 0, 0).await?;
        let pairs = pairs(
            ties,
            &read(&ordered, "order_id", quantity),
            &read(&billed, "move_id", "quantity"),
        );
        let (model, column, rows) = if sale {
            let mut lines: BTreeMap<OdooId, Vec<String>> = BTreeMap::new();
            for (order, bill) in pairs {
                lines.entry(order).or_default().push(bill.to_string());
            }
            let rows = lines.into_iter().map(|(line, of)| vec![line.to_string(), of.join(",")]);
            ("sale.order.line", "invoice_lines/.id", rows.collect::<Vec<_>>())
        } else {
            let rows = pairs.into_iter().map(|(line, of)| vec![of.to_string(), line.to_string()]);
            ("account.move.line", "purchase_line_id/.id", rows.collect())
        };
        if rows.is_empty() {
            return Ok(());
        }
        let columns = [".id", column].map(str::to_owned);
        match odoo.load(model, &columns, rows).await? {
            Loaded::Done(_) => Ok(()),
            Loaded::Refused(errors) => {
                let why = errors.first().map(|error| error.message.clone()).unwrap_or_default();
                Err(Failure::bug(format!("Odoo ties no {model} to what was billed: {why}")))
            }
        }
    }
}

/// A line of an order or of what billed it.
struct Line {
    id: OdooId,
    of: OdooId,
    product: Option<OdooId>,
    /// As Odoo writes them.
    quantity: String,
    amount: String,
}

impl Line {
    /// Lines of bills may name no product; then the amount tells.
    fn is_billed_by(&self, bill: &Self) -> bool {
        match bill.product {
            Some(product) => self.product == Some(product),
            None => self.amount == bill.amount,
        }
    }
}

fn read(rows: &[Value], of: &str, quantity: &str) -> Vec<Line> {
    let line = |row: &Value| {
        Some(Line {
            id: id_of(row)?,
            of: many2one(&row[of])?,
            product: many2one(&row["product_id"]),
            quantity: row[quantity].to_string(),
            amount: row["price_subtotal"].to_string(),
        })
    };
    rows.iter().filter_map(line).collect()
}

/// Order line and billed line: for the same thing, if possible of the same
/// quantity, and each order line once before any twice.
fn pairs(ties: &[(OdooId, OdooId)], ordered: &[Line], billed: &[Line]) -> Vec<(OdooId, OdooId)> {
    let mut pairs: Vec<(OdooId, OdooId)> = Vec::new();
    for bill in billed {
        let best = ordered
            .iter()
            .filter(|line| line.is_billed_by(bill) && ties.contains(&(line.of, bill.of)))
            .min_by_key(|line| {
                let taken = pairs.iter().any(|(order, _)| *order == line.id);
                (taken, line.quantity != bill.quantity)
            });
        pairs.extend(best.map(|line| (line.id, bill.id)));
    }
    pairs
}
