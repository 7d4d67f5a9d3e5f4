//! Reports against the golden figures, and against a small company in two currencies.

use std::collections::BTreeMap;
use std::path::Path;

use rust_decimal::Decimal;
use serde_json::Value;

use super::Client;

/// All data rows of a report with the header cells of the sections around them.
fn data_rows(report: &Value) -> Vec<(Vec<Value>, Vec<Value>)> {
    fn walk(rows: &Value, above: &[Value], found: &mut Vec<(Vec<Value>, Vec<Value>)>) {
        for row in rows["Row"].as_array().into_iter().flatten() {
            let mut path = above.to_vec();
            if let Some(head) = row["Header"]["ColData"].get(0) {
                path.push(head.clone());
            }
            if let (Some(cells), None) = (row["ColData"].as_array(), row.get("group")) {
                found.push((path.clone(), cells.clone()));
            }
            walk(&row["Rows"], &path, found);
        }
    }
    let mut found = Vec::new();
    walk(&report["Rows"], &[], &mut found);
    found
}

fn keys(report: &Value) -> Vec<String> {
    let columns = report["Columns"]["Column"].as_array().unwrap();
    columns
        .iter()
        .map(|column| column["MetaData"][0]["Value"].as_str().unwrap().to_owned())
        .collect()
}

fn cell<'c>(keys: &[String], cells: &'c [Value], key: &str) -> &'c Value {
    &cells[keys.iter().position(|known| known == key).unwrap()]
}

fn money(cell: &Value) -> Decimal {
    let text = cell["value"].as_str().unwrap();
    if text.is_empty() { Decimal::ZERO } else { text.parse().unwrap() }
}

fn golden_lines(folder: &Path, file: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_path(folder.join(file)).unwrap().records().map(Result::unwrap).collect()
}

#[tokio::test]
async fn trial_balance_is_the_golden_one_to_the_cent() {
    let Some((client, folder)) = Client::golden() else { return };
    let report = client.json("reports/TrialBalance?end_date=2026-05-31").await;
    // Two accounts began in the year before: there is profit to close.
    let rows = data_rows(&report);
    let mut checked = 0;
    let mut closed = Decimal::ZERO;
    for line in golden_lines(&folder, "golden_trial_balance.csv") {
        let side = |at: usize| line[at].parse::<Decimal>().unwrap_or_default();
        let golden = side(3) - side(4);
        if &line[1] == "TOTAL" || &line[0] == "TOTAL" {
            continue;
        }
        let row = rows.iter().find(|(_, cells)| cells[0]["id"] == line[0]);
        let shown = row.map_or(Decimal::ZERO, |(_, cells)| money(&cells[1]) - money(&cells[2]));
        if ["Revenue", "Expense"].contains(&&line[2]) {
            closed += golden - shown;
        } else if &line[0] != "2" {
            assert_eq!(shown, golden, "{line:?}");
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked} accounts");
    let retained = rows.iter().find(|(_, cells)| cells[0]["id"] == "2").map(|(_, cells)| cells);
    let retained = retained.map_or(Decimal::ZERO, |cells| money(&cells[1]) - money(&cells[2]));
    assert_eq!(retained, closed);
    let total = &report["Rows"]["Row"].as_array().unwrap().last().unwrap()["Summary"]["ColData"];
    assert_eq!(total[1], total[2]);
    let profit: Decimal = rows
        .iter()
        .filter(|(_, cells)| money(&cells[1]) + money(&cells[2]) != Decimal::ZERO)
        .map(|(_, cells)| money(&cells[1]) - money(&cells[2]))
        .sum();
    assert_eq!(profit, Decimal::ZERO);
}

#[tokio::test]
async fn general_ledger_and_journal_add_up_to_the_golden_postings() {
    let Some((client, folder)) = Client::golden() else { return };
    let mut golden = BTreeMap::<(String, String), Decimal>::new();
    for line in golden_lines(&folder, "golden_postings.csv") {
        let amount: Decimal = line[5].parse().unwrap();
        *golden.entry((line[1].to_owned(), line[3].to_owned())).or_default() += amount;
    }
    let columns = "columns=credit_amt,debt_amt,account_name,txn_type,tx_date,currency";
    for name in ["GeneralLedger", "JournalReport"] {
        let path = format!("reports/{name}?start_date=2025-01-01&end_date=2026-12-31&{columns}");
        let report = client.json(&path).await;
        let keys = keys(&report);
        assert_eq!(
            keys,
            ["tx_date", "txn_type", "account_name", "debt_amt", "credit_amt"],
            "{name}"
        );
        let mut found = BTreeMap::<(String, String), Decimal>::new();
        let mut txn = String::new();
        for (sections, cells) in data_rows(&report) {
            let id = cell(&keys, &cells, "txn_type")["id"].as_str().unwrap_or_default();
            if !id.is_empty() {
                id.clone_into(&mut txn);
            }
            let account = cell(&keys, &cells, "account_name")["id"].as_str().unwrap();
            if let Some(section) = sections.last() {
                assert_eq!(section["id"], account);
            }
            let amount =
                money(cell(&keys, &cells, "debt_amt")) - money(cell(&keys, &cells, "credit_amt"));
            *found.entry((txn.clone(), account.to_owned())).or_default() += amount;
        }
        assert_eq!(found, golden, "{name}");
    }
}

#[tokio::test]
async fn a_later_window_begins_with_the_balance_of_the_ones_before() {
    let Some((client, _)) = Client::golden() else { return };
    let report =
        client.json("reports/GeneralLedger?start_date=2026-05-01&end_date=2026-05-31").await;
    let keys = keys(&report);
    let rows = data_rows(&report);
    let of = |id: &str| {
        rows.iter().filter(|(above, _)| above.last().unwrap()["id"] == id).collect::<Vec<_>>()
    };
    let checking = of("35");
    assert_eq!(checking[0].1[0]["value"], "Beginning Balance");
    let last = money(cell(&keys, &checking.last().unwrap().1, "rbal_nat_amount"));
    assert_eq!(last, Decimal::new(120_100, 2));
    let names: Vec<_> = rows
        .iter()
        .filter_map(|(_, cells)| cell(&keys, cells, "txn_type")["value"].as_str())
        .collect();
    assert!(names.contains(&"Sales Tax Payment"), "{names:?}");
    assert!(
        !names.iter().any(|name| name.contains("fifo") || name.contains("hidden")),
        "{names:?}"
    );
}

#[tokio::test]
async fn balance_sheet_profit_and_sub_ledgers_are_the_recorded_ones() {
    let Some((client, folder)) = Client::golden() else { return };
    let dates = "start_date=2025-01-01&end_date=2026-05-31";
    let (_, sheet) = client.get(&format!("reports/BalanceSheet?{dates}")).await;
    for total in ["23436.29", "31131.33", "-7695.04", "1602.67", "5281.52"] {
        assert!(
            sheet.contains(&format!(r#""value":"{total}""#)),
            "{total} is not in the balance sheet"
        );
    }
    let (_, profit) = client.get(&format!("reports/ProfitAndLoss?{dates}")).await;
    assert!(profit.contains(r#"{"value":"Net Income"},{"value":"1642.46"}"#), "{profit}");
    let mut open = [Decimal::ZERO; 2];
    for line in golden_lines(&folder, "golden_open_balances.csv") {
        let amount = line[2].parse::<Decimal>().unwrap() * line[6].parse::<Decimal>().unwrap();
        open[usize::from(line[4].is_empty())] += amount;
    }
    let total = |report: Value| {
        let last = report["Rows"]["Row"].as_array().unwrap().last().unwrap().clone();
        money(last["Summary"]["ColData"].as_array().unwrap().last().unwrap())
    };
    for (reports, owed) in [
        (["AgedReceivables", "AgedReceivableDetail", "CustomerBalance"], open[0]),
        (["AgedPayables", "AgedPayableDetail", "VendorBalance"], open[1]),
    ] {
        for name in reports {
            let report = client.json(&format!("reports/{name}?report_date=2026-05-31")).await;
            assert_eq!(total(report).abs(), owed.abs(), "{name}");
        }
    }
    // Documents and ledger agree at an earlier day, too.
    let earlier = client.json("reports/AgedReceivableDetail?report_date=2026-04-15").await;
    let ledger = client.json("reports/CustomerBalance?report_date=2026-04-15").await;
    assert_eq!(total(earlier), total(ledger));
    let (_, stock) = client.get("reports/InventoryValuationSummary?report_date=2026-05-31").await;
    assert!(stock.contains(r#""value":"596.25""#), "{stock}");
}

/// Two fiscal years from April on, an invoice in euros, a cost the API does not show.
fn two_currencies() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "Account.jsonl",
        r#"{"Id":"1","Name":"Debtors","FullyQualifiedName":"Debtors","AccountType":"Accounts Receivable","Active":true}
{"Id":"2","Name":"Sales","FullyQualifiedName":"Sales","AccountType":"Income","Active":true}
{"Id":"3","Name":"Abroad","FullyQualifiedName":"Sales:Abroad","AccountType":"Income","ParentRef":{"value":"2"},"Active":true}
{"Id":"4","Name":"Stock","FullyQualifiedName":"Stock","AccountType":"Other Current Asset","Active":true}
{"Id":"5","Name":"Cost","FullyQualifiedName":"Cost","AccountType":"Cost of Goods Sold","Active":true}
{"Id":"6","Name":"Retained Earnings","FullyQualifiedName":"Retained Earnings","AccountType":"Equity","AccountSubType":"RetainedEarnings","Active":true}
"#,
    );
    write("Customer.jsonl", r#"{"Id":"7","DisplayName":"Amélie","Active":true}"#);
    write(
        "Invoice.jsonl",
        r#"{"Id":"9","TxnDate":"2026-05-02","DocNumber":"A1","CustomerRef":{"value":"7","name":"Amélie"},"CurrencyRef":{"value":"EUR"},"ExchangeRate":1.25,"TotalAmt":80,"Balance":80}"#,
    );
    write(
        "golden_postings.csv",
        "txn_type,txn_id,txn_date,account_id,account,amount_debit_positive,source,currency,amount_foreign,exch_rate,customer_id
JournalEntry,8,2026-03-31,1,Debtors,40,api,USD,40,1,7
JournalEntry,8,2026-03-31,2,Sales,-40,api,USD,-40,1,
Invoice,9,2026-05-02,1,Debtors,100.00,api,EUR,80.00,1.25,7
Invoice,9,2026-05-02,3,Sales:Abroad,-100.00,api,EUR,-80.00,1.25,
Invoice,9,2026-05-02,5,Cost,30,fifo_cogs,,,,
Invoice,9,2026-05-02,4,Stock,-30,fifo_cogs,,,,
",
    );
    let manifest = r#"{"home_currency":"USD","currencies":["USD","EUR"],"fiscal_year_start_month":4,"end":"2026-05-31"}"#;
    write("manifest.json", manifest);
    folder
}

#[tokio::test]
async fn foreign_amounts_stand_beside_home_ones_and_hidden_rows_under_their_document() {
    let folder = two_currencies();
    let client = Client::of(folder.path());
    assert_eq!(client.control.realm().len(), 16);
    assert_eq!(client.control.realm(), Client::of(folder.path()).control.realm());
    let columns =
        "credit_home_amt,debt_home_amt,credit_amt,debt_amt,currency,txn_type,exch_rate,nonsense";
    let path = format!(
        "reports/GeneralLedger?start_date=2026-04-01&end_date=2026-05-31&columns={columns}"
    );
    let (_, text) = client.get(&path).await;
    assert!(!text.contains("fifo"), "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    let keys = keys(&report);
    assert_eq!(
        keys,
        [
            "txn_type",
            "currency",
            "exch_rate",
            "debt_amt",
            "credit_amt",
            "debt_home_amt",
            "credit_home_amt"
        ]
    );
    let rows = data_rows(&report);
    let lines: Vec<String> = rows
        .iter()
        .filter(|(_, cells)| cells[0]["id"] == "9")
        .map(|(sections, cells)| {
            assert_eq!(cells[0]["value"], "Invoice");
            let cells: Vec<_> =
                cells[1..].iter().map(|cell| cell["value"].as_str().unwrap()).collect();
            format!("{}: {}", sections.last().unwrap()["id"].as_str().unwrap(), cells.join(" "))
        })
        .collect();
    assert_eq!(
        lines,
        [
            "1: EUR 1.25 80.00  100.00 ",
            "4: USD 1  30.00  30.00",
            "3: EUR 1.25  80.00  100.00",
            "5: USD 1 30.00  30.00 ",
        ]
    );
    // The year ended on the last of March: its 40 are retained by now.
    let balance = client.json("reports/TrialBalance?end_date=2026-05-31").await;
    let shown: Vec<String> = data_rows(&balance)
        .iter()
        .map(|(_, cells)| format!("{} {} {}", cells[0]["id"], cells[1]["value"], cells[2]["value"]))
        .collect();
    assert_eq!(
        shown.join("; ").replace('"', ""),
        "1 140.00 ; 4  30.00; 6  40.00; 3  100.00; 5 30.00 "
    );
    let before = client.json("reports/TrialBalance?end_date=2026-03-31").await;
    assert!(data_rows(&before).iter().any(|(_, cells)| cells[0]["id"] == "2"));
    let owed = client.json("reports/AgedReceivables").await;
    let (_, cells) = &data_rows(&owed)[0];
    assert_eq!((&cells[0]["value"], money(&cells[6])), (&"Amélie".into(), Decimal::new(14000, 2)));
}
