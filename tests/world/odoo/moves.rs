//! `account.move`: balanced, dated, numbered, posted.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    convert::{amount, check, decimal, known, lines, number},
    fault::{Raised, Result},
    models::Type,
    reconcile,
    store::{Record, Store},
};

const MOVE: &str = "account.move";
const LINE: &str = "account.move.line";

/// Makes a draft with its lines.
pub fn create(store: &mut Store, values: &Record, context: &Value) -> Result<i64> {
    let mut record = Record::new();
    for (name, value) in values {
        let field = known(MOVE, name)?;
        if !matches!(field.is, Type::Lines(..)) {
            record.insert(name.clone(), check(MOVE, field, value)?);
        }
    }
    if record.get("state").and_then(Value::as_str).is_some_and(|state| state != "draft") {
        return Err(Raised::user("You cannot create a move already in the posted state."));
    }
    let currency = store.field("res.company", store.company(), "currency_id").clone();
    for (name, value) in [
        ("state", json!("draft")),
        ("move_type", json!("entry")),
        ("company_id", json!(store.company())),
        ("currency_id", currency),
        ("name", json!("/")),
        ("payment_state", json!("not_paid")),
    ] {
        record.entry(name.to_owned()).or_insert(value);
    }
    let journal = record.get("journal_id").and_then(Value::as_i64);
    if journal.is_none_or(|journal| store.get("account.journal", journal).is_none()) {
        return Err(Raised::user("No journal could be found for this move."));
    }
    date(&mut record);
    let id = store.insert(MOVE, record);
    let synced = context["skip_invoice_sync"] != json!(true);
    let kind = store.text(MOVE, id, "move_type").to_owned();
    for list in ["line_ids", "invoice_line_ids"] {
        let Some(commands) = values.get(list).and_then(Value::as_array) else { continue };
        if kind != "entry" && synced && list == "line_ids" {
            // Odoo would compute taxes and due lines of its own, and double these
            return Err(Raised::user(
                "Lines of an invoice given whole, without skip_invoice_sync, are not kept as sent.",
            ));
        }
        for command in commands {
            let line = command[2].as_object().ok_or_else(|| Raised::value("Wrong command"))?;
            add_line(store, id, line)?;
        }
    }
    let total: Decimal =
        own_lines(store, id).into_iter().map(|l| amount(store, LINE, l, "balance")).sum();
    if !total.round_dp(2).is_zero() {
        return Err(Raised::user(format!(
            "The entry is not balanced.\n\nIt's off by {}.",
            total.normalize()
        )));
    }
    totals(store, id);
    Ok(id)
}

fn own_lines(store: &Store, id: i64) -> Vec<i64> {
    lines(store, LINE, "move_id", id)
}

/// Without an accounting date, bills of past months go to their month's end.
fn date(record: &mut Record) {
    let of = |name: &str, record: &Record| -> Option<Date> {
        record.get(name).and_then(Value::as_str)?.parse().ok()
    };
    if of("date", record).is_some() {
        return;
    }
    let kind = record.get("move_type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let date = match of("invoice_date", record) {
        Some(day) if kind.starts_with("in_") => day.last_of_month(),
        Some(day) if kind.ends_with("receipt") => day.last_of_year(),
        Some(day) => day,
        None => jiff::civil::date(2026, 12, 31),
    };
    record.insert("date".to_owned(), json!(date.to_string()));
}

fn add_line(store: &mut Store, of: i64, values: &Record) -> Result<()> {
    let head = |name: &str| store.field(MOVE, of, name).clone();
    let mut line = Record::new();
    for (name, value) in values {
        let field = known(LINE, name)?;
        let value = match (&field.is, value.as_array()) {
            (Type::Many(_), Some(commands)) => {
                json!(commands.iter().flat_map(|c| super::methods::ids(&c[2])).collect::<Vec<_>>())
            }
            _ => check(LINE, field, value)?,
        };
        line.insert(name.clone(), value);
    }
    let given = |name: &str| values.get(name).and_then(decimal);
    let balance = given("balance").unwrap_or_else(|| {
        given("debit").unwrap_or_default() - given("credit").unwrap_or_default()
    });
    let mut account = line.get("account_id").and_then(Value::as_i64).unwrap_or(0);
    if store.get("account.account", account).is_none() {
        return Err(Raised::user("Missing required account on accountable line."));
    }
    let kind = head("move_type");
    let display = line.get("display_type").and_then(Value::as_str).unwrap_or("product").to_owned();
    let partner = head("partner_id").as_i64();
    let commercial =
        partner.map(|p| store.field("res.partner", p, "commercial_partner_id").clone());
    let told = line.get("partner_id").filter(|told| told.is_i64());
    if kind != "entry" && told.is_some() && told != commercial.as_ref() {
        // the partner's own company is put instead, and its control account with it
        line.insert("partner_id".to_owned(), commercial.clone().unwrap_or_default());
        if display == "payment_term" {
            account = control_account(store, commercial.as_ref(), account);
            line.insert("account_id".to_owned(), json!(account));
        }
    }
    let account_type = store.text("account.account", account, "account_type").to_owned();
    if kind != "entry" {
        accepts(store, account, &account_type, &display, kind.as_str().unwrap_or_default())?;
    }
    let (debit, credit) =
        if balance >= Decimal::ZERO { (balance, Decimal::ZERO) } else { (Decimal::ZERO, -balance) };
    let subtotal = given("quantity").unwrap_or_default() * given("price_unit").unwrap_or_default();
    let in_currency = given("amount_currency").unwrap_or(balance);
    let open = store.field("account.account", account, "reconcile") == &json!(true);
    for (name, value) in [
        ("move_id", json!(of)),
        ("balance", number(balance)),
        ("debit", number(debit)),
        ("credit", number(credit)),
        ("amount_currency", number(in_currency)),
        ("price_subtotal", number(subtotal.round_dp(2))),
        ("amount_residual", number(if open { balance } else { Decimal::ZERO })),
        ("amount_residual_currency", number(if open { in_currency } else { Decimal::ZERO })),
        ("display_type", json!(display)),
        ("parent_state", json!("draft")),
        ("account_type", json!(account_type)),
        ("date", head("date")),
        ("move_type", kind),
        ("journal_id", head("journal_id")),
        ("company_id", head("company_id")),
        ("reconciled", json!(false)),
    ] {
        line.insert(name.to_owned(), value);
    }
    let repartition = line.get("tax_repartition_line_id").and_then(Value::as_i64);
    let tax =
        repartition.map(|of| store.field("account.tax.repartition.line", of, "tax_id").clone());
    line.insert("tax_line_id".to_owned(), tax.unwrap_or(Value::Bool(false)));
    line.entry("currency_id".to_owned()).or_insert(head("currency_id"));
    line.entry("partner_id".to_owned()).or_insert(commercial.unwrap_or(Value::Bool(false)));
    store.insert(LINE, line);
    Ok(())
}

/// The control account of a partner, of the same type as this one.
fn control_account(store: &Store, partner: Option<&Value>, account: i64) -> i64 {
    let of = store.text("account.account", account, "account_type");
    let (field, code) = match of {
        "asset_receivable" => ("property_account_receivable_id", "121000"),
        _ => ("property_account_payable_id", "211000"),
    };
    let own = partner.and_then(Value::as_i64).map(|p| store.field("res.partner", p, field));
    own.and_then(Value::as_i64)
        .or_else(|| {
            let table = store.table("account.account")?;
            table.among("code", &[json!(code)])?.into_iter().next()
        })
        .unwrap_or(account)
}

/// Control accounts belong on due lines, and nothing else does.
fn accepts(store: &Store, account: i64, of: &str, display: &str, kind: &str) -> Result<()> {
    let control = matches!(of, "asset_receivable" | "liability_payable");
    let code = store.text("account.account", account, "code");
    if control && display != "payment_term" {
        let operation = if kind.starts_with("out") { "sale" } else { "purchase" };
        let which = if of == "asset_receivable" { "receivable" } else { "payable" };
        return Err(Raised::user(format!(
            "Account {code} is of {which} type, but is used in a {operation} operation."
        )));
    }
    if !control && display == "payment_term" {
        return Err(Raised::user(
            "Any journal item on a receivable or payable account must have a due date and vice \
             versa.",
        ));
    }
    Ok(())
}

/// What a move's lines come to.
pub fn totals(store: &mut Store, id: i64) {
    let kind = store.text(MOVE, id, "move_type").to_owned();
    let (mut untaxed, mut tax) = (Decimal::ZERO, Decimal::ZERO);
    let (mut open, mut debit) = (Decimal::ZERO, Decimal::ZERO);
    for line in own_lines(store, id) {
        let in_currency = amount(store, LINE, line, "amount_currency");
        if amount(store, LINE, line, "balance") > Decimal::ZERO {
            debit += in_currency;
        }
        match store.text(LINE, line, "display_type") {
            "tax" => tax += in_currency,
            "payment_term" => open += amount(store, LINE, line, "amount_residual_currency"),
            _ => untaxed += in_currency,
        }
    }
    let outward = matches!(kind.as_str(), "out_invoice" | "out_receipt" | "in_refund");
    let sign = if outward { -Decimal::ONE } else { Decimal::ONE };
    let posted = store.text(MOVE, id, "state") == "posted";
    let (total, residual) =
        if kind == "entry" { (debit, Decimal::ZERO) } else { (sign * (untaxed + tax), open.abs()) };
    let state = match () {
        () if kind == "entry" || !posted => "not_paid",
        () if residual.is_zero() => "paid",
        () if residual < total.abs() => "partial",
        () => "not_paid",
    };
    for (name, value) in [
        ("amount_untaxed", number(if kind == "entry" { Decimal::ZERO } else { sign * untaxed })),
        ("amount_tax", number(if kind == "entry" { Decimal::ZERO } else { sign * tax })),
        ("amount_total", number(total)),
        ("amount_residual", number(residual)),
        ("payment_state", json!(state)),
    ] {
        store.set(MOVE, id, name, value);
    }
}

/// Posts drafts: all of them, or it raises.
pub fn post(store: &mut Store, ids: &[i64]) -> Result<()> {
    for &id in ids {
        if store.get(MOVE, id).is_none() {
            return Err(Raised::missing(MOVE, id));
        }
        may_post(store, id)?;
        locked(store, id);
        let code =
            store.text("account.journal", field_id(store, id, "journal_id"), "code").to_owned();
        let year = store.text(MOVE, id, "date").get(..4).unwrap_or_default().to_owned();
        if store.text(MOVE, id, "name") == "/" {
            let prefix = format!("{code}/{year}/");
            let next = store.next(&prefix);
            store.set(MOVE, id, "name", json!(format!("{prefix}{next:05}")));
        }
        store.set(MOVE, id, "state", json!("posted"));
        store.touch(MOVE, id);
        let date = store.field(MOVE, id, "date").clone();
        for line in own_lines(store, id) {
            store.set(LINE, line, "parent_state", json!("posted"));
            store.set(LINE, line, "date", date.clone());
        }
        totals(store, id);
    }
    Ok(())
}

fn field_id(store: &Store, id: i64, name: &str) -> i64 {
    store.field(MOVE, id, name).as_i64().unwrap_or(0)
}

fn may_post(store: &Store, id: i64) -> Result<()> {
    let kind = store.text(MOVE, id, "move_type");
    if store.text(MOVE, id, "state") != "draft" {
        let name = store.text(MOVE, id, "name");
        return Err(Raised::user(format!("The entry {name} (id {id}) must be in draft.")));
    }
    let own = own_lines(store, id);
    let accountable = |line: &&i64| {
        !matches!(store.text(LINE, **line, "display_type"), "line_section" | "line_note")
    };
    if own.iter().find(accountable).is_none() {
        return Err(Raised::user("You need to add a line before posting."));
    }
    for line in &own {
        let account = store.field(LINE, *line, "account_id").as_i64().unwrap_or(0);
        if store.field("account.account", account, "deprecated") == &json!(true) {
            let name = store.text("account.account", account, "name");
            return Err(Raised::user(format!("The account {name} is deprecated.")));
        }
    }
    let invoice = matches!(kind, "out_invoice" | "out_refund" | "in_invoice" | "in_refund");
    if invoice && field_id(store, id, "partner_id") == 0 {
        let who = if kind.starts_with("out") { "Customer" } else { "Vendor" };
        return Err(Raised::user(format!(
            "The field '{who}' is required, please complete it to validate the document."
        )));
    }
    if kind.starts_with("in_") && store.field(MOVE, id, "invoice_date") == &json!(false) {
        return Err(Raised::user("The Bill/Refund date is required to validate this document."));
    }
    if kind != "entry" && amount(store, MOVE, id, "amount_total") < Decimal::ZERO {
        return Err(Raised::user(
            "You cannot validate a document with a negative total amount. You should create a \
             credit note instead.",
        ));
    }
    Ok(())
}

/// The lock date that a move is on or before, if it is.
fn closed(store: &Store, id: i64) -> Option<Date> {
    let own = match store.text("account.journal", field_id(store, id, "journal_id"), "type") {
        "sale" => "sale_lock_date",
        "purchase" => "purchase_lock_date",
        _ => "hard_lock_date",
    };
    let day = |lock: &str| store.text("res.company", store.company(), lock).parse::<Date>().ok();
    let locks = ["fiscalyear_lock_date", "hard_lock_date", own].into_iter().filter_map(day);
    let own: Date = store.text(MOVE, id, "date").parse().ok()?;
    locks.max().filter(|lock| own <= *lock)
}

/// In a locked period the date moves behind the lock, without a word.
fn locked(store: &mut Store, id: i64) {
    if let Some(open) = closed(store, id).and_then(|lock| lock.tomorrow().ok()) {
        store.set(MOVE, id, "date", json!(open.to_string()));
    }
}

/// Cancels drafts; what is posted has to be a draft again first.
pub fn cancel(store: &mut Store, ids: &[i64]) -> Result<()> {
    for &id in ids {
        if store.text(MOVE, id, "state") != "draft" {
            return Err(Raised::user("Only draft journal entries can be cancelled."));
        }
        store.set(MOVE, id, "state", json!("cancel"));
        for line in own_lines(store, id) {
            store.set(LINE, line, "parent_state", json!("cancel"));
        }
    }
    Ok(())
}

/// Takes posted moves back to drafts; what was reconciled comes loose.
pub fn to_draft(store: &mut Store, ids: &[i64]) -> Result<()> {
    for &id in ids {
        if store.text(MOVE, id, "state") == "draft" {
            return Err(Raised::user(
                "Only posted/cancelled journal entries can be reset to draft.",
            ));
        }
        if let Some(lock) = closed(store, id) {
            return Err(Raised::user(format!(
                "You cannot add/modify entries prior to and inclusive of: Global Lock Date ({lock})."
            )));
        }
        reconcile::loosen(store, id);
        store.set(MOVE, id, "state", json!("draft"));
        store.touch(MOVE, id);
        for line in own_lines(store, id) {
            store.set(LINE, line, "parent_state", json!("draft"));
        }
        totals(store, id);
    }
    Ok(())
}
