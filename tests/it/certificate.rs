//! The certificate: true, checked by a program that is not ours, and plain about
//! what is not clean.

use std::{
    fmt::Write,
    path::Path,
    process::{Command, Output},
};

use axum::http::StatusCode;
use q2o_tests::{app::TestApp, company};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::data::{craig, real_odoo};

#[tokio::test(flavor = "multi_thread")]
async fn the_recorded_company_is_certified() {
    let Some(folder) = craig() else { return };
    let app = TestApp::with(&folder).await;
    let link = app.connect().await;
    let certified = certified(&app, &link, &[]).await;
    let certificate = &certified["certificate"];
    assert_eq!(certificate["trial_balance_total"], "41421.60");
    let last = certificate["trial_balances"].as_array().unwrap().last().unwrap();
    assert_eq!(last["different"], 0, "{last:#}");
    assert!(last["accounts"].as_array().unwrap().len() > 20, "{last:#}");
    assert_eq!(last["quickbooks_total"], last["odoo_total"]);
    assert_ne!(certificate["circumstances"]["quickbooks"], "");
    let reasons = certificate["not_compared"].to_string();
    assert!(reasons.contains("not compared, Odoo holds no stock"), "{reasons}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_odoo_is_certified_and_checked_by_its_own_door() {
    let Some(odoo) = real_odoo().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = match craig() {
        Some(folder) => folder,
        None => {
            company::generate(&company::Plan::sized(300)).write(folder.path()).unwrap();
            folder.path().to_owned()
        }
    };
    let text = |name: &str| odoo[name].as_str().unwrap().to_owned();
    let door = [
        ["--odoo", &text("url")],
        ["--db", &text("database")],
        ["--user", &text("login")],
        ["--key", &text("api_key")],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect::<Vec<_>>();
    let app = TestApp::with(&folder).await;
    let link = app.connect_to(odoo).await;
    certified(&app, &link, &door).await;
}

/// Migrates, and checks the certificate in every way there is.
async fn certified(app: &TestApp, link: &str, door: &[String]) -> Value {
    let job = migrated(app, link).await;
    let of = |what: &str| format!("/api/reports/{what}/{job}");
    let (status, certificate) = app.file(&of("certificate")).await;
    assert_eq!(status, StatusCode::OK);
    let (status, snapshot) = app.file(&of("snapshot")).await;
    assert_eq!(status, StatusCode::OK);
    let parsed: Value = serde_json::from_slice(&certificate).unwrap();
    assert_eq!(parsed["certificate"]["clean"], true, "{:#}", parsed["certificate"]["differences"]);
    assert_eq!(parsed["certificate"]["snapshot"]["sha256"], hex(&snapshot));

    let folder = tempfile::tempdir().unwrap();
    let [json, lines] = ["certificate.json", "snapshot.jsonl"].map(|name| folder.path().join(name));
    std::fs::write(&json, &certificate).unwrap();
    std::fs::write(&lines, &snapshot).unwrap();
    let with_all = [&["--snapshot".to_owned(), lines.display().to_string()], door].concat();
    if let Some(checked) = check(&json, &with_all) {
        let said = said(&checked);
        assert_eq!(checked.status.code(), Some(0), "{said}");
        assert_ne!(door.is_empty(), said.contains("Odoo's books on"), "{said}");
        let changed = String::from_utf8(certificate).unwrap().replace("41421.60", "41421.61");
        let changed = changed.replacen("\"clean\":true", "\"clean\":false", 1);
        std::fs::write(&json, changed).unwrap();
        let checked = check(&json, &[]).unwrap();
        assert_eq!(checked.status.code(), Some(2), "{}", self::said(&checked));
    }
    let (status, pdf) = app.file(&format!("{}?format=pdf", of("certificate"))).await;
    assert_eq!(status, StatusCode::OK);
    let sha256 = parsed["sha256"].as_str().unwrap();
    if let Some(text) = text_of(&pdf, folder.path()) {
        assert!(text.contains("CLEAN") && !text.contains("NOT CLEAN"), "{text}");
        assert!(text.contains("Trial balance at the last date"), "{text}");
        let together: String = text.split_whitespace().collect();
        assert!(together.contains(sha256), "{text}");
    }

    // the same books read again have the same hash, and take the first job's snapshot away
    let again = migrated(app, link).await;
    let (_, second) = app.file(&format!("/api/reports/certificate/{again}")).await;
    let second: Value = serde_json::from_slice(&second).unwrap();
    assert_eq!(second["certificate"]["snapshot"]["sha256"], hex(&snapshot));
    assert_eq!(app.file(&of("snapshot")).await.0, StatusCode::GONE);
    let (_, first) = app.file(&of("certificate")).await;
    assert_eq!(serde_json::from_slice::<Value>(&first).unwrap(), parsed, "it stays as it was");
    parsed
}

/// Somebody changed a payment in Odoo, and posted an entry of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_tampered_entry_makes_the_certificate_not_clean_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(120)).write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    migrated(&app, &link).await;
    let payments = |row: &Value| {
        let key = row["invoice_origin"].as_str().unwrap_or_default();
        key.contains(".payment_") && row["move_type"] == "entry"
    };
    let payment = app.odoo.rows("account.move", payments).swap_remove(0);
    let id = payment["invoice_origin"].as_str().unwrap().rsplit('_').next().unwrap().to_owned();
    let lines = app.odoo.rows("account.move.line", |line| line["move_id"] == payment["id"]);
    for line in &lines[..2] {
        let balance: f64 = line["balance"].to_string().parse().unwrap();
        let more = if balance > 0.0 { 10.0 } else { -10.0 };
        let line = line["id"].as_i64().unwrap();
        app.odoo.set_one("account.move.line", line, "balance", json!(balance + more));
    }
    let invoices = |row: &Value| row["move_type"] == "out_invoice";
    let invoice = app.odoo.rows("account.move", invoices).swap_remove(0);
    let moved = invoice["invoice_origin"].as_str().unwrap().rsplit('_').next().unwrap().to_owned();
    let on_invoice = |line: &Value| line["move_id"] == invoice["id"];
    app.odoo.set_one("account.move", invoice["id"].as_i64().unwrap(), "date", json!("2019-01-01"));
    for line in app.odoo.rows("account.move.line", on_invoice) {
        let line = line["id"].as_i64().unwrap();
        app.odoo.set_one("account.move.line", line, "date", json!("2019-01-01"));
    }

    let job = migrated(&app, &link).await;
    let (_, sealed) = app.file(&format!("/api/reports/certificate/{job}")).await;
    let sealed: Value = serde_json::from_slice(&sealed).unwrap();
    let certificate = &sealed["certificate"];
    assert_eq!(certificate["clean"], false);
    let of_level = |level: &'static str| {
        let all = certificate["differences"].as_array().unwrap().iter();
        all.filter(move |one| one["level"] == level).collect::<Vec<_>>()
    };
    let payment = format!("Payment {id}");
    let l2 = of_level("L2");
    assert!(l2.iter().all(|one| one["because_of"] == json!([payment])), "{l2:#?}");
    assert_eq!(l2[0]["reason"], "amounts_differ");
    // on a control account and in a month, the difference follows from what was changed
    for level in ["L3", "L4"] {
        let told = of_level(level);
        let follows = told.iter().filter(|one| one["reason"] == "follows");
        let because: String = follows.map(|one| one["because_of"].to_string()).collect();
        assert!(because.contains(&format!("{payment} of ")), "{level}: {told:#?}");
        assert!(because.contains(&format!("Invoice {moved} of 2019-01-01")), "{level}: {told:#?}");
        assert!(told.iter().all(|one| one["reason"] != "unexplained"), "{told:#?}");
    }
    let rolled = of_level("L4");
    let rolled = rolled.iter().filter(|one| one["what"].to_string().contains("trial balance of"));
    assert!(rolled.count() > 0, "QuickBooks' own trial balance tells too");

    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("certificate.json");
    std::fs::write(&json, sealed.to_string()).unwrap();
    if let Some(checked) = check(&json, &[]) {
        assert_eq!(checked.status.code(), Some(1), "{}", said(&checked));
    }
    let (_, pdf) = app.file(&format!("/api/reports/certificate/{job}?format=pdf")).await;
    if let Some(text) = text_of(&pdf, folder.path()) {
        let first_page = text.split('\u{c}').next().unwrap();
        assert!(first_page.contains("NOT CLEAN"), "{first_page}");
        assert!(text.contains(&payment), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_certificate_before_the_proof_nor_of_a_rehearsal() {
    let folder = tempfile::tempdir().unwrap();
    company::generate(&company::Plan::sized(60)).write(folder.path()).unwrap();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    let rehearse = json!({ "link": link });
    let (_, answer) = app.ask("POST", "/api/entities/rehearse", rehearse).await;
    app.run().await;
    let of = |job: &Value, what: &str| format!("/api/reports/{what}/{}", job.as_str().unwrap());
    let (status, problem) = app.ask("GET", &of(&answer["job"], "certificate"), json!(null)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    let (_, answer) = app.ask("POST", "/api/entities/backfill", json!({ "link": link })).await;
    for what in ["certificate", "snapshot"] {
        let (status, problem) = app.ask("GET", &of(&answer["job"], what), json!(null)).await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    }
    let stranger = app.ask("GET", "/api/reports/certificate/none", json!(null)).await;
    assert_eq!(stranger.0, StatusCode::NOT_FOUND);
}

async fn migrated(app: &TestApp, link: &str) -> String {
    let job = app.start(link).await;
    app.run().await;
    let (_, ended) = app.ask("GET", &format!("/api/ops/jobs/{job}"), json!(null)).await;
    assert_eq!(ended["state"], "done", "{ended:#}");
    job
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// What the independent checker says, where there is Python.
fn check(certificate: &Path, more: &[String]) -> Option<Output> {
    let checker = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/check-certificate");
    let run = Command::new("python3").arg(checker).arg(certificate).args(more).output();
    run.inspect_err(|_| eprintln!("SKIPPED: the checker (python3 is not here)")).ok()
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// A PDF's text, where there is a program that reads it.
fn text_of(pdf: &[u8], folder: &Path) -> Option<String> {
    let file = folder.join("certificate.pdf");
    std::fs::write(&file, pdf).unwrap();
    let run = Command::new("pdftotext").arg("-layout").arg(&file).arg("-").output();
    let run = run.inspect_err(|_| eprintln!("SKIPPED: the PDF's text (pdftotext is not here)"));
    Some(String::from_utf8(run.ok()?.stdout).unwrap())
}
