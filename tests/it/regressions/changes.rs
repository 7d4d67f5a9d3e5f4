//! Changes between two runs.

use q2o_tests::app::TestApp;
use serde_json::{Value, json};

use super::usd;
use crate::{
    changed,
    made::{Made, entry},
};

/// As many as one answer of QuickBooks holds, and all of them edited long after they
/// were made: each comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_records_edited_since_all_come() {
    let mut made = Made::usual(&["USD"]);
    for id in 1000..1997 {
        let name = format!("Customer {id}");
        made.add("Customer", json!({ "Id": id.to_string(), "DisplayName": name, "Active": true }));
    }
    let folder = made.write("2026-01-31");
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    changed::clean(&app, &link).await;
    let quickbooks = app.qbo.control();
    for id in (1000..1997).map(|id| id.to_string()).chain(["1", "2", "3"].map(str::to_owned)) {
        let mut customer = quickbooks.record("Customer", &id).unwrap();
        customer["DisplayName"] = json!(format!("Renamed {id}"));
        quickbooks.put("Customer", customer).unwrap();
    }
    let before = app.odoo.count("res.partner");
    changed::clean(&app, &link).await;
    let renamed =
        |row: &Value| row["name"].as_str().is_some_and(|name| name.starts_with("Renamed"));
    assert_eq!(app.odoo.rows("res.partner", renamed).len(), 1000);
    assert_eq!(app.odoo.count("res.partner"), before);
}

/// A record that an answer leaves out is not gone: it is taken for deleted only if
/// QuickBooks, asked for it by its id, does not have it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_to_be_gone_and_lives_stays() {
    let mut made = Made::usual(&["USD"]);
    for (id, number) in [("101", "1"), ("102", "2")] {
        let lines = [entry("1", "10.00", ""), entry("11", "-10.00", "")];
        let record = json!({ "Line": lines, "DocNumber": number });
        made.moves("JournalEntry", usd(id, "2026-01-05", ""), record, ["1", "11"], "10.00");
    }
    let folder = made.write("2026-01-31");
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    changed::clean(&app, &link).await;
    let moves = app.odoo.rows("account.move", |_| true);
    app.qbo.control().slip("JournalEntry", "101");
    changed::run(&app, &link).await;
    assert_eq!(app.odoo.rows("account.move", |_| true), moves, "nothing was taken out");
}
