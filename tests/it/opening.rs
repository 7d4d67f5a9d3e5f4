//! A plan reaches back so many years: what is before becomes opening balances.

use axum::http::StatusCode;
use q2o_tests::{app::TestApp, company};
use serde_json::{Value, json};

use crate::data::real_odoo;

/// Cut in the middle of a month in the middle of a year: everything from then on
/// is history, what was open is there as open documents, and the clearing account
/// stands at nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_before_the_cut_becomes_opening_balances() {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(500)).write(folder.path()).unwrap();
    if let Some(odoo) = real_odoo().await {
        let app = TestApp::with(folder.path()).await;
        let link = app.connect_to(odoo).await;
        opened(&app, &link).await;
        reaches_back(&app, &link).await;
    }
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    let real = opened(&app, &link).await;
    assert_eq!(app.odoo.balance("QBOPEN"), "0.00");
    // history that is there is not taken away by asking for less
    let other = json!({ "link": link, "cut": "2025-06-01", "until": "2026-06-30" });
    let (status, problem) = app.ask("POST", "/api/entities/backfill", other).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(problem["detail"].as_str().unwrap().contains("2025-03-17"), "{problem}");
    // and a second run finds everything there
    let before = app.odoo.save().unwrap();
    let again = json!({ "link": link, "until": "2026-06-30" });
    let again = proof(&app, "backfill", &again).await;
    assert_eq!(again["levels"], real["levels"]);
    assert_eq!(before, app.odoo.save().unwrap());
    // a bigger plan reaches further back, and it is as if it had begun there
    let further = reaches_back(&app, &link).await;
    assert_eq!(app.odoo.balance("QBOPEN"), "0.00");
    let direct = TestApp::with(folder.path()).await;
    let link = direct.connect().await;
    let begun_there = reaches_back(&direct, &link).await;
    for same in ["trial_balance_total", "levels", "by_documents"] {
        assert_eq!(further[same], begun_there[same], "{same}");
    }
    let files = ["ir.attachment", "mail.message"];
    let books = ["account.move", "account.move.line", "account.partial.reconcile"];
    for model in books.into_iter().chain(files) {
        assert_eq!(app.odoo.count(model), direct.odoo.count(model), "{model}");
    }
}

/// Migrates from an earlier day on; the proof.
async fn reaches_back(app: &TestApp, link: &str) -> Value {
    let asked = json!({ "link": link, "cut": "2024-02-10", "until": "2026-06-30" });
    let further = proof(app, "backfill", &asked).await;
    for level in ["L0", "L1", "L2", "L3", "L4"] {
        assert_eq!(further["levels"][level]["different"], 0, "{level}: {further:#}");
    }
    assert_eq!(further["unexplained"], json!([]));
    further
}

async fn opened(app: &TestApp, link: &str) -> Value {
    let asked = json!({ "link": link, "cut": "2025-03-17", "until": "2026-06-30" });
    let foretold = proof(app, "rehearse", &asked).await;
    let real = proof(app, "backfill", &asked).await;
    for level in ["L0", "L1", "L2", "L3", "L4"] {
        assert_eq!(real["levels"][level]["different"], 0, "{level}: {real:#}");
    }
    assert_eq!(real["unexplained"], json!([]));
    for same in ["trial_balance_total", "levels", "by_documents"] {
        assert_eq!(foretold[same], real[same], "{same}");
    }
    real
}

async fn proof(app: &TestApp, what: &str, asked: &Value) -> Value {
    let (status, answer) = app.ask("POST", &format!("/api/entities/{what}"), asked.clone()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    app.run().await;
    let job = answer["job"].as_str().unwrap();
    let (_, ended) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    assert_eq!(ended["state"], "done", "{ended:#}");
    app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await.1
}
