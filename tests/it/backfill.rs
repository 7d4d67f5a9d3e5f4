//! A whole backfill of the recorded company, proved against its golden figures.

use std::path::Path;

use q2o_tests::{app::TestApp, company};
use serde_json::{Value, json};

use crate::{
    data::{craig, real_odoo},
    made::{Made, entry},
    matched,
};

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_company_is_proved_to_the_cent() {
    let Some(folder) = craig() else { return };
    let app = TestApp::with(&folder).await;
    let link = app.connect().await;
    proved(&app, &link).await;
    assert!(matched::closed(&app.connection()).await > 0);
}

/// With the recorded company, or a made-up one where that is not at hand.
#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_proved_to_the_cent_in_a_real_odoo() {
    let Some(odoo) = real_odoo().await else { return };
    if let Some(folder) = craig() {
        let app = TestApp::with(&folder).await;
        let link = app.connect_to(odoo.clone()).await;
        proved(&app, &link).await;
        assert!(matched::closed(&odoo).await > 0);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(300)).write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect_to(odoo).await;
    let job = app.start(&link).await;
    app.run().await;
    clean(&app, &link, &job).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_company_is_proved_and_a_second_run_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let company = company::generate(&company::Plan::sized(600));
    company.write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    let job = app.start(&link).await;
    app.run().await;
    let proof = clean(&app, &link, &job).await;
    let completions = proof["completion_entries"].as_array().unwrap().len();
    assert_eq!(proof["by_documents"]["different"], completions, "each difference has its entry");
    assert_eq!(proof["trial_balance_total"], golden_total(folder.path()));

    let before = app.odoo.save().unwrap();
    app.odoo.control().clear();
    let job = app.start(&link).await;
    app.run().await;
    clean(&app, &link, &job).await;
    let writes = ["create", "write", "load", "action_post", "unlink"];
    let wrote: Vec<_> = app
        .odoo
        .control()
        .calls()
        .into_iter()
        .filter(|call| writes.contains(&call.method.as_str()))
        .collect();
    assert_eq!(wrote, []);
    assert_eq!(app.odoo.save().unwrap(), before);
}

/// A ledger of more months than one journal of the engine holds.
#[tokio::test(flavor = "multi_thread")]
async fn books_of_a_quarter_of_a_century_are_read_to_the_end() {
    let mut made = Made::usual(&["USD"]);
    for (id, date) in [("101", "1999-02-01"), ("102", "2026-01-15")] {
        let lines = [entry("1", "10.00", ""), entry("11", "-10.00", "")];
        let head = [id, date, "USD", ""];
        made.moves("JournalEntry", head, json!({ "Line": lines }), ["1", "11"], "10.00");
    }
    let (_, proof) = made.simulated_since(Some("2020-01-01"), "2026-02-28").await;
    assert_eq!(proof["trial_balance_total"], "20.00", "{proof:#}");
}

/// An Odoo whose chart has some of the company's own numbers already.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_with_the_same_number_and_type_are_adopted() {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(60)).write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    let odoo = app.odoo.save().unwrap();
    app.odoo.restore(&odoo.replace("\"400000\"", "\"4000\"")).unwrap();
    let before = app.odoo.count("account.account");
    let link = app.connect().await;
    let job = app.start(&link).await;
    app.run().await;
    clean(&app, &link, &job).await;
    assert_eq!(app.odoo.count("account.account"), before + 46 - 1);
}

/// The job is done, and nothing differs.
async fn clean(app: &TestApp, link: &str, job: &str) -> Value {
    let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    let (_, errors) = app.ask("GET", &format!("/api/ops/errors?link={link}"), json!(null)).await;
    let real: Vec<&Value> =
        errors.as_array().unwrap().iter().filter(|e| e["class"] != "not_moved").collect();
    assert_eq!(shown["state"], "done", "{shown:#}\n{real:#?}");
    assert_eq!(real, Vec::<&Value>::new());
    let (_, proof) = app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await;
    for level in ["L0", "L1", "L2", "L3", "L4"] {
        assert_eq!(
            proof["levels"][level]["different"],
            0,
            "{level}: {:#}",
            json!([proof["levels"], proof["differences"], proof["unexplained"]])
        );
    }
    assert_eq!(proof["unexplained"], json!([]));
    proof
}

fn golden_total(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("golden_trial_balance.csv")).unwrap();
    text.lines().last().unwrap().rsplit(',').next().unwrap().to_owned()
}

async fn proved(app: &TestApp, link: &str) {
    let job = app.start(link).await;
    app.run().await;
    let proof = clean(app, link, &job).await;
    let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    let told =
        |counts: &Value| counts["loaded"].as_u64().unwrap() + counts["not_moved"].as_u64().unwrap();
    let all: u64 = shown["counts"].as_object().unwrap().values().map(told).sum();
    assert_eq!(all, 314 + 2, "every record is loaded or listed, and so are the two of the company");
    assert_eq!(proof["trial_balance_total"], "41421.60");
    assert_eq!(proof["by_documents"]["different"], 4);
    let completions = proof["completion_entries"].as_array().unwrap();
    let mut classes: Vec<&str> =
        completions.iter().filter_map(|entry| entry["class"].as_str()).collect();
    classes.sort_unstable();
    assert_eq!(classes, ["fifo_cogs", "inventory_start", "sales_tax_payment", "statement_charge"]);
}
