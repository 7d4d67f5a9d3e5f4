//! What of QuickBooks a company uses, each with its evidence.

use q2o_domain::assessment::Feature;
use serde_json::Value;

use super::books::{BooksSeen, List, amount};

pub fn features(seen: &BooksSeen) -> Vec<Feature> {
    let mut found = Found(Vec::new());
    currencies(seen, &mut found);
    found.counted(seen, "classes", "Class", ["class", "classes"]);
    found.counted(seen, "locations", "Department", ["location", "locations"]);
    goods(seen, &mut found);
    taxes(seen, &mut found);
    let (projects, jobs): (Vec<&Value>, Vec<&Value>) =
        seen.rows(List::SubCustomers).iter().partition(|row| row["IsProject"] == true);
    found.named("projects", ["project", "projects"], &projects, "DisplayName");
    found.named("sub_customers", ["sub-customer", "sub-customers"], &jobs, "DisplayName");
    found.counted(
        seen,
        "reimbursable_charges",
        "ReimburseCharge",
        ["billable expense", "billable expenses"],
    );
    found.counted(seen, "estimates", "Estimate", ["estimate", "estimates"]);
    found.counted(seen, "purchase_orders", "PurchaseOrder", ["purchase order", "purchase orders"]);
    found.counted(seen, "time", "TimeActivity", ["time activity", "time activities"]);
    payroll(seen, &mut found);
    found.counted(seen, "recurring", "RecurringTransaction", ["template", "templates"]);
    found.counted(seen, "budgets", "Budget", ["budget", "budgets"]);
    found.counted(seen, "attachments", "Attachable", ["file or note", "files and notes"]);
    if let Some(day) = seen.closing_date() {
        found.add("closed_books", format!("The books are closed up to {day}"));
    }
    accounts(seen, &mut found);
    open_money(seen, &mut found);
    found.0
}

struct Found(Vec<Feature>);

impl Found {
    fn add(&mut self, id: &str, evidence: String) {
        self.0.push(Feature { id: id.to_owned(), evidence });
    }

    fn counted(&mut self, seen: &BooksSeen, id: &str, kind: &str, what: [&str; 2]) {
        let records = seen.count(kind);
        if records > 0 {
            self.add(id, many(records, what));
        }
    }

    /// With the first few by name.
    fn named(&mut self, id: &str, what: [&str; 2], rows: &[&Value], name: &str) {
        if !rows.is_empty() {
            self.add(id, format!("{}: {}", many(rows.len() as u64, what), some(rows, name)));
        }
    }
}

/// As in `1 file` and `2 files`.
fn many(records: u64, [one, more]: [&str; 2]) -> String {
    format!("{records} {}", if records == 1 { one } else { more })
}

/// The first few by name.
pub fn some(rows: &[&Value], name: &str) -> String {
    let names: Vec<&str> = rows.iter().take(5).filter_map(|row| row[name].as_str()).collect();
    let more = if rows.len() > names.len() { ", ..." } else { "" };
    format!("{}{more}", names.join(", "))
}

/// Currencies beside the home currency.
pub fn foreign(seen: &BooksSeen) -> Vec<String> {
    let listed = seen.rows(List::Currencies).iter().filter_map(|row| row["Code"].as_str());
    let of_accounts = seen.facts.accounts.values().filter_map(|a| a.currency.as_ref());
    let mut codes: Vec<String> = listed
        .chain(of_accounts.map(q2o_domain::Currency::as_str))
        .filter(|code| *code != seen.home())
        .map(str::to_owned)
        .collect();
    codes.sort();
    codes.dedup();
    codes
}

fn currencies(seen: &BooksSeen, found: &mut Found) {
    let foreign = foreign(seen);
    if seen.facts.multi_currency || !foreign.is_empty() {
        let which = if foreign.is_empty() { "none yet".to_owned() } else { foreign.join(", ") };
        found.add("multi_currency", format!("Home {}; others: {which}", seen.home()));
    }
}

/// Items of a type, as in `Inventory`.
pub fn items<'a>(seen: &'a BooksSeen, of: &str) -> Vec<&'a Value> {
    seen.rows(List::Items).iter().filter(|row| row["Type"] == of).collect()
}

/// Items that more was sold of than there was.
pub fn below_zero(seen: &BooksSeen) -> Vec<&Value> {
    items(seen, "Inventory")
        .into_iter()
        .filter(|row| amount(row, "QtyOnHand").is_negative())
        .collect()
}

fn goods(seen: &BooksSeen, found: &mut Found) {
    found.named(
        "inventory",
        ["inventory item", "inventory items"],
        &items(seen, "Inventory"),
        "Name",
    );
    found.named(
        "negative_stock",
        ["item below zero", "items below zero"],
        &below_zero(seen),
        "Name",
    );
    found.named("bundles", ["bundle", "bundles"], &items(seen, "Group"), "Name");
    found.counted(
        seen,
        "inventory_adjustments",
        "InventoryAdjustment",
        ["adjustment of quantities", "adjustments of quantities"],
    );
}

fn taxes(seen: &BooksSeen, found: &mut Found) {
    let prefs = &seen.preferences["TaxPrefs"];
    let rates = seen.count("TaxRate");
    let agencies = many(seen.count("TaxAgency"), ["agency", "agencies"]);
    if rates == 0 && prefs["UsingSalesTax"] != true {
        return;
    }
    let country = seen.info["Country"].as_str().unwrap_or("US");
    let rates = format!("{}, {agencies}", many(rates, ["tax rate", "tax rates"]));
    if prefs["PartnerTaxEnabled"] == true {
        found.add("tax_automated", format!("QuickBooks works the tax out; {rates}"));
    } else if matches!(country, "US" | "USA") {
        found.add("tax_us", format!("US sales tax, set by hand; {rates}"));
    } else {
        found.add("tax_global", format!("Taxes on sales and purchases ({country}); {rates}"));
    }
}

/// Payroll has no records in the API; its switch and its accounts tell.
fn payroll(seen: &BooksSeen, found: &mut Found) {
    let with_money: Vec<&Value> = seen
        .rows(List::Accounts)
        .iter()
        .filter(|row| row["AccountSubType"].as_str().is_some_and(|of| of.contains("Payroll")))
        .filter(|row| !amount(row, "CurrentBalance").is_zero())
        .collect();
    if !with_money.is_empty() {
        let names = some(&with_money, "Name");
        found.add("payroll", format!("Payroll accounts with a balance: {names}"));
    } else if seen.info_value("PayrollFeature").is_some_and(|on| on.eq_ignore_ascii_case("true")) {
        found.add("payroll", "The subscription has payroll".to_owned());
    }
}

fn accounts(seen: &BooksSeen, found: &mut Found) {
    for (id, of, what) in [
        (
            "several_receivable",
            "Accounts Receivable",
            ["receivable account", "receivable accounts"],
        ),
        ("several_payable", "Accounts Payable", ["payable account", "payable accounts"]),
    ] {
        let accounts: Vec<&Value> =
            seen.rows(List::Accounts).iter().filter(|row| row["AccountType"] == of).collect();
        if accounts.len() > 1 {
            found.named(id, what, &accounts, "Name");
        }
    }
    let waiting: q2o_domain::Money = seen
        .rows(List::Accounts)
        .iter()
        .filter(|row| row["AccountSubType"] == "UndepositedFunds")
        .map(|row| amount(row, "CurrentBalance"))
        .sum();
    if !waiting.is_zero() {
        found.add("undeposited_funds", format!("{waiting} waits to be deposited"));
    }
}

/// Money that is not set against a document yet, among the latest.
fn open_money(seen: &BooksSeen, found: &mut Found) {
    for (id, list, field, what) in [
        ("unapplied_payments", List::Payments, "UnappliedAmt", ["payment", "payments"]),
        ("open_credits", List::CreditMemos, "Balance", ["credit memo", "credit memos"]),
        (
            "open_vendor_credits",
            List::VendorCredits,
            "Balance",
            ["vendor credit", "vendor credits"],
        ),
    ] {
        let open: Vec<q2o_domain::Money> = seen
            .rows(list)
            .iter()
            .map(|row| amount(row, field))
            .filter(|open| !open.is_zero())
            .collect();
        if !open.is_empty() {
            let latest = if seen.cut_short(list) { " among the latest 1,000" } else { "" };
            let sum: q2o_domain::Money = open.iter().copied().sum();
            let what = many(open.len() as u64, what);
            found.add(id, format!("{what}{latest} with {sum} not applied"));
        }
    }
}
