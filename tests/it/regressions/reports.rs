//! QuickBooks' ledger as its reports really look.

use q2o_tests::{
    app::TestApp,
    company,
    qbo::{CallKind, PlannedFault, Posting},
};
use serde_json::{Value, json};

use super::usd;
use crate::made::{Made, entry, sale, sold};

/// In some countries the ledger names accounts and gives no ids.
#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_without_account_ids_is_read_by_names() {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(60)).write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    app.qbo.control().name_accounts_only();
    let (shown, errors, proof) = super::migrated(&app).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(errors, Vec::<Value>::new());
    assert_eq!(super::different(&proof), 0, "{proof:#}");
}

/// Rows of the section "Not Specified" are on no account: those of nothing are
/// nothing, others are told, and the rest is proved.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_the_ledger_on_no_account_are_told() {
    let mut made = Made::usual(&["USD"]);
    made.moves(
        "Invoice",
        usd("101", "2026-01-02", "c1"),
        sale("1", "5.00", "5.00", &[sold("5.00", "1", "5")]),
        ["2", "5"],
        "5.00",
    );
    let record = json!({ "Line": [entry("1", "3.00", ""), entry("6", "-3.00", "")] });
    made.moves("JournalEntry", usd("102", "2026-01-03", ""), record, ["1", "6"], "3.00");
    made.hidden("Invoice", usd("101", "2026-01-02", "c1"), "api", &[("", "0", "")]);
    let (_, proof) = made.simulated("2026-01-31").await;
    assert_eq!(proof["by_documents"]["different"], 0);

    let folder = made.write("2026-01-31");
    let app = TestApp::with(folder.path()).await;
    let nowhere = |amount: i64| Posting {
        txn_type: "JournalEntry".into(),
        txn_id: "102".into(),
        date: "2026-01-03".parse().unwrap(),
        amount: amount.into(),
        ..Posting::default()
    };
    app.qbo.control().post(vec![nowhere(2)]);
    let (shown, _, proof) = super::migrated(&app).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    let told = proof["unexplained"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{proof:#}");
    assert_eq!(told[0]["what"], "JournalEntry 102");
    assert!(told[0]["quickbooks"].as_str().unwrap().contains("Not Specified"), "{told:#?}");
}

/// A report that takes QuickBooks too long is asked for in smaller parts.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_times_out_is_read_in_smaller_windows() {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(60)).write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    let control = app.qbo.control();
    control.plan(PlannedFault::GatewayTimeout, 3, |call| {
        call.kind == CallKind::Report && call.query.contains("end_date=2026-05-31")
    });
    let (shown, errors, proof) = super::migrated(&app).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(errors, Vec::<Value>::new());
    assert_eq!(super::different(&proof), 0, "{proof:#}");
    assert_eq!(control.planned(), 0, "it was asked again, each time for less");
}
