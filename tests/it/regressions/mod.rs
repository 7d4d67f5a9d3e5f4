//! What others got wrong when they moved books out of QuickBooks, each a test. (Notices that
//! come twice are in `follow.rs`, answers that are lost in `crashes.rs`.)

mod changes;
mod chart;
mod documents;
mod limits;
mod odoo;
mod reports;

use q2o_tests::app::TestApp;
use serde_json::{Value, json};

const fn usd<'a>(id: &'a str, date: &'a str, whose: &'a str) -> [&'a str; 4] {
    [id, date, "USD", whose]
}

/// Migrates to the end, however it ends: the job, its errors and its proof.
async fn migrated(app: &TestApp) -> (Value, Vec<Value>, Value) {
    let link = app.connect().await;
    let job = app.start(&link).await;
    let shown = crate::failures::until_settled(app, &job).await;
    let errors = crate::failures::errors(app, &link).await;
    let (_, proof) = app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await;
    (shown, errors, proof)
}

/// How many things differ.
fn different(proof: &Value) -> u64 {
    let levels = proof["levels"].as_object().unwrap();
    levels.values().map(|level| level["different"].as_u64().unwrap()).sum()
}
