//! Odoo does what it is asked, and the answer is lost: whichever call it was, the job goes
//! on by itself, nothing is there twice, and nothing differs. A sample of the calls,
//! since each takes some seconds.

use axum::http::StatusCode;
use jiff::{
    SignedDuration,
    civil::{Date, date},
};
use q2o_tests::{
    app::TestApp,
    company::{self, Feature},
    odoo,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    made,
    matched::closed,
    rollback::{records, same_records},
};

/// A company with everything, as its books stood on a day.
fn books(seen: Date) -> TempDir {
    let plan = company::Plan::with(Feature::ALL, 40);
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan { seen: Some(seen), ..plan }).write(folder.path()).unwrap();
    folder
}

/// Runs a job to its end, letting time pass as it needs to.
async fn survives(app: &TestApp, does: &str, asked: &Value, what: &str) {
    let (status, answer) = app.ask("POST", &format!("/api/entities/{does}"), asked.clone()).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    let job = format!("/api/ops/jobs/{}", answer["job"].as_str().unwrap());
    for _ in 0..60 {
        app.run().await;
        let (_, shown) = app.ask("GET", &job, json!(null)).await;
        if shown["state"] != "running" {
            assert_eq!(shown["state"], "done", "{what}: {shown:#}");
            return;
        }
        app.clock.advance(SignedDuration::from_mins(2));
        app.call("timers-sweep", "{}").await;
    }
    panic!("{what}: the job does not end");
}

/// A migration, and a run that follows what changed since, of which each loses the answer
/// to one call.
async fn loses(first: Option<usize>, second: Option<usize>) -> (usize, usize) {
    let (before, after) = (books(date(2026, 2, 10)), books(date(2026, 6, 30)));
    let app = TestApp::with(before.path()).await;
    let asked = json!({ "link": app.connect().await, "until": "2026-06-30" });
    let what = format!("without the answers to {first:?} and {second:?}");
    let mut counts = Vec::new();
    for (lost, folder) in [(first, &before), (second, &after)] {
        app.qbo.control().go_on(folder.path()).unwrap();
        let odoo = app.odoo.control();
        odoo.clear();
        if let Some(lost) = lost {
            odoo.plan_after(lost, odoo::Plan::DieAfter);
        }
        survives(&app, "backfill", &asked, &what).await;
        counts.push(odoo.calls().len());
        assert_eq!(odoo.planned(), 0, "{what}: there were no so many calls");
    }
    made::proved(&app, asked).await;
    closed(&app.connection()).await;
    let mut keys: Vec<String> = app
        .odoo
        .rows("account.move", |_| true)
        .iter()
        .filter_map(|row| Some(row["invoice_origin"].as_str()?.to_owned()))
        .collect();
    let all = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), all, "{what}: something is there twice");
    (counts[0], counts[1])
}

#[tokio::test(flavor = "multi_thread")]
async fn any_answer_of_odoo_may_be_lost() {
    let (first, second) = loses(None, None).await;
    for lost in (first % 40..first.min(second) - 10).step_by(40) {
        loses(Some(lost), Some(lost)).await;
    }
}

/// A rollback that loses the answer to one call; says how many calls it made.
async fn takes_back(lost: Option<usize>) -> usize {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(40)).write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    let asked = json!({ "link": app.connect().await });
    let (before, what) = (records(&app.odoo), format!("without the answer to {lost:?}"));
    survives(&app, "backfill", &asked, &what).await;
    let odoo = app.odoo.control();
    odoo.clear();
    if let Some(lost) = lost {
        odoo.plan_after(lost, odoo::Plan::DieAfter);
    }
    survives(&app, "rollback", &asked, &what).await;
    assert_eq!(odoo.planned(), 0, "{what}: there were no so many calls");
    let calls = odoo.calls().len();
    same_records(&records(&app.odoo), &before);
    made::proved(&app, asked).await;
    calls
}

#[tokio::test(flavor = "multi_thread")]
async fn any_answer_to_a_rollback_may_be_lost() {
    let calls = takes_back(None).await;
    for lost in (calls % 60..calls - 10).step_by(60) {
        takes_back(Some(lost)).await;
    }
}
