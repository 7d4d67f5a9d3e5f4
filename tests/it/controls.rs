//! What a person can do to a job: start it once, watch it, pause, resume, cancel.

use axum::http::StatusCode;
use q2o_tests::{app::TestApp, company};
use serde_json::{Value, json};

async fn app() -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(120)).write(folder.path()).unwrap();
    TestApp::with(folder.path()).await
}

async fn shown(app: &TestApp, job: &str) -> Value {
    app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await.1
}

async fn decide(app: &TestApp, job: &str, what: &str) {
    let path = format!("/api/entities/backfill/{job}/{what}");
    let (status, answer) = app.ask("POST", &path, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// Enough rounds for the survey and the first pages.
async fn begin(app: &TestApp) {
    for _ in 0..6 {
        app.step().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_job_stands_still_and_goes_on_where_it_was() {
    let app = app().await;
    let link = app.connect().await;
    let job = app.start(&link).await;
    begin(&app).await;
    decide(&app, &job, "pause").await;
    app.run().await;
    let paused = shown(&app, &job).await;
    assert_eq!(paused["state"], "paused");
    app.run().await;
    assert_eq!(shown(&app, &job).await["counts"], paused["counts"], "nothing begins while paused");
    decide(&app, &job, "resume").await;
    app.run().await;
    let done = shown(&app, &job).await;
    assert_eq!(done["state"], "done", "{done:#}");

    let path = format!("/api/ops/jobs/{job}/events?after=0");
    let (_, events) = app.ask("GET", &path, json!(null)).await;
    let numbers: Vec<u64> =
        events.as_array().unwrap().iter().map(|e| e["number"].as_u64().unwrap()).collect();
    let expected: Vec<u64> = (1..=done["events"].as_u64().unwrap()).collect();
    assert_eq!(numbers, expected, "no number is missing and none comes twice");
    let path = format!("/api/ops/jobs/{job}/events?after=3");
    let (_, later) = app.ask("GET", &path, json!(null)).await;
    assert_eq!(later[0]["number"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_ends_and_writes_no_more() {
    let app = app().await;
    let link = app.connect().await;
    let job = app.start(&link).await;
    begin(&app).await;
    decide(&app, &job, "cancel").await;
    app.run().await;
    assert_eq!(shown(&app, &job).await["state"], "cancelled");
    let calls = app.odoo.control().calls().len();
    app.run().await;
    assert_eq!(app.odoo.control().calls().len(), calls);
    let path = format!("/api/entities/backfill/{job}/resume");
    let (status, problem) = app.ask("POST", &path, json!({})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    // a later run makes good what the cancelled one left half done
    let job = app.start(&link).await;
    app.run().await;
    assert_eq!(shown(&app, &job).await["state"], "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plan_is_kept_to_and_a_wrong_request_says_what_to_do() {
    let app = app().await;
    let link = app.connect().await;
    let body = json!({ "link": link, "plan": "freebie", "cut": "2010-01-01" });
    let (status, problem) = app.ask("POST", "/api/entities/backfill", body).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(problem["remedy"]["remedy"], "upgrade");
    let body = json!({ "link": link, "kinds": ["Invioce"] });
    let (status, problem) = app.ask("POST", "/api/entities/backfill", body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("Invioce"), "{problem}");
    let body = json!({
        "url": app.odoo_url, "database": "books", "login": "migration@example.com", "api_key": "key-of-nobody",
    });
    let (status, problem) = app.ask("POST", "/api/connect/odoo/save", body).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(problem["remedy"]["remedy"], "check_odoo");
    assert!(!problem.to_string().contains("key-of-nobody"), "a key must not come back: {problem}");
}
