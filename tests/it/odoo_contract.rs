//! One suite for the simulator and for a real Odoo: what the loader relies on.

use q2o_domain::{
    OdooId,
    ports::{Loaded, Odoo, OdooError},
};
use q2o_tests::odoo::{OdooSim, Options, Server};
use serde_json::{Value, json};

use crate::data::real_odoo;

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_keeps_the_contract() {
    let sim = OdooSim::new(Options::default());
    let url = format!("http://{}", sim.serve().await.unwrap());
    keeps_the_contract(sim.server(&url), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_odoo_keeps_the_contract() {
    let Some(odoo) = real_odoo().await else { return };
    keeps_the_contract(Server::behind(&odoo), odoo["company"].as_i64().unwrap()).await;
}

async fn keeps_the_contract(server: Server, company: i64) {
    contract(&server.client(Some(company)).unwrap(), company).await;
    let wrong = Server { key: "wrong".to_owned(), ..server };
    refuses_a_wrong_key(&wrong.client(Some(company)).unwrap()).await;
}

async fn refuses_a_wrong_key(odoo: &dyn Odoo) {
    let refused = odoo.search_read("res.partner", json!([]), &["name"], "id", 0, 1).await;
    let failure = q2o_domain::Failure::from(refused.unwrap_err());
    assert!(matches!(failure, q2o_domain::Failure::NeedsUser { .. }), "{failure:?}");
}

async fn contract(odoo: &dyn Odoo, company: i64) {
    assert!(odoo.version().await.unwrap().0 >= 17);
    let run = uuid::Uuid::new_v4().simple().to_string();
    loads_all_or_nothing(odoo, &run).await;
    let [receivable, income] = accounts(odoo, &run).await;
    let partners =
        odoo.create("res.partner", vec![json!({"name": "Contract"})], json!({})).await.unwrap();
    let partner = partners[0];
    let books = Books { company, receivable, income, partner, run: run.clone() };
    refuses_what_does_not_balance(odoo, &books).await;
    let (invoice, payment) = posts_exactly(odoo, &books).await;
    reconciles_in_part(odoo, &books, invoice, payment).await;
    closes(odoo, invoice, payment).await;
    sums_by_month(odoo, &books).await;
    errors_are_told_apart(odoo).await;
    orders_are_confirmed_by_their_state(odoo, &books).await;
    rates_are_home_currency_for_one_unit(odoo, &books).await;
    takes_back(odoo, &books, invoice, payment).await;
    lets_go_of_what_nothing_points_at(odoo, &books).await;
}

/// Loaded as a draft and put into its state, an order sends no goods and keeps its
/// day; what is left to bill is told last, since its state brings it about.
async fn orders_are_confirmed_by_their_state(odoo: &dyn Odoo, books: &Books) {
    let kwargs = json!({ "attributes": ["type"] });
    let fields = odoo.call("product.product", "fields_get", json!([]), kwargs).await.unwrap();
    // (17 says it by the type)
    let mut product = match fields.get("is_storable") {
        Some(_) => json!({ "type": "consu", "is_storable": true }),
        None => json!({ "detailed_type": "product" }),
    };
    product["name"] = json!("Stored");
    product["taxes_id"] = json!([[6, 0, []]]);
    let product = odoo.create("product.product", vec![product], json!({})).await.unwrap()[0];
    let partner = json!({ "name": "Who orders" });
    let partner = odoo.create("res.partner", vec![partner], json!({})).await.unwrap()[0];
    let columns = [
        "id",
        "name",
        "partner_id/.id",
        "date_order",
        "company_id/.id",
        "order_line/id",
        "order_line/product_id/.id",
        "order_line/name",
        "order_line/product_uom_qty",
        "order_line/price_unit",
    ];
    let (key, line) = (books.key("order"), books.key("order.line0"));
    let (partner, company) = (partner.to_string(), books.company.to_string());
    let cells = [
        key.as_str(),
        "1001",
        partner.as_str(),
        "2026-02-05 12:00:00",
        company.as_str(),
        line.as_str(),
        &product.to_string(),
        "Stored",
        "2",
        "3.5",
    ];
    let row = vec![cells.map(str::to_owned).to_vec()];
    let columns = columns.map(str::to_owned);
    let Loaded::Done(first) = odoo.load("sale.order", &columns, row.clone()).await.unwrap() else {
        panic!("refused")
    };
    let Loaded::Done(again) = odoo.load("sale.order", &columns, row).await.unwrap() else {
        panic!("refused")
    };
    assert_eq!(first, again);
    let both = json!({ "state": "sale", "invoice_status": "invoiced" });
    odoo.write("sale.order", &first, both).await.unwrap();
    let fields = ["state", "date_order", "amount_total", "invoice_status", "order_line"];
    let own = json!([["id", "=", first[0].0]]);
    let read = async || odoo.search_read("sale.order", own.clone(), &fields, "id", 0, 0).await;
    let confirmed = read().await.unwrap().remove(0);
    assert_eq!(confirmed["state"], "sale");
    assert_eq!(confirmed["date_order"], "2026-02-05 12:00:00");
    assert_eq!(confirmed["amount_total"].to_string(), "7.0");
    assert_eq!(confirmed["order_line"].as_array().unwrap().len(), 1);
    assert_eq!(confirmed["invoice_status"], "to invoice", "its state brings that about");
    odoo.write("sale.order", &first, json!({ "invoice_status": "invoiced" })).await.unwrap();
    assert_eq!(read().await.unwrap()[0]["invoice_status"], "invoiced");
    let moved = odoo.search_read("stock.picking", json!([]), &["origin"], "id", 0, 0).await;
    assert_eq!(moved.unwrap(), Vec::<Value>::new(), "goods are on their way");
}

async fn rates_are_home_currency_for_one_unit(odoo: &dyn Odoo, books: &Books) {
    let euro = json!([["name", "=", "EUR"], ["active", "in", [true, false]]]);
    let euro = odoo.search_read("res.currency", euro, &["name"], "id", 0, 1).await.unwrap();
    let columns = ["id", "name", "currency_id/.id", "inverse_company_rate", "company_id/.id"];
    let columns = columns.map(str::to_owned);
    let row = |key: &str| {
        let (id, company) = (euro[0]["id"].to_string(), books.company.to_string());
        vec![books.key(key), "2026-01-05".to_owned(), id, "1.25".to_owned(), company]
    };
    let loaded = odoo.load("res.currency.rate", &columns, vec![row("rate")]).await.unwrap();
    let Loaded::Done(ids) = loaded else { panic!("refused") };
    let own = json!([["id", "=", ids[0].0]]);
    let read = odoo.search_read("res.currency.rate", own, &["rate"], "id", 0, 0).await.unwrap();
    assert_eq!(read[0]["rate"].to_string(), "0.8");
    let twice = odoo.load("res.currency.rate", &columns, vec![row("other")]).await.unwrap();
    assert!(matches!(twice, Loaded::Refused(_)), "two rates of a day: {twice:?}");
}

async fn loads_all_or_nothing(odoo: &dyn Odoo, run: &str) {
    let columns = ["id", "name"].map(str::to_owned);
    let row = |n: u8, name: &str| vec![format!("q2o_contract.{run}_{n}"), name.to_owned()];
    let rows = vec![row(1, "One"), row(2, "Two")];
    let Loaded::Done(first) = odoo.load("res.partner", &columns, rows.clone()).await.unwrap()
    else {
        panic!("refused")
    };
    let Loaded::Done(again) = odoo.load("res.partner", &columns, rows).await.unwrap() else {
        panic!("refused")
    };
    assert_eq!(first, again, "the same external ids are the same records");

    let columns = ["id", "name", "parent_id/.id"].map(str::to_owned);
    let mut bad = row(3, "Three");
    bad.push("999999999".to_owned());
    let mut good = row(4, "Four");
    good.push(first[0].to_string());
    let refused = odoo.load("res.partner", &columns, vec![good, bad]).await.unwrap();
    let Loaded::Refused(errors) = refused else { panic!("a missing parent was accepted") };
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].row, 1, "{errors:?}");
    let domain = json!([["name", "=", "Four"], ["parent_id", "=", first[0].0]]);
    let there = odoo.search_read("res.partner", domain, &["name"], "id", 0, 0).await.unwrap();
    assert_eq!(there, Vec::<Value>::new(), "nothing of a refused call stays");
}

async fn accounts(odoo: &dyn Odoo, run: &str) -> [OdooId; 2] {
    let columns = ["id", "code", "name", "account_type"].map(str::to_owned);
    let code = |n: u8| format!("{n}{}", &run[..10]);
    let row = |n: u8, of: &str| {
        vec![format!("q2o_contract.{run}_a{n}"), code(n), format!("Contract {n}"), of.to_owned()]
    };
    let rows = vec![row(1, "asset_receivable"), row(4, "income")];
    let Loaded::Done(ids) = odoo.load("account.account", &columns, rows).await.unwrap() else {
        panic!("refused")
    };
    [ids[0], ids[1]]
}

struct Books {
    company: i64,
    receivable: OdooId,
    income: OdooId,
    partner: OdooId,
    run: String,
}

impl Books {
    fn key(&self, what: &str) -> String {
        format!("q2o_contract.{}_{what}", self.run)
    }

    fn invoice(&self, journal: i64, due: &str) -> Value {
        let amount: Value = serde_json::from_str(due).unwrap();
        json!({
            "name": "/",
            "move_type": "out_invoice", "journal_id": journal, "partner_id": self.partner.0,
            "date": "2026-02-05", "invoice_date": "2026-02-05", "invoice_date_due": "2026-03-05",
            "invoice_origin": self.key("invoice"),
            "line_ids": [
                [0, 0, {"display_type": "product", "name": "Work", "account_id": self.income.0,
                        "quantity": 4, "price_unit": 25, "balance": -100, "tax_ids": [[6, 0, []]]}],
                [0, 0, {"display_type": "payment_term", "account_id": self.receivable.0,
                        "balance": amount, "date_maturity": "2026-03-05"}],
            ],
        })
    }
}

async fn journal(odoo: &dyn Odoo, books: &Books, of: &str) -> i64 {
    let domain = json!([["type", "=", of], ["company_id", "=", books.company]]);
    let found = odoo.search_read("account.journal", domain, &["code"], "id", 0, 1).await.unwrap();
    found[0]["id"].as_i64().unwrap()
}

/// Lines are all given.
fn as_given() -> Value {
    json!({ "skip_invoice_sync": true })
}

async fn refuses_what_does_not_balance(odoo: &dyn Odoo, books: &Books) {
    let invoice = books.invoice(journal(odoo, books, "sale").await, "99.99");
    let refused = odoo.create("account.move", vec![invoice], as_given()).await;
    assert!(matches!(refused, Err(OdooError::Refused { .. })), "{refused:?}");
}

/// Amounts and dates stay as sent. (Quantity times price is the amount: Odoo 17 works
/// it out from them.)
async fn posts_exactly(odoo: &dyn Odoo, books: &Books) -> (OdooId, OdooId) {
    let sales = journal(odoo, books, "sale").await;
    let general = journal(odoo, books, "general").await;
    let payment = json!({
        "name": "/",
        "move_type": "entry", "journal_id": general, "date": "2026-02-10",
        "invoice_origin": books.key("payment"),
        "line_ids": [
            [0, 0, {"account_id": books.income.0, "balance": 60, "partner_id": books.partner.0}],
            [0, 0, {"account_id": books.receivable.0, "balance": -60, "partner_id": books.partner.0}],
        ],
    });
    let records = vec![books.invoice(sales, "100"), payment];
    let made = odoo.create("account.move", records, as_given()).await.unwrap();
    let ids: Vec<i64> = made.iter().map(|id| id.0).collect();
    let names = async || {
        let domain = json!([["id", "in", ids]]);
        let there = odoo.search_read("account.move", domain, &["name"], "id", 0, 0).await.unwrap();
        [there[0]["name"].clone(), there[1]["name"].clone()]
    };
    assert_eq!(names().await, ["/", "/"], "drafts that are made at the same time take no numbers");
    let context = json!({ "context": as_given() });
    odoo.call("account.move", "action_post", json!([ids]), context).await.unwrap();
    let [invoice, entry] = names().await;
    assert!(invoice != "/" && entry != "/" && invoice != entry, "{invoice} {entry}");
    let domain = json!([["invoice_origin", "in", [books.key("invoice"), books.key("payment")]]]);
    let fields = ["state", "date", "amount_total", "amount_residual", "payment_state"];
    let there = odoo.search_read("account.move", domain, &fields, "id", 0, 0).await.unwrap();
    assert_eq!(there.len(), 2, "both are found by their keys");
    assert_eq!(there[0]["state"], "posted");
    assert_eq!(there[0]["date"], "2026-02-05");
    assert_eq!(there[0]["amount_total"].to_string(), "100.0");
    assert_eq!(there[0]["amount_residual"].to_string(), "100.0");
    assert_eq!(there[0]["payment_state"], "not_paid");
    let again = odoo.call("account.move", "action_post", json!([ids]), json!({})).await;
    assert!(matches!(again, Err(OdooError::Refused { .. })), "{again:?}");
    let gone = odoo.call("account.move", "unlink", json!([ids]), json!({})).await;
    assert!(matches!(gone, Err(OdooError::Refused { .. })), "{gone:?}");
    (made[0], made[1])
}

async fn reconciles_in_part(odoo: &dyn Odoo, books: &Books, invoice: OdooId, payment: OdooId) {
    let line = async |of: OdooId| {
        let domain = json!([["move_id", "=", of.0], ["account_id", "=", books.receivable.0]]);
        let fields = ["balance"];
        let found =
            odoo.search_read("account.move.line", domain, &fields, "id", 0, 1).await.unwrap();
        found[0]["id"].as_i64().unwrap()
    };
    let partial = json!({
        "debit_move_id": line(invoice).await, "credit_move_id": line(payment).await,
        "amount": 60, "debit_amount_currency": 60, "credit_amount_currency": 60,
    });
    odoo.create("account.partial.reconcile", vec![partial], json!({})).await.unwrap();
    let domain = json!([["id", "=", invoice.0]]);
    let fields = ["amount_residual", "payment_state"];
    let there = odoo.search_read("account.move", domain, &fields, "id", 0, 1).await.unwrap();
    assert_eq!(there[0]["amount_residual"].to_string(), "40.0");
    assert_eq!(there[0]["payment_state"], "partial");
}

/// A full reconcile marks the lines and partials it is given.
async fn closes(odoo: &dyn Odoo, invoice: OdooId, payment: OdooId) {
    let domain = json!([["debit_move_id.move_id", "=", invoice.0]]);
    let fields = ["debit_move_id", "credit_move_id", "full_reconcile_id"];
    let partial = odoo.scan("account.partial.reconcile", domain, &fields, 0).await.unwrap();
    assert_eq!(partial.len(), 1, "{partial:?}");
    assert_eq!(partial[0]["full_reconcile_id"], false);
    let lines = json!([partial[0]["debit_move_id"], partial[0]["credit_move_id"]]);
    let full = json!({
        "reconciled_line_ids": [[6, 0, lines]],
        "partial_reconcile_ids": [[6, 0, [partial[0]["id"]]]],
    });
    let made = odoo.create("account.full.reconcile", vec![full], json!({})).await.unwrap();
    assert_eq!(fulls_of(odoo, &[invoice, payment]).await, [made[0]; 2]);
}

/// The full reconciles of lines of these moves.
async fn fulls_of(odoo: &dyn Odoo, moves: &[OdooId]) -> Vec<OdooId> {
    let moves: Vec<i64> = moves.iter().map(|of| of.0).collect();
    let domain = json!([["move_id", "in", moves], ["full_reconcile_id", "!=", false]]);
    let fields = ["full_reconcile_id"];
    let rows = odoo.scan("account.move.line", domain, &fields, 0).await.unwrap();
    rows.iter().map(|row| OdooId(row["full_reconcile_id"].as_i64().unwrap())).collect()
}

async fn sums_by_month(odoo: &dyn Odoo, books: &Books) {
    let domain = json!([["parent_state", "=", "posted"], ["account_id", "=", books.receivable.0]]);
    let by = ["account_id", "date:month"];
    let sums = odoo.read_group("account.move.line", domain, &["balance:sum"], &by).await.unwrap();
    assert_eq!(sums.len(), 1, "{sums:?}");
    assert_eq!(sums[0]["balance"].to_string(), "40.0");
    assert_eq!(sums[0]["account_id"][0], books.receivable.0);
    assert_eq!(sums[0]["__range"]["date:month"]["from"], "2026-02-01");
}

async fn errors_are_told_apart(odoo: &dyn Odoo) {
    let nameless = odoo.create("res.partner", vec![json!({"name": false})], json!({})).await;
    assert!(matches!(nameless, Err(OdooError::Refused { .. })), "{nameless:?}");
    let typo = odoo.create("res.partner", vec![json!({"nmae": "x"})], json!({})).await;
    assert!(matches!(typo, Err(OdooError::Failed(q2o_domain::Failure::Bug { .. }))), "{typo:?}");
    let gone = odoo.write("res.partner", &[OdooId(999_999_999)], json!({"name": "x"})).await;
    assert!(matches!(gone, Err(OdooError::Missing { .. })), "{gone:?}");
    let model = odoo.search_read("no.such.model", json!([]), &["id"], "id", 0, 1).await;
    assert!(matches!(model, Err(OdooError::NotInstalled { .. })), "{model:?}");
}

/// What a rollback relies on: a document goes by way of a draft, unless its period
/// is closed, and what it was reconciled with is open again.
async fn takes_back(odoo: &dyn Odoo, books: &Books, invoice: OdooId, payment: OdooId) {
    let whole = json!({ "context": as_given() });
    let read = async |of: OdooId| {
        let domain = json!([["id", "=", of.0]]);
        let fields = ["state", "amount_total", "amount_residual", "write_date", "write_uid"];
        odoo.search_read("account.move", domain, &fields, "id", 0, 1).await.unwrap().pop()
    };
    let before = read(invoice).await.unwrap();
    assert!(before["write_uid"][0].is_i64(), "{before}");
    let lock = async |day: Value| {
        let fields = json!({ "fiscalyear_lock_date": day });
        odoo.write("res.company", &[OdooId(books.company)], fields).await.unwrap();
    };
    lock(json!("2026-02-28")).await;
    let closed =
        odoo.call("account.move", "button_draft", json!([[payment.0]]), whole.clone()).await;
    let Err(OdooError::Refused { message }) = closed else { panic!("{closed:?}") };
    assert!(message.to_lowercase().contains("lock date"), "{message}");
    lock(json!(false)).await;

    let account = json!([[books.receivable.0]]);
    let held = odoo.call("account.account", "unlink", account, json!({})).await;
    assert!(matches!(held, Err(OdooError::Refused { .. })), "{held:?}");
    let held = odoo.call("res.partner", "unlink", json!([[books.partner.0]]), json!({})).await;
    assert!(matches!(held, Err(OdooError::Refused { .. })), "{held:?}");

    odoo.call("account.move", "button_draft", json!([[payment.0]]), whole.clone()).await.unwrap();
    assert_eq!(read(payment).await.unwrap()["state"], "draft");
    let again =
        odoo.call("account.move", "button_draft", json!([[payment.0]]), whole.clone()).await;
    assert!(matches!(again, Err(OdooError::Refused { .. })), "{again:?}");
    odoo.call("account.move", "unlink", json!([[payment.0]]), whole.clone()).await.unwrap();
    assert_eq!(read(payment).await, None);
    let after = read(invoice).await.unwrap();
    assert_eq!(after["amount_residual"].to_string(), "100.0", "the invoice is open again");
    assert_eq!(fulls_of(odoo, &[invoice]).await, [], "and closed no more");
    assert_eq!(after["write_uid"], before["write_uid"], "it was us");
    let gone = odoo.call("account.move", "unlink", json!([[payment.0]]), whole.clone()).await;
    assert!(matches!(gone, Err(OdooError::Missing { .. })), "{gone:?}");

    odoo.call("account.move", "button_draft", json!([[invoice.0]]), whole.clone()).await.unwrap();
    assert_eq!(read(invoice).await.unwrap()["amount_total"].to_string(), "100.0");
    odoo.call("account.move", "unlink", json!([[invoice.0]]), whole).await.unwrap();
    let lines = json!([["account_id", "=", books.receivable.0]]);
    let lines = odoo.search_read("account.move.line", lines, &["id"], "id", 0, 0).await.unwrap();
    assert_eq!(lines, Vec::<Value>::new(), "its lines went with it");
}

/// Odoo tells what points at a model, and an external id goes with its record.
/// What is not required it empties without a word.
async fn lets_go_of_what_nothing_points_at(odoo: &dyn Odoo, books: &Books) {
    let domain = json!([
        ["relation", "in", ["res.partner"]],
        ["store", "=", true],
        ["ttype", "in", ["many2one", "many2many"]],
        ["model_id.transient", "=", false],
        ["model_id.access_ids.perm_unlink", "=", true]
    ]);
    let fields = ["model", "name", "relation"];
    let pointing = odoo.search_read("ir.model.fields", domain, &fields, "id", 0, 0).await.unwrap();
    let points = |model: &str, name: &str| {
        pointing.iter().any(|row| row["model"] == model && row["name"] == name)
    };
    assert!(points("account.move.line", "partner_id") && points("res.partner", "parent_id"));

    let child = json!({ "name": "Child", "parent_id": books.partner.0 });
    let child = odoo.create("res.partner", vec![child], json!({})).await.unwrap()[0];
    for id in [books.receivable, books.income] {
        odoo.call("account.account", "unlink", json!([[id.0]]), json!({})).await.unwrap();
    }
    odoo.call("res.partner", "unlink", json!([[books.partner.0]]), json!({})).await.unwrap();
    let domain = json!([["id", "=", child.0]]);
    let rows = odoo.search_read("res.partner", domain, &["parent_id"], "id", 0, 1).await.unwrap();
    assert_eq!(rows[0]["parent_id"], false);

    let columns = ["id", "name"].map(str::to_owned);
    let name = books.key("gone");
    let load = async || {
        let rows = vec![vec![name.clone(), "Gone".to_owned()]];
        match odoo.load("res.partner", &columns, rows).await.unwrap() {
            Loaded::Done(ids) => ids[0],
            Loaded::Refused(errors) => panic!("{errors:?}"),
        }
    };
    let first = load().await;
    let ids = json!([[first.0]]);
    let names = odoo.call("res.partner", "get_external_id", ids.clone(), json!({})).await.unwrap();
    assert_eq!(names[first.0.to_string()], name);
    odoo.call("res.partner", "unlink", ids, json!({})).await.unwrap();
    let second = load().await;
    assert_ne!(first, second);
    odoo.call("res.partner", "unlink", json!([[second.0, child.0]]), json!({})).await.unwrap();
}
