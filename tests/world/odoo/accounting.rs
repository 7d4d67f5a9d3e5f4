//! What Odoo's applications add to records and refuse about them.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    convert::{amount, lines, number},
    fault::{Raised, Result},
    models::pointing,
    orders, projects, reconcile,
    store::{Record, Store},
};

/// What a record gets that says nothing of it.
pub fn defaults(store: &Store, model: &str, record: &mut Record) {
    let mut default = |name: &str, value: Value| {
        record.entry(name.to_owned()).or_insert(value);
    };
    match model {
        "account.account" => {
            default("company_ids", json!([store.company()]));
            default("deprecated", json!(false));
            let control = matches!(
                record.get("account_type").and_then(Value::as_str),
                Some("asset_receivable" | "liability_payable")
            );
            if control {
                record.insert("reconcile".to_owned(), json!(true));
            }
        }
        "account.journal" | "account.tax" | "account.tax.group" => {
            default("company_id", json!(store.company()));
            default("active", json!(true));
            if model == "account.tax" {
                default("amount_type", json!("percent"));
                default("type_tax_use", json!("sale"));
                let group = store.table("account.tax.group").and_then(|t| t.ids().next());
                default("tax_group_id", json!(group.unwrap_or(0)));
            }
        }
        "res.partner" => {
            default("active", json!(true));
            default("type", json!("contact"));
        }
        "sale.order" | "purchase.order" => orders::defaults(store, record),
        "project.project" | "hr.employee" => {
            default("company_id", json!(store.company()));
            default("active", json!(true));
        }
        "res.currency.rate" | "account.analytic.line" => {
            default("company_id", json!(store.company()));
        }
        "product.pricelist" => default("active", json!(true)),
        "product.product" => {
            default("active", json!(true));
            default("type", json!("consu"));
            default("categ_id", json!(1));
            // every product is taxed by the company's default, unless told otherwise
            default("taxes_id", json!([1]));
            default("supplier_taxes_id", json!([2]));
        }
        "account.payment.term.line" => {
            default("value", json!("percent"));
            default("delay_type", json!("days_after"));
            default("days_next_month", json!("10"));
        }
        _ => {}
    }
}

/// What follows from a record just made or changed, and what must not be.
pub fn made(store: &mut Store, model: &str, id: i64) -> Result<()> {
    match model {
        "account.account" => {
            let code = store.text(model, id, "code").to_owned();
            if !code.chars().all(|c| c.is_ascii_alphanumeric() || c == '.') || code.len() > 64 {
                return Err(Raised::validation(
                    "The account code can only contain alphanumeric characters and dots.",
                ));
            }
            unique(store, model, id, &["code", "company_ids"], "Account codes must be unique.")?;
            if store.text(model, id, "account_type") == "equity_unaffected" {
                let others = twins(store, model, id, &["account_type", "company_ids"]);
                if others > 0 {
                    return Err(Raised::validation(
                        "You can only have one account with type \"Current Year Earnings\".",
                    ));
                }
            }
            Ok(())
        }
        "account.journal" => {
            let code = store.text(model, id, "code").to_owned();
            // longer codes are cut without a word
            if let Some(cut) = code.char_indices().nth(5).map(|(at, _)| code[..at].to_owned()) {
                store.set(model, id, "code", json!(cut));
            }
            unique(
                store,
                model,
                id,
                &["code", "company_id"],
                "Journal codes must be unique per company.",
            )
        }
        "account.tax" => {
            let country = store.field("res.company", store.company(), "account_fiscal_country_id");
            if country == &json!(false) {
                return Err(Raised::validation(
                    "Missing required value for the field 'Country' (country_id).",
                ));
            }
            let fields = ["name", "type_tax_use", "company_id"];
            unique(store, model, id, &fields, "Tax names must be unique!")?;
            repartition(store, id);
            Ok(())
        }
        "account.payment.term.line" => {
            let days = store.field(model, id, "days_next_month");
            if days == &json!(false) {
                return Err(Raised::validation(
                    "The days added must be a number and has to be between 0 and 31.",
                ));
            }
            Ok(())
        }
        "project.project" | "account.analytic.line" => projects::made(store, model, id),
        "res.currency.rate" => {
            // units for one of home currency, kept whichever way it was said
            let home = amount(store, model, id, "inverse_company_rate");
            if !home.is_zero() {
                store.set(model, id, "rate", number(Decimal::ONE / home));
            }
            let fields = ["name", "currency_id", "company_id"];
            unique(store, model, id, &fields, "Only one currency rate per day allowed!")
        }
        "res.partner" => {
            if store.text(model, id, "name").is_empty()
                && store.text(model, id, "type") == "contact"
            {
                return Err(Raised::validation("Contacts require a name"));
            }
            commercial(store, id);
            Ok(())
        }
        "product.product" => {
            if store.field(model, id, "barcode") == &json!(false) {
                return Ok(());
            }
            unique(store, model, id, &["barcode"], "Barcode(s) already assigned")
        }
        "ir.model.data" => {
            let text = |field: &str| store.text(model, id, field).to_owned();
            let name = format!("{}.{}", text("module"), text("name"));
            let of = store.field(model, id, "res_id").as_i64().unwrap_or(0);
            if store.named(&name).is_some() {
                return Err(Raised::validation(
                    "The operation cannot be completed: this external id exists.",
                ));
            }
            let model = text("model");
            store.name(&name, &model, of);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A partner's own company, or that of the company it belongs to.
fn commercial(store: &mut Store, id: i64) {
    let parent = store.field("res.partner", id, "parent_id").as_i64();
    let own = store.field("res.partner", id, "is_company") == &json!(true);
    let commercial = match parent.filter(|_| !own) {
        Some(parent) => store.field("res.partner", parent, "commercial_partner_id").as_i64(),
        None => None,
    };
    let commercial = commercial.unwrap_or(id);
    if store.field("res.partner", id, "commercial_partner_id").as_i64() != Some(commercial) {
        store.set("res.partner", id, "commercial_partner_id", json!(commercial));
    }
}

/// A tax that says nothing of its lines gets a base and a tax line for invoices
/// and for refunds, without an account.
fn repartition(store: &mut Store, tax: i64) {
    const LINES: &str = "account.tax.repartition.line";
    if store.text("account.tax", tax, "amount_type") == "group" {
        return;
    }
    for (document, back) in [("invoice", "invoice_tax"), ("refund", "refund_tax")] {
        if !lines(store, LINES, back, tax).is_empty() {
            continue;
        }
        for of in ["base", "tax"] {
            let mut line = Record::new();
            line.insert("repartition_type".to_owned(), json!(of));
            line.insert("document_type".to_owned(), json!(document));
            line.insert("factor_percent".to_owned(), number(Decimal::ONE_HUNDRED));
            line.insert("tax_id".to_owned(), json!(tax));
            line.insert(back.to_owned(), json!(tax));
            store.insert(LINES, line);
        }
    }
}

fn twins(store: &Store, model: &str, id: i64, fields: &[&str]) -> usize {
    let Some(table) = store.table(model) else { return 0 };
    let own: Vec<&Value> = fields.iter().map(|field| store.field(model, id, field)).collect();
    let near = table.among(fields[0], &[own[0].clone()]);
    let near: Vec<i64> =
        near.map_or_else(|| table.ids().collect(), |ids| ids.into_iter().collect());
    near.into_iter()
        .filter(|other| *other != id)
        .filter(|other| fields.iter().zip(&own).all(|(f, v)| store.field(model, *other, f) == *v))
        .count()
}

fn unique(store: &Store, model: &str, id: i64, fields: &[&str], message: &str) -> Result<()> {
    if twins(store, model, id, fields) == 0 { Ok(()) } else { Err(Raised::validation(message)) }
}

/// What must not be changed.
pub fn may_write(store: &Store, model: &str, id: i64, values: &Record) -> Result<()> {
    let posted = |of: i64| store.text("account.move", of, "state") == "posted";
    match model {
        "account.move" if posted(id) => {
            let closed = ["invoice_date", "partner_id", "invoice_line_ids", "line_ids", "date"];
            let touched: Vec<&str> =
                closed.iter().filter(|name| values.contains_key(**name)).copied().collect();
            if touched.is_empty() {
                Ok(())
            } else {
                Err(Raised::user(format!(
                    "You cannot modify the following readonly fields on a posted move: {}",
                    touched.join(", ")
                )))
            }
        }
        "res.company" if values.contains_key("currency_id") => {
            let lines = store.table("account.move.line");
            let of = |line: &i64| store.field("account.move.line", *line, "company_id");
            let entries = lines.into_iter().flat_map(super::store::Table::ids);
            if entries.filter(|line| of(line) == &json!(id)).count() == 0 {
                Ok(())
            } else {
                Err(Raised::user(
                    "You cannot change the currency of the company since some journal items \
                     already exist",
                ))
            }
        }
        _ => Ok(()),
    }
}

/// What must not be deleted.
pub fn may_unlink(store: &mut Store, model: &str, id: i64) -> Result<()> {
    match model {
        "account.move" if store.text(model, id, "state") == "posted" => Err(Raised::user(
            "You can't delete a posted journal item. Don’t play games with your accounting \
             records; reset the journal entry to draft before deleting it.",
        )),
        "account.move" => {
            let trail = store.field("res.company", store.company(), "check_account_audit_trail");
            if trail == &json!(true) && store.text(model, id, "name") != "/" {
                return Err(Raised::user(
                    "To keep the audit trail, you can not delete journal entries once they have \
                     been posted.\nInstead, you can cancel the journal entry.",
                ));
            }
            reconcile::loosen(store, id);
            Ok(())
        }
        "project.project" => {
            projects::gone(store, id);
            Ok(())
        }
        "sale.order" | "purchase.order" => {
            let state = store.text(model, id, "state");
            if matches!(state, "cancel") || (state == "draft" && model == "sale.order") {
                return Ok(());
            }
            Err(Raised::user(
                "You can not delete a sent quotation or a confirmed order. You must first cancel it.",
            ))
        }
        _ => Ok(()),
    }
}

/// Fields that hold on to what they point at; of the others, required ones do
/// too, and the rest is emptied.
const RESTRICT: [(&str, &str); 12] = [
    ("account.move.line", "account_id"),
    ("account.move.line", "partner_id"),
    ("account.move.line", "product_id"),
    ("account.move.line", "tax_repartition_line_id"),
    ("account.move", "partner_id"),
    ("account.move", "journal_id"),
    ("account.move", "invoice_payment_term_id"),
    ("account.journal", "default_account_id"),
    ("account.tax.repartition.line", "account_id"),
    ("account.tax", "tax_group_id"),
    ("product.product", "property_account_income_id"),
    ("product.product", "property_account_expense_id"),
];

/// Lets go of a record whose lines are gone already, or refuses.
pub fn let_go(store: &mut Store, model: &str, id: i64) -> Result<()> {
    for (of, field, many) in pointing(model) {
        let Some(table) = store.table(of) else { continue };
        let among = table.among(field.name, &[json!(id)]);
        let near: Vec<i64> =
            among.map_or_else(|| table.ids().collect(), |ids| ids.into_iter().collect());
        for user in near {
            let value = store.field(of, user, field.name).clone();
            if many {
                let Some(ids) = value.as_array().filter(|ids| ids.contains(&json!(id))) else {
                    continue;
                };
                let rest: Vec<&Value> = ids.iter().filter(|one| **one != json!(id)).collect();
                store.set(of, user, field.name, json!(rest));
            } else if value == json!(id) && (of, user) != (model, id) {
                if field.required || RESTRICT.contains(&(of, field.name)) {
                    return Err(Raised::validation(
                        "The operation cannot be completed: another model requires the record being \
                         deleted. If possible, archive it instead.",
                    ));
                }
                store.set(of, user, field.name, json!(false));
            }
        }
    }
    Ok(())
}
