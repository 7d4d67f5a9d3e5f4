//! What was changed, voided or deleted in QuickBooks after it had been moved: Odoo
//! follows, with the next run, unless somebody touched it there.

use jiff::civil::date;
use q2o_domain::ports::Odoo;
use q2o_tests::{app::TestApp, qbo::Posting};
use serde_json::{Value, json};

use crate::{
    data::real_odoo,
    made::{Made, bought, number, paid, payment, sale, sold, spent, with},
};

/// Three invoices of which two are paid, a bill, a sale for cash, and the cost of
/// goods that only the ledger has.
pub fn company() -> Made {
    let mut made = Made::usual(&["USD"]);
    let invoice = |id, total: &str, balance: &str| {
        let record = sale("1", total, balance, &[sold(total, "1", "5")]);
        (["Invoice", id].map(str::to_owned), record)
    };
    for (([_, id], record), day, total) in [
        (invoice("101", "100.00", "0"), "2026-01-10", "100.00"),
        (invoice("102", "50.00", "0"), "2026-01-11", "50.00"),
        (invoice("103", "70.00", "70.00"), "2026-01-12", "70.00"),
    ] {
        made.moves("Invoice", [&id, day, "USD", "c1"], record, ["2", "5"], total);
    }
    made.hidden(
        "Invoice",
        ["101", "2026-01-10", "USD", ""],
        "fifo_cogs",
        &[("10", "30.00", ""), ("9", "-30.00", "")],
    );
    let lines = [paid("100.00", "Invoice", "101"), paid("50.00", "Invoice", "102")];
    let paying = payment("1", "150.00", "0", &lines);
    made.moves("Payment", ["104", "2026-01-20", "USD", "c1"], paying, ["4", "2"], "150.00");
    let bill = bought("11", "40.00", "40.00", &[spent("40.00", "6")]);
    made.moves("Bill", ["105", "2026-01-21", "USD", "v11"], bill, ["6", "3"], "40.00");
    let receipt = with(
        sale("2", "25.00", "0", &[sold("25.00", "1", "5")]),
        json!({ "DepositToAccountRef": { "value": "1" } }),
    );
    made.moves("SalesReceipt", ["106", "2026-01-22", "USD", "c2"], receipt, ["1", "5"], "25.00");
    made
}

/// What a transaction posts from now on; nothing, if nothing is named.
pub fn repost(app: &TestApp, txn_type: &str, id: &str, lines: &[(&str, &str)]) {
    let qbo = app.qbo.control();
    let before = qbo.postings();
    let own = before.iter().find(|p| p.txn_type == txn_type && p.txn_id == id).unwrap().clone();
    qbo.unpost(txn_type, id);
    let postings = lines.iter().map(|(account, amount)| Posting {
        account_id: (*account).to_owned(),
        account_name: String::new(),
        amount: amount.parse().unwrap(),
        ..own.clone()
    });
    qbo.post(postings.collect());
}

pub fn change(app: &TestApp, entity: &str, id: &str, fields: Value) {
    let record = app.qbo.control().record(entity, id).unwrap();
    app.qbo.control().put(entity, with(record, fields)).unwrap();
}

pub async fn run(app: &TestApp, link: &str) -> Value {
    let asked = json!({ "link": link, "until": "2026-02-28" });
    let (_, answer) = app.ask("POST", "/api/entities/backfill", asked).await;
    let job = answer["job"].as_str().unwrap();
    app.run().await;
    let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await.1
}

async fn errors(app: &TestApp, link: &str) -> Value {
    app.ask("GET", &format!("/api/ops/errors?link={link}"), json!(null)).await.1
}

pub async fn clean(app: &TestApp, link: &str) -> Value {
    let proof = run(app, link).await;
    let errors = errors(app, link).await;
    for level in ["L0", "L1", "L2", "L3", "L4"] {
        assert_eq!(proof["levels"][level]["different"], 0, "{level}: {proof:#}\n{errors:#}");
    }
    assert_eq!(proof["unexplained"], json!([]), "{proof:#}");
    proof
}

/// The books after: 101 is 120 and still owes 20, its goods cost 36; the sale for
/// cash was voided; the bill was deleted; the rest is as it was.
async fn followed(app: &TestApp, link: &str) {
    let proof = clean(app, link).await;
    assert_eq!(proof["completion_entries"].as_array().unwrap().len(), 1);
    let lines = json!([sold("120.00", "1", "5")]);
    let total = json!({ "TotalAmt": number("120.00"), "Balance": number("20.00"), "Line": lines });
    change(app, "Invoice", "101", total);
    let cost = [("10", "36.00"), ("9", "-36.00")];
    repost(app, "Invoice", "101", &[&[("2", "120.00"), ("5", "-120.00")][..], &cost].concat());
    let void = json!({ "TotalAmt": 0, "Line": [], "PrivateNote": "Voided" });
    change(app, "SalesReceipt", "106", void);
    repost(app, "SalesReceipt", "106", &[]);
    assert!(app.qbo.control().delete("Bill", "105"));
    repost(app, "Bill", "105", &[]);
    let proof = clean(app, link).await;
    assert_eq!(proof["completion_entries"][0]["amount"], "36.00", "{proof:#}");
    let errors = errors(app, link).await;
    assert_eq!(errors.as_array().unwrap().len(), 1, "{errors:#}");
    assert_eq!(
        (&errors[0]["kind"], &errors[0]["class"]),
        (&json!("SalesReceipt"), &json!("not_moved"))
    );
    // the goods cost nothing after all: their entry goes
    repost(app, "Invoice", "101", &[("2", "120.00"), ("5", "-120.00")]);
    let proof = clean(app, link).await;
    assert_eq!(proof["completion_entries"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn odoo_follows_what_quickbooks_changed() {
    let folder = company().write("2026-02-28");
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    followed(&app, &link).await;
    assert_eq!(app.odoo.balance("QB3"), "0.00");
    let before = app.odoo.save().unwrap();
    clean(&app, &link).await;
    assert_eq!(app.odoo.save().unwrap(), before, "another run finds nothing to do");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_odoo_follows_what_quickbooks_changed() {
    let Some(odoo) = real_odoo().await else { return };
    let folder = company().write("2026-02-28");
    let app = TestApp::with(folder.path()).await;
    let link = app.connect_to(odoo).await;
    followed(&app, &link).await;
}

/// A run of some kinds leaves the documents of others, and their entries, alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_some_kinds_touches_no_others() {
    let folder = company().write("2026-02-28");
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    clean(&app, &link).await;
    let before = app.odoo.save().unwrap();
    let asked = json!({ "link": link, "until": "2026-02-28", "kinds": ["Account", "Bill"] });
    let (_, answer) = app.ask("POST", "/api/entities/backfill", asked).await;
    app.run().await;
    let job = format!("/api/ops/jobs/{}", answer["job"].as_str().unwrap());
    let (_, shown) = app.ask("GET", &job, json!(null)).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(app.odoo.save().unwrap(), before);
    clean(&app, &link).await;
    assert_eq!(app.odoo.save().unwrap(), before);
}

/// Somebody paid the invoice in Odoo: it stays, is told, and the proof is not clean.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_touched_in_odoo_stays() {
    let folder = company().write("2026-02-28");
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    clean(&app, &link).await;
    let odoo = app.odoo.server(&app.odoo_url).client(Some(1)).unwrap();
    paid_in_odoo(&odoo).await;

    let lines = json!([sold("90.00", "1", "5")]);
    let total = json!({ "TotalAmt": number("90.00"), "Balance": number("90.00"), "Line": lines });
    change(&app, "Invoice", "103", total);
    repost(&app, "Invoice", "103", &[("2", "90.00"), ("5", "-90.00")]);
    let proof = run(&app, &link).await;
    assert_ne!(proof["levels"]["L2"]["different"], 0);
    let errors = errors(&app, &link).await;
    assert_eq!(errors[0]["class"], "changed", "{errors:#}");
    let why = errors[0]["why"].as_str().unwrap();
    assert!(why.contains("reconciled with") && why.contains("not the migration's"), "{why}");
}

/// Sets an entry of nobody's against invoice 103.
async fn paid_in_odoo(odoo: &dyn Odoo) {
    let invoice = json!([["invoice_origin", "like", "invoice_103"]]);
    let found = odoo.search_read("account.move", invoice, &["name"], "id", 0, 1).await.unwrap();
    let line = json!([["move_id", "=", found[0]["id"]], ["balance", "=", 70]]);
    let fields = ["account_id", "move_id", "partner_id"];
    let found = odoo.search_read("account.move.line", line, &fields, "id", 0, 1).await.unwrap();
    let own = &found[0];
    let domain = json!([["code", "=", "MISC"]]);
    let journal = odoo.search_read("account.journal", domain, &["code"], "id", 0, 1).await.unwrap();
    let domain = json!([["account_type", "=", "income"]]);
    let other = odoo.search_read("account.account", domain, &["code"], "id", 0, 1).await.unwrap();
    let entry = json!({
        "move_type": "entry", "journal_id": journal[0]["id"], "date": date(2026, 2, 1).to_string(),
        "line_ids": [
            [0, 0, { "account_id": own["account_id"][0], "balance": -70, "partner_id": own["partner_id"][0] }],
            [0, 0, { "account_id": other[0]["id"], "balance": 70 }],
        ],
    });
    let context = json!({ "skip_invoice_sync": true });
    let made = odoo.create("account.move", vec![entry], context).await.unwrap();
    odoo.call("account.move", "action_post", json!([[made[0].0]]), json!({})).await.unwrap();
    let domain = json!([["move_id", "=", made[0].0], ["balance", "=", -70]]);
    let credit =
        odoo.search_read("account.move.line", domain, &["balance"], "id", 0, 1).await.unwrap();
    let partial = json!({
        "debit_move_id": own["id"], "credit_move_id": credit[0]["id"],
        "amount": 70, "debit_amount_currency": 70, "credit_amount_currency": 70,
    });
    odoo.create("account.partial.reconcile", vec![partial], json!({})).await.unwrap();
}
