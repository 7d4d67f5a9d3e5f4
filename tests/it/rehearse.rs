//! A rehearsal foretells the migration and writes nothing.

use std::path::Path;

use axum::http::StatusCode;
use q2o_tests::{app::TestApp, company};
use serde_json::{Value, json};

use crate::data::craig;

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_company_rehearses_as_it_migrates() {
    let Some(folder) = craig() else { return };
    rehearsed(&folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_company_rehearses_as_it_migrates() {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(300)).write(folder.path()).unwrap();
    rehearsed(folder.path()).await;
}

/// Rehearses, asserts that nothing was written, migrates, and compares both proofs.
async fn rehearsed(folder: &Path) {
    let app = TestApp::with(folder).await;
    let link = app.connect().await;
    let before = app.odoo.save().unwrap();
    app.odoo.control().clear();
    let (status, answer) = app.ask("POST", "/api/entities/rehearse", json!({ "link": link })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    app.run().await;
    let foretold = proof(&app, answer["job"].as_str().unwrap()).await;
    let reads = ["search_read", "read", "fields_get", "authenticate", "version", "context_get"];
    let calls = app.odoo.control().calls();
    let wrote: Vec<_> = calls.iter().filter(|c| !reads.contains(&c.method.as_str())).collect();
    assert!(wrote.is_empty(), "a rehearsal wrote: {wrote:?}");
    assert_eq!(app.odoo.save().unwrap(), before, "Odoo is as it was");

    let job = app.start(&link).await;
    app.run().await;
    let real = proof(&app, &job).await;
    for same in ["trial_balance_total", "levels", "by_documents", "unexplained", "differences"] {
        assert_eq!(foretold[same], real[same], "{same}");
    }
    assert_eq!(entries(&foretold), entries(&real));
    let (_, errors) = app.ask("GET", &format!("/api/ops/errors?link={link}"), json!(null)).await;
    assert_eq!(records(&foretold["not_loaded"]), records(&errors));
}

async fn proof(app: &TestApp, job: &str) -> Value {
    let (_, ended) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    assert_eq!(ended["state"], "done", "{ended:#}");
    let (status, proof) = app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await;
    assert_eq!(status, StatusCode::OK, "{proof}");
    proof
}

fn entries(proof: &Value) -> Vec<String> {
    sorted(proof["completion_entries"].as_array().unwrap().iter().map(Value::to_string))
}

fn records(errors: &Value) -> Vec<String> {
    let told = errors.as_array().into_iter().flatten();
    sorted(told.map(|e| format!("{} {} {}", e["kind"], e["id"], e["why"])))
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts
}
