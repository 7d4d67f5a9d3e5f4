//! Who owes what to whom: several control accounts, credits, refunds, entries,
//! and payments that pay exactly what they say.

use q2o_domain::{OdooId, ports::Odoo};
use q2o_tests::app::TestApp;
use serde_json::{Value, json};

use crate::made::{
    Made, bill_payment, bought, deposited, entry, number, paid, payment, proved, run, sale, sold,
    spent, with,
};

const fn usd<'a>(id: &'a str, date: &'a str, whose: &'a str) -> [&'a str; 4] {
    [id, date, "USD", whose]
}

/// Documents do not name their control account as a rule; with several of one
/// currency, only the ledger knows which it was.
#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_says_which_control_account_a_document_is_on() {
    let mut made = Made::usual(&["USD"]);
    made.txn(
        "Invoice",
        usd("101", "2026-01-10", "c1"),
        sale("1", "100.00", "20.00", &[sold("100.00", "1", "5")]),
        &[("15", "100.00", ""), ("5", "-100.00", "")],
    );
    made.txn(
        "Invoice",
        usd("102", "2026-01-11", "c1"),
        sale("1", "40.00", "40.00", &[sold("40.00", "1", "5")]),
        &[("2", "40.00", ""), ("5", "-40.00", "")],
    );
    made.txn(
        "CreditMemo",
        usd("103", "2026-01-12", "c1"),
        sale("1", "30.00", "0", &[sold("30.00", "1", "5")]),
        &[("15", "-30.00", ""), ("5", "30.00", "")],
    );
    let lines = [paid("80.00", "Invoice", "101"), paid("30.00", "CreditMemo", "103")];
    made.txn(
        "Payment",
        usd("104", "2026-01-13", "c1"),
        payment("1", "50.00", "0", &lines),
        &[("4", "50.00", ""), ("15", "-50.00", "")],
    );
    made.txn(
        "Bill",
        usd("105", "2026-01-14", "v11"),
        bought("11", "90.00", "60.00", &[spent("90.00", "6")]),
        &[("16", "-90.00", ""), ("6", "90.00", "")],
    );
    made.txn(
        "BillPayment",
        usd("106", "2026-01-15", "v11"),
        bill_payment("11", "30.00", "1", &[paid("30.00", "Bill", "105")]),
        &[("16", "30.00", ""), ("1", "-30.00", "")],
    );
    let (_, proof) = made.proved("2026-01-31").await;
    assert_eq!(proof["completion_entries"], json!([]));
    // by the records alone nobody can tell
    assert_eq!(proof["by_documents"]["different"], 5, "{proof:#}");
}

/// QuickBooks' way to book a refund: a deposit (or a check) on the control
/// account, and a payment of nothing that sets it against the credit.
#[tokio::test(flavor = "multi_thread")]
async fn refunds_are_set_against_the_credits_they_refund() {
    let mut made = Made::usual(&["USD"]);
    made.txn(
        "VendorCredit",
        usd("101", "2026-01-10", "v11"),
        bought("11", "50.00", "0", &[spent("50.00", "6")]),
        &[("3", "50.00", ""), ("6", "-50.00", "")],
    );
    let line = deposited("50.00", "3", &json!({ "value": "11", "type": "VENDOR" }));
    made.txn(
        "Deposit",
        usd("102", "2026-01-20", "v11"),
        json!({ "TotalAmt": number("50.00"), "DepositToAccountRef": { "value": "1" }, "Line": [line] }),
        &[("1", "50.00", ""), ("3", "-50.00", "")],
    );
    let lines = [paid("50.00", "VendorCredit", "101"), paid("50.00", "Deposit", "102")];
    made.txn(
        "BillPayment",
        usd("103", "2026-01-20", "v11"),
        bill_payment("11", "0", "1", &lines),
        &[],
    );
    made.txn(
        "CreditMemo",
        usd("104", "2026-01-21", "c2"),
        sale("2", "30.00", "0", &[sold("30.00", "1", "5")]),
        &[("2", "-30.00", ""), ("5", "30.00", "")],
    );
    made.txn(
        "Purchase",
        usd("105", "2026-01-22", "c2"),
        json!({
            "TotalAmt": number("30.00"), "PaymentType": "Check", "AccountRef": { "value": "1" },
            "EntityRef": { "value": "2", "type": "Customer" }, "Line": [spent("30.00", "2")],
        }),
        &[("1", "-30.00", ""), ("2", "30.00", "")],
    );
    let lines = [paid("30.00", "CreditMemo", "104"), paid("30.00", "Check", "105")];
    made.txn("Payment", usd("106", "2026-01-22", "c2"), payment("2", "0", "0", &lines), &[]);
    // money from a customer, put into the bank before anybody said for what
    made.txn(
        "Invoice",
        usd("107", "2026-01-23", "c2"),
        sale("2", "75.00", "0", &[sold("75.00", "1", "5")]),
        &[("2", "75.00", ""), ("5", "-75.00", "")],
    );
    let line = deposited("75.00", "2", &json!({ "value": "2", "type": "CUSTOMER" }));
    made.txn(
        "Deposit",
        usd("108", "2026-01-24", "c2"),
        json!({ "TotalAmt": number("75.00"), "DepositToAccountRef": { "value": "1" }, "Line": [line] }),
        &[("1", "75.00", ""), ("2", "-75.00", "")],
    );
    let lines = [paid("75.00", "Invoice", "107"), paid("75.00", "Deposit", "108")];
    made.txn("Payment", usd("109", "2026-01-24", "c2"), payment("2", "0", "0", &lines), &[]);
    let (_, proof) = made.proved("2026-01-31").await;
    assert_eq!(proof["completion_entries"], json!([]));
    assert_eq!(proof["by_documents"]["different"], 0, "{proof:#}");
}

/// An entry can stand for what several owe; each pays his own line of it.
#[tokio::test(flavor = "multi_thread")]
async fn entries_on_control_accounts_are_paid_by_whom_they_concern() {
    let mut made = Made::usual(&["USD"]);
    let lines = [
        entry("2", "60.00", "c1"),
        entry("2", "60.00", "c2"),
        entry("3", "-20.00", "v11"),
        entry("11", "-100.00", ""),
    ];
    for (account, amount, whose) in
        [("2", "60.00", "c1"), ("2", "60.00", "c2"), ("3", "-20.00", "v11"), ("11", "-100.00", "")]
    {
        made.hidden(
            "JournalEntry",
            usd("101", "2026-01-01", whose),
            "api",
            &[(account, amount, "")],
        );
    }
    let record = json!({ "Id": "101", "SyncToken": "0", "TxnDate": "2026-01-01", "Line": lines });
    made.add("JournalEntry", record);
    made.txn(
        "Payment",
        usd("102", "2026-01-05", "c2"),
        with(
            payment("2", "60.00", "0", &[paid("60.00", "JournalEntry", "101")]),
            json!({ "DepositToAccountRef": { "value": "1" } }),
        ),
        &[("1", "60.00", ""), ("2", "-60.00", "")],
    );
    made.txn(
        "BillPayment",
        usd("103", "2026-01-06", "v11"),
        bill_payment("11", "20.00", "1", &[paid("20.00", "JournalEntry", "101")]),
        &[("1", "-20.00", ""), ("3", "20.00", "")],
    );
    let (app, proof) = made.proved("2026-01-31").await;
    assert_eq!(proof["by_documents"]["different"], 0, "{proof:#}");
    // what is open is the other's line
    let open = app.odoo.rows("account.move.line", |line| {
        line["account_type"] == "asset_receivable" && line["reconciled"] == false
    });
    let whose = app.odoo.rows("res.partner", |p| open.iter().any(|o| o["partner_id"] == p["id"]));
    assert_eq!(whose.len(), 1, "{open:#?}");
    assert_eq!(whose[0]["name"], "Ada");
}

/// Payments and credits that pay each other's documents in parts, and one that
/// pays more than is owed.
#[tokio::test(flavor = "multi_thread")]
async fn many_payments_and_credits_settle_many_documents_exactly() {
    let mut made = Made::usual(&["USD"]);
    for (id, total, balance) in
        [("101", "100.00", "0"), ("102", "250.00", "0.01"), ("103", "33.33", "0")]
    {
        made.txn(
            "Invoice",
            usd(id, "2026-01-10", "c1"),
            sale("1", total, balance, &[sold(total, "1", "5")]),
            &[("2", total, ""), ("5", &format!("-{total}"), "")],
        );
    }
    made.txn(
        "CreditMemo",
        usd("104", "2026-01-11", "c1"),
        sale("1", "80.00", "5.00", &[sold("80.00", "1", "5")]),
        &[("2", "-80.00", ""), ("5", "80.00", "")],
    );
    let lines = [
        paid("40.00", "Invoice", "101"),
        paid("199.99", "Invoice", "102"),
        paid("25.00", "CreditMemo", "104"),
    ];
    made.txn(
        "Payment",
        usd("105", "2026-01-12", "c1"),
        payment("1", "214.99", "0", &lines),
        &[("4", "214.99", ""), ("2", "-214.99", "")],
    );
    let lines = [paid("50.00", "Invoice", "102"), paid("50.00", "CreditMemo", "104")];
    made.txn("Payment", usd("106", "2026-01-13", "c1"), payment("1", "0", "0", &lines), &[]);
    let lines = [paid("60.00", "Invoice", "101"), paid("33.33", "Invoice", "103")];
    made.txn(
        "Payment",
        usd("107", "2026-01-14", "c1"),
        payment("1", "100.00", "6.67", &lines),
        &[("4", "100.00", ""), ("2", "-100.00", "")],
    );
    // both went to the bank together, some of it kept as cash, a charge taken off
    let line = |amount: &str, id: &str| json!({ "Amount": number(amount), "LinkedTxn": [{ "TxnId": id, "TxnType": "Payment", "TxnLineId": "0" }] });
    let charge = deposited("-4.99", "18", &json!(null));
    made.txn(
        "Deposit",
        usd("108", "2026-01-15", ""),
        json!({
            "TotalAmt": number("290.00"), "DepositToAccountRef": { "value": "1" },
            "Line": [line("214.99", "105"), line("100.00", "107"), charge],
            "CashBack": { "AccountRef": { "value": "17" }, "Amount": number("20.00"), "Memo": "Tip" },
        }),
        &[("1", "290.00", ""), ("17", "20.00", ""), ("18", "4.99", ""), ("4", "-314.99", "")],
    );
    let (app, proof) = made.proved("2026-01-31").await;
    assert_eq!(proof["completion_entries"], json!([]));
    assert_eq!(proof["by_documents"]["different"], 0, "{proof:#}");
    let funds = app.odoo.rows("account.account", |a| a["name"] == "Undeposited Funds");
    let waits = app.odoo.rows("account.move.line", |line| {
        line["account_id"] == funds[0]["id"] && line["reconciled"] == false
    });
    assert!(waits.is_empty(), "all of it is deposited: {waits:#?}");
}

/// What is owed ages in Odoo as in QuickBooks: a due date that QuickBooks changed is
/// followed, and one that somebody changed in Odoo is told.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_is_due_on_its_day() {
    let due = |day: &str| {
        let mut made = Made::usual(&["USD"]);
        let record = sale("1", "100.00", "100.00", &[sold("100.00", "1", "5")]);
        let record = with(record, json!({ "DueDate": day }));
        made.moves("Invoice", usd("101", "2026-01-10", "c1"), record, ["2", "5"], "100.00");
        made.write("2026-01-31")
    };
    let first = due("2026-02-09");
    let app = TestApp::with(first.path()).await;
    let asked = json!({ "link": app.connect().await, "until": "2026-01-31" });
    proved(&app, asked.clone()).await;
    app.qbo.control().go_on(due("2026-02-20").path()).unwrap();
    proved(&app, asked.clone()).await;
    let owed = |row: &Value| row["display_type"] == "payment_term";
    let line = app.odoo.rows("account.move.line", owed).pop().unwrap();
    assert_eq!(line["date_maturity"], "2026-02-20");

    let odoo = app.odoo.server(&app.odoo_url).client(Some(1)).unwrap();
    let line = OdooId(line["id"].as_i64().unwrap());
    let moved = json!({ "date_maturity": "2026-03-31" });
    odoo.write("account.move.line", &[line], moved).await.unwrap();
    let proof = run(&app, "backfill", &asked).await;
    assert_eq!(proof["levels"]["L1"]["different"], 1, "{proof:#}");
    let told = proof["differences"][0].to_string();
    for said in ["Invoice 101, due date", "2026-02-20", "2026-03-31"] {
        assert!(told.contains(said), "{told}");
    }
}
