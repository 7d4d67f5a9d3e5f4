//! What goes wrong out there: nothing is lost, nothing comes twice, and a person
//! is told what helps.

use std::time::{Duration, Instant};

use q2o_tests::{
    app::TestApp,
    company,
    odoo::Plan,
    qbo::{CallKind, PlannedFault},
};
use serde_json::{Value, json};

/// A small company in an app of its own.
async fn app() -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(120)).write(folder.path()).unwrap();
    TestApp::with(folder.path()).await
}

/// Runs until the job has ended or waits for a person; retries take their time.
pub async fn until_settled(app: &TestApp, job: &str) -> Value {
    let started = Instant::now();
    loop {
        app.run().await;
        let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
        if shown["state"] != "running" {
            return shown;
        }
        assert!(started.elapsed() < Duration::from_mins(2), "{shown:#}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What went wrong with records, but for what is deliberately not moved.
pub async fn errors(app: &TestApp, link: &str) -> Vec<Value> {
    let (_, errors) = app.ask("GET", &format!("/api/ops/errors?link={link}"), json!(null)).await;
    let real = errors.as_array().unwrap().iter().filter(|e| e["class"] != "not_moved");
    real.cloned().collect()
}

async fn differences(app: &TestApp, job: &str) -> u64 {
    let (_, proof) = app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await;
    let levels = proof["levels"].as_object().unwrap();
    levels.values().map(|level| level["different"].as_u64().unwrap()).sum()
}

/// How many moves and partners an undisturbed run makes.
async fn undisturbed() -> (usize, usize) {
    let app = app().await;
    let link = app.connect().await;
    let job = app.start(&link).await;
    assert_eq!(until_settled(&app, &job).await["state"], "done");
    (app.odoo.count("account.move"), app.odoo.count("res.partner"))
}

#[tokio::test(flavor = "multi_thread")]
async fn quickbooks_stumbles_and_nothing_is_lost() {
    let app = app().await;
    let control = app.qbo.control();
    for fault in [
        PlannedFault::ThrottledRetryAfter(1),
        PlannedFault::BadGateway,
        PlannedFault::Truncated,
        PlannedFault::Empty,
    ] {
        control.plan_for(CallKind::Query, fault, 1);
        control.plan_for(CallKind::Report, fault, 1);
    }
    let link = app.connect().await;
    control.expire_access_tokens();
    let job = app.start(&link).await;
    let shown = until_settled(&app, &job).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(errors(&app, &link).await, Vec::<Value>::new());
    assert_eq!(differences(&app, &job).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn odoo_dies_between_doing_and_answering_and_nothing_comes_twice() {
    let expected = undisturbed().await;
    let app = app().await;
    for (model, method) in [
        ("res.partner", "load"),
        ("account.account", "load"),
        ("account.journal", "create"),
        ("account.move", "create"),
        ("account.move", "action_post"),
        ("account.partial.reconcile", "create"),
    ] {
        app.odoo.control().plan(model, method, 1, Plan::DieAfter);
    }
    app.odoo.control().plan("account.move", "create", 1, Plan::Html(502));
    app.odoo.control().plan("product.product", "load", 1, Plan::Serialization);
    let link = app.connect().await;
    let job = app.start(&link).await;
    let shown = until_settled(&app, &job).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(errors(&app, &link).await, Vec::<Value>::new());
    assert_eq!(differences(&app, &job).await, 0);
    assert_eq!((app.odoo.count("account.move"), app.odoo.count("res.partner")), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_quickbooks_cannot_read_is_named_and_the_rest_goes_on() {
    let app = app().await;
    app.qbo.control().poison("Vendor", "5003");
    let link = app.connect().await;
    let job = app.start(&link).await;
    let shown = until_settled(&app, &job).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    let errors = errors(&app, &link).await;
    let poison: Vec<&Value> = errors.iter().filter(|e| e["class"] == "unreadable").collect();
    assert_eq!(poison.len(), 1, "{errors:#?}");
    assert_eq!(poison[0]["id"], "5003");
    assert_eq!(poison[0]["remedy"]["remedy"], "fix_record");
    let vendors = &shown["counts"]["Vendor"];
    assert_eq!(vendors["loaded"].as_u64().unwrap() + 1, vendors["source"].as_u64().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_company_s_plan_does_not_have_is_said_and_the_rest_goes_on() {
    let app = app().await;
    app.qbo.control().withhold("PurchaseOrder");
    let link = app.connect().await;
    let job = app.start(&link).await;
    let shown = until_settled(&app, &job).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    let unavailable = shown["unavailable"].as_object().unwrap();
    assert!(unavailable["PurchaseOrder"].as_str().unwrap().contains("5020"), "{unavailable:#?}");
    assert_eq!(unavailable["ExchangeRate"], "Multicurrency is switched off.");
    assert_eq!(shown["counts"].get("PurchaseOrder"), None);
    assert_eq!(differences(&app, &job).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_record_is_told_with_a_remedy_and_the_batch_goes_on() {
    let app = app().await;
    app.odoo.control().plan("res.partner", "load", 100, Plan::Refuse("Amber Bakery 1".into()));
    let link = app.connect().await;
    let job = app.start(&link).await;
    let shown = until_settled(&app, &job).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    let errors = errors(&app, &link).await;
    let refused: Vec<&Value> = errors.iter().filter(|e| e["class"] == "refused").collect();
    assert_eq!(refused.len(), 1, "{errors:#?}");
    assert!(refused[0]["why"].as_str().unwrap().contains("No record may hold"), "{refused:#?}");
    assert_eq!(refused[0]["remedy"]["remedy"], "fix_record");
    // what points at it waits, everything else is there, and nobody calls that a proof
    assert!(app.odoo.count("account.move") > 50);
    assert!(differences(&app, &job).await > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_waits_for_a_person_and_then_goes_on() {
    let app = app().await;
    let link = app.connect().await;
    app.odoo.control().plan("account.account", "load", 1, Plan::Denied);
    let job = app.start(&link).await;
    let shown = until_settled(&app, &job).await;
    assert_eq!(shown["state"], "needs_user", "{shown:#}");
    assert_eq!(shown["remedy"]["remedy"], "check_odoo");
    let path = format!("/api/entities/backfill/{job}/resume");
    let (status, answer) = app.ask("POST", &path, json!({})).await;
    assert!(status.is_success(), "{answer}");
    let shown = until_settled(&app, &job).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(differences(&app, &job).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swapped_odoo_company_is_refused_before_any_write() {
    let app = app().await;
    let link = app.connect().await;
    let job = app.start(&link).await;
    assert_eq!(until_settled(&app, &job).await["state"], "done");
    let other = app.odoo.save().unwrap().replace("2026-01-02 03:04:05", "2026-02-02 03:04:05");
    app.odoo.restore(&other).unwrap();
    app.odoo.control().clear();
    let job = app.start(&link).await;
    let shown = until_settled(&app, &job).await;
    assert_eq!(shown["state"], "needs_user", "{shown:#}");
    assert_eq!(shown["remedy"]["remedy"], "check_company");
    let reads = ["search_read", "read_group", "fields_get"];
    let calls = app.odoo.control().calls();
    assert!(calls.iter().all(|call| reads.contains(&call.method.as_str())), "{calls:?}");
}
