//! A whole backfill of the recorded company, proved against its golden figures.

use q2o_tests::app::TestApp;
use serde_json::json;

use crate::data::{craig, real_odoo};

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_company_is_proved_to_the_cent() {
    let Some(folder) = craig() else { return };
    let app = TestApp::with(&folder).await;
    let link = app.connect().await;
    proved(&app, &link).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_company_is_proved_to_the_cent_in_a_real_odoo() {
    let (Some(folder), Some(odoo)) = (craig(), real_odoo()) else { return };
    let app = TestApp::with(&folder).await;
    let link = app.connect_to(odoo).await;
    proved(&app, &link).await;
}

async fn proved(app: &TestApp, link: &str) {
    let job = app.start(link).await;
    app.run().await;
    let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    let (_, errors) = app.ask("GET", &format!("/api/ops/errors?link={link}"), json!(null)).await;
    assert_eq!(shown["state"], "done", "{shown:#}\n{errors:#}");
    let (_, proof) = app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await;
    for level in ["L0", "L1", "L2", "L3", "L4"] {
        assert_eq!(proof["levels"][level]["different"], 0, "{level}: {proof:#}\n{errors:#}");
    }
    assert_eq!(proof["trial_balance_total"], "41421.60");
    assert_eq!(proof["by_documents"]["different"], 4);
    assert_eq!(proof["unexplained"], json!([]));
    let completions = proof["completion_entries"].as_array().unwrap();
    let mut classes: Vec<&str> =
        completions.iter().filter_map(|entry| entry["class"].as_str()).collect();
    classes.sort_unstable();
    assert_eq!(
        classes,
        ["fifo_cogs", "inventory_start", "sales_tax_payment", "statement_charge"]
    );
}
