//! Sign-in and limits.

use q2o_tests::{
    app::TestApp,
    company,
    qbo::{CallKind, PlannedFault},
};
use serde_json::Value;

async fn app() -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(60)).write(folder.path()).unwrap();
    TestApp::with(folder.path()).await
}

/// All of them at once are told to wait, and again; nothing fails hard, and
/// nothing is asked more often than needed.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_429_is_waited_out() {
    let app = app().await;
    let control = app.qbo.control();
    control.plan_for(CallKind::Report, PlannedFault::ThrottledRetryAfter(0), 2);
    control.plan_for(CallKind::Query, PlannedFault::ThrottledRetryAfter(0), 2);
    let (shown, errors, proof) = super::migrated(&app).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(errors, Vec::<Value>::new());
    assert_eq!(super::different(&proof), 0, "{proof:#}");
    assert_eq!(control.planned(), 0);
}

/// A refused token is renewed once; if that does not help, a person is asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_never_works_is_not_tried_for_ever() {
    let app = app().await;
    let link = app.connect().await;
    let control = app.qbo.control();
    control.plan(PlannedFault::Unauthorized, 100_000, |call| call.kind != CallKind::OAuth);
    control.clear_calls();
    let job = app.start(&link).await;
    let shown = crate::failures::until_settled(&app, &job).await;
    assert_eq!(shown["state"], "needs_user", "{shown:#}");
    assert_eq!(shown["remedy"]["remedy"], "reconnect_quick_books", "{shown:#}");
    assert!(control.calls().len() < 10, "{:?}", control.calls());
}

/// Many calls find the token expired together: it is renewed once, since every
/// renewal may make the token before it worthless.
#[tokio::test(flavor = "multi_thread")]
async fn two_who_renew_a_token_together_do_not_lose_it() {
    let app = app().await;
    let link = app.connect().await;
    let control = app.qbo.control();
    for _ in 0..2 {
        control.expire_access_tokens();
        control.clear_calls();
        let job = app.start(&link).await;
        let shown = crate::failures::until_settled(&app, &job).await;
        assert_eq!(shown["state"], "done", "{shown:#}");
        assert_eq!(control.count(CallKind::OAuth), 1, "{:?}", control.calls());
    }
}
