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
    store.apps = options.apps.iter().map(|app| (*app).to_owned()).collect();
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
    for (login, name) in
        [("__system__", "OdooBot"), (options.login.as_str(), "Migration"), ("marc", "Marc Demo")]
    {
        let user = [
            ("login", json!(login)),
            ("name", json!(name)),
            ("email", json!(login)),
            ("company_id", json!(company)),
        ];
        put(&mut store, "res.users", &user);
    }
    put(&mut store, "res.users.apikeys", &[("name", json!("q2o")), ("user_id", json!(USER))]);
    debug_assert!(store.get("res.users", USER).is_some(), "the second user");
    let note = put(&mut store, "mail.message.subtype", &[("name", json!("Note"))]);
    store.name("mail.mt_note", "mail.message.subtype", note);
    put(&mut store, "product.category", &[("name", json!("All"))]);
    put(&mut store, "account.analytic.plan", &[("name", json!("Project"))]);
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
        ("account_fiscal_country_id", json!(1)),
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
    for (code, name, of, reconcile) in CHART {
        let fields = [
            ("code", json!(code)),
            ("name", json!(name)),
            ("account_type", json!(of)),
            ("reconcile", json!(reconcile)),
        ];
        put(store, "account.account", &fields);
    }
    let account = |store: &Store, code: &str| {
        let accounts =
            store.table("account.account").into_iter().flat_map(super::store::Table::ids);
        let own = |id: &i64| {
            store.text("account.account", *id, "code") == code
                && store.field("account.account", *id, "company_ids") == &json!([company])
        };
        accounts.into_iter().find(own).map_or(json!(false), |id| json!(id))
    };
    for (code, name, of, default) in JOURNALS {
        let fields = [
            ("code", json!(code)),
            ("name", json!(name)),
            ("type", json!(of)),
            ("default_account_id", account(store, default)),
        ];
        put(store, "account.journal", &fields);
    }
    // every partner has these, unless told otherwise
    let (receivable, payable) = (account(store, "121000"), account(store, "211000"));
    store.set("res.partner", partner, "property_account_receivable_id", receivable);
    store.set("res.partner", partner, "property_account_payable_id", payable);
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

/// The generic chart: code, name, type, and whether entries are matched on it.
const CHART: [(&str, &str, &str, bool); 51] = [
    ("101000", "Current Assets", "asset_current", false),
    ("101300", "Account Receivable (PoS)", "asset_receivable", true),
    ("101401", "Bank", "asset_cash", false),
    ("101402", "Bank Suspense Account", "asset_current", false),
    ("101403", "Outstanding Receipts", "asset_current", true),
    ("101404", "Outstanding Payments", "asset_current", true),
    ("101501", "Cash", "asset_cash", false),
    ("101701", "Liquidity Transfer", "asset_current", true),
    ("110100", "Stock Valuation", "asset_current", false),
    ("110200", "Stock Interim (Received)", "asset_current", true),
    ("110300", "Stock Interim (Delivered)", "asset_current", true),
    ("110400", "Cost of Production", "asset_current", true),
    ("110500", "Work in Progress", "asset_current", true),
    ("121000", "Account Receivable", "asset_receivable", true),
    ("121100", "Products to receive", "asset_current", true),
    ("128000", "Prepaid Expenses", "asset_current", false),
    ("131000", "Tax Paid", "asset_current", false),
    ("132000", "Tax Receivable", "asset_current", false),
    ("141000", "Prepayments", "asset_prepayments", false),
    ("151000", "Fixed Asset", "asset_fixed", false),
    ("191000", "Non-current assets", "asset_non_current", false),
    ("201000", "Current Liabilities", "liability_current", false),
    ("201100", "Credit Card", "liability_credit_card", false),
    ("211000", "Account Payable", "liability_payable", true),
    ("211100", "Bills to receive", "liability_current", true),
    ("212000", "Deferred Revenue", "liability_current", false),
    ("230000", "Salary Payable", "liability_current", true),
    ("230100", "Employee Payroll Taxes", "liability_current", true),
    ("230200", "Employer Payroll Taxes", "liability_current", true),
    ("251000", "Tax Received", "liability_current", false),
    ("252000", "Tax Payable", "liability_current", false),
    ("291000", "Non-current Liabilities", "liability_non_current", false),
    ("301000", "Capital", "equity", false),
    ("302000", "Dividends", "equity", false),
    ("400000", "Product Sales", "income", false),
    ("441000", "Foreign Exchange Gain", "income", false),
    ("442000", "Cash Difference Gain", "income", false),
    ("443000", "Cash Discount Loss", "expense", false),
    ("450000", "Other Income", "income_other", false),
    ("500000", "Cost of Goods Sold", "expense_direct_cost", false),
    ("600000", "Expenses", "expense", false),
    ("611000", "Purchase of Equipments", "expense", false),
    ("612000", "Rent", "expense", false),
    ("620000", "Bank Fees", "expense", false),
    ("630000", "Salary Expenses", "expense", false),
    ("641000", "Foreign Exchange Loss", "expense", false),
    ("642000", "Cash Difference Loss", "expense", false),
    ("643000", "Cash Discount Gain", "income", false),
    ("961000", "RD Expenses", "expense", false),
    ("962000", "Sales Expenses", "expense", false),
    ("999999", "Undistributed Profits/Losses", "equity_unaffected", false),
];

/// Code, name, type, and the account that they book to.
const JOURNALS: [(&str, &str, &str, &str); 7] = [
    ("INV", "Customer Invoices", "sale", "400000"),
    ("BILL", "Vendor Bills", "purchase", "600000"),
    ("MISC", "Miscellaneous Operations", "general", ""),
    ("EXCH", "Exchange Difference", "general", ""),
    ("CABA", "Cash Basis Taxes", "general", ""),
    ("BNK1", "Bank", "bank", "101401"),
    ("CSH1", "Cash", "cash", "101501"),
];
