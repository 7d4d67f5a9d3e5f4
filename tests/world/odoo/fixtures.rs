//! A database as it is after `account` was installed for a company: the generic
//! chart, its journals, its default taxes.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{
    Options, accounting,
    convert::number,
    methods::USER,
    store::{FIRST_COMPANY, Record, Store},
};

pub fn database(options: &Options) -> Store {
    let mut store = Store::default();
    for code in ["USD", "EUR", "GBP", "CAD", "AUD", "JPY", "MXN", "INR"] {
        let active = code == options.currency;
        put(&mut store, "res.currency", &[("name", json!(code)), ("active", json!(active))]);
    }
    let currencies = store.table("res.currency");
    let own = currencies
        .and_then(|table| {
            table.ids().find(|id| store.text("res.currency", *id, "name") == options.currency)
        })
        .unwrap_or(1);
    for (code, name) in [("US", "United States"), ("CA", "Canada"), ("GB", "United Kingdom")] {
        put(&mut store, "res.country", &[("code", json!(code)), ("name", json!(name))]);
    }
    let company = found(&mut store, &options.company, own);
    debug_assert_eq!(company, FIRST_COMPANY, "the first company");
    for login in ["__system__", options.login.as_str()] {
        put(&mut store, "res.users", &[("login", json!(login)), ("company_id", json!(company))]);
    }
    debug_assert!(store.get("res.users", USER).is_some(), "the second user");
    put(&mut store, "product.category", &[("name", json!("All"))]);
    for name in ["Product Price", "Product Unit of Measure", "Discount"] {
        put(&mut store, "decimal.precision", &[("name", json!(name)), ("digits", json!(2))]);
    }
    store.commit();
    store
}

/// A company with the generic chart, its journals and its default taxes.
pub fn company(store: &mut Store, name: &str) -> i64 {
    let dollar = store.table("res.currency").and_then(|t| t.ids().next()).unwrap_or(1);
    let company = found(store, name, dollar);
    store.commit();
    company
}

fn found(store: &mut Store, name: &str, currency: i64) -> i64 {
    let fields = [("name", json!(name)), ("is_company", json!(true))];
    let partner = put(store, "res.partner", &fields);
    let fields = [
        ("name", json!(name)),
        ("currency_id", json!(currency)),
        ("country_id", json!(1)),
        ("partner_id", json!(partner)),
        ("create_date", json!("2026-01-02 03:04:05")),
    ];
    let company = put(store, "res.company", &fields);
    store.work_in(Some(company));
    put(store, "account.tax.group", &[("name", json!("Tax 15%"))]);
    for (name, on) in [("15%", "sale"), ("15%", "purchase")] {
        put(
            store,
            "account.tax",
            &[
                ("name", json!(name)),
                ("amount_type", json!("percent")),
                ("amount", number(Decimal::from(15))),
                ("type_tax_use", json!(on)),
            ],
        );
    }
    for (code, name, of) in CHART {
        let fields = [("code", json!(code)), ("name", json!(name)), ("account_type", json!(of))];
        put(store, "account.account", &fields);
    }
    for (code, name, of) in JOURNALS {
        let fields = [("code", json!(code)), ("name", json!(name)), ("type", json!(of))];
        put(store, "account.journal", &fields);
    }
    store.work_in(None);
    company
}

fn put(store: &mut Store, model: &str, fields: &[(&str, Value)]) -> i64 {
    let mut record: Record =
        fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    accounting::defaults(store, model, &mut record);
    let id = store.insert(model, record);
    let made = accounting::made(store, model, id);
    debug_assert_eq!(made, Ok(()), "the chart obeys its own rules");
    id
}

const CHART: [(&str, &str, &str); 21] = [
    ("101300", "Account Receivable (PoS)", "asset_receivable"),
    ("101401", "Bank", "asset_cash"),
    ("101402", "Bank Suspense Account", "asset_current"),
    ("101403", "Outstanding Receipts", "asset_current"),
    ("101404", "Outstanding Payments", "asset_current"),
    ("101501", "Cash", "asset_cash"),
    ("110100", "Stock Valuation", "asset_current"),
    ("121000", "Account Receivable", "asset_receivable"),
    ("131000", "Tax Paid", "asset_current"),
    ("201100", "Credit Card", "liability_credit_card"),
    ("211000", "Account Payable", "liability_payable"),
    ("251000", "Tax Received", "liability_current"),
    ("301000", "Capital", "equity"),
    ("400000", "Product Sales", "income"),
    ("441000", "Foreign Exchange Gain", "income"),
    ("450000", "Other Income", "income_other"),
    ("500000", "Cost of Goods Sold", "expense_direct_cost"),
    ("600000", "Expenses", "expense"),
    ("611000", "Purchase of Equipments", "expense"),
    ("630000", "Salary Expenses", "expense"),
    ("999999", "Undistributed Profits/Losses", "equity_unaffected"),
];

const JOURNALS: [(&str, &str, &str); 7] = [
    ("INV", "Customer Invoices", "sale"),
    ("BILL", "Vendor Bills", "purchase"),
    ("MISC", "Miscellaneous Operations", "general"),
    ("EXCH", "Exchange Difference", "general"),
    ("CABA", "Cash Basis Taxes", "general"),
    ("BNK1", "Bank", "bank"),
    ("CSH1", "Cash", "cash"),
];
