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
    records: BTreeMap<&'static str, Vec<Value>>,
    postings: String,
}

/// A posting: account, home amount, and the amount in the document's currency.
pub type Posted = (&'static str, &'static str, &'static str);

impl Made {
    /// Its home currency first.
    pub fn new(country: &'static str, currencies: &[&'static str]) -> Self {
        let head = "txn_type,txn_id,txn_date,account_id,account,amount_debit_positive,source,\
                    currency,amount_foreign,customer_id,vendor_id\n";
        Self {
            currencies: currencies.to_vec(),
            country,
            records: BTreeMap::new(),
            postings: head.to_owned(),
        }
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
        postings: &[Posted],
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

    /// Postings of a transaction that has no record, or that its record does not show.
    pub fn hidden(
        &mut self,
        txn_type: &str,
        [id, date, currency, whose]: [&str; 4],
        source: &str,
        postings: &[Posted],
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
            "country": self.country, "end": end,
        });
        put("manifest.json", manifest.to_string());
        folder
    }

    /// Migrates it and asserts that nothing differs; gives the app and the proof.
    /// Into a real Odoo too, where the environment names one.
    pub async fn proved(&self, end: &str) -> (TestApp, Value) {
        let folder = self.write(end);
        if let Some(odoo) = real_odoo().await {
            let app = TestApp::with(folder.path()).await;
            let link = app.connect_to(odoo).await;
            proved(&app, &link).await;
        }
        let app = TestApp::with(folder.path()).await;
        let link = app.connect().await;
        let proof = proved(&app, &link).await;
        (app, proof)
    }
}

async fn proved(app: &TestApp, link: &str) -> Value {
    let job = app.start(link).await;
    app.run().await;
    let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    let (_, errors) = app.ask("GET", &format!("/api/ops/errors?link={link}"), json!(null)).await;
    assert_eq!(shown["state"], "done", "{shown:#}\n{errors:#}");
    let (status, proof) = app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await;
    assert_eq!(status, StatusCode::OK, "{proof}");
    for level in ["L0", "L1", "L2", "L3", "L4"] {
        assert_eq!(proof["levels"][level]["different"], 0, "{level}: {proof:#}\n{errors:#}");
    }
    assert_eq!(proof["unexplained"], json!([]), "{proof:#}");
    proof
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
