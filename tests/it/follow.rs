//! Odoo follows what changes in QuickBooks: sooner where QuickBooks tells of it, and once
//! however often it does.

use axum::http::StatusCode;
use jiff::SignedDuration;
use q2o_tests::{
    app::{TestApp, VERIFIER},
    qbo::{CallKind, Change, PlannedFault, SignedEvent},
};
use serde_json::{Value, json};

use crate::{
    changed::{self, change, company, repost},
    made::{number, sold},
};

/// A migrated company that is followed.
async fn followed() -> (TestApp, String) {
    let folder = company().write("2026-02-28");
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    let (status, answer) = switch(&app, &link, true).await;
    assert_eq!(status, StatusCode::CONFLICT, "nothing was moved yet: {answer}");
    changed::clean(&app, &link).await;
    let (status, answer) = switch(&app, &link, true).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    (app, link)
}

async fn switch(app: &TestApp, link: &str, on: bool) -> (StatusCode, Value) {
    app.ask("POST", "/api/entities/follow", json!({ "link": link, "on": on })).await
}

async fn shown(app: &TestApp, link: &str) -> Value {
    app.ask("GET", &format!("/api/entities/follow?link={link}"), json!(null)).await.1
}

/// Lets time pass, and the timer look; by several hosts at once.
async fn after(app: &TestApp, minutes: i64) {
    let time = SignedDuration::from_mins(minutes);
    app.clock.advance(time);
    app.qbo.control().advance(time);
    let ticks = (0..3).map(|_| app.call("timers-follow", "{}"));
    for status in futures::future::join_all(ticks).await {
        assert_eq!(status, StatusCode::OK);
    }
    app.run().await;
}

/// The jobs of the company, newest first.
async fn jobs(app: &TestApp) -> Vec<Value> {
    let (_, jobs) = app.ask("GET", "/api/ops/jobs", json!(null)).await;
    jobs.as_array().unwrap().clone()
}

async fn told(app: &TestApp, event: &SignedEvent) -> u64 {
    let (status, answer) = app.notify(event).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["new"].as_u64().unwrap()
}

/// Invoice 101 is 120 from now on, and a notice says so.
fn edited(app: &TestApp) -> [SignedEvent; 2] {
    let lines = json!([sold("120.00", "1", "5")]);
    let total = json!({ "TotalAmt": number("120.00"), "Balance": number("20.00"), "Line": lines });
    change(app, "Invoice", "101", total);
    repost(app, "Invoice", "101", &[("2", "120.00"), ("5", "-120.00")]);
    let changes = ["101", "102"].map(|id| Change {
        entity: "Invoice".into(),
        id: id.into(),
        operation: "Update".into(),
    });
    let qbo = app.qbo.control();
    [qbo.cloud_events(&changes, VERIFIER), qbo.notification(&changes, VERIFIER)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_comes_many_times_counts_once() {
    let (app, link) = followed().await;
    for event in edited(&app) {
        let at_once = futures::future::join_all((0..8).map(|_| told(&app, &event))).await;
        assert_eq!(at_once.iter().sum::<u64>(), 2, "{at_once:?}");
        assert_eq!(told(&app, &event).await, 0);
    }
    let state = shown(&app, &link).await;
    assert_eq!((&state["told"], state["notices"].as_array().unwrap().len()), (&json!(4), 4));
    after(&app, 1).await;
    assert_eq!(jobs(&app).await.len(), 1, "more may be told yet");
    after(&app, 2).await;
    let run = jobs(&app).await;
    assert_eq!(run.len(), 2, "one run, however many were told and looked");
    assert_eq!((&run[0]["state"], &run[0]["started_by"]), (&json!("done"), &json!("follow")));
    let moves =
        |row: &Value| row["invoice_origin"].as_str().is_some_and(|o| o.ends_with("invoice_101"));
    let invoices = app.odoo.rows("account.move", moves);
    assert_eq!(invoices.len(), 1, "{invoices:#?}");
    proved(&app, &run[0]).await;
}

/// Told again after its run, a change is none; what is new waits for its hour, and a
/// day without any brings a run all the same.
#[tokio::test(flavor = "multi_thread")]
async fn runs_keep_apart_and_come_every_day() {
    let (app, _) = followed().await;
    let [event, old] = edited(&app);
    told(&app, &event).await;
    after(&app, 3).await;
    assert_eq!(told(&app, &event).await, 0);
    after(&app, 30).await;
    assert_eq!(jobs(&app).await.len(), 2);
    assert_eq!(told(&app, &old).await, 2);
    after(&app, 10).await;
    assert_eq!(jobs(&app).await.len(), 2, "not within the hour");
    after(&app, 25).await;
    assert_eq!(jobs(&app).await.len(), 3);
    let before = app.odoo.save().unwrap();
    after(&app, 23 * 60).await;
    assert_eq!(jobs(&app).await.len(), 3);
    after(&app, 61).await;
    assert_eq!(jobs(&app).await.len(), 4);
    assert_eq!(app.odoo.save().unwrap(), before, "nothing had changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_quickbooks_itself_is_believed() {
    let (app, link) = followed().await;
    let [event, _] = edited(&app);
    let forged = SignedEvent { signature: String::new(), ..event.clone() };
    let other = SignedEvent { body: event.body.replace("101", "103"), ..event.clone() };
    let stranger = app.qbo.control().cloud_events(
        &[Change { entity: "Bill".into(), id: "1".into(), operation: "Delete".into() }],
        "another verifier",
    );
    for event in [forged, other, stranger] {
        let (status, problem) = app.notify(&event).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{problem}");
    }
    assert_eq!(shown(&app, &link).await["told"], 0);
    // that an invoice was sent to somebody is no change of the books
    let sent = Change { entity: "Invoice".into(), id: "101".into(), operation: "Emailed".into() };
    assert_eq!(told(&app, &app.qbo.control().cloud_events(&[sent], VERIFIER)).await, 0);
    let (status, _) = switch(&app, &link, false).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(told(&app, &event).await, 0, "nobody follows it any more");
    after(&app, 3 * 24 * 60).await;
    assert_eq!(jobs(&app).await.len(), 1);
}

/// What was taken out does not come back by itself, and what a person stopped is not
/// begun anew.
#[tokio::test(flavor = "multi_thread")]
async fn what_people_end_stays_ended() {
    let (app, link) = followed().await;
    let (_, answer) = app.ask("POST", "/api/entities/backfill", json!({ "link": link })).await;
    let job = answer["job"].as_str().unwrap();
    let (status, _) = app.ask("POST", "/api/entities/rollback", json!({ "link": link })).await;
    assert_eq!(status, StatusCode::CONFLICT, "a job is under way");
    assert_eq!(shown(&app, &link).await["on"], true, "what is refused ends nothing");
    let cancel = format!("/api/entities/backfill/{job}/cancel");
    let (status, answer) = app.ask("POST", &cancel, json!(null)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    app.run().await;
    after(&app, 25 * 60).await;
    assert_eq!(jobs(&app).await.len(), 2);
    let held = shown(&app, &link).await["held"].to_string();
    assert!(held.contains(job), "{held}");
    let (status, _) = app.ask("POST", "/api/entities/rollback", json!({ "link": link })).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    app.run().await;
    assert_eq!(shown(&app, &link).await["on"], false);
    after(&app, 3 * 24 * 60).await;
    assert_eq!(jobs(&app).await.len(), 3);
    assert_eq!(app.odoo.count("account.move"), 0);
}

/// Every day it is looked whether QuickBooks has changed, for a handful of calls; read
/// through are the books where it has, and every week.
#[tokio::test(flavor = "multi_thread")]
async fn books_that_have_not_changed_are_not_read() {
    let (app, link) = followed().await;
    let (qbo, before) = (app.qbo.control(), app.odoo.save().unwrap());
    let (_, job) = app.ask("POST", "/api/entities/backfill", json!({ "link": link })).await;
    app.run().await;
    assert_eq!(jobs(&app).await[0]["unchanged"], false, "{job}: who asks for a run gets one");
    qbo.clear_calls();
    after(&app, 24 * 60 + 1).await;
    let looked = jobs(&app).await;
    assert_eq!(looked.len(), 3);
    assert_eq!((&looked[0]["unchanged"], &looked[0]["state"]), (&json!(true), &json!("done")));
    assert!(qbo.metered_calls() <= 4, "{:?}", qbo.calls());
    assert_eq!(app.odoo.save().unwrap(), before);

    // one that is gone shows by the number of those that are left
    assert!(qbo.delete("Bill", "105"));
    repost(&app, "Bill", "105", &[]);
    after(&app, 24 * 60 + 1).await;
    assert_eq!(jobs(&app).await[0]["unchanged"], false);
    after(&app, 24 * 60 + 1).await;
    assert_eq!(jobs(&app).await[0]["unchanged"], true, "it was followed");
    edited(&app);
    after(&app, 24 * 60 + 1).await;
    let run = jobs(&app).await[0].clone();
    assert_eq!(run["unchanged"], false, "no notice came, and the change is found");
    proved(&app, &run).await;
    // what only the ledger has
    repost(
        &app,
        "Invoice",
        "102",
        &[("2", "50.00"), ("5", "-50.00"), ("10", "7.00"), ("9", "-7.00")],
    );
    for _ in 0..6 {
        after(&app, 24 * 60 + 1).await;
        assert_eq!(jobs(&app).await[0]["unchanged"], true);
    }
    after(&app, 24 * 60 + 1).await;
    let run = jobs(&app).await[0].clone();
    assert_eq!(run["unchanged"], false, "a week is over");
    proved(&app, &run).await;
}

async fn proved(app: &TestApp, run: &Value) {
    let proof = format!("/api/reports/proof/{}", run["id"].as_str().unwrap());
    let (_, proof) = app.ask("GET", &proof, json!(null)).await;
    for level in ["L0", "L1", "L2", "L3", "L4"] {
        assert_eq!(proof["levels"][level]["different"], 0, "{level}: {proof:#}");
    }
}

/// QuickBooks was away for a night: the next day's run makes up for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_by_itself_is_tried_again() {
    let (app, link) = followed().await;
    let qbo = app.qbo.control();
    qbo.plan(PlannedFault::System, 100_000, |call| call.kind != CallKind::OAuth);
    after(&app, 24 * 60 + 1).await;
    let state = async || jobs(&app).await[0]["state"].as_str().unwrap().to_owned();
    for _ in 0..100 {
        if state().await != "running" {
            break;
        }
        app.clock.advance(SignedDuration::from_mins(20));
        app.call("timers-sweep", "{}").await;
        app.run().await;
    }
    assert_eq!(state().await, "failed");
    qbo.forget_plans();
    after(&app, 24 * 60 + 1).await;
    assert_eq!((jobs(&app).await.len(), state().await.as_str()), (3, "done"));
    assert_eq!(shown(&app, &link).await["held"], json!(null));
}
