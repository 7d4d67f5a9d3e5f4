//! A rollback leaves Odoo as it was before, but for what somebody touched since.

use axum::http::StatusCode;
use q2o_domain::ports::Odoo;
use q2o_tests::{
    app::TestApp,
    company,
    odoo::{OdooSim, Plan, Server},
};
use serde_json::{Value, json};

use crate::{
    data::{craig, real_odoo},
    made::{Made, entry},
};

/// A made-up company in an app of its own, tied to the simulator.
async fn app(documents: usize) -> (TestApp, String) {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(documents)).write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    (app, link)
}

/// All of the simulator's records, but for the numbers that it will give out next.
pub fn records(odoo: &OdooSim) -> Value {
    let mut saved: Value = serde_json::from_str(&odoo.save().unwrap()).unwrap();
    saved["sequences"] = json!({});
    for (_, table) in saved["tables"].as_object_mut().unwrap() {
        table["next"] = json!(0);
    }
    saved["tables"].as_object_mut().unwrap().retain(|_, table| table["rows"] != json!({}));
    saved
}

async fn start(app: &TestApp, what: &str, asked: Value) -> String {
    let (status, answer) = app.ask("POST", &format!("/api/entities/{what}"), asked).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    answer["job"].as_str().unwrap().to_owned()
}

/// Runs a job until it is done; its page.
pub async fn done(app: &TestApp, job: &str) -> Value {
    for _ in 0..600 {
        app.run().await;
        let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
        if shown["state"] != "running" {
            assert_eq!(shown["state"], "done", "{shown:#}");
            return shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("job {job} does not end");
}

/// Migrates and asserts that nothing differs; the job.
async fn migrated(app: &TestApp, asked: Value) -> String {
    let job = start(app, "backfill", asked).await;
    done(app, &job).await;
    let (_, proof) = app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await;
    for level in ["L0", "L1", "L2", "L3", "L4"] {
        assert_eq!(proof["levels"][level]["different"], 0, "{level}: {proof:#}");
    }
    job
}

/// Rolls back; what is reported of it.
async fn rolled_back(app: &TestApp, asked: Value) -> Value {
    let job = start(app, "rollback", asked).await;
    done(app, &job).await;
    report(app, &job).await
}

async fn report(app: &TestApp, job: &str) -> Value {
    let path = format!("/api/reports/rollback/{job}");
    let (status, report) = app.ask("GET", &path, json!(null)).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    report
}

fn removed(report: &Value) -> u64 {
    let kinds = report["kinds"].as_object().unwrap();
    kinds.values().map(|taken| taken["removed"].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn odoo_is_as_it_was_and_the_company_can_be_moved_again() {
    let (app, link) = app(300).await;
    let before = records(&app.odoo);
    let job = migrated(&app, json!({ "link": link })).await;
    let moved = records(&app.odoo);

    let asked = json!({ "link": link, "job": job, "preview": true });
    let foretold = rolled_back(&app, asked).await;
    assert_eq!(foretold["refused"], json!([]));
    assert_eq!(records(&app.odoo), moved, "a preview writes nothing");

    let report = rolled_back(&app, json!({ "link": link, "job": job })).await;
    same_records(&records(&app.odoo), &before);
    assert_eq!(report["refused"], json!([]));
    assert_eq!(report["kinds"], foretold["kinds"]);
    assert_eq!(report["forgotten"], true);
    assert!(removed(&report) > 300, "{report:#}");

    // our own rows are gone as well
    let (status, _) = app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, errors) = app.ask("GET", &format!("/api/ops/errors?link={link}"), json!(null)).await;
    assert_eq!(errors, json!([]));
    let path = format!("/api/reports/accounts?link={link}");
    assert_eq!(app.ask("GET", &path, json!(null)).await.1, json!({}));
    // once more takes nothing, and harms nothing
    let again = rolled_back(&app, json!({ "link": link })).await;
    assert_eq!((removed(&again), &again["forgotten"]), (0, &json!(true)));
    migrated(&app, json!({ "link": link })).await;
}

/// Table by table, so that a failure can be read.
pub fn same_records(now: &Value, before: &Value) {
    let mut more = Vec::new();
    for (name, table) in now["tables"].as_object().unwrap() {
        let was = &before["tables"][name]["rows"];
        let rows = table["rows"].as_object().unwrap();
        let rows = rows.iter().filter(|(id, row)| was[id.as_str()] != **row);
        more.extend(rows.map(|(id, row)| format!("{name} {id}: {row}")));
    }
    assert!(more.is_empty(), "{more:#?}");
    assert_eq!(now, before);
}

/// In a real Odoo: its counts and sums are those of before, the company can be
/// moved again, and goes again.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_odoo_is_as_it_was() {
    let Some(odoo) = real_odoo().await else { return };
    let made = tempfile::tempdir().unwrap();
    let folder = craig().unwrap_or_else(|| {
        company::generate(&company::Plan::sized(300)).write(made.path()).unwrap();
        made.path().to_owned()
    });
    let app = TestApp::with(&folder).await;
    let link = app.connect_to(odoo.clone()).await;
    let before = holds(&odoo).await;
    let job = migrated(&app, json!({ "link": link })).await;
    let moved = holds(&odoo).await;
    assert_ne!(before, moved);
    let (_, migration) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    let foretold = rolled_back(&app, json!({ "link": link, "job": job, "preview": true })).await;
    let first = foretold["refused"].as_array().unwrap().iter().find(|r| r["class"] != "needed");
    assert_eq!((first, &foretold["refused"]), (None, &json!([])));
    assert_eq!(holds(&odoo).await, moved, "a preview writes nothing");
    let started = std::time::Instant::now();
    let report = rolled_back(&app, json!({ "link": link, "job": job })).await;
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!((&report["refused"], &report["forgotten"]), (&json!([]), &json!(true)));
    assert_eq!(report["kinds"], foretold["kinds"]);
    for (kind, taken) in report["kinds"].as_object().unwrap() {
        // each record is one, with all that Odoo names beside it
        let number = |of: &Value| of.as_u64().unwrap_or(0);
        let loaded = number(&migration["counts"][kind]["loaded"]);
        assert!(number(&taken["removed"]) <= loaded || kind.contains(' '), "{kind}: {report:#}");
    }
    assert_eq!(holds(&odoo).await, before);
    println!("before {before}\nmoved {moved}\n{} removed in {seconds:.1} s", removed(&report));
    migrated(&app, json!({ "link": link })).await;
    assert_eq!(holds(&odoo).await, moved);
    rolled_back(&app, json!({ "link": link })).await;
    assert_eq!(holds(&odoo).await, before);
}

/// What a company of a real Odoo holds.
async fn holds(odoo: &Value) -> Value {
    let company = odoo["company"].as_i64();
    let client = Server::behind(odoo).client(company).unwrap();
    let kwargs = json!({ "attributes": ["type"] });
    let fields = client.call("account.account", "fields_get", json!([]), kwargs).await.unwrap();
    let mut holds = json!({});
    for model in [
        "account.account",
        "account.analytic.account",
        "account.journal",
        "account.move",
        "account.move.line",
        "account.partial.reconcile",
        "account.payment.term",
        "account.tax",
        "account.tax.group",
        "account.tax.repartition.line",
        "product.product",
        "res.partner",
    ] {
        let of = match model {
            "account.account" if fields.get("company_ids").is_some() => {
                json!(["company_ids", "in", [company]])
            }
            _ => json!(["company_id", "=", company]),
        };
        let kwargs = json!({ "context": { "active_test": false } });
        let count = client.call(model, "search_count", json!([[of]]), kwargs).await.unwrap();
        holds[model] = count;
    }
    let domain = json!([["company_id", "=", company]]);
    let sums = client.read_group("account.move.line", domain, &["debit:sum"], &[]).await.unwrap();
    holds["debit"] = sums[0]["debit"].clone();
    holds
}

/// An invoice that nothing is set against, by its id in QuickBooks; and its move.
fn open_invoice(app: &TestApp, paid: bool, from: &str) -> (String, i64) {
    let fields = json!(["invoice_origin", "payment_state", "date"]);
    let domain = json!([["move_type", "=", "out_invoice"], ["date", ">=", from]]);
    let rows = app.odoo.as_person("account.move", "search_read", json!([domain, fields])).unwrap();
    let state = if paid { "paid" } else { "not_paid" };
    let row = rows.as_array().unwrap().iter().find(|row| row["payment_state"] == state).unwrap();
    let key = row["invoice_origin"].as_str().unwrap();
    (key.rsplit('_').next().unwrap().to_owned(), row["id"].as_i64().unwrap())
}

fn reasons<'a>(report: &'a Value, what: &str) -> Vec<(&'a str, &'a str)> {
    let refused = report["refused"].as_array().unwrap().iter().filter(|r| r["what"] == what);
    refused.map(|r| (r["id"].as_str().unwrap(), r["class"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_touched_stays_and_is_told_and_the_rest_goes() {
    let (app, link) = app(300).await;
    let job = migrated(&app, json!({ "link": link })).await;
    let odoo = &app.odoo;
    let (edited, edited_move) = open_invoice(&app, false, "2024-06-01");
    odoo.as_person("account.move", "write", json!([[edited_move], {"narration": "mine"}])).unwrap();
    let (matched, matched_move) = open_invoice(&app, false, "2025-06-01");
    assert_ne!(edited, matched);
    let own = pay(odoo, matched_move);
    // paid in QuickBooks, credited in Odoo
    let (credited, credited_move) = open_invoice(&app, true, "2025-01-01");
    odoo.as_person("account.move", "write", json!([[own], {"reversed_entry_id": credited_move}]))
        .unwrap();
    let stay = json!([
        [edited_move, matched_move],
        ["state", "date", "amount_residual", "narration", "write_date"]
    ]);
    let before = odoo.as_person("account.move", "read", stay.clone()).unwrap();

    let foretold = rolled_back(&app, json!({ "link": link, "job": job, "preview": true })).await;
    let report = rolled_back(&app, json!({ "link": link, "job": job })).await;
    assert_eq!(report["refused"], foretold["refused"]);
    let invoices = reasons(&report, "Invoice");
    assert!(invoices.contains(&(&edited, "edited")), "{invoices:?}");
    assert!(invoices.contains(&(&matched, "reconciled")), "{invoices:?}");
    assert!(invoices.contains(&(&credited, "used")), "{invoices:?}");
    assert_eq!(invoices.len(), 3);
    assert_eq!(report["forgotten"], false);
    let told = report["refused"].as_array().unwrap().iter().find(|r| r["class"] == "edited");
    assert!(told.unwrap()["why"].as_str().unwrap().contains("Marc Demo"), "{told:?}");
    // what they need stays with them
    assert!(!reasons(&report, "Customer").is_empty());
    assert!(
        reasons(&report, "Account").iter().all(|(_, class)| *class == "needed" || *class == "used")
    );
    // nothing else but what completes them, and what stays is as it was
    let left = json!([[["invoice_origin", "not like", ".ledger_invoice_"]]]);
    let left = odoo.as_person("account.move", "search", left).unwrap();
    assert_eq!(left.as_array().unwrap().len(), 3 + 1, "{left}");
    assert_eq!(odoo.as_person("account.move", "read", stay).unwrap(), before);
    assert_eq!(odoo.count("account.partial.reconcile"), 1);

    // once it is no longer touched, the next one takes it
    odoo.as_person("account.move", "button_draft", json!([[own]])).unwrap();
    odoo.as_person("account.move", "unlink", json!([[own]])).unwrap();
    let report = rolled_back(&app, json!({ "link": link })).await;
    assert_eq!(reasons(&report, "Invoice"), [(edited.as_str(), "edited")]);
}

/// A payment made in Odoo, reconciled with an invoice; its move.
fn pay(odoo: &OdooSim, invoice: i64) -> i64 {
    let domain = json!([["move_id", "=", invoice], ["account_type", "=", "asset_receivable"]]);
    let fields = json!(["account_id", "balance", "partner_id"]);
    let lines =
        odoo.as_person("account.move.line", "search_read", json!([domain, fields])).unwrap();
    let (account, amount) = (lines[0]["account_id"][0].clone(), lines[0]["balance"].clone());
    let bank =
        odoo.as_person("account.account", "search", json!([[["code", "=", "101401"]]])).unwrap();
    let journal =
        odoo.as_person("account.journal", "search", json!([[["code", "=", "BNK1"]]])).unwrap();
    let amount: f64 = amount.as_f64().unwrap();
    let entry = json!([{
        "move_type": "entry", "journal_id": journal[0], "date": "2026-07-01",
        "line_ids": [
            [0, 0, {"account_id": bank[0], "balance": amount}],
            [0, 0, {"account_id": account, "balance": -amount, "partner_id": lines[0]["partner_id"][0]}],
        ],
    }]);
    let made = odoo.as_person("account.move", "create", json!([entry])).unwrap();
    odoo.as_person("account.move", "action_post", json!([made])).unwrap();
    let domain = json!([["move_id", "=", made[0]], ["account_id", "=", account]]);
    let other = odoo.as_person("account.move.line", "search", json!([domain])).unwrap();
    let both = json!([[lines[0]["id"], other[0]]]);
    odoo.as_person("account.move.line", "reconcile", both).unwrap();
    made[0].as_i64().unwrap()
}

/// A job that died between Odoo's doing and our writing it down leaves records that
/// no row of ours knows.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_job_left_behind_goes_as_well() {
    let (app, link) = app(60).await;
    let before = records(&app.odoo);
    migrated(&app, json!({ "link": link })).await;
    let of = |id: &str| format!("q2o_{}_1.{id}", app.qbo.control().realm());
    let table =
        json!([["id", "name"], [[of("customer_9999999"), "Lost"], [of("vendor_9999998"), "Lost"]]]);
    app.odoo.as_user(2, "res.partner", "load", table).unwrap();
    let file =
        json!([["id", "name", "datas"], [[of("attachable_9999997"), "lost.txt", "aGVsbG8="]]]);
    app.odoo.as_user(2, "ir.attachment", "load", file).unwrap();
    let report = rolled_back(&app, json!({ "link": link })).await;
    assert_eq!(report["refused"], json!([]), "{report:#}");
    same_records(&records(&app.odoo), &before);

    // who may not read external ids takes what is linked all the same
    migrated(&app, json!({ "link": link })).await;
    app.odoo.control().forbid("ir.model.data", "read");
    rolled_back(&app, json!({ "link": link })).await;
    same_records(&records(&app.odoo), &before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_period_stays() {
    let (app, link) = app(200).await;
    migrated(&app, json!({ "link": link })).await;
    let lock = json!([[1], {"fiscalyear_lock_date": "2024-12-31"}]);
    app.odoo.as_person("res.company", "write", lock).unwrap();
    let report = rolled_back(&app, json!({ "link": link })).await;
    let classes = ["locked", "needed", "used"];
    let refused = report["refused"].as_array().unwrap();
    assert!(refused.iter().any(|r| r["class"] == "locked"), "{report:#}");
    assert!(
        refused.iter().all(|r| classes.contains(&r["class"].as_str().unwrap())),
        "{refused:#?}"
    );
    let domain = json!([[["date", ">", "2024-12-31"]]]);
    let later = app.odoo.as_person("account.move", "search", domain).unwrap();
    // what is set against a document of the closed period
    let needed = refused.iter().filter(|r| r["class"] == "needed" && r["what"] != "Account");
    assert!(later.as_array().unwrap().len() <= needed.count(), "{later}");
    let open = json!([[1], {"fiscalyear_lock_date": false}]);
    app.odoo.as_person("res.company", "write", open).unwrap();
    let report = rolled_back(&app, json!({ "link": link })).await;
    assert_eq!((&report["refused"], &report["forgotten"]), (&json!([]), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn odoo_dies_in_the_middle_and_the_end_is_the_same() {
    let (app, link) = app(200).await;
    let before = records(&app.odoo);
    let job = migrated(&app, json!({ "link": link })).await;
    for (model, method) in [
        ("account.move", "button_draft"),
        ("account.move", "unlink"),
        ("res.partner", "unlink"),
        ("account.journal", "unlink"),
        ("account.account", "unlink"),
    ] {
        app.odoo.control().plan(model, method, 1, Plan::DieAfter);
    }
    app.odoo.control().plan("product.product", "unlink", 1, Plan::DieBefore);
    app.odoo.control().plan("account.tax", "unlink", 1, Plan::Html(502));
    let report = rolled_back(&app, json!({ "link": link, "job": job })).await;
    assert_eq!((&report["refused"], &report["forgotten"]), (&json!([]), &json!(true)));
    same_records(&records(&app.odoo), &before);
}

/// Cancelled when some is gone, half way between a draft and nothing: another
/// rollback takes the rest, and a migration would have brought it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_rollback_is_gone_on_with_or_made_good() {
    for again in ["rollback", "backfill"] {
        let (app, link) = app(150).await;
        let before = records(&app.odoo);
        migrated(&app, json!({ "link": link })).await;
        app.odoo.control().plan("account.move", "unlink", 1, Plan::Denied);
        let job = start(&app, "rollback", json!({ "link": link })).await;
        app.run().await;
        let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
        assert_eq!(shown["state"], "needs_user", "{shown:#}");
        let busy = json!({ "link": link });
        let (status, problem) = app.ask("POST", &format!("/api/entities/{again}"), busy).await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        let path = format!("/api/entities/backfill/{job}/cancel");
        assert!(app.ask("POST", &path, json!({})).await.0.is_success());
        app.run().await;
        let drafts = json!([[["state", "=", "draft"]]]);
        let drafts = app.odoo.as_person("account.move", "search", drafts).unwrap();
        assert!(!drafts.as_array().unwrap().is_empty(), "it was half way");
        if again == "backfill" {
            migrated(&app, json!({ "link": link })).await;
        }
        let report = rolled_back(&app, json!({ "link": link })).await;
        assert_eq!((&report["refused"], &report["forgotten"]), (&json!([]), &json!(true)));
        same_records(&records(&app.odoo), &before);
    }
}

/// A kind alone, then some days: what remaining records need stays, and moving
/// again makes everything good.
#[tokio::test(flavor = "multi_thread")]
async fn kinds_and_days_are_taken_alone_and_brought_back() {
    let (app, link) = app(300).await;
    migrated(&app, json!({ "link": link })).await;
    let whole = app.odoo.count("account.move");
    let partials = app.odoo.count("account.partial.reconcile");
    // invoices that are paid need their payments' consent
    let report = rolled_back(&app, json!({ "link": link, "kinds": ["Invoice"] })).await;
    let refused = reasons(&report, "Invoice");
    assert!(
        !refused.is_empty() && refused.iter().all(|(_, class)| *class == "needed"),
        "{refused:?}"
    );
    assert_eq!(app.odoo.count("account.partial.reconcile"), partials);
    // payments go with their reconciliations, but not without what deposits them
    let report = rolled_back(&app, json!({ "link": link, "kinds": ["Payment"] })).await;
    assert!(reasons(&report, "Payment").iter().all(|(_, class)| *class == "needed"), "{report:#}");
    let both = json!({ "link": link, "kinds": ["Payment", "Deposit"] });
    let report = rolled_back(&app, both).await;
    assert_eq!(report["refused"], json!([]));
    let invoices = json!([[["move_type", "=", "out_invoice"]], ["payment_state"]]);
    let invoices = app.odoo.as_person("account.move", "search_read", invoices).unwrap();
    let open = |row: &&Value| row["payment_state"] == "not_paid";
    let invoices = invoices.as_array().unwrap();
    assert_eq!(invoices.iter().filter(open).count(), invoices.len(), "all are open again");
    migrated(&app, json!({ "link": link })).await;
    assert_eq!(app.odoo.count("account.move"), whole);
    assert_eq!(app.odoo.count("account.partial.reconcile"), partials);

    let days = json!({ "link": link, "from": "2025-01-01", "to": "2025-03-31" });
    let report = rolled_back(&app, days).await;
    assert!(removed(&report) > 0, "{report:#}");
    let kinds = report["kinds"].as_object().unwrap();
    assert!(!kinds.contains_key("Customer") && !kinds.contains_key("Account"), "{report:#}");
    let within = json!([[["date", ">=", "2025-01-01"], ["date", "<=", "2025-03-31"]]]);
    let within = app.odoo.as_person("account.move", "search", within).unwrap();
    let stay = report["refused"].as_array().unwrap().len();
    assert!(within.as_array().unwrap().len() <= stay * 2, "{within} {report:#}");
    migrated(&app, json!({ "link": link })).await;
    assert_eq!(app.odoo.count("account.move"), whole);
}

/// Opening balances go as one whole, and another first day may be chosen then.
#[tokio::test(flavor = "multi_thread")]
async fn opening_balances_go_and_another_day_may_be_chosen() {
    let (app, link) = app(300).await;
    let before = records(&app.odoo);
    let asked = json!({ "link": link, "cut": "2025-03-17", "until": "2026-06-30" });
    migrated(&app, asked).await;
    let report = rolled_back(&app, json!({ "link": link, "kinds": ["Invoice", "Bill"] })).await;
    assert_eq!(reasons(&report, "Opening balances"), [("1", "needed")]);
    let report = rolled_back(&app, json!({ "link": link })).await;
    assert_eq!((&report["refused"], &report["forgotten"]), (&json!([]), &json!(true)));
    same_records(&records(&app.odoo), &before);
    migrated(&app, json!({ "link": link, "cut": "2025-01-01", "until": "2026-06-30" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_rolled_back_is_said_at_once() {
    let (app, link) = app(60).await;
    let ask = async |body: Value| app.ask("POST", "/api/entities/rollback", body).await;
    let (status, _) = ask(json!({ "link": "nobody's" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = ask(json!({ "link": link, "job": "nobody's" })).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, problem) = ask(json!({ "link": link, "kinds": [] })).await;
    assert_eq!(
        (status, &problem["remedy"]["remedy"]),
        (StatusCode::BAD_REQUEST, &json!("correct_request"))
    );
    let (status, _) = ask(json!({ "link": link, "from": "2026-02-01", "to": "2026-01-01" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    // what was never moved is rolled back at once
    let report = rolled_back(&app, json!({ "link": link })).await;
    assert_eq!((removed(&report), &report["refused"]), (0, &json!([])));
    // a rollback cannot be rolled back, nor tried again
    let job = start(&app, "rollback", json!({ "link": link })).await;
    done(&app, &job).await;
    let (status, _) = ask(json!({ "link": link, "job": job })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) = app.ask("POST", &format!("/api/ops/jobs/{job}/retry"), json!({})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

/// A company without entries takes QuickBooks' currency, and gets its own back.
#[tokio::test(flavor = "multi_thread")]
async fn a_company_gets_its_currency_back() {
    let mut made = Made::usual(&["EUR"]);
    let lines = [entry("1", "10.00", ""), entry("11", "-10.00", "")];
    let head = ["101", "2026-01-05", "EUR", ""];
    made.moves("JournalEntry", head, json!({ "Line": lines }), ["1", "11"], "10.00");
    let folder = made.write("2026-01-31");
    let migrate = async |app: &TestApp, connection: Value| {
        let company = connection["company"].as_i64();
        let odoo = Server::behind(&connection).client(company).unwrap();
        let currency = async || {
            let own = json!([["id", "=", company.unwrap_or(1)]]);
            let fields = ["currency_id"];
            let found = odoo.search_read("res.company", own, &fields, "id", 0, 1).await.unwrap();
            found[0]["currency_id"][1].as_str().unwrap().to_owned()
        };
        let before = currency().await;
        let link = app.connect_to(connection).await;
        for _ in 0..2 {
            migrated(app, json!({ "link": link, "until": "2026-01-31" })).await;
            assert_eq!(currency().await, "EUR");
            let report = rolled_back(app, json!({ "link": link })).await;
            assert_eq!(report["refused"], json!([]), "{report:#}");
            assert_eq!(currency().await, before);
        }
        assert_eq!(before, "USD");
    };
    let app = TestApp::with(folder.path()).await;
    migrate(&app, app.connection()).await;
    if let Some(odoo) = real_odoo().await {
        let app = TestApp::with(folder.path()).await;
        migrate(&app, odoo).await;
    }
}
