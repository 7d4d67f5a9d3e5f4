//! Made-up companies, one for each thing that makes books hard, and one that has
//! all of them: nothing differs, and every ledger transaction without a record is
//! completed exactly once.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use q2o_tests::{
    app::TestApp,
    company::{self, Company, Feature, Plan},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    data::real_odoo,
    made::{proved, run},
    matched::closed,
};

/// A company with these features: whole, and cut in the middle of its year; into a
/// real Odoo as well, where the environment names one.
async fn proves(features: &[Feature], documents: usize) {
    let company = company::generate(&Plan::with(features.iter().copied(), documents));
    let folder = tempfile::tempdir().unwrap();
    company.write(folder.path()).unwrap();
    for cut in [None, Some("2026-01-17")] {
        let app = TestApp::with(folder.path()).await;
        let asked = json!({ "link": app.connect().await, "cut": cut, "until": "2026-06-30" });
        let foretold = run(&app, "rehearse", &asked).await;
        let proof = proved(&app, asked).await;
        closed(&app.connection()).await;
        for same in ["trial_balance_total", "levels", "by_documents", "unexplained"] {
            assert_eq!(foretold[same], proof[same], "{same}, as rehearsed");
        }
        match cut {
            None => assert_eq!(completed(&proof), hidden(&company)),
            Some(_) => assert_eq!(app.odoo.balance("QBOPEN"), "0.00"),
        }
    }
    if let Some(odoo) = real_odoo().await {
        let app = TestApp::with(folder.path()).await;
        let link = app.connect_to(odoo.clone()).await;
        let asked = json!({ "link": link, "until": "2026-06-30" });
        assert_eq!(completed(&proved(&app, asked).await), hidden(&company));
        closed(&odoo).await;
    }
}

/// Class and id of what the ledger has and no record shows.
fn hidden(company: &Company) -> Vec<(String, String)> {
    let hidden = company.postings.iter().filter(|posting| posting.source != "api");
    let once: BTreeSet<_> =
        hidden.map(|posting| (posting.source.to_owned(), posting.txn_id.clone())).collect();
    once.into_iter().collect()
}

fn completed(proof: &Value) -> Vec<(String, String)> {
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
    let entries = proof["completion_entries"].as_array().unwrap();
    let mut completed: Vec<_> = entries
        .iter()
        // its record is there, but says no amounts
        .filter(|entry| entry["class"] != "inventory_adjustment")
        .map(|entry| (text(entry, "class"), text(entry, "txn_id")))
        .collect();
    completed.sort();
    completed
}

macro_rules! each {
    ($($name:ident: $($feature:ident),+;)+) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            proves(&[$(Feature::$feature),+], 60).await;
        }
    )+ };
}

each! {
    plain_books: Odd;
    goods_on_the_shelf_on_the_first_day: InventoryStart;
    cost_of_goods_in_the_ledger_only: InventoryStart, FifoCost;
    sales_tax_payments_in_the_ledger_only: SalesTaxPayments;
    payroll_in_the_ledger_only: Payroll;
    invoices_over_statement_charges: StatementCharges;
    documents_in_other_currencies: Foreign;
    revaluations_in_the_ledger_only: Foreign, Revaluation;
    several_control_accounts: Controls;
    refunds_and_entries_on_control_accounts: Refunds;
    taxes_outside_the_us: Vat;
    a_class_and_a_location_on_every_line: Dimensions;
    accounts_five_deep: DeepAccounts;
    a_fiscal_year_that_begins_in_october: FiscalYear;
    files_and_notes: Attachments;
}

/// All of it together; in a real Odoo cut in the middle of its year, too.
#[tokio::test(flavor = "multi_thread")]
async fn everything_together() {
    proves(&Feature::ALL, 200).await;
    if let Some(odoo) = real_odoo().await {
        let folder = tempfile::tempdir().unwrap();
        let plan = Plan { seed: 11, ..Plan::with(Feature::ALL, 400) };
        company::generate(&plan).write(folder.path()).unwrap();
        let app = TestApp::with(folder.path()).await;
        let link = app.connect_to(odoo).await;
        proved(&app, json!({ "link": link, "cut": "2025-11-05", "until": "2026-06-30" })).await;
    }
}

/// As the books of a company with everything stood in the evening of some day.
fn seen(day: Date, documents: usize) -> (Company, TempDir) {
    let company =
        company::generate(&Plan { seen: Some(day), ..Plan::with(Feature::ALL, documents) });
    let folder = tempfile::tempdir().unwrap();
    company.write(folder.path()).unwrap();
    (company, folder)
}

/// A company lives on between the runs, and once is as it was before: each time nothing
/// differs.
async fn lives_on(app: &TestApp, odoo: &Value, cut: Option<&str>, documents: usize) {
    let link = app.connect_to(odoo.clone()).await;
    let days = [date(2026, 1, 15), date(2026, 2, 28), date(2026, 2, 10), date(2026, 6, 30)];
    for day in days {
        let (company, folder) = seen(day, documents);
        app.qbo.control().go_on(folder.path()).unwrap();
        let asked = json!({ "link": link, "cut": cut, "until": "2026-06-30" });
        let proof = proved(app, asked).await;
        closed(odoo).await;
        if cut.is_none() {
            assert_eq!(completed(&proof), hidden(&company), "as of {day}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn books_that_go_on_are_followed() {
    let (_, folder) = seen(date(2026, 1, 15), 120);
    for cut in [None, Some("2025-12-10")] {
        let app = TestApp::with(folder.path()).await;
        lives_on(&app, &app.connection(), cut, 120).await;
    }
    if let Some(odoo) = real_odoo().await {
        let app = TestApp::with(folder.path()).await;
        lives_on(&app, &odoo, None, 120).await;
    }
}
