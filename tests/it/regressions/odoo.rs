//! An Odoo that is not as fresh as one would like.

use q2o_tests::{app::TestApp, company};
use serde_json::json;

use super::usd;
use crate::made::{Made, sale, sold};

/// Odoo moves what is posted into a locked period, without a word. We tell.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_date_is_told_not_stepped_around() {
    let mut made = Made::usual(&["USD"]);
    for (id, date) in [("101", "2026-01-02"), ("102", "2026-02-02")] {
        made.moves(
            "Invoice",
            usd(id, date, "c1"),
            sale("1", "5.00", "5.00", &[sold("5.00", "1", "5")]),
            ["2", "5"],
            "5.00",
        );
    }
    let folder = made.write("2026-02-28");
    let app = TestApp::with(folder.path()).await;
    app.odoo.set("res.company", "fiscalyear_lock_date", &json!("2026-01-15"));
    let (shown, errors, proof) = super::migrated(&app).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(
        (errors[0]["id"].as_str(), errors[0]["class"].as_str()),
        (Some("101"), Some("locked"))
    );
    assert_eq!(errors[0]["remedy"]["remedy"], "check_odoo");
    assert!(super::different(&proof) > 0);
}

/// A currency that is switched off in Odoo is switched on; documents of history
/// are numbered apart from what the company numbers from now on.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_posted_in_odoo_before_keeps_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(60)).write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    let journals = app.odoo.rows("account.journal", |j| j["code"] == "INV");
    let (shown, _, proof) = super::migrated(&app).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(super::different(&proof), 0);
    let in_live = app.odoo.rows("account.move", |m| m["journal_id"] == journals[0]["id"]);
    assert!(in_live.is_empty(), "{in_live:#?}");
}
