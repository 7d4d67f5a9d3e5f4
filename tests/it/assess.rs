//! An assessment tells what there is and what stands in the way, and writes
//! nothing to either side.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use axum::http::StatusCode;
use q2o_domain::{Tier, ports::Clock};
use q2o_functions::{access::Claims, compose};
use q2o_platform::clock::SystemClock;
use q2o_tests::{app::TestApp, company, odoo::Plan, qbo::CallKind};
use serde_json::{Value, json};

use crate::data::{craig, real_odoo};

/// Assesses as of the last day of the made-up companies.
async fn assessed(app: &TestApp, link: &str, plan: &str) -> (Value, Value) {
    let asked = json!({ "link": link, "plan": plan, "until": "2026-06-30" });
    let (status, answer) = app.ask("POST", "/api/entities/assess", asked).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    app.run().await;
    let job = answer["job"].as_str().unwrap();
    let (_, ended) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    assert_eq!(ended["state"], "done", "{ended:#}");
    let (status, found) =
        app.ask("GET", &format!("/api/reports/assessment/{job}"), json!(null)).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    (ended, found)
}

async fn made(documents: usize) -> (TestApp, company::Company) {
    let folder = tempfile::tempdir().unwrap();
    let company = company::generate(&company::Plan::sized(documents));
    company.write(folder.path()).unwrap();
    (TestApp::with(folder.path()).await, company)
}

/// What a check says of how bad it is, and who puts it right.
fn check(found: &Value, id: &str) -> (String, String) {
    let one = told(found, id);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&one["severity"]), text(&one["fix"]["by"]))
}

fn told<'a>(found: &'a Value, id: &str) -> &'a Value {
    let checks = found["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no {id}: {found:#}"))
}

fn is(severity: &str, by: &str) -> (String, String) {
    (severity.to_owned(), by.to_owned())
}

fn ids(list: &Value, name: &str) -> Vec<String> {
    let all = list.as_array().unwrap().iter();
    all.map(|one| one[name].as_str().unwrap().to_owned()).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_company_is_counted_foretold_and_left_as_it_is() {
    let Some(folder) = craig() else { return };
    let (app, found) = foretold(&folder).await;
    assert_eq!(app.qbo.control().record_counts().iter().map(|(_, n)| n).sum::<usize>(), 314);
    assert_eq!(found["by_year"], json!({ "2025": 4, "2026": 129 }));
    assert_eq!((&found["first"], &found["last"]), (&json!("2025-11-23"), &json!("2026-05-05")));
    assert_eq!(found["state"], "ready_with_warnings");
    let features = [
        "inventory",
        "tax_us",
        "sub_customers",
        "estimates",
        "purchase_orders",
        "time",
        "undeposited_funds",
    ];
    assert_eq!(ids(&found["features"], "id"), features);
    let undeposited = found["features"].as_array().unwrap().last().unwrap();
    assert_eq!(undeposited["evidence"], "2062.52 waits to be deposited");
    assert_eq!(found["forecast"]["plan_for_all"], "freebie");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_company_is_counted_foretold_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let company = company::generate(&company::Plan::sized(400));
    company.write(folder.path()).unwrap();
    let (_, found) = foretold(folder.path()).await;
    for (kind, records) in &company.records {
        let mut by_year: BTreeMap<&str, u64> = BTreeMap::new();
        for date in records.iter().filter_map(|record| record["TxnDate"].as_str()) {
            *by_year.entry(&date[..4]).or_default() += 1;
        }
        let told = found["counts"][kind]["by_year"].as_object();
        let told = told.into_iter().flatten().filter(|(_, n)| **n != 0);
        let told: BTreeMap<&str, u64> = told.map(|(y, n)| (y.as_str(), number(n))).collect();
        assert_eq!(told, by_year, "{kind}");
    }
    let features: BTreeSet<String> = ids(&found["features"], "id").into_iter().collect();
    for feature in ["classes", "locations", "bundles", "payroll", "unapplied_payments"] {
        assert!(features.contains(feature), "{feature}: {features:?}");
    }
    assert_eq!(check(&found, "document-numbers"), is("warn", "automatic"));
    assert_eq!(found["forecast"]["plan_for_all"], "starter");
}

/// Assesses, asserts that nothing was written and that the counts are those of
/// the company; migrates, and asserts that it took what was foretold.
async fn foretold(folder: &Path) -> (TestApp, Value) {
    let app = TestApp::with(folder).await;
    let link = app.connect().await;
    let before = app.odoo.save().unwrap();
    app.odoo.control().clear();
    app.qbo.control().clear_calls();
    let (ended, found) = assessed(&app, &link, "full").await;

    assert_eq!(app.odoo.save().unwrap(), before, "Odoo is as it was");
    let reads = ["fields_get", "has_access", "search_count", "search_read"];
    let calls = app.odoo.control().calls();
    assert!(calls.iter().all(|call| reads.contains(&call.method.as_str())), "{calls:?}");
    let quickbooks = app.qbo.control();
    for wrong in [CallKind::Write, CallKind::Report, CallKind::Other] {
        assert_eq!(quickbooks.count(wrong), 0, "{wrong:?}");
    }
    assert!(quickbooks.count(CallKind::Batch) <= 6, "{:?}", quickbooks.calls());
    assert_eq!(quickbooks.count(CallKind::Read), 2);
    assert!(number(&ended["calls"][1]) < 40, "{}", ended["calls"]);

    let told = found["counts"].as_object().unwrap();
    let told: BTreeMap<String, u64> =
        told.iter().map(|(kind, counted)| (kind.clone(), number(&counted["records"]))).collect();
    let there = quickbooks.record_counts();
    let there: BTreeMap<String, u64> = there.into_iter().map(|(k, n)| (k, n as u64)).collect();
    assert_eq!(told, there);
    for (kind, counted) in found["counts"].as_object().unwrap() {
        if let Some(years) = counted["by_year"].as_object() {
            assert_eq!(years.values().map(number).sum::<u64>(), told[kind], "{kind}");
        }
    }

    let body = json!({ "link": link, "until": "2026-06-30" });
    let (status, answer) = app.ask("POST", "/api/entities/backfill", body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    app.run().await;
    let path = format!("/api/ops/jobs/{}", answer["job"].as_str().unwrap());
    let (_, moved) = app.ask("GET", &path, json!(null)).await;
    assert_eq!(moved["state"], "done", "{moved:#}");
    // whether a file hangs on what is not moved shows only when it is read
    let (foretold, real) =
        (number(&found["forecast"]["quickbooks_calls"]), number(&moved["calls"][0]));
    assert!(
        (real..=real + told.get("Attachable").unwrap_or(&0)).contains(&foretold),
        "{foretold} of {real}"
    );
    let (foretold, real) = (number(&found["forecast"]["odoo_calls"]), number(&moved["calls"][1]));
    assert!(foretold.abs_diff(real) * 4 < real, "{foretold} Odoo calls foretold, {real} made");
    let documents: u64 =
        ["masters", "documents", "files"].map(|of| number(&found["forecast"][of])).iter().sum();
    let both = ["CompanyInfo", "Preferences"];
    let kinds = moved["counts"].as_object().unwrap().iter();
    let kinds = kinds.filter(|(kind, _)| !both.contains(&kind.as_str()));
    let loaded: u64 = kinds.map(|(_, counts)| number(&counts["loaded"])).sum();
    assert!(
        loaded <= documents && documents < loaded + loaded / 10,
        "{documents}, {loaded} loaded"
    );
    // now the two companies know each other, and Odoo has entries of ours
    let (_, again) = assessed(&app, &link, "full").await;
    assert_eq!(check(&again, "same-companies"), is("ok", ""));
    assert_eq!(check(&again, "odoo-entries"), is("ok", ""));
    (app, found)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_company_uses_and_odoo_lacks_is_told() {
    let (app, company) = made(120).await;
    let put = |entity: &str, record: Value| app.qbo.control().put(entity, record).unwrap();
    let account = |id: &str, number: &str, of: &str, currency: &str, active: bool| {
        json!({
            "Id": id, "Name": format!("Account {id}"), "FullyQualifiedName": format!("Account {id}"),
            "AccountType": of, "AccountSubType": "Other", "AcctNum": number, "Active": active,
            "CurrencyRef": { "value": currency }, "CurrentBalance": 12.5,
        })
    };
    put("Attachable", json!({ "Id": "1", "FileName": "contract.pdf" }));
    put("InventoryAdjustment", json!({ "Id": "90001", "TxnDate": "2019-05-05" }));
    put("CompanyCurrency", json!({ "Id": "1", "Code": "EUR", "Name": "Euro" }));
    put("Account", account("901", "6000-1", "Expense", "USD", true));
    // a bank account in Odoo's chart
    put("Account", account("902", "101401", "Expense", "USD", false));
    put("Account", account("903", "", "Accounts Receivable", "EUR", true));
    put(
        "Item",
        json!({ "Id": "901", "Name": "Gone", "Type": "Inventory", "Active": true, "QtyOnHand": -3 }),
    );
    let project = json!({
        "Id": "9901", "DisplayName": "New roof", "Active": true, "Job": true, "IsProject": true,
    });
    put("Customer", project);
    let mut preferences = app.qbo.control().record("Preferences", "1").unwrap();
    preferences["AccountingInfoPrefs"]["BookCloseDate"] = json!("2025-12-31");
    preferences["CurrencyPrefs"]["MultiCurrencyEnabled"] = json!(true);
    preferences["TaxPrefs"]["PartnerTaxEnabled"] = json!(true);
    put("Preferences", preferences);
    app.qbo.control().withhold("PurchaseOrder");
    let code = company.records["TaxCode"][0]["Id"].as_str().unwrap();
    app.qbo.control().poison("TaxCode", code);
    let link = app.connect().await;
    let (_, found) = assessed(&app, &link, "freebie").await;

    let features: BTreeMap<String, &str> = found["features"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["id"].as_str().unwrap().to_owned(), f["evidence"].as_str().unwrap()))
        .collect();
    for (feature, evidence) in [
        ("multi_currency", "Home USD; others: EUR"),
        ("negative_stock", "1 item below zero: Gone"),
        ("projects", "1 project: New roof"),
        ("attachments", "8 files and notes"),
        ("budgets", "1 budget"),
        ("recurring", "1 template"),
        ("closed_books", "The books are closed up to 2025-12-31"),
        ("several_receivable", "2 receivable accounts: Account 903, Accounts Receivable (A/R)"),
    ] {
        assert_eq!(features.get(feature), Some(&evidence), "{features:#?}");
    }
    assert!(features.contains_key("tax_automated") && !features.contains_key("purchase_orders"));
    let left = ids(&found["not_moved"], "what");
    for kind in ["Budget", "RecurringTransaction", "ReimburseCharge"] {
        assert!(left.iter().any(|what| what == kind), "{kind}: {left:?}");
    }
    assert_eq!(check(&found, "not-answered"), is("warn", "manual"));
    let silent = told(&found, "not-answered")["says"].as_str().unwrap();
    assert!(silent.contains("PurchaseOrder") && silent.contains("TaxCode"), "{silent}");
    assert!(silent.contains("not part of this subscription"), "{silent}");
    assert_eq!(found["counts"]["PurchaseOrder"]["records"], 0);

    assert_eq!(found["first"], "2019-05-05");
    assert_eq!(check(&found, "plan-years"), is("warn", "manual"));
    assert_eq!(found["forecast"]["plan_for_all"], "full");
    assert_eq!(check(&found, "account-numbers"), is("warn", "automatic"));
    assert_eq!(check(&found, "account-codes-taken"), is("review", "mapping"));
    assert_eq!(check(&found, "inactive-accounts"), is("warn", "automatic"));
    assert_eq!(check(&found, "negative-stock"), is("warn", "manual"));
    assert_eq!(check(&found, "odoo-applications"), is("warn", "configuration"));
    assert_eq!(check(&found, "price-digits"), is("warn", "configuration"));
    assert_eq!(check(&found, "foreign-currencies"), is("ok", "automatic"));
    assert_eq!(found["state"], "needs_review");
    let lost = [("warn", 3), ("review", 10), ("block", 40)];
    let lost: u64 = ids(&found["checks"], "severity")
        .iter()
        .filter_map(|of| lost.iter().find(|(severity, _)| severity == of).map(|(_, lost)| lost))
        .sum();
    assert_eq!(number(&found["score"]), 100u64.saturating_sub(lost));
}

#[tokio::test(flavor = "multi_thread")]
async fn history_before_the_plan_is_counted_to_the_day() {
    let (app, company) = made(300).await;
    let link = app.connect().await;
    let (_, found) = assessed(&app, &link, "freebie").await;
    let forecast = &found["forecast"];
    assert_eq!(forecast["cut"], "2024-06-30");
    let posts = |kind: &str| {
        !["Estimate", "PurchaseOrder", "ReimburseCharge", "TimeActivity"].contains(&kind)
    };
    let documents = company.records.iter().filter(|(kind, _)| posts(kind));
    let dates = documents.flat_map(|(_, records)| records).filter_map(|r| r["TxnDate"].as_str());
    let (before, moved): (Vec<&str>, Vec<&str>) = dates.partition(|date| *date < "2024-06-30");
    assert_eq!(forecast["before"], before.len());
    assert_eq!(forecast["documents"], moved.len());
    // a lock is in the way only where something is to be posted
    for (lock, severity) in [("2024-06-28", "ok"), ("2024-06-29", "block")] {
        app.odoo.set_one("res.company", 1, "fiscalyear_lock_date", json!(lock));
        let (_, found) = assessed(&app, &link, "freebie").await;
        assert_eq!(check(&found, "lock-dates").0, severity, "{lock}");
    }
    // what it would take may be asked before it is bought
    let claims = Claims {
        sub: "poor".into(),
        tenant: app.tenant,
        admin: false,
        plan: Tier::Freebie,
        exp: 0,
    };
    let poor = compose::local_token(claims, &q2o_tests::app::secret(), &SystemClock).unwrap();
    let asked = json!({ "link": link, "plan": "full" });
    let (status, _) = app.ask_as(&poor, "POST", "/api/entities/assess", asked.clone()).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let (status, _) = app.ask_as(&poor, "POST", "/api/entities/rehearse", asked).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_fail_blocks_and_says_how_to_put_it_right() {
    let (app, _) = made(60).await;
    let link = app.connect().await;
    let set = |field: &str, value: Value| app.odoo.set_one("res.company", 1, field, value);

    set("hard_lock_date", json!("2025-12-31"));
    let (_, found) = assessed(&app, &link, "full").await;
    assert_eq!(check(&found, "lock-dates"), is("block", "configuration"));
    assert_eq!(found["state"], "blocked");
    assert!(number(&found["score"]) <= 60, "{}", found["score"]);
    set("hard_lock_date", json!(false));

    // euros: the second of the simulator's currencies
    set("currency_id", json!(2));
    let (_, found) = assessed(&app, &link, "full").await;
    assert_eq!(check(&found, "currency"), is("warn", "automatic"));
    app.odoo.control().forbid("res.company", "write");
    let (_, found) = assessed(&app, &link, "full").await;
    assert_eq!(check(&found, "currency"), is("block", "configuration"));
    set("currency_id", json!(1));

    set("account_fiscal_country_id", json!(false));
    let (_, found) = assessed(&app, &link, "full").await;
    assert_eq!(check(&found, "odoo-country"), is("block", "configuration"));
    set("account_fiscal_country_id", json!(1));

    app.odoo.control().forbid("account.move", "create");
    app.odoo.control().forbid("account.tax", "create");
    app.odoo.set_one("res.users", 2, "email", json!(false));
    app.odoo.set_one("res.users.apikeys", 1, "expiration_date", json!(in_days(5)));
    app.odoo.set_one("decimal.precision", 1, "digits", json!(6));
    let (_, found) = assessed(&app, &link, "full").await;
    assert_eq!(check(&found, "odoo-rights"), is("block", "configuration"));
    let says = told(&found, "odoo-rights")["says"].as_str().unwrap();
    assert_eq!(says, "The Odoo user may not create journal entries, nor create taxes.");
    assert_eq!(check(&found, "odoo-user-email"), is("review", "configuration"));
    assert_eq!(check(&found, "odoo-key"), is("warn", "connect"));
    assert_eq!(check(&found, "price-digits"), is("ok", ""));

    // without Odoo, the books are told all the same
    app.odoo.control().plan("res.company", "search_read", 1, Plan::Denied);
    let (_, found) = assessed(&app, &link, "full").await;
    assert_eq!(check(&found, "odoo-connection"), is("block", "connect"));
    assert_eq!(found["odoo_version"], json!(null));
    assert!(number(&found["counts"]["Invoice"]["records"]) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_others_and_another_currency_block() {
    let (app, _) = made(60).await;
    let link = app.connect().await;
    let (_, answer) = app.ask("POST", "/api/entities/backfill", json!({ "link": link })).await;
    app.run().await;
    let path = format!("/api/ops/jobs/{}", answer["job"].as_str().unwrap());
    let (_, moved) = app.ask("GET", &path, json!(null)).await;
    assert_eq!(moved["state"], "done", "{moved:#}");
    app.odoo.set_one("account.move", 1, "invoice_origin", json!("somebody else's"));
    app.odoo.set_one("res.company", 1, "currency_id", json!(2));
    app.odoo.set_one("res.company", 1, "create_date", json!("2026-02-02 03:04:05"));
    let (_, found) = assessed(&app, &link, "full").await;
    assert_eq!(check(&found, "odoo-entries"), is("review", "manual"));
    app.odoo.set_one("account.move", 1, "invoice_origin", json!("q2o_9_1.invoice_1"));
    let (_, found) = assessed(&app, &link, "full").await;
    assert_eq!(check(&found, "odoo-entries"), is("block", "connect"));
    assert_eq!(check(&found, "currency"), is("block", "connect"));
    assert_eq!(check(&found, "same-companies"), is("block", "connect"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_odoo_answers_the_same_questions() {
    let Some(odoo) = real_odoo().await else { return };
    let (app, _) = made(60).await;
    let link = app.connect().await;
    let (_, simulated) = assessed(&app, &link, "full").await;
    let (app, _) = made(60).await;
    let link = app.connect_to(odoo).await;
    let (_, found) = assessed(&app, &link, "full").await;
    assert_eq!(ids(&found["checks"], "id"), ids(&simulated["checks"], "id"));
    assert_ne!(found["state"], "blocked", "{found:#}");
    for id in [
        "odoo-version",
        "odoo-rights",
        "odoo-user-email",
        "currency",
        "lock-dates",
        "chart",
        "odoo-country",
    ] {
        assert_eq!(check(&found, id), is("ok", ""), "{id}: {found:#}");
    }
    assert_eq!(check(&found, "odoo-entries"), is("ok", ""), "a company of its own");
    assert_eq!(check(&found, "price-digits"), is("warn", "configuration"));
}

/// As Odoo writes a moment.
fn in_days(days: i64) -> String {
    let at = SystemClock.now() + jiff::SignedDuration::from_hours(24 * days);
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
