//! What is settled whole is closed in Odoo, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::ports::Odoo;
use q2o_tests::{app::TestApp, odoo::Server};
use serde_json::{Value, json};

use crate::made::{Made, paid, payment, proved, sale, sold, with};

/// Asserts it of all matchings of an Odoo company; says how many are closed.
pub async fn closed(connection: &Value) -> usize {
    let company = connection["company"].as_i64();
    let odoo = Server::behind(connection).client(company).unwrap();
    let of_company = json!([["company_id", "=", company.unwrap_or(1)]]);
    let fields = ["debit_move_id", "credit_move_id", "full_reconcile_id"];
    let partials = odoo.scan("account.partial.reconcile", of_company, &fields, 0).await.unwrap();
    // each line's matching is the least line that can be reached from it
    let mut least: BTreeMap<i64, i64> = BTreeMap::new();
    let sides = |partial: &Value| {
        ["debit_move_id", "credit_move_id"].map(|side| partial[side].as_i64().unwrap())
    };
    loop {
        let before = least.clone();
        for [debit, credit] in partials.iter().map(sides) {
            let of = |line: i64| least.get(&line).copied().unwrap_or(line);
            let first = of(debit).min(of(credit));
            least.extend([(debit, first), (credit, first)]);
        }
        if before == least {
            break;
        }
    }
    let lines: Vec<i64> = least.keys().copied().collect();
    let fields = ["reconciled", "full_reconcile_id"];
    let domain = json!([["id", "in", lines]]);
    let rows = odoo.scan("account.move.line", domain, &fields, 0).await.unwrap();
    let open: BTreeSet<i64> = rows
        .iter()
        .filter(|row| row["reconciled"] == false)
        .map(|row| least[&row["id"].as_i64().unwrap()])
        .collect();
    let mut fulls: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    let of_lines = rows.iter().map(|row| (row["id"].as_i64().unwrap(), row));
    for (line, row) in of_lines.chain(partials.iter().map(|row| (sides(row)[0], row))) {
        match row["full_reconcile_id"].as_i64() {
            Some(full) => {
                assert!(!open.contains(&least[&line]), "{row} is closed, and is not settled");
                fulls.entry(least[&line]).or_default().insert(full);
            }
            None => assert!(open.contains(&least[&line]), "{row} is settled, and is not closed"),
        }
    }
    assert!(fulls.values().all(|of_matching| of_matching.len() == 1), "{fulls:?}");
    fulls.len()
}

/// Two invoices and what pays them: one payment for both, of which the second stays
/// open in part until another payment comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_matching_is_closed_when_all_of_it_is_settled() {
    let books = |more: bool| {
        let mut made = Made::usual(&["USD"]);
        let left = if more { "0" } else { "20.00" };
        for (id, balance, links) in [("101", "0", vec!["104"]), ("102", left, vec!["104"])] {
            let linked: Vec<Value> =
                links.iter().map(|id| json!({ "TxnId": id, "TxnType": "Payment" })).collect();
            let record = sale("1", "100.00", balance, &[sold("100.00", "1", "5")]);
            let record = with(record, json!({ "LinkedTxn": linked }));
            made.moves("Invoice", [id, "2026-01-10", "USD", "c1"], record, ["2", "5"], "100.00");
        }
        let lines = [paid("100.00", "Invoice", "101"), paid("80.00", "Invoice", "102")];
        let paying = payment("1", "180.00", "0", &lines);
        made.moves("Payment", ["104", "2026-01-20", "USD", "c1"], paying, ["4", "2"], "180.00");
        if more {
            let rest = payment("1", "20.00", "0", &[paid("20.00", "Invoice", "102")]);
            made.moves("Payment", ["105", "2026-01-21", "USD", "c1"], rest, ["4", "2"], "20.00");
        }
        made.write("2026-02-28")
    };
    let app = TestApp::with(books(false).path()).await;
    let asked = json!({ "link": app.connect().await, "until": "2026-02-28" });
    let connection = app.connection();
    proved(&app, asked.clone()).await;
    assert_eq!(closed(&connection).await, 0, "the second invoice is open");
    app.qbo.control().go_on(books(true).path()).unwrap();
    proved(&app, asked.clone()).await;
    assert_eq!(closed(&connection).await, 1);
    app.qbo.control().go_on(books(false).path()).unwrap();
    proved(&app, asked).await;
    assert_eq!(closed(&connection).await, 0, "what is open again is not closed any more");
}
