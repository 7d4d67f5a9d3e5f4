//! Files and notes: each hangs in Odoo on what it hung on in QuickBooks, once, with
//! the same bytes.

use q2o_domain::ports::Odoo;
use q2o_tests::{
    app::TestApp,
    company::{self, Company, Feature, Plan},
    odoo::{self, Server},
    qbo::{PlannedFault, file_content},
};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::{
    data::{real_odoo, rows},
    made::{Made, paid, payment, proved, run, sale, sold, with},
    rollback::done,
};

const ASKED: &str = "2026-06-30";

fn made() -> (tempfile::TempDir, Company) {
    let folder = tempfile::tempdir().unwrap();
    let company = company::generate(&Plan::with([Feature::Attachments], 40));
    company.write(folder.path()).unwrap();
    (folder, company)
}

fn sum(name: &str, size: usize) -> String {
    let digest = Sha1::digest(file_content(name, size));
    digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

async fn errors(app: &TestApp, link: &str) -> Vec<(String, String, String)> {
    let (_, errors) = app.ask("GET", &format!("/api/ops/errors?link={link}"), json!(null)).await;
    let errors = errors.as_array().unwrap().iter().filter(|error| error["kind"] == "Attachable");
    let text = |error: &Value, of: &str| error[of].as_str().unwrap_or_default().to_owned();
    let mut errors: Vec<_> =
        errors.map(|e| (text(e, "id"), text(e, "class"), text(e, "why"))).collect();
    errors.sort();
    errors
}

/// What hangs where: the name (or what a note says), the model, and the record by its name.
async fn hanging(odoo: &dyn Odoo) -> Vec<[String; 3]> {
    hanging_of(odoo, &json!(1)).await
}

/// The same of one company of several.
async fn hanging_of(odoo: &dyn Odoo, company: &Value) -> Vec<[String; 3]> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ours = json!([
        ["company_id", "=", company],
        ["res_model", "!=", false],
        ["mimetype", "in", ["application/octet-stream", "image/png"]]
    ]);
    let fields = ["name", "res_model", "res_id", "checksum", "file_size"];
    let mut found = Vec::new();
    for row in rows(odoo, "ir.attachment", ours, &fields).await {
        let (name, size) = (text(&row["name"]), row["file_size"].as_u64().unwrap());
        assert_eq!(row["checksum"], sum(&name, usize::try_from(size).unwrap()), "{name}");
        found.push((name, text(&row["res_model"]), row["res_id"].clone()));
    }
    let notes = json!([["body", "like", "Called twice"]]);
    let notes = rows(odoo, "mail.message", notes, &["body", "model", "res_id"]).await;
    let ids: Vec<&Value> = notes.iter().map(|row| &row["id"]).collect();
    let names =
        odoo.call("mail.message", "get_external_id", json!([ids]), json!({})).await.unwrap();
    let of_company = format!("_{company}.attachable_");
    for row in &notes {
        if !text(&names[row["id"].to_string()]).contains(&of_company) {
            continue;
        }
        found.push((text(&row["body"]), text(&row["model"]), row["res_id"].clone()));
    }
    let mut named = Vec::new();
    for (what, model, id) in found {
        let field = if model == "account.move" { "invoice_origin" } else { "name" };
        let on = rows(odoo, &model, json!([["id", "=", id]]), &[field]).await;
        let on = text(&on[0][field]);
        let on = on.split_once('.').map_or(on.clone(), |(_, key)| key.to_owned());
        named.push([what, model, on]);
    }
    named.sort();
    named
}

/// What should hang where.
fn expected(company: &Company, own_contact: &str) -> Vec<[String; 3]> {
    let name = |kind: &str, id: &str| {
        let all = company.records[kind].iter();
        let one = all.clone().find(|record| record["Id"] == id).unwrap();
        one["DisplayName"].as_str().unwrap().to_owned()
    };
    let ids: Vec<(&str, &str)> = company.records["Attachable"]
        .iter()
        .flat_map(|record| record["AttachableRef"].as_array().unwrap())
        .map(|on| &on["EntityRef"])
        .map(|on| (on["type"].as_str().unwrap(), on["value"].as_str().unwrap()))
        .collect();
    let of = |kind: &str| ids.iter().find(|(of, _)| *of == kind).unwrap().1;
    let (invoice, bill) = (format!("invoice_{}", of("Invoice")), format!("bill_{}", of("Bill")));
    let (customer, vendor) = (name("Customer", of("Customer")), name("Vendor", of("Vendor")));
    let note = "<p>Called twice.<br>She &lt;will&gt; pay &amp; come back.</p>";
    let mut expected = [
        ["receipt.pdf", "account.move", &invoice],
        ["receipt.pdf", "account.move", &bill],
        ["receipt.pdf", "res.partner", &vendor],
        ["contract & plan.png", "res.partner", &customer],
        ["of the company.txt", "res.partner", own_contact],
        [note, "account.move", &invoice],
        [note, "res.partner", &customer],
    ]
    .map(|of| of.map(str::to_owned));
    expected.sort();
    expected.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_hangs_where_it_hung_and_comes_once() {
    let (folder, company) = made();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    let asked = json!({ "link": link, "until": ASKED });
    let foretold = run(&app, "rehearse", &asked).await;
    assert_eq!(app.odoo.count("ir.attachment"), 0, "a rehearsal hangs nothing");
    let proof = proved(&app, asked.clone()).await;
    assert_eq!(foretold["levels"]["L0"], proof["levels"]["L0"]);
    let odoo = app.odoo.server(&app.odoo_url).client(Some(1)).unwrap();
    let own_contact = app.odoo.options().company.clone();
    assert_eq!(hanging(&odoo).await, expected(&company, &own_contact));
    let left = errors(&app, &link).await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].1 == "not_moved" && left[0].2.contains("Budget"), "{left:?}");

    // what is there is not even asked for again
    app.odoo.control().clear();
    app.qbo.control().clear_calls();
    proved(&app, asked).await;
    let calls = app.odoo.control().calls();
    let again: Vec<_> = calls.iter().filter(|call| call.method == "load").collect();
    assert!(again.is_empty(), "{again:?}");
    let fetched = app.qbo.control().calls();
    assert!(!fetched.iter().any(|call| call.path.contains("/download/")));
}

/// What is taken off a record in QuickBooks hangs there no more in Odoo.
#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_elsewhere_by_now_is_taken_along() {
    let (folder, company) = made();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    let asked = json!({ "link": link, "until": ASKED });
    proved(&app, asked.clone()).await;
    let own_contact = app.odoo.options().company.clone();
    let mut there = expected(&company, &own_contact);
    // the receipt on a bill and a vendor, and the note on a customer and an invoice: on
    // the second of the two only
    for id in ["5000002", "5000006"] {
        let mut record = app.qbo.control().record("Attachable", id).unwrap();
        record["AttachableRef"].as_array_mut().unwrap().remove(0);
        app.qbo.control().put("Attachable", record).unwrap();
    }
    let bill = there.iter().position(|one| one[2].starts_with("bill_")).unwrap();
    there.remove(bill);
    let note = |one: &[String; 3]| one[0].starts_with("<p>") && one[1] == "res.partner";
    there.retain(|one| !note(one));
    proved(&app, asked.clone()).await;
    let odoo = app.odoo.server(&app.odoo_url).client(Some(1)).unwrap();
    assert_eq!(hanging(&odoo).await, there);
    let (_, answer) = app.ask("POST", "/api/entities/rollback", json!({ "link": link })).await;
    done(&app, answer["job"].as_str().unwrap()).await;
    assert_eq!((app.odoo.count("ir.attachment"), app.odoo.count("mail.message")), (0, 0));
}

/// In a real Odoo, where the environment names one: the same, by its own checksums.
#[tokio::test(flavor = "multi_thread")]
async fn files_hang_in_a_real_odoo_and_go_with_a_rollback() {
    let Some(connection) = real_odoo().await else { return };
    let odoo = Server::behind(&connection).client(connection["company"].as_i64()).unwrap();
    let own = rows(&odoo, "res.company", json!([["id", "=", connection["company"]]]), &["name"]);
    let own = own.await[0]["name"].as_str().unwrap().to_owned();
    let (folder, company) = made();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect_to(connection.clone()).await;
    let asked = json!({ "link": link, "until": ASKED });
    proved(&app, asked.clone()).await;
    let ours = hanging_of(&odoo, &connection["company"]).await;
    assert_eq!(ours, expected(&company, &own));
    proved(&app, asked).await;
    assert_eq!(hanging_of(&odoo, &connection["company"]).await, ours);
    let (_, answer) = app.ask("POST", "/api/entities/rollback", json!({ "link": link })).await;
    app.run().await;
    let job = answer["job"].as_str().unwrap();
    let (_, report) = app.ask("GET", &format!("/api/reports/rollback/{job}"), json!(null)).await;
    assert_eq!(report["refused"], json!([]), "{report:#}");
    assert_eq!(hanging_of(&odoo, &connection["company"]).await, Vec::<[String; 3]>::new());
}

/// A document that is written anew takes no file down with it.
#[tokio::test(flavor = "multi_thread")]
async fn what_hung_on_a_document_that_changed_hangs_on_its_successor() {
    let (folder, company) = made();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    let asked = json!({ "link": link, "until": ASKED });
    proved(&app, asked.clone()).await;
    let on = &company.records["Attachable"][0]["AttachableRef"][0]["EntityRef"]["value"];
    let mut invoice = app.qbo.control().record("Invoice", on.as_str().unwrap()).unwrap();
    invoice["PrivateNote"] = json!("Changed");
    app.qbo.control().put("Invoice", invoice).unwrap();
    let own_contact = app.odoo.options().company.clone();
    proved(&app, asked).await;
    let odoo = app.odoo.server(&app.odoo_url).client(Some(1)).unwrap();
    assert_eq!(hanging(&odoo).await, expected(&company, &own_contact));
}

/// A lost answer, a file server that is away, a file that it does not have, one that
/// is too large: nothing comes twice, and what does not come is told with what helps.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_go_wrong_with_a_file_is_mended_or_told() {
    let (folder, company) = made();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    app.odoo.control().plan("ir.attachment", "load", 1, odoo::Plan::DieAfter);
    app.odoo.control().plan("mail.message", "load", 1, odoo::Plan::DieAfter);
    app.qbo.control().plan(PlannedFault::BadGateway, 1, |call| call.path.ends_with("5000002"));
    app.qbo.control().plan(PlannedFault::BadGateway, 9, |call| call.path.ends_with("9003"));
    for (id, name, size) in
        [("9001", "lost.pdf", 10), ("9002", "film.mov", 400_000_000_u64), ("9003", "slow.pdf", 10)]
    {
        let file = json!({ "Id": id, "FileName": name, "Size": size, "AttachableRef": [] });
        app.qbo.control().put("Attachable", file).unwrap();
    }
    app.qbo.control().lose_file("9001");
    let job = app.start(&link).await;
    done(&app, &job).await;
    let odoo = app.odoo.server(&app.odoo_url).client(Some(1)).unwrap();
    let own_contact = app.odoo.options().company.clone();
    assert_eq!(hanging(&odoo).await, expected(&company, &own_contact));
    let left = errors(&app, &link).await;
    let told: Vec<_> = left.iter().map(|(id, class, _)| (id.as_str(), class.as_str())).collect();
    let (unmoved, film) = (("5000005", "not_moved"), ("9002", "not_moved"));
    assert_eq!(told, [unmoved, ("9001", "unreadable"), film, ("9003", "unreadable")]);
    assert!(left[1].2.contains("lost.pdf") && left[1].2.contains("404"), "{left:?}");
    assert!(left[2].2.contains("400 MB") && left[2].2.contains("Download it"), "{left:?}");
    assert!(left[3].2.contains("slow.pdf") && left[3].2.contains("(502) (tried"), "{left:?}");
    assert!(!left.iter().any(|(_, _, why)| why.contains("X-Amz")), "an address is a secret");

    app.qbo.control().forget_plans();
    // what Odoo's proxy refuses is told, and comes once it does not
    let file = json!({ "Id": "9004", "FileName": "wide.png", "Size": 70_000, "AttachableRef": [] });
    app.qbo.control().put("Attachable", file).unwrap();
    app.odoo.control().plan("ir.attachment", "load", 1, odoo::Plan::Html(413));
    let job = app.start(&link).await;
    done(&app, &job).await;
    let refused = errors(&app, &link).await.pop().unwrap();
    assert!(refused.1 == "refused" && refused.2.contains("413"), "{refused:?}");
    let job = app.start(&link).await;
    done(&app, &job).await;
    assert_eq!(errors(&app, &link).await, left[..3], "and so does what was away");
    assert_eq!(
        rows(&odoo, "ir.attachment", json!([["name", "=", "wide.png"]]), &[]).await.len(),
        1
    );
}

/// What lies before the first day of history keeps its files only where it is open.
#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_time_before_hang_on_what_is_open_of_it() {
    let mut made = Made::usual(&["USD"]);
    for (id, number, open) in [("101", "1001", "0"), ("102", "1002", "50.00")] {
        made.moves(
            "Invoice",
            [id, "2025-03-01", "USD", "c1"],
            with(
                sale("1", "50.00", open, &[sold("50.00", "1", "5")]),
                json!({ "DocNumber": number }),
            ),
            ["2", "5"],
            "50.00",
        );
        made.add(
            "Attachable",
            json!({
                "Id": format!("9{id}"), "FileName": format!("{number}.pdf"), "Size": 2000,
                "ContentType": "application/octet-stream",
                "AttachableRef": [{ "EntityRef": { "type": "Invoice", "value": id } }],
            }),
        );
    }
    made.moves(
        "Payment",
        ["103", "2025-04-01", "USD", "c1"],
        with(
            payment("1", "50.00", "0", &[paid("50.00", "Invoice", "101")]),
            json!({ "DepositToAccountRef": { "value": "1" } }),
        ),
        ["1", "2"],
        "50.00",
    );
    let (app, proof) = made.proved_since(Some("2026-01-01"), "2026-03-31").await;
    assert_eq!(proof["levels"]["L0"]["different"], 0);
    let odoo = app.odoo.server(&app.odoo_url).client(Some(1)).unwrap();
    let there = hanging(&odoo).await;
    assert_eq!(there, [["1002.pdf", "account.move", "invoice_102.opening"]]);
    let left = proof["not_loaded"].as_array().unwrap();
    let told = left.iter().find(|error| error["kind"] == "Attachable").unwrap();
    assert_eq!((&told["id"], &told["class"]), (&json!("9101"), &json!("not_moved")), "{told}");
    assert!(told["why"].as_str().unwrap().contains("before the first day of history"), "{told}");
}

/// Odoo deletes a document's files with it: one that somebody hung a file on stays.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_hung_a_file_on_stays_in_a_rollback() {
    let (folder, _) = made();
    let app = TestApp::with(folder.path()).await;
    let link = app.connect().await;
    proved(&app, json!({ "link": link, "until": ASKED })).await;
    let open = json!([["move_type", "=", "in_invoice"]]);
    let bills = app.odoo.as_person("account.move", "search", json!([open])).unwrap();
    let bill = bills[0].clone();
    let file = json!({
        "name": "mine.txt", "datas": "aGVsbG8=", "res_model": "account.move", "res_id": bill,
    });
    app.odoo.as_person("ir.attachment", "create", json!([file])).unwrap();
    let (_, answer) = app.ask("POST", "/api/entities/rollback", json!({ "link": link })).await;
    app.run().await;
    let job = answer["job"].as_str().unwrap();
    let (_, report) = app.ask("GET", &format!("/api/reports/rollback/{job}"), json!(null)).await;
    let used = report["refused"].as_array().unwrap().iter().find(|left| left["class"] == "used");
    let why = used.unwrap_or_else(|| panic!("{report:#}"))["why"].as_str().unwrap();
    assert!(why.contains("attached the file mine.txt"), "{why}");
    assert_eq!(app.odoo.as_person("account.move", "read", json!([[bill]])).unwrap()[0]["id"], bill);
    assert_eq!(app.odoo.count("ir.attachment"), 1);
    assert_eq!(app.odoo.count("mail.message"), 0);
}
