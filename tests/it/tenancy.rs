//! What belongs to another tenant is not there, for every function there is.

use axum::http::StatusCode;
use q2o_domain::Tier;
use q2o_functions::{
    access::Claims,
    all, compose,
    function::{Access, Trigger},
};
use q2o_platform::clock::SystemClock;
use q2o_tests::{app::TestApp, company};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_tenant_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(60)).write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    let job = app.start(&link).await;
    let claims = Claims {
        sub: "stranger".into(),
        tenant: uuid::Uuid::new_v4(),
        admin: true,
        plan: Tier::Full,
        exp: 0,
    };
    let secret = q2o_tests::app::secret();
    let stranger = compose::local_token(claims, &secret, &SystemClock).unwrap();
    let realm = app.qbo.control().realm().to_string();
    let mut looked_at = 0;
    for function in all() {
        let Trigger::Http { method, access, .. } = &function.trigger else { continue };
        if *access == Access::Public {
            continue;
        }
        let path = function
            .path()
            .replace("{job}", &job)
            .replace("{realm}", &realm)
            .replace("{connection}", "any");
        // for those that take it
        let path = format!("{path}?link={link}");
        let body = match function.name.as_ref() {
            "backfills-assess" | "backfills-start" | "backfills-rehearse"
            | "backfills-rollback" => {
                json!({ "link": link })
            }
            "follow-switch" => json!({ "link": link, "on": true }),
            "mappings-save" => json!({ "link": link, "mode": "mirror" }),
            _ => json!({ "realm": realm, "odoo": "any" }),
        };

        let (status, _) = app.ask_as("", method.as_str(), &path, body.clone()).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path} without a token");

        // what makes something of the caller's own has nothing foreign to find
        if *access == Access::Signed
            || matches!(
                function.name.as_ref(),
                "connect-odoo-save" | "connect-quickbooks-save" | "jobs-list"
            )
        {
            continue;
        }
        let (status, answer) = app.ask_as(&stranger, method.as_str(), &path, body).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path} as a stranger: {answer}");
        looked_at += 1;
    }
    assert!(looked_at >= 10, "only {looked_at} functions looked at");
    let (_, jobs) = app.ask_as(&stranger, "GET", "/api/ops/jobs", json!(null)).await;
    assert_eq!(jobs, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_is_not_called_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(60)).write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    for function in all().iter().filter(|f| !matches!(f.trigger, Trigger::Http { .. })) {
        let (status, _) = app.ask("POST", &function.path(), json!({ "Data": {} })).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{}", function.name);
    }
}
