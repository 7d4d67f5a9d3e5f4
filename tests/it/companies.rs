//! Several companies of one tenant, in one Odoo database: never mixed.

use axum::http::StatusCode;
use q2o_tests::{
    app::TestApp,
    company,
    odoo::Options,
    qbo::{self, Control, QboSim},
};
use serde_json::{Value, json};

use crate::data::real_odoo;

/// Two QuickBooks companies, each into an Odoo company of its own.
struct Both {
    app: TestApp,
    second: Control,
    _folders: [tempfile::TempDir; 2],
}

async fn both() -> Both {
    let folders = [(1, 60), (2, 90)].map(|(seed, documents)| {
        let folder = tempfile::tempdir().unwrap();
        let plan = company::Plan { seed, ..company::Plan::sized(documents) };
        company::generate(&plan).write(folder.path()).unwrap();
        folder
    });
    let [first, second] =
        [0, 1].map(|at| QboSim::load(folders[at].path(), qbo::Options::default()).unwrap());
    let (running, second) = first.serve_beside(second).await.unwrap();
    Both { app: TestApp::beside(running, "memory://").await, second, _folders: folders }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_companies_in_one_odoo_are_each_proved() {
    let Both { app, second, _folders } = both().await;
    let Options { database, login, key, .. } = app.odoo.options().clone();
    let other = app.odoo.found_company("The other one");
    let odoo = |company: i64| {
        json!({ "url": app.odoo_url, "database": database, "login": login, "api_key": key,
                "company": company })
    };
    each_proved(&app, &second, [odoo(1), odoo(other)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_companies_in_one_real_odoo_are_each_proved() {
    let (Some(one), Some(other)) = (real_odoo().await, real_odoo().await) else { return };
    let Both { app, second, _folders } = both().await;
    each_proved(&app, &second, [one, other]).await;
}

/// At the same time, and once more: nothing of the one is taken for the other's.
async fn each_proved(app: &TestApp, second: &Control, [one, other]: [Value; 2]) {
    let links = [
        app.connect_to(one.clone()).await,
        app.tie(second, other).await.1["link"].as_str().unwrap().to_owned(),
    ];
    for round in ["first", "second"] {
        let jobs = [app.start(&links[0]).await, app.start(&links[1]).await];
        app.run().await;
        for (job, link) in jobs.iter().zip(&links) {
            let path = format!("/api/reports/proof/{job}");
            let (status, proof) = app.ask("GET", &path, json!(null)).await;
            let errors = format!("/api/ops/errors?link={link}");
            let (_, errors) = app.ask("GET", &errors, json!(null)).await;
            assert_eq!(status, StatusCode::OK, "{round}: {proof:#} {errors:#}");
            for level in ["L0", "L1", "L2", "L3", "L4"] {
                let of = &proof["levels"][level];
                assert_eq!(of["different"], 0, "{round} {level}: {proof:#} {errors:#}");
            }
            assert_eq!(proof["unexplained"], json!([]));
        }
    }
    // an Odoo company takes one QuickBooks company's history only
    let (_, third) = app.tie(second, one).await;
    let job = app.start(third["link"].as_str().unwrap()).await;
    app.run().await;
    let (_, refused) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    assert_eq!(refused["state"], "needs_user", "{refused:#}");
    assert!(refused["why"].as_str().unwrap().contains("another QuickBooks company"), "{refused:#}");
}
