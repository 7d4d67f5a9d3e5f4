//! What posts nothing: orders, timesheets and projects, where Odoo has the
//! applications for them.

use q2o_domain::ports::Odoo;
use q2o_tests::{app::TestApp, company, odoo::Server};
use serde_json::{Value, json};

use crate::data::{real_odoo, rows};

async fn job(app: &TestApp, link: &str) -> Value {
    let job = app.start(link).await;
    app.run().await;
    let (_, shown) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    let (_, errors) = app.ask("GET", &format!("/api/ops/errors?link={link}"), json!(null)).await;
    assert_eq!(shown["state"], "done", "{shown:#}\n{errors:#}");
    let (_, proof) = app.ask("GET", &format!("/api/reports/proof/{job}"), json!(null)).await;
    for level in ["L0", "L1", "L2", "L3", "L4"] {
        assert_eq!(proof["levels"][level]["different"], 0, "{level}: {proof:#}\n{errors:#}");
    }
    shown
}

async fn app() -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(60)).write(folder.path()).unwrap();
    TestApp::with(folder.path()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_keep_number_day_amount_and_state_and_move_no_goods() {
    let app = app().await;
    let link = app.connect().await;
    job(&app, &link).await;
    let server = app.odoo.server(&app.odoo_url);
    as_ordered(&server.client(Some(1)).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_the_same_in_a_real_odoo() {
    let Some(odoo) = real_odoo().await else { return };
    let server = Server::behind(&odoo);
    let company = odoo["company"].as_i64();
    let app = app().await;
    let link = app.connect_to(odoo).await;
    job(&app, &link).await;
    as_ordered(&server.client(company).unwrap()).await;
}

/// Without their applications they are listed, with what helps; once those are
/// there, the next migration brings them.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_nowhere_to_go_is_listed_until_the_application_is_there() {
    let app = app().await;
    app.odoo.install(&[]);
    let link = app.connect().await;
    let shown = job(&app, &link).await;
    for (kind, application) in
        [("Estimate", "Sales"), ("PurchaseOrder", "Purchase"), ("TimeActivity", "Timesheets")]
    {
        let counts = &shown["counts"][kind];
        assert_eq!(counts["not_moved"], counts["source"], "{kind}: {counts}");
        let path = format!("/api/ops/errors?link={link}");
        let (_, errors) = app.ask("GET", &path, json!(null)).await;
        let of_kind = errors.as_array().unwrap().iter().find(|e| e["kind"] == kind).unwrap();
        let remedy = json!({ "remedy": "install_app", "app": application });
        assert_eq!(of_kind["remedy"], remedy, "{of_kind:#}");
    }
    app.odoo.install(&["sale", "purchase", "stock", "hr_timesheet"]);
    let shown = job(&app, &link).await;
    for kind in ["Estimate", "PurchaseOrder", "TimeActivity"] {
        let counts = &shown["counts"][kind];
        assert_eq!(counts["loaded"], counts["source"], "{kind}: {counts}");
    }
    as_ordered(&app.odoo.server(&app.odoo_url).client(Some(1)).unwrap()).await;
}

/// The made-up company's orders and time.
async fn as_ordered(odoo: &dyn Odoo) {
    let fields = ["state", "date_order", "amount_total", "invoice_status", "order_line", "name"];
    let of = |kind: &str| json!([["origin", "=like", format!("QuickBooks {kind} %")]]);
    let mut sales = rows(odoo, "sale.order", of("Estimate"), &fields).await;
    sales.sort_by_key(|order| order["name"].as_str().unwrap().to_owned());
    let states: Vec<&str> = sales.iter().map(|order| order["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["draft", "draft", "draft", "sale", "sent", "cancel"]);
    let (billed, sent) = (&sales[3], &sales[4]);
    assert_eq!(billed["invoice_status"], "invoiced");
    assert_eq!(sent["amount_total"].to_string(), "500.0");
    assert_eq!(sent["date_order"], "2026-06-30 12:00:00");
    let lines = json!([["id", "in", billed["order_line"]]]);
    let lines = rows(odoo, "sale.order.line", lines, &["invoice_lines"]).await;
    let tied = lines.iter().filter(|line| !line["invoice_lines"].as_array().unwrap().is_empty());
    assert!(tied.count() > 0, "{lines:#?}");

    let purchases = rows(odoo, "purchase.order", of("PurchaseOrder"), &fields).await;
    let closed = purchases.iter().find(|order| order["state"] == "purchase").unwrap();
    assert_eq!(closed["invoice_status"], "invoiced", "{closed:#}");
    assert!(closed["date_order"].as_str().unwrap().ends_with(" 12:00:00"));
    let lines = json!([["purchase_line_id", "in", closed["order_line"]]]);
    assert!(!rows(odoo, "account.move.line", lines, &["quantity"]).await.is_empty());
    // of those that say no lines, nobody asks what they come to
    assert_eq!(purchases.iter().filter(|order| order["state"] == "draft").count(), 3);
    let moved = odoo.search_read("stock.picking", json!([]), &["origin"], "id", 0, 0).await;
    assert_eq!(moved.unwrap_or_default(), Vec::<Value>::new(), "goods are on their way");

    if odoo.search_read("project.project", json!([]), &["name"], "id", 0, 1).await.is_err() {
        return;
    }
    let fields = ["unit_amount", "name", "project_id"];
    let time = rows(odoo, "account.analytic.line", json!([["project_id", "!=", false]]), &fields);
    let time = time.await;
    let mut hours: Vec<String> = time.iter().map(|line| line["unit_amount"].to_string()).collect();
    hours.sort();
    assert_eq!(hours, ["1.0", "3.5", "3.5", "3.5", "4.166667"], "{time:#?}");
    let alone = time.iter().find(|line| line["name"] == "Tidied up").unwrap();
    assert_eq!(alone["project_id"][1], "QuickBooks Time");
}
