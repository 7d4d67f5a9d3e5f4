//! Companies written down by hand, small enough to be checked by eye.

use std::{collections::BTreeMap, fmt::Write as _};

use axum::http::StatusCode;
use q2o_tests::app::TestApp;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::data::real_odoo;

/// A company's folder in the making.
pub struct Made {
    currencies: Vec<&'static str>,
    country: &'static str,
    /// The month its fiscal year begins with; January is 1.
    year_starts: i8,
    records: BTreeMap<&'static str, Vec<Value>>,
    postings: String,
}

/// A posting: account, home amount, and the amount in the document's currency.
pub type Posted<'a> = (&'a str, &'a str, &'a str);

impl Made {
    /// Its home currency first.
    pub fn new(country: &'static str, currencies: &[&'static str]) -> Self {
        let head = "txn_type,txn_id,txn_date,account_id,account,amount_debit_positive,source,\
                    currency,amount_foreign,customer_id,vendor_id\n";
        Self {
            currencies: currencies.to_vec(),
            country,
            year_starts: 1,
            records: BTreeMap::new(),
            postings: head.to_owned(),
        }
    }

    /// A company in the US that sells work and goods: [`USUAL`] accounts, customers
    /// 1 to 3 (the third is a job of the first), vendors 11 and 12, an employee 21,
    /// and items 1 (work), 2 (goods, not stocked) and 3 (stocked).
    pub fn usual(currencies: &[&'static str]) -> Self {
        let mut made = Self::new("US", currencies);
        made.accounts(&USUAL);
        for (entity, id, name) in [
            ("Customer", "1", "Ada"),
            ("Customer", "2", "Babbage"),
            ("Customer", "3", "Ada's Garden"),
            ("Vendor", "11", "Clement"),
            ("Vendor", "12", "Driver"),
            ("Employee", "21", "Emily"),
        ] {
            let mut person =
                json!({ "Id": id, "SyncToken": "0", "DisplayName": name, "Active": true });
            if id == "3" {
                person["ParentRef"] = json!({ "value": "1" });
                person["Job"] = json!(true);
            }
            made.add(entity, person);
        }
        for (id, name, of) in
            [("1", "Work", "Service"), ("2", "Goods", "NonInventory"), ("3", "Pump", "Inventory")]
        {
            made.add(
                "Item",
                json!({
                    "Id": id, "SyncToken": "0", "Name": name, "FullyQualifiedName": name,
                    "Type": of, "Active": true, "IncomeAccountRef": { "value": "5" },
                    "ExpenseAccountRef": { "value": if of == "Inventory" { "10" } else { "6" } },
                    "AssetAccountRef": (of == "Inventory").then(|| json!({ "value": "9" })),
                }),
            );
        }
        made
    }

    /// Its fiscal year begins with this month.
    #[must_use]
    pub fn year_starts(self, month: i8) -> Self {
        Self { year_starts: month, ..self }
    }

    pub fn add(&mut self, entity: &'static str, record: Value) {
        self.records.entry(entity).or_default().push(record);
    }

    /// Accounts: id, name, type, subtype, currency.
    pub fn accounts(&mut self, accounts: &[[&str; 5]]) {
        for [id, name, of, sub_type, currency] in accounts {
            let account = json!({
                "Id": id, "SyncToken": "0", "Name": name, "FullyQualifiedName": name, "Active": true,
                "AccountType": of, "AccountSubType": sub_type, "SubAccount": false,
                "CurrencyRef": { "value": currency },
            });
            self.add("Account", account);
        }
    }

    /// A transaction and what it posts: type, id, date, currency, and whose it is
    /// (as in `c1` or `v2`).
    pub fn txn(
        &mut self,
        entity: &'static str,
        [id, date, currency, whose]: [&str; 4],
        record: Value,
        postings: &[Posted<'_>],
    ) {
        let mut whole = json!({
            "Id": id, "SyncToken": "0", "TxnDate": date, "CurrencyRef": { "value": currency },
        });
        if let (Value::Object(whole), Value::Object(rest)) = (&mut whole, record) {
            whole.extend(rest);
        }
        self.add(entity, whole);
        self.hidden(entity, [id, date, currency, whose], "api", postings);
    }

    /// A transaction in home currency that moves so much to the first account from
    /// the second.
    pub fn moves(
        &mut self,
        entity: &'static str,
        head: [&str; 4],
        record: Value,
        [to, from]: [&str; 2],
        amount: &str,
    ) {
        self.txn(entity, head, record, &[(to, amount, ""), (from, &format!("-{amount}"), "")]);
    }

    /// Postings of a transaction that has no record, or that its record does not show.
    pub fn hidden(
        &mut self,
        txn_type: &str,
        [id, date, currency, whose]: [&str; 4],
        source: &str,
        postings: &[Posted<'_>],
    ) {
        let (customer, vendor) = match whose.split_at_checked(1) {
            Some(("c", id)) => (id, ""),
            Some(("v", id)) => ("", id),
            _ => ("", ""),
        };
        for (account, home, amount) in postings {
            writeln!(
                self.postings,
                "{txn_type},{id},{date},{account},,{home},{source},{currency},{amount},{customer},{vendor}"
            )
            .unwrap();
        }
    }

    pub fn write(&self, end: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let put =
            |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        for (entity, records) in &self.records {
            let lines: Vec<String> = records.iter().map(Value::to_string).collect();
            put(&format!("{entity}.jsonl"), lines.join("\n") + "\n");
        }
        put("golden_postings.csv", self.postings.clone());
        let manifest = json!({
            "home_currency": self.currencies[0], "currencies": self.currencies,
            "country": self.country, "end": end, "fiscal_year_start_month": self.year_starts,
        });
        put("manifest.json", manifest.to_string());
        folder
    }

    /// Migrates it and asserts that nothing differs; gives the app and the proof.
    /// Into a real Odoo too, where the environment names one.
    pub async fn proved(&self, end: &str) -> (TestApp, Value) {
        self.proved_since(None, end).await
    }

    /// The same with what is before the cut brought over as opening balances.
    pub async fn proved_since(&self, cut: Option<&str>, end: &str) -> (TestApp, Value) {
        if let Some(odoo) = real_odoo().await {
            let app = TestApp::with(self.write(end).path()).await;
            let link = app.connect_to(odoo).await;
            proved(&app, json!({ "cut": cut, "until": end, "link": link })).await;
        }
        self.simulated_since(cut, end).await
    }

    /// Into the simulator only, where a real Odoo has nothing to add.
    pub async fn simulated(&self, end: &str) -> (TestApp, Value) {
        self.simulated_since(None, end).await
    }

    pub async fn simulated_since(&self, cut: Option<&str>, end: &str) -> (TestApp, Value) {
        let folder = self.write(end);
        let asked = json!({ "cut": cut, "until": end });
        let app = TestApp::with(folder.path()).await;
        let asked = with(asked, json!({ "link": app.connect().await }));
        let foretold = run(&app, "rehearse", &asked).await;
        let proof = proved(&app, asked).await;
        for same in ["trial_balance_total", "levels", "by_documents", "unexplained"] {
            assert_eq!(foretold[same], proof[same], "{same}, as rehearsed");
        }
        (app, proof)
    }
}

/// Migrates and asserts that nothing differs and that nothing was left out but
/// what is meant to be.
pub async fn proved(app: &TestApp, asked: Value) -> Value {
    let proof = run(app, "backfill", &asked).await;
    let link = asked["link"].as_str().unwrap();
    let (_, errors) = app.ask("GET", &format!("/api/ops/errors?link={link}"), json!(null)).await;
    for level in ["L0", "L1", "L2", "L3", "L4"] {
        assert_eq!(proof["levels"][level]["different"], 0, "{level}: {proof:#}\n{errors:#}");
    }
    assert_eq!(proof["unexplained"], json!([]), "{proof:#}\n{errors:#}");
    let errors = errors.as_array().unwrap();
    let left: Vec<&Value> = errors.iter().filter(|e| e["class"] != "not_moved").collect();
    assert!(left.is_empty(), "{left:#?}");
    proof
}

/// Migrates or rehearses to the end; gives the proof.
pub async fn run(app: &TestApp, what: &str, asked: &Value) -> Value {
    let (status, answer) = app.ask("POST", &format!("/api/entities/{what}"), asked.clone()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    let job = answer["job"].as_str().unwrap();
    app.run().await;
    let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    let (status, proof) = app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await;
    assert_eq!(status, StatusCode::OK, "{proof}");
    proof
}

/// The accounts of a [`Made::usual`] company: id, name, type, subtype, currency.
pub const USUAL: [[&str; 5]; 20] = [
    ["1", "Checking", "Bank", "Checking", "USD"],
    ["2", "Accounts Receivable", "Accounts Receivable", "AccountsReceivable", "USD"],
    ["3", "Accounts Payable", "Accounts Payable", "AccountsPayable", "USD"],
    ["4", "Undeposited Funds", "Other Current Asset", "UndepositedFunds", "USD"],
    ["5", "Sales", "Income", "SalesOfProductIncome", "USD"],
    ["6", "Rent", "Expense", "RentOrLeaseOfBuildings", "USD"],
    ["7", "Discounts given", "Income", "DiscountsRefundsGiven", "USD"],
    ["8", "Shipping Income", "Income", "OtherPrimaryIncome", "USD"],
    ["9", "Inventory Asset", "Other Current Asset", "Inventory", "USD"],
    ["10", "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs", "USD"],
    ["11", "Opening Balance Equity", "Equity", "OpeningBalanceEquity", "USD"],
    ["12", "Retained Earnings", "Equity", "RetainedEarnings", "USD"],
    ["13", "Mastercard", "Credit Card", "CreditCard", "USD"],
    ["14", "Savings", "Bank", "Savings", "USD"],
    ["15", "Retainage Receivable", "Accounts Receivable", "AccountsReceivable", "USD"],
    ["16", "Payable to Contractors", "Accounts Payable", "AccountsPayable", "USD"],
    ["17", "Petty Cash", "Bank", "CashOnHand", "USD"],
    ["18", "Bank Charges", "Expense", "BankCharges", "USD"],
    ["19", "Exchange Gain or Loss", "Other Expense", "ExchangeGainOrLoss", "USD"],
    ["23", "Wages", "Expense", "PayrollExpenses", "USD"],
];

/// What a document to a customer says: total, what is open of it, and its lines.
pub fn sale(customer: &str, total: &str, balance: &str, lines: &[Value]) -> Value {
    json!({
        "TotalAmt": number(total), "Balance": number(balance), "Line": lines,
        "CustomerRef": { "value": customer },
    })
}

/// What a vendor's document says.
pub fn bought(vendor: &str, total: &str, balance: &str, lines: &[Value]) -> Value {
    json!({
        "TotalAmt": number(total), "Balance": number(balance), "Line": lines,
        "VendorRef": { "value": vendor },
    })
}

/// A customer's payment: what is left of it, and what it pays.
pub fn payment(customer: &str, total: &str, unapplied: &str, lines: &[Value]) -> Value {
    json!({
        "TotalAmt": number(total), "UnappliedAmt": number(unapplied), "Line": lines,
        "CustomerRef": { "value": customer },
    })
}

/// What is paid to a vendor from a bank account.
pub fn bill_payment(vendor: &str, total: &str, bank: &str, lines: &[Value]) -> Value {
    json!({
        "TotalAmt": number(total), "PayType": "Check", "Line": lines,
        "CheckPayment": { "BankAccountRef": { "value": bank } },
        "VendorRef": { "value": vendor },
    })
}

/// A record with these fields set or replaced.
pub fn with(mut record: Value, fields: Value) -> Value {
    if let (Value::Object(record), Value::Object(fields)) = (&mut record, fields) {
        record.extend(fields);
    }
    record
}

/// A line of a journal entry, debit positive: account, amount, and whose.
pub fn entry(account: &str, amount: &str, whose: &str) -> Value {
    let (side, amount) = match amount.strip_prefix('-') {
        Some(amount) => ("Credit", amount),
        None => ("Debit", amount),
    };
    let mut detail = json!({ "PostingType": side, "AccountRef": { "value": account } });
    if let Some((of, id)) = whose.split_at_checked(1).filter(|(of, _)| !of.is_empty()) {
        let kind = match of {
            "c" => "Customer",
            "v" => "Vendor",
            _ => "Employee",
        };
        detail["Entity"] = json!({ "Type": kind, "EntityRef": { "value": id } });
    }
    json!({
        "DetailType": "JournalEntryLineDetail", "Amount": number(amount),
        "JournalEntryLineDetail": detail,
    })
}

/// A line of a deposit that comes from an account, and from whom.
pub fn deposited(amount: &str, account: &str, whose: &Value) -> Value {
    json!({
        "DetailType": "DepositLineDetail", "Amount": number(amount),
        "DepositLineDetail": { "AccountRef": { "value": account }, "Entity": whose },
    })
}

/// A line of a sale, or of a purchase from an account.
pub fn sold(amount: &str, item: &str, account: &str) -> Value {
    json!({
        "DetailType": "SalesItemLineDetail", "Amount": number(amount),
        "SalesItemLineDetail": {
            "ItemRef": { "value": item }, "ItemAccountRef": { "value": account },
            "TaxCodeRef": { "value": "NON" },
        },
    })
}

pub fn spent(amount: &str, account: &str) -> Value {
    json!({
        "DetailType": "AccountBasedExpenseLineDetail", "Amount": number(amount),
        "AccountBasedExpenseLineDetail": { "AccountRef": { "value": account } },
    })
}

/// So much of another document.
pub fn paid(amount: &str, txn_type: &str, id: &str) -> Value {
    json!({ "Amount": number(amount), "LinkedTxn": [{ "TxnId": id, "TxnType": txn_type }] })
}

pub fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
