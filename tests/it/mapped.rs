//! Books moved into a chart that Odoo has already: what is suggested, what is
//! refused, and that the sums of what went together are proved.

use std::{collections::BTreeMap, path::Path};

use axum::http::StatusCode;
use q2o_clients::odoo::OdooClient;
use q2o_domain::ports::Odoo;
use q2o_tests::{app::TestApp, odoo::Server};
use serde_json::{Value, json};

use crate::{
    data::{craig, real_odoo},
    made::{Made, number, paid, sold, spent},
};

/// An app with its link, and the Odoo behind it looked at directly.
struct Stage {
    app: TestApp,
    link: String,
    odoo: OdooClient,
}

impl Stage {
    /// With the simulator, and with a real Odoo where there is one.
    async fn both(folder: &Path) -> Vec<Self> {
        let mut both = vec![Self::simulated(folder).await];
        if let Some(odoo) = real_odoo().await {
            both.push(Self::over(TestApp::with(folder).await, odoo).await);
        }
        both
    }

    async fn simulated(folder: &Path) -> Self {
        let app = TestApp::with(folder).await;
        let options = app.odoo.options();
        let odoo = json!({
            "url": app.odoo_url, "database": options.database, "login": options.login,
            "api_key": options.key, "company": 1,
        });
        Self::over(app, odoo).await
    }

    async fn over(app: TestApp, odoo: Value) -> Self {
        let client = Server::behind(&odoo).client(odoo["company"].as_i64()).unwrap();
        let link = app.connect_to(odoo).await;
        Self { app, link, odoo: client }
    }

    async fn get(&self, path: &str) -> Value {
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}link={}", self.link);
        let (status, answer) = self.app.ask("GET", &path, json!(null)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer:#}");
        answer
    }

    async fn save(&self, mut mapping: Value) -> (StatusCode, Value) {
        mapping["link"] = json!(self.link);
        self.app.ask("PUT", "/api/mappings", mapping).await
    }

    async fn saved(&self, mapping: Value) -> Value {
        let (status, answer) = self.save(mapping).await;
        assert_eq!(status, StatusCode::OK, "{answer:#}");
        answer
    }

    /// Everything as suggested.
    async fn as_suggested(&self) -> Value {
        let shown = self.get("/api/mappings").await;
        let rows = |list: &str| -> Vec<Value> {
            let row = |row: &Value| json!({ "id": row["id"], "to": row["suggestion"]["to"] });
            shown[list].as_array().unwrap().iter().map(row).collect()
        };
        self.saved(json!({ "mode": "map", "note": "as suggested", "accounts": rows("accounts") }))
            .await
    }

    /// The job's proof, with no difference in it.
    async fn proved(&self, path: &str) -> Value {
        let body = json!({ "link": self.link });
        let (status, answer) = self.app.ask("POST", path, body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        let job = answer["job"].as_str().unwrap().to_owned();
        self.app.run().await;
        self.proof(&job).await
    }

    async fn proof(&self, job: &str) -> Value {
        let (_, shown) = self.app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
        let errors = self.get("/api/ops/errors").await;
        assert_eq!(shown["state"], "done", "{shown:#}\n{errors:#}");
        let path = format!("/api/reports/proof/{job}");
        let (_, proof) = self.app.ask("GET", &path, json!(null)).await;
        for level in ["L0", "L1", "L2", "L3", "L4"] {
            assert_eq!(proof["levels"][level]["different"], 0, "{level}: {proof:#}\n{errors:#}");
            assert_ne!(proof["levels"][level]["checked"], 0, "{level}");
        }
        assert_eq!(proof["unexplained"], json!([]), "{proof:#}");
        let real = errors.as_array().unwrap().iter().filter(|e| e["class"] != "not_moved");
        assert_eq!(real.count(), 0, "{errors:#}");
        proof
    }

    /// What stands on an account of Odoo's, posted.
    async fn balance(&self, code: &str) -> String {
        let domain = json!([["code", "=", code]]);
        let accounts =
            self.odoo.search_read("account.account", domain, &["code"], "id", 0, 1).await.unwrap();
        let domain =
            json!([["account_id", "=", accounts[0]["id"]], ["parent_state", "=", "posted"]]);
        let sums = self
            .odoo
            .read_group("account.move.line", domain, &["balance:sum"], &["account_id"])
            .await
            .unwrap();
        sums.first().map_or_else(|| "0".to_owned(), |sum| sum["balance"].to_string())
    }

    async fn account(&self, code: &str) -> Value {
        let fields = ["name", "code", "account_type", "reconcile"];
        let domain = json!([["code", "=", code]]);
        let rows = self.odoo.search_read("account.account", domain, &fields, "id", 0, 1).await;
        rows.unwrap().remove(0)
    }

    /// An entry that somebody else makes in Odoo.
    async fn entry(&self, debit: &str, credit: &str, amount: &str) {
        let line = |account: &Value, balance: Value| json!([0, 0, { "account_id": account["id"], "balance": balance }]);
        let (debit, credit) = (self.account(debit).await, self.account(credit).await);
        let domain = json!([["code", "=", "MISC"]]);
        let journals =
            self.odoo.search_read("account.journal", domain, &["code"], "id", 0, 0).await.unwrap();
        let domain = json!([["code", "=", "MISC"], ["id", "=", journals[0]["id"]]]);
        let journal =
            self.odoo.search_read("account.journal", domain, &["code"], "id", 0, 1).await.unwrap();
        let entry = json!({
            "move_type": "entry", "date": "2026-01-31", "journal_id": journal[0]["id"],
            "line_ids": [line(&debit, number(amount)), line(&credit, number(&format!("-{amount}")))],
        });
        let made = self.odoo.create("account.move", vec![entry], json!({})).await.unwrap();
        let ids = json!([[made[0].0]]);
        self.odoo.call("account.move", "action_post", ids, json!({})).await.unwrap();
    }
}

/// Which of Odoo's generic accounts an accountant would take for each account of
/// the recorded company.
fn truth() -> BTreeMap<String, String> {
    let table = include_str!("craig_in_generic_chart.csv");
    let rows = csv::Reader::from_reader(table.as_bytes()).into_records();
    rows.map(|row| row.unwrap()).map(|row| (row[0].to_owned(), row[1].to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn suggestions_are_what_an_accountant_would_say() {
    let Some(folder) = craig() else { return };
    for stage in Stage::both(&folder).await {
        let shown = stage.get("/api/mappings").await;
        let accounts = shown["accounts"].as_array().unwrap();
        let truth = truth();
        assert_eq!(accounts.len(), truth.len());
        let wrong: Vec<String> = accounts
            .iter()
            .filter(|row| row["suggestion"]["to"] != truth[row["id"].as_str().unwrap()])
            .map(|row| {
                let right = &truth[row["id"].as_str().unwrap()];
                format!("{} is {right}, suggested {}", row["shown"], row["suggestion"])
            })
            .collect();
        assert!(wrong.len() * 100 <= accounts.len() * 5, "{wrong:#?}");
        for row in accounts {
            let confidence: f64 = row["suggestion"]["confidence"].to_string().parse().unwrap();
            assert!((0.0..=1.0).contains(&confidence), "{row}");
            assert!(!row["suggestion"]["reason"].as_str().unwrap().is_empty(), "{row}");
        }
        let checking = accounts.iter().find(|row| row["id"] == "35").unwrap();
        assert_eq!(checking["balance"], "1201.00");
        assert_eq!(checking["review"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_accounts_go_to_one_and_their_sums_are_proved() {
    let Some(folder) = craig() else { return };
    for stage in Stage::both(&folder).await {
        stage.entry("101401", "400000", "1234.56").await;
        let before = stage.account("400000").await;
        let saved = stage.as_suggested().await;
        assert_eq!(saved["version"], 1);
        assert_eq!(saved["undecided"], json!([]));

        let foretold = stage.proved("/api/entities/rehearse").await;
        let proof = stage.proved("/api/entities/backfill").await;
        for same in ["levels", "groups", "trial_balance_total", "by_documents"] {
            assert_eq!(foretold[same], proof[same], "{same}");
        }
        let groups = proof["groups"].as_array().unwrap();
        let sales = groups.iter().find(|group| group["odoo"] == "400000").unwrap();
        assert_eq!(sales["accounts"].as_array().unwrap().len(), 19, "{sales:#}");
        assert_eq!(sales["accounts"][0], "1 Services");

        // what was there is told, and is not ours to compare or to change
        let foreign: BTreeMap<&str, &str> = proof["foreign"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["account"].as_str().unwrap(), row["amount"].as_str().unwrap()))
            .map(|(account, amount)| (account.split(' ').next().unwrap(), amount))
            .collect();
        assert_eq!(foreign, BTreeMap::from([("101401", "1234.56"), ("400000", "-1234.56")]));
        assert_eq!(stage.account("400000").await, before);
        // QuickBooks' own balance of the one account, and the stranger's
        let bank: rust_decimal::Decimal = stage.balance("101401").await.parse().unwrap();
        assert_eq!(bank.to_string().trim_end_matches('0'), "2435.56");

        // once more: nothing is done twice, and nothing went elsewhere
        stage.proved("/api/entities/backfill").await;
    }
}

/// A company that buys from whom it sells to, and levies 15 % on what it sells.
fn company() -> Made {
    let mut made = Made::new("US", &["USD"]);
    made.accounts(&[
        ["1", "Checking", "Bank", "Checking", "USD"],
        ["2", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable", "USD"],
        ["3", "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable", "USD"],
        ["4", "Services", "Income", "ServiceFeeIncome", "USD"],
        ["5", "Rent", "Expense", "RentOrLeaseOfBuildings", "USD"],
        ["6", "State Tax Payable", "Other Current Liability", "GlobalTaxPayable", "USD"],
        ["7", "Undeposited Funds", "Other Current Asset", "UndepositedFunds", "USD"],
        ["8", "=Petty, \"Cash\"", "Bank", "CashOnHand", "USD"],
    ]);
    made.add("TaxAgency", json!({ "Id": "1", "SyncToken": "0", "DisplayName": "State Tax" }));
    made.add(
        "TaxRate",
        json!({ "Id": "1", "SyncToken": "0", "Name": "State", "Active": true,
                "RateValue": number("15"), "AgencyRef": { "value": "1" } }),
    );
    let rates = json!({ "TaxRateDetail": [{ "TaxRateRef": { "value": "1" }, "TaxOrder": 0,
                                            "TaxTypeApplicable": "TaxOnAmount" }] });
    made.add(
        "TaxCode",
        json!({ "Id": "2", "SyncToken": "0", "Name": "State", "Active": true, "TaxGroup": true,
                "SalesTaxRateList": rates }),
    );
    let party = |id: &str, name: &str, email: &str| {
        json!({ "Id": id, "SyncToken": "0", "DisplayName": name, "Active": true,
                "PrimaryEmailAddr": { "Address": email } })
    };
    made.add("Customer", party("1", "Acme", "office@acme.example"));
    made.add("Customer", party("3", "Zenith", "hello@zenith.example"));
    made.add("Vendor", party("2", "Acme, Inc. (V)", "Office@Acme.example"));
    made.add("Vendor", party("4", "Nobody Else", "else@nobody.example"));
    made.add(
        "Item",
        json!({ "Id": "1", "SyncToken": "0", "Name": "Work", "FullyQualifiedName": "Work",
                "Type": "Service", "Active": true, "IncomeAccountRef": { "value": "4" } }),
    );
    let mut line = sold("100.00", "1", "4");
    line["SalesItemLineDetail"]["TaxCodeRef"]["value"] = json!("TAX");
    let tax = json!({
        "TxnTaxCodeRef": { "value": "2" }, "TotalTax": number("15.00"),
        "TaxLine": [{ "Amount": number("15.00"), "DetailType": "TaxLineDetail",
                      "TaxLineDetail": { "TaxRateRef": { "value": "1" }, "PercentBased": true,
                                         "TaxPercent": 15, "NetAmountTaxable": number("100.00") } }],
    });
    let invoice = json!({
        "DocNumber": "101", "TotalAmt": number("115.00"), "Balance": number("15.00"),
        "Line": [line], "CustomerRef": { "value": "1" }, "TxnTaxDetail": tax,
    });
    let who = ["10", "2026-01-10", "USD", "c1"];
    made.txn(
        "Invoice",
        who,
        invoice,
        &[("2", "115.00", ""), ("4", "-100.00", ""), ("6", "-15.00", "")],
    );
    let payment = json!({
        "TotalAmt": number("100.00"), "UnappliedAmt": 0, "CustomerRef": { "value": "1" },
        "DepositToAccountRef": { "value": "7" }, "Line": [paid("100.00", "Invoice", "10")],
    });
    let who = ["11", "2026-01-20", "USD", "c1"];
    made.txn("Payment", who, payment, &[("7", "100.00", ""), ("2", "-100.00", "")]);
    let deposit = json!({
        "TotalAmt": number("100.00"), "DepositToAccountRef": { "value": "1" },
        "Line": [{ "Amount": number("100.00"), "DetailType": "DepositLineDetail",
                   "LinkedTxn": [{ "TxnId": "11", "TxnType": "Payment", "TxnLineId": "0" }] }],
    });
    let who = ["12", "2026-01-21", "USD", ""];
    made.txn("Deposit", who, deposit, &[("1", "100.00", ""), ("7", "-100.00", "")]);
    let bill = json!({
        "TotalAmt": number("40.00"), "Balance": number("40.00"), "VendorRef": { "value": "2" },
        "APAccountRef": { "value": "3" }, "Line": [spent("40.00", "5")],
    });
    let who = ["13", "2026-02-10", "USD", "v2"];
    made.txn("Bill", who, bill, &[("5", "40.00", ""), ("3", "-40.00", "")]);
    made
}

fn mapped() -> Value {
    let to = |id: &str, to: &str| json!({ "id": id, "to": to });
    json!({
        "mode": "map",
        "accounts": [
            to("1", "101401"), to("2", "121000"), to("3", "211000"), to("4", "400000"),
            to("5", "612000"), to("6", "251000"), to("7", "101403"), to("8", "101401"),
        ],
        "taxes": [{ "id": "1", "use": "sale", "to": "15%" }],
        "twins": [{ "vendor": "2", "customer": "1" }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn taxes_and_twins_are_taken_as_confirmed_and_nothing_of_odoo_is_changed() {
    let folder = company().write("2026-03-31");
    for stage in Stage::both(folder.path()).await {
        let twins = stage.get("/api/mappings/twins").await;
        assert_eq!(twins.as_array().unwrap().len(), 1, "{twins:#}");
        assert_eq!(twins[0]["reasons"], json!(["same e-mail address", "same name"]));
        assert_eq!(twins[0]["confirmed"], false);
        let shown = stage.get("/api/mappings").await;
        let tax = &shown["taxes"][0]["suggestion"];
        assert_eq!(tax["to"], "15%", "{shown:#}");
        assert_eq!(tax["reason"], "same rate 15 % on sales");

        // confirmed, thought better of, and confirmed again: nothing is loaded yet
        stage.saved(mapped()).await;
        let mut without = mapped();
        without["twins"] = json!([]);
        stage.saved(without).await;
        let saved = stage.saved(mapped()).await;
        assert_eq!(saved["groups"], json!({ "101401": ["1", "8"] }));
        assert_eq!(stage.get("/api/mappings/twins").await[0]["confirmed"], true);

        let taxes = all_taxes(&stage).await;
        let journals = bank_journals(&stage).await;
        stage.proved("/api/entities/rehearse").await;
        let proof = stage.proved("/api/entities/backfill").await;
        assert_eq!(proof["by_documents"]["different"], 0, "{proof:#}");
        let made: Vec<Value> =
            all_taxes(&stage).await.into_iter().filter(|tax| !taxes.contains(tax)).collect();
        // only the part that was not decided on, and the code
        assert_eq!(made.len(), 2, "{made:#?}");
        assert!(
            made.iter()
                .all(|tax| tax["type_tax_use"] == "purchase" || tax["amount_type"] == "group")
        );
        assert_eq!(bank_journals(&stage).await, journals, "the bank has its journal already");
        let fields = ["name", "email", "customer_rank", "supplier_rank"];
        let domain = json!([["name", "ilike", "acme"], ["active", "in", [true, false]]]);
        let partners =
            stage.odoo.search_read("res.partner", domain, &fields, "id desc", 0, 2).await.unwrap();
        let acme = partners.iter().find(|p| p["customer_rank"] != 0).unwrap();
        assert_eq!(acme["name"], "Acme");
        assert_ne!(acme["supplier_rank"], 0, "{acme}");
        let bills = json!([["move_type", "=", "in_invoice"], ["partner_id", "=", acme["id"]]]);
        let bills = stage.odoo.search_read("account.move", bills, &["ref"], "id", 0, 0).await;
        assert_eq!(bills.unwrap().len(), 1, "the bill is the customer's");
        stage.proved("/api/entities/backfill").await;

        // what is loaded stays where it is
        let mut other = mapped();
        other["accounts"][3]["to"] = json!("441000");
        other["taxes"] = json!([]);
        other["twins"] = json!([]);
        let (status, problem) = stage.save(other).await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem:#}");
        assert_eq!(problem["remedy"]["remedy"], "roll_back");
        let rows: Vec<&str> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|e| e["row"].as_str())
            .collect();
        assert_eq!(rows, ["Account 4", "TaxRate 1", "Vendor 2"]);
        assert_eq!(stage.get("/api/mappings").await["version"], 3, "nothing was saved");
    }
}

async fn all_taxes(stage: &Stage) -> Vec<Value> {
    let fields = ["name", "amount", "amount_type", "type_tax_use", "invoice_repartition_line_ids"];
    let everywhere = json!([["active", "in", [true, false]]]);
    stage.odoo.search_read("account.tax", everywhere, &fields, "id", 0, 0).await.unwrap()
}

async fn bank_journals(stage: &Stage) -> Vec<Value> {
    let domain = json!([["type", "in", ["bank", "cash", "credit"]]]);
    let fields = ["code", "default_account_id"];
    stage.odoo.search_read("account.journal", domain, &fields, "id", 0, 0).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_comes_back_as_it_went_and_errors_name_their_line() {
    let folder = company().write("2026-03-31");
    let stage = Stage::simulated(folder.path()).await;
    stage.saved(mapped()).await;
    let (link, app) = (&stage.link, &stage.app);
    let export = format!("/api/mappings/export?link={link}");
    let import = format!("/api/mappings/import?link={link}&note=from%20a%20table");
    let (status, table) = app.exchange("GET", &export, String::new()).await;
    assert_eq!(status, StatusCode::OK, "{table}");
    assert!(table.contains("'=Petty"), "no spreadsheet takes a name for a formula: {table}");
    let (status, answer) = app.exchange("POST", &import, table.clone()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (_, again) = app.exchange("GET", &export, String::new()).await;
    assert_eq!(again, table);
    let versions = stage.get("/api/mappings/versions").await;
    assert_eq!(versions[0]["note"], "from a table");
    assert_eq!(versions[0]["saved_by"], "tester");
    assert_eq!(versions.as_array().unwrap().len(), 2);
    let first = stage.get("/api/mappings?version=1").await;
    assert_eq!(first["note"], "");
    assert_eq!(first["accounts"], stage.get("/api/mappings").await["accounts"]);

    let bad = "what,id,part,odoo\n\
               account,4,,999\n\
               account,99,,mirror\n\
               tax,1,sale,20%\n\
               twin,2,77,same partner\n";
    for (table, expected) in [
        (
            bad.lines().take(4).collect::<Vec<_>>().join("\n"),
            &["line 2, column odoo", "line 3, column odoo", "line 4, column odoo"][..],
        ),
        ("what,id,part,odoo\ntwin,2,77,same partner\n".to_owned(), &["line 2, column odoo"]),
        ("what,id,part,odoo\nacount,4,,mirror\n".to_owned(), &["line 2, column what"]),
        ("what,id,part,odoo\ntax,1,sales,mirror\n".to_owned(), &["line 2, column part"]),
        ("what,id,odoo\naccount,4,mirror\n".to_owned(), &["line 1, column part"]),
    ] {
        let (status, answer) = app.exchange("POST", &import, table.clone()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{table}: {answer}");
        let problem: Value = serde_json::from_str(&answer).unwrap();
        let rows: Vec<&str> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|e| e["row"].as_str())
            .collect();
        assert_eq!(rows, expected, "{table}: {problem:#}");
    }
    assert_eq!(stage.get("/api/mappings").await["version"], 2, "nothing was saved");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_its_reason() {
    let folder = company().write("2026-03-31");
    for stage in Stage::both(folder.path()).await {
        for (id, to, why) in [
            ("2", "400000", "what customers owe"),
            ("4", "121000", "what customers owe"),
            ("3", "201000", "what vendors are owed"),
            ("1", "101402", "asset_cash"),
            ("4", "301000", "the profit and loss"),
            ("5", "101000", "the profit and loss"),
            ("7", "101402", "does not allow reconciliation"),
            ("6", "999999", "results of years"),
            ("4", "nowhere", "no account"),
        ] {
            let row = json!({ "id": id, "to": to });
            let good = json!({ "id": "8", "to": "mirror" });
            let (status, problem) =
                stage.save(json!({ "mode": "map", "accounts": [good, row] })).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{id} to {to}: {problem:#}");
            assert_eq!(problem["errors"][0]["row"], "accounts[1]");
            let said = problem["errors"][0]["why"].as_str().unwrap();
            assert!(said.contains(why), "{id} to {to}: {said}");
        }
        let rate = json!({ "id": "1", "use": "purchase", "to": "15% no such" });
        let (status, problem) = stage.save(json!({ "mode": "map", "taxes": [rate] })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem:#}");
        assert_eq!(problem["errors"][0]["row"], "taxes[0]");
        let twice = json!({ "id": "4", "to": "mirror" });
        let (status, problem) =
            stage.save(json!({ "mode": "map", "accounts": [twice, twice] })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem:#}");
        stage.saved(json!({ "mode": "mirror" })).await;
        let (status, problem) = stage.save(json!({ "mode": "mirror", "version": 0 })).await;
        assert_eq!(status, StatusCode::CONFLICT, "somebody else was faster: {problem:#}");
        assert_eq!(stage.get("/api/mappings").await["version"], 1);
    }
}

/// Accounts come and go on both sides between a mapping and the migration.
#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_no_longer_holds_stops_the_job_before_it_writes() {
    let folder = company().write("2026-03-31");
    let stage = Stage::simulated(folder.path()).await;
    let app = &stage.app;
    let mut incomplete = mapped();
    incomplete["accounts"].as_array_mut().unwrap().remove(4);
    let saved = stage.saved(incomplete).await;
    assert_eq!(saved["undecided"], json!(["5"]));
    let job = app.start(&stage.link).await;
    let before = app.odoo.save().unwrap();
    app.run().await;
    let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    assert_eq!(shown["state"], "needs_user", "{shown:#}");
    assert_eq!(shown["remedy"], json!({ "remedy": "map", "kind": "Account", "id": "5" }));
    assert_eq!(app.odoo.save().unwrap(), before, "nothing was written");

    let rent = stage.account("612000").await;
    let closed = json!({ "deprecated": true });
    let id = q2o_domain::OdooId(rent["id"].as_i64().unwrap());
    stage.saved(mapped()).await;
    stage.odoo.write("account.account", &[id], closed).await.unwrap();
    let resume = format!("/api/entities/backfill/{job}/resume");
    app.ask("POST", &resume, json!({})).await;
    app.run().await;
    let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    assert_eq!(shown["state"], "needs_user", "{shown:#}");
    assert!(shown["why"].as_str().unwrap().contains("closed in Odoo"), "{shown:#}");

    let mut elsewhere = mapped();
    elsewhere["accounts"][4]["to"] = json!("600000");
    stage.saved(elsewhere).await;
    app.ask("POST", &resume, json!({})).await;
    app.run().await;
    stage.proof(&job).await;
    let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    assert_eq!(shown["mapping"], 3, "the job remembers which version it ran with");
}

/// By what this Odoo has, not by its version.
#[tokio::test(flavor = "multi_thread")]
async fn other_expenses_have_a_type_of_their_own_where_odoo_has_one() {
    let mut made = company();
    made.accounts(&[["9", "Fines", "Other Expense", "PenaltiesSettlements", "USD"]]);
    let folder = made.write("2026-03-31");
    for stage in Stage::both(folder.path()).await {
        stage.proved("/api/entities/backfill").await;
        let kwargs = json!({ "attributes": ["selection"] });
        let args = json!([["account_type"]]);
        let fields = stage.odoo.call("account.account", "fields_get", args, kwargs).await.unwrap();
        let types = fields["account_type"]["selection"].as_array().unwrap();
        let has = types.iter().any(|of| of[0] == "expense_other");
        let fines = stage.account("8000009").await;
        assert_eq!(fines["account_type"], if has { "expense_other" } else { "expense" });
    }
}
