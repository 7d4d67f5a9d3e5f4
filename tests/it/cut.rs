//! What is open at a cut, settled by what was made before and after.

use serde_json::{Value, json};

use crate::made::{
    Made, bill_payment, bought, deposited, entry, number, paid, payment, sale, sold, spent, with,
};

const fn usd<'a>(id: &'a str, date: &'a str, whose: &'a str) -> [&'a str; 4] {
    [id, date, "USD", whose]
}

const fn eur<'a>(id: &'a str, date: &'a str, whose: &'a str) -> [&'a str; 4] {
    [id, date, "EUR", whose]
}

fn at(rate: &str, record: Value) -> Value {
    with(record, json!({ "ExchangeRate": number(rate) }))
}

fn to(account: &str, record: Value) -> Value {
    with(record, json!({ "DepositToAccountRef": { "value": account } }))
}

fn work(amount: &str) -> Value {
    sold(amount, "1", "5")
}

/// Two currencies, and a cut in the middle of a fiscal year that begins in April.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_at_the_cut_is_settled_across_it() {
    let mut made = Made::usual(&["USD", "EUR"]).year_starts(4);
    results(&mut made);
    customers(&mut made);
    deposits_and_vendors(&mut made);
    in_euro(&mut made);
    let (app, proof) = made.proved_since(Some("2026-02-15"), "2026-03-31").await;
    assert_eq!(proof["completion_entries"], json!([]));
    assert_eq!(app.odoo.balance("QBOPEN"), "0.00");
    // last year's results are in retained earnings, this year's are where they were
    let on = |name: &str| {
        let account = &app.odoo.rows("account.account", |a| a["name"] == name)[0];
        app.odoo.balance(account["code"].as_str().unwrap())
    };
    assert_eq!(on("Retained Earnings"), "-50.00");
    // what was received before the cut left undeposited funds like everything else
    let funds = app.odoo.rows("account.account", |a| a["name"] == "Undeposited Funds");
    let waits = app.odoo.rows("account.move.line", |line| {
        line["account_id"] == funds[0]["id"] && line["reconciled"] == false
    });
    assert!(waits.is_empty(), "{waits:#?}");
}

/// Of three fiscal years: to March 2025, to March 2026, and since.
fn results(made: &mut Made) {
    for (id, date, amount) in
        [("1", "2025-03-31", "70.00"), ("2", "2025-04-01", "11.00"), ("3", "2026-02-01", "5.00")]
    {
        made.moves(
            "SalesReceipt",
            usd(id, date, "c1"),
            to("1", sale("1", amount, "0", &[work(amount)])),
            ["1", "5"],
            amount,
        );
    }
    made.moves(
        "JournalEntry",
        usd("4", "2025-03-31", ""),
        json!({ "Line": [entry("6", "20.00", ""), entry("1", "-20.00", "")] }),
        ["6", "1"],
        "20.00",
    );
}

/// Invoices, payments ahead and credits, in parts before the cut and after it.
fn customers(made: &mut Made) {
    // in home currency: partly paid before and after
    made.moves(
        "Invoice",
        usd("10", "2026-01-05", "c1"),
        sale("1", "100.00", "15.00", &[work("100.00")]),
        ["2", "5"],
        "100.00",
    );
    made.moves(
        "Payment",
        usd("11", "2026-01-20", "c1"),
        to("1", payment("1", "40.00", "0", &[paid("40.00", "Invoice", "10")])),
        ["1", "2"],
        "40.00",
    );
    made.moves(
        "Payment",
        usd("12", "2026-02-20", "c1"),
        to("1", payment("1", "45.00", "0", &[paid("45.00", "Invoice", "10")])),
        ["1", "2"],
        "45.00",
    );
    // paid ahead: the rest of it was used for a later invoice
    made.moves(
        "Payment",
        usd("13", "2026-01-25", "c2"),
        to("1", payment("2", "90.00", "20.00", &[paid("70.00", "Invoice", "14")])),
        ["1", "2"],
        "90.00",
    );
    made.moves(
        "Invoice",
        usd("14", "2026-03-01", "c2"),
        sale("2", "70.00", "0", &[work("70.00")]),
        ["2", "5"],
        "70.00",
    );
    // a credit that was open, used in part, for an invoice from before and one from after
    made.moves(
        "CreditMemo",
        usd("15", "2026-01-26", "c1"),
        sale("1", "60.00", "10.00", &[work("60.00")]),
        ["5", "2"],
        "60.00",
    );
    made.moves(
        "Invoice",
        usd("16", "2026-03-02", "c1"),
        sale("1", "35.00", "0", &[work("35.00")]),
        ["2", "5"],
        "35.00",
    );
    made.moves(
        "Invoice",
        usd("17", "2026-01-27", "c1"),
        sale("1", "15.00", "0", &[work("15.00")]),
        ["2", "5"],
        "15.00",
    );
    let lines = [
        paid("35.00", "Invoice", "16"),
        paid("15.00", "Invoice", "17"),
        paid("50.00", "CreditMemo", "15"),
    ];
    made.txn("Payment", usd("18", "2026-03-03", "c1"), payment("1", "0", "0", &lines), &[]);
}

fn deposits_and_vendors(made: &mut Made) {
    // received before, taken to the bank after, with something received after
    made.moves(
        "Payment",
        usd("19", "2026-01-28", "c2"),
        to("4", payment("2", "25.00", "25.00", &[])),
        ["4", "2"],
        "25.00",
    );
    made.moves(
        "SalesReceipt",
        usd("20", "2026-01-29", "c2"),
        to("4", sale("2", "12.00", "0", &[work("12.00")])),
        ["4", "5"],
        "12.00",
    );
    made.moves(
        "Payment",
        usd("21", "2026-02-20", "c2"),
        to("4", payment("2", "8.00", "8.00", &[])),
        ["4", "2"],
        "8.00",
    );
    let line = |amount: &str, id: &str, of: &str| json!({ "Amount": number(amount), "LinkedTxn": [{ "TxnId": id, "TxnType": of }] });
    made.moves(
        "Deposit",
        usd("22", "2026-02-21", ""),
        json!({
            "TotalAmt": number("45.00"), "DepositToAccountRef": { "value": "1" },
            "Line": [line("25.00", "19", "Payment"), line("12.00", "20", "SalesReceipt"), line("8.00", "21", "Payment")],
        }),
        ["1", "4"], "45.00");
    // an entry on what a customer owes, paid after
    made.moves(
        "JournalEntry",
        usd("23", "2026-01-30", "c2"),
        json!({ "Line": [entry("2", "33.00", "c2"), entry("11", "-33.00", "")] }),
        ["2", "11"],
        "33.00",
    );
    made.moves(
        "Payment",
        usd("24", "2026-02-22", "c2"),
        to("1", payment("2", "33.00", "0", &[paid("33.00", "JournalEntry", "23")])),
        ["1", "2"],
        "33.00",
    );
    // a bill on the second payable account, and a refund from a vendor across the cut
    made.moves(
        "Bill",
        usd("25", "2026-01-31", "v11"),
        bought("11", "44.00", "4.00", &[spent("44.00", "6")]),
        ["6", "16"],
        "44.00",
    );
    made.moves(
        "BillPayment",
        usd("26", "2026-02-23", "v11"),
        bill_payment("11", "40.00", "1", &[paid("40.00", "Bill", "25")]),
        ["16", "1"],
        "40.00",
    );
    made.moves(
        "VendorCredit",
        usd("27", "2026-02-01", "v12"),
        bought("12", "9.00", "0", &[spent("9.00", "6")]),
        ["3", "6"],
        "9.00",
    );
    made.moves(
        "Deposit",
        usd("28", "2026-02-24", "v12"),
        json!({
            "TotalAmt": number("9.00"), "DepositToAccountRef": { "value": "1" },
            "Line": [deposited("9.00", "3", &json!({ "value": "12", "type": "Vendor" }))],
        }),
        ["1", "3"],
        "9.00",
    );
    made.txn(
        "BillPayment",
        usd("29", "2026-02-24", "v12"),
        bill_payment(
            "12",
            "0",
            "1",
            &[paid("9.00", "VendorCredit", "27"), paid("9.00", "Deposit", "28")],
        ),
        &[],
    );
}

fn in_euro(made: &mut Made) {
    made.accounts(&[
        ["20", "Euro Account", "Bank", "Checking", "EUR"],
        ["21", "Accounts Receivable - EUR", "Accounts Receivable", "AccountsReceivable", "EUR"],
        ["22", "Accounts Payable - EUR", "Accounts Payable", "AccountsPayable", "EUR"],
    ]);
    // in euro: an invoice partly paid before and after, each time with its gain
    made.add("Customer", json!({ "Id": "4", "SyncToken": "0", "DisplayName": "Zimmer", "Active": true, "CurrencyRef": { "value": "EUR" } }));
    made.add("Vendor", json!({ "Id": "13", "SyncToken": "0", "DisplayName": "Haus", "Active": true, "CurrencyRef": { "value": "EUR" } }));
    made.txn(
        "Invoice",
        eur("40", "2026-01-05", "c4"),
        at("1.1", sale("4", "100.00", "30.00", &[work("100.00")])),
        &[("21", "110.00", "100.00"), ("5", "-110.00", "-100.00")],
    );
    made.txn(
        "Payment",
        eur("41", "2026-01-10", "c4"),
        at("1.2", to("20", payment("4", "50.00", "0", &[paid("50.00", "Invoice", "40")]))),
        &[("20", "60.00", "50.00"), ("21", "-55.00", "-50.00"), ("19", "-5.00", "0")],
    );
    made.txn(
        "Payment",
        eur("42", "2026-02-25", "c4"),
        at("1.3", to("20", payment("4", "20.00", "0", &[paid("20.00", "Invoice", "40")]))),
        &[("20", "26.00", "20.00"), ("21", "-22.00", "-20.00"), ("19", "-4.00", "0")],
    );
    // a euro credit and a euro payment ahead, both used after
    made.txn(
        "CreditMemo",
        eur("43", "2026-01-11", "c4"),
        at("1.15", sale("4", "10.00", "0", &[work("10.00")])),
        &[("21", "-11.50", "-10.00"), ("5", "11.50", "10.00")],
    );
    made.txn(
        "Invoice",
        eur("44", "2026-03-01", "c4"),
        at("1.25", sale("4", "40.00", "5.00", &[work("40.00")])),
        &[("21", "50.00", "40.00"), ("5", "-50.00", "-40.00")],
    );
    let lines = [paid("10.00", "Invoice", "44"), paid("10.00", "CreditMemo", "43")];
    made.txn(
        "Payment",
        eur("45", "2026-03-02", "c4"),
        at("1.25", payment("4", "0", "0", &lines)),
        &[("21", "-1.00", "0"), ("19", "1.00", "0")],
    );
    made.txn(
        "Payment",
        eur("46", "2026-01-12", "c4"),
        at("1.25", to("20", payment("4", "25.00", "0", &[paid("25.00", "Invoice", "44")]))),
        &[("20", "31.25", "25.00"), ("21", "-31.25", "-25.00")],
    );
    made.txn(
        "Bill",
        eur("47", "2026-01-13", "v13"),
        at("1.2", bought("13", "80.00", "0", &[spent("80.00", "6")])),
        &[("22", "-96.00", "-80.00"), ("6", "96.00", "80.00")],
    );
    made.txn(
        "BillPayment",
        eur("48", "2026-02-26", "v13"),
        at("1.1", bill_payment("13", "80.00", "20", &[paid("80.00", "Bill", "47")])),
        &[("22", "96.00", "80.00"), ("20", "-88.00", "-80.00"), ("19", "-8.00", "0")],
    );
}
