//! The simulator from outside: a client that knows nothing of its inside.

use std::path::PathBuf;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{CallKind, Clock, Control, Limits, Options, PlannedFault, QboSim};

/// The golden company: `$Q2O_DATA/craig`, or a `shared/data` folder beside one of the
/// folders above this package.
fn golden_folder() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "says where the test data is")]
    let told = std::env::var("Q2O_DATA").ok().map(PathBuf::from);
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let above = here.ancestors().map(|folder| folder.join("shared/data"));
    let found =
        told.into_iter().chain(above).map(|data| data.join("craig")).find(|dir| dir.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: no golden company; set Q2O_DATA to the folder that holds craig/");
    }
    found
}

struct Client {
    router: Router,
    control: Control,
    token: String,
}

impl Client {
    fn golden() -> Option<(Self, PathBuf)> {
        let folder = golden_folder()?;
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let options = Options { clock: Clock::standing(now), ..Options::default() };
        let sim = QboSim::load(&folder, options).unwrap();
        let control = sim.control();
        let token = control.tokens().access;
        Some((Self { router: sim.router(), control, token }, folder))
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let uri = format!("/v3/company/{}/{path}", self.control.realm());
        let request =
            Request::get(uri).header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    async fn query(&self, statement: &str) -> (StatusCode, Value) {
        let uri = format!("/v3/company/{}/query?minorversion=75", self.control.realm());
        let request =
            Request::post(uri).header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let (status, body) =
            self.send(request.body(Body::from(statement.to_owned())).unwrap()).await;
        (status, serde_json::from_str(&body).unwrap())
    }

    async fn token_call(&self, form: &str) -> (StatusCode, Value) {
        let request = Request::post("/oauth2/v1/tokens/bearer")
            .header(header::AUTHORIZATION, "Basic Y2xpZW50LWlkOmNsaWVudC1zZWNyZXQ=")
            .header("x-include-refresh-token-hard-expires-in", "true");
        let (status, body) = self.send(request.body(Body::from(form.to_owned())).unwrap()).await;
        (status, serde_json::from_str(&body).unwrap())
    }
}

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

fn golden_lines(folder: &std::path::Path, file: &str) -> Vec<csv::StringRecord> {
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
    let mut golden = std::collections::BTreeMap::<(String, String), Decimal>::new();
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
        let mut found = std::collections::BTreeMap::<(String, String), Decimal>::new();
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

#[tokio::test]
async fn every_record_comes_through_pages_batches_and_reads() {
    let Some((client, _)) = Client::golden() else { return };
    let mut all = 0;
    for (entity, count) in client.control.record_counts() {
        let (_, body) = client.query(&format!("select count(*) from {entity}")).await;
        assert_eq!(body["QueryResponse"]["totalCount"], count, "{entity}");
        all += count;
    }
    assert_eq!(all, 314);
    let (_, first) =
        client.query("select * from invoice orderby Id startposition 1 maxresults 20").await;
    let (_, second) =
        client.query("select * from invoice orderby Id startposition 21 maxresults 20").await;
    assert_eq!(first["QueryResponse"]["maxResults"], 20);
    assert_eq!(second["QueryResponse"]["maxResults"], 11);
    assert_eq!(second["QueryResponse"]["totalCount"], 31);
    let (_, nothing) = client.query("select * from VendorCredit").await;
    assert_eq!(nothing["QueryResponse"], json!({}));
    let invoice = client.json("invoice/42").await;
    assert_eq!(invoice["Invoice"]["TotalAmt"].to_string(), "81.00");
    let (status, missing) = client.get("invoice/4242").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(missing.contains(r#""code":"610""#), "{missing}");
    let preferences = client.json("preferences").await;
    assert_eq!(preferences["Preferences"]["CurrencyPrefs"]["HomeCurrency"]["value"], "USD");

    let items: Vec<_> =
        (0..31).map(|at| json!({"bId": at.to_string(), "Query": "select * from Bill"})).collect();
    let batch = |items: &[Value]| {
        Request::post(format!("/v3/company/{}/batch", client.control.realm()))
            .header(header::AUTHORIZATION, format!("Bearer {}", client.token))
            .body(Body::from(json!({"BatchItemRequest": items}).to_string()))
            .unwrap()
    };
    let (status, body) = client.send(batch(&items)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains(r#""code":"1040""#), "{body}");
    let (_, body) = client.send(batch(&items[..30])).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let answers = body["BatchItemResponse"].as_array().unwrap();
    assert_eq!(answers.len(), 30);
    assert_eq!(answers[29]["bId"], "29");
    assert_eq!(answers[29]["QueryResponse"]["Bill"].as_array().unwrap().len(), 15);
    assert_eq!(client.control.count(CallKind::Batch), 2);
    assert_eq!(client.control.calls().last().unwrap().rows, 450);
}

#[tokio::test]
async fn changes_are_told_by_cdc_and_deletions_too() {
    let Some((mut client, _)) = Client::golden() else { return };
    let mut customer = client.control.record("Customer", "1").unwrap();
    customer["DisplayName"] = "Birds".into();
    client.control.put("Customer", customer).unwrap();
    assert!(client.control.delete("Invoice", "9"));
    let path = "cdc?entities=Customer,Vendor,Invoice&changedSince=2026-06-01T12:00:00Z";
    let cdc = client.json(path).await;
    let answers = &cdc["CDCResponse"][0]["QueryResponse"];
    assert_eq!(answers[0]["Customer"][0]["DisplayName"], "Birds");
    assert_eq!(answers[0]["Customer"][0]["SyncToken"], "6");
    assert_eq!(answers[1], json!({}));
    assert_eq!(answers[2]["Invoice"][0]["status"], "Deleted");
    // What is more than 30 days ago is left out without a word: everything is from before May 6th.
    client.control.advance(SignedDuration::from_hours(24 * 24));
    client.token = client.control.tokens().access;
    let cdc = client.json("cdc?entities=Bill,Customer&changedSince=2026-01-01").await;
    let answers = &cdc["CDCResponse"][0]["QueryResponse"];
    assert_eq!((&answers[0], &answers[1]["maxResults"]), (&json!({}), &json!(1)));
}

#[tokio::test]
async fn it_fails_on_demand_and_only_as_often_as_planned() {
    let Some((client, _)) = Client::golden() else { return };
    let control = &client.control;
    for (fault, status, sign) in [
        (PlannedFault::Throttled, 429, "ThrottleExceeded"),
        (PlannedFault::ThrottledXml, 429, "<?xml"),
        (PlannedFault::Unauthorized, 401, r#""fault":{"#),
        (PlannedFault::Forbidden, 403, "003100"),
        (PlannedFault::BadGateway, 502, "nginx"),
        (PlannedFault::WrongRealm, 401, "SRV-110"),
        (PlannedFault::Truncated, 200, "Preferences"),
        (PlannedFault::Empty, 200, ""),
    ] {
        control.plan_for(CallKind::Read, fault, 1);
        let (answered, body) = client.get("preferences").await;
        assert_eq!(answered.as_u16(), status, "{fault:?}");
        assert!(body.contains(sign), "{fault:?}: {body}");
        assert!(serde_json::from_str::<Value>(&body).is_err() || status != 200, "{fault:?}");
        client.json("preferences").await;
    }
    assert_eq!(control.planned(), 0);
    control.poison("Customer", "5");
    let (status, body) = client.query("select * from Customer").await;
    assert_eq!(
        (status, &body["Fault"]["Error"][0]["code"]),
        (StatusCode::BAD_REQUEST, &json!("4002"))
    );
    assert_eq!(control.calls().last().unwrap().fault_code, "4002");
    control.limit_report_rows(Some(50));
    let (_, body) =
        client.get("reports/JournalReport?start_date=2025-01-01&end_date=2026-12-31").await;
    assert!(body.contains("10100"), "{body}");
    client.json("reports/JournalReport?start_date=2026-01-01&end_date=2026-01-31").await;
    control.throttle(Some(Limits { per_second: 1, ..Limits::DOCUMENTED }));
    client.json("preferences").await;
    assert_eq!(client.get("preferences").await.0, StatusCode::TOO_MANY_REQUESTS);
    control.advance(SignedDuration::from_secs(2));
    client.json("preferences").await;
}

#[tokio::test]
async fn sign_in_goes_from_consent_to_tokens_and_ends_with_them() {
    let Some((mut client, _)) = Client::golden() else { return };
    let consent = "/connect/oauth2?client_id=client-id&response_type=code&state=s1\
        &scope=com.intuit.quickbooks.accounting&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback";
    let request = Request::get(consent).body(Body::empty()).unwrap();
    let response = client.router.clone().oneshot(request).await.unwrap();
    assert!(response.status().is_redirection());
    let target = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    let said: std::collections::HashMap<_, _> = target.query_pairs().into_owned().collect();
    assert_eq!((said["state"].as_str(), said["realmId"].as_str()), ("s1", client.control.realm()));
    let form = format!(
        "grant_type=authorization_code&redirect_uri=https://app.test/callback&code={}",
        said["code"]
    );
    let (status, tokens) = client.token_call(&form).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert_eq!(tokens["x_refresh_token_hard_expires_in"], 157_680_000);
    client.token = tokens["access_token"].as_str().unwrap().to_owned();
    client.json("preferences").await;
    client.control.advance(SignedDuration::from_mins(61));
    let (status, body) = client.get("preferences").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(body.contains("003200"), "{body}");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let (_, renewed) =
        client.token_call(&format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    client.token = renewed["access_token"].as_str().unwrap().to_owned();
    client.json("preferences").await;
    let request = Request::get("/v3/company/1/preferences")
        .header(header::AUTHORIZATION, format!("Bearer {}", client.token));
    let (status, body) = client.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(body.contains("SRV-110"), "{body}");
    client.control.disconnect();
    let (status, body) =
        client.token_call(&format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
}
