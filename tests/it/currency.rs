//! Documents in foreign currencies, each at its own rate.

use serde_json::{Value, json};

use crate::made::{
    Made, bill_payment, bought, deposited, entry, number, paid, payment, sold, spent, with,
};

fn company() -> Made {
    let mut made = Made::new("US", &["USD", "EUR"]);
    made.accounts(&[
        ["1", "Checking", "Bank", "Checking", "USD"],
        ["2", "Accounts Receivable", "Accounts Receivable", "AccountsReceivable", "USD"],
        ["3", "Accounts Receivable - EUR", "Accounts Receivable", "AccountsReceivable", "EUR"],
        ["4", "Accounts Payable - EUR", "Accounts Payable", "AccountsPayable", "EUR"],
        ["5", "Sales", "Income", "SalesOfProductIncome", "USD"],
        ["6", "Exchange Gain or Loss", "Other Expense", "ExchangeGainOrLoss", "USD"],
        ["8", "Euro Account", "Bank", "Checking", "EUR"],
        ["9", "Rent", "Expense", "RentOrLeaseOfBuildings", "USD"],
        ["10", "Accounts Payable", "Accounts Payable", "AccountsPayable", "USD"],
        ["11", "Undeposited Funds", "Other Current Asset", "UndepositedFunds", "USD"],
    ]);
    let euro = |id: &str, name: &str| {
        json!({ "Id": id, "SyncToken": "0", "DisplayName": name, "Active": true,
                "CurrencyRef": { "value": "EUR" } })
    };
    made.add("Customer", euro("1", "Zimmer GmbH"));
    made.add("Vendor", euro("2", "Haus AG"));
    made.add(
        "CompanyCurrency",
        json!({ "Id": "7", "SyncToken": "0", "Code": "EUR", "Name": "Euro" }),
    );
    for (of, rate) in [("EUR", "1.310264"), ("USD", "1"), ("XAF", "0.0018")] {
        made.add(
            "ExchangeRate",
            json!({ "SourceCurrencyCode": of, "TargetCurrencyCode": "USD", "AsOfDate": "2026-01-20",
                    "Rate": number(rate) }),
        );
    }
    made.add(
        "Item",
        json!({ "Id": "1", "SyncToken": "0", "Name": "Work", "FullyQualifiedName": "Work",
                "Type": "Service", "Active": true, "IncomeAccountRef": { "value": "5" } }),
    );
    made
}

fn sale(number_: &str, rate: &str, total: &str, balance: &str, lines: &[Value]) -> Value {
    json!({
        "DocNumber": number_, "ExchangeRate": number(rate), "TotalAmt": number(total),
        "Balance": number(balance), "Line": lines, "CustomerRef": { "value": "1" },
    })
}

/// Payments reduce what is owed at the rate of the document, not their own; the
/// difference is realised. Credits do so by payments of nothing.
#[tokio::test(flavor = "multi_thread")]
async fn gains_are_realised_and_open_balances_are_in_the_document_s_currency() {
    let mut made = company();
    let one = sale("101", "1.1", "100.00", "0", &[sold("100.00", "1", "5")]);
    made.txn(
        "Invoice",
        ["101", "2026-01-10", "EUR", "c1"],
        one,
        &[("3", "110.00", "100.00"), ("5", "-110.00", "-100.00")],
    );
    let lines = [sold("66.67", "1", "5"), sold("133.33", "1", "5")];
    let two = sale("102", "1.15", "200.00", "100.00", &lines);
    made.txn(
        "Invoice",
        ["102", "2026-01-20", "EUR", "c1"],
        two,
        &[("3", "230.00", "200.00"), ("5", "-230.00", "-200.00")],
    );
    let credit = sale("103", "1.2", "50.00", "0", &[sold("50.00", "1", "5")]);
    made.txn(
        "CreditMemo",
        ["103", "2026-02-01", "EUR", "c1"],
        credit,
        &[("3", "-60.00", "-50.00"), ("5", "60.00", "50.00")],
    );
    let payment = json!({
        "ExchangeRate": number("1.25"), "TotalAmt": number("150.00"), "UnappliedAmt": 0,
        "CustomerRef": { "value": "1" }, "DepositToAccountRef": { "value": "8" },
        "Line": [paid("100.00", "Invoice", "101"), paid("50.00", "Invoice", "102")],
    });
    made.txn(
        "Payment",
        ["104", "2026-02-10", "EUR", "c1"],
        payment,
        &[("8", "187.50", "150.00"), ("3", "-167.50", "-150.00"), ("6", "-20.00", "0")],
    );
    let applied = json!({
        "ExchangeRate": number("1.3"), "TotalAmt": 0, "UnappliedAmt": 0,
        "CustomerRef": { "value": "1" },
        "Line": [paid("50.00", "Invoice", "102"), paid("50.00", "CreditMemo", "103")],
    });
    made.txn(
        "Payment",
        ["105", "2026-02-11", "EUR", "c1"],
        applied,
        &[("3", "2.50", "0"), ("6", "-2.50", "0")],
    );
    let mut receipt = sale("106", "1.2345", "33.33", "0", &[sold("33.33", "1", "5")]);
    receipt["DepositToAccountRef"] = json!({ "value": "8" });
    made.txn(
        "SalesReceipt",
        ["106", "2026-02-12", "EUR", "c1"],
        receipt,
        &[("8", "41.15", "33.33"), ("5", "-41.15", "-33.33")],
    );
    let bill = json!({
        "ExchangeRate": number("1.1"), "TotalAmt": number("300.00"), "Balance": number("200.00"),
        "VendorRef": { "value": "2" }, "APAccountRef": { "value": "4" },
        "Line": [spent("100.01", "9"), spent("199.99", "9")],
    });
    made.txn(
        "Bill",
        ["107", "2026-02-13", "EUR", "v2"],
        bill,
        &[("9", "330.00", "300.00"), ("4", "-330.00", "-300.00")],
    );
    let payment = json!({
        "ExchangeRate": number("1.2"), "TotalAmt": number("100.00"), "PayType": "Check",
        "CheckPayment": { "BankAccountRef": { "value": "8" } }, "VendorRef": { "value": "2" },
        "APAccountRef": { "value": "4" }, "Line": [paid("100.00", "Bill", "107")],
    });
    made.txn(
        "BillPayment",
        ["108", "2026-03-01", "EUR", "v2"],
        payment,
        &[("4", "110.00", "100.00"), ("8", "-120.00", "-100.00"), ("6", "10.00", "0")],
    );
    let (_, proof) = made.proved("2026-03-31").await;
    // our own rules say the same as the ledger, before anything is taken from it
    assert_eq!(proof["by_documents"]["different"], 0, "{proof:#}");
    assert_eq!(proof["completion_entries"], json!([]));
}

/// At this rate.
fn at(rate: &str, record: Value) -> Value {
    with(record, json!({ "ExchangeRate": number(rate) }))
}

fn eur<'a>(id: &'a str, date: &'a str, whose: &'a str) -> [&'a str; 4] {
    [id, date, "EUR", whose]
}

/// Money on its way: between accounts of two currencies (transfers say no rate),
/// through undeposited funds, out of them at another rate than into them.
#[tokio::test(flavor = "multi_thread")]
async fn money_moves_between_currencies_at_the_ledger_s_home_amounts() {
    let mut made = company();
    made.txn(
        "JournalEntry",
        ["101", "2026-01-01", "USD", ""],
        json!({ "Line": [entry("1", "1000.00", ""), entry("5", "-1000.00", "")] }),
        &[("1", "1000.00", "1000.00"), ("5", "-1000.00", "-1000.00")],
    );
    let transfer = json!({
        "Amount": number("500.00"), "FromAccountRef": { "value": "1" },
        "ToAccountRef": { "value": "8" },
    });
    made.txn(
        "Transfer",
        eur("102", "2026-01-02", ""),
        transfer,
        &[("8", "556.17", "500.00"), ("1", "-556.17", "-500.00")],
    );
    for (id, rate, amount, home) in
        [("103", "1.1", "100.00", "110.00"), ("104", "1.25", "40.00", "50.00")]
    {
        let record = with(
            at(rate, payment("1", amount, amount, &[])),
            json!({ "DepositToAccountRef": { "value": "11" } }),
        );
        let negative = |text: &str| format!("-{text}");
        made.txn(
            "Payment",
            eur(id, "2026-01-03", "c1"),
            record,
            &[("11", home, amount), ("3", &negative(home), &negative(amount))],
        );
    }
    let line = |amount: &str, id: &str| json!({ "Amount": number(amount), "LinkedTxn": [{ "TxnId": id, "TxnType": "Payment" }] });
    // the one leaves the funds at the rate of the day, the other at its own
    let deposit = json!({
        "TotalAmt": number("100.00"), "DepositToAccountRef": { "value": "8" },
        "Line": [line("100.00", "103")],
    });
    made.txn(
        "Deposit",
        eur("105", "2026-01-10", ""),
        at("1.2", deposit),
        &[("8", "120.00", "100.00"), ("11", "-120.00", "-100.00")],
    );
    let deposit = json!({
        "TotalAmt": number("38.50"), "DepositToAccountRef": { "value": "8" },
        "Line": [line("40.00", "104"), deposited("-1.50", "9", &json!(null))],
    });
    made.txn(
        "Deposit",
        eur("106", "2026-01-11", ""),
        at("1.3", deposit),
        &[
            ("8", "50.05", "38.50"),
            ("9", "1.95", "1.50"),
            ("11", "-50.00", "-40.00"),
            ("6", "-2.00", "0"),
        ],
    );
    let (_, proof) = made.proved("2026-01-31").await;
    assert_eq!(proof["completion_entries"], json!([]));
}

/// Bills, vendor credits and entries in a foreign currency, paid together and in
/// parts from accounts of either currency, with what it gained or lost.
#[tokio::test(flavor = "multi_thread")]
async fn foreign_bills_credits_and_entries_are_paid_in_parts() {
    let mut made = company();
    made.txn(
        "Bill",
        eur("101", "2026-01-05", "v2"),
        at("1.1", bought("2", "300.00", "0", &[spent("100.01", "9"), spent("199.99", "9")])),
        &[("9", "330.00", "300.00"), ("4", "-330.00", "-300.00")],
    );
    made.txn(
        "Bill",
        eur("102", "2026-01-06", "v2"),
        at("1.1357", bought("2", "77.77", "17.77", &[spent("77.77", "9")])),
        &[("9", "88.32", "77.77"), ("4", "-88.32", "-77.77")],
    );
    made.txn(
        "VendorCredit",
        eur("103", "2026-01-07", "v2"),
        at("1.2", bought("2", "60.00", "10.00", &[spent("60.00", "9")])),
        &[("4", "72.00", "60.00"), ("9", "-72.00", "-60.00")],
    );
    // an entry for what is owed to the vendor, and by the customer
    let lines = [entry("4", "-40.00", "v2"), entry("9", "40.00", "")];
    made.txn(
        "JournalEntry",
        eur("104", "2026-01-08", "v2"),
        at("1.15", json!({ "Line": lines })),
        &[("4", "-46.00", "-40.00"), ("9", "46.00", "40.00")],
    );
    let lines = [
        paid("150.00", "Bill", "101"),
        paid("60.00", "Bill", "102"),
        paid("40.00", "JournalEntry", "104"),
    ];
    // 150 at 1.1, 60 at 1.1357, 40 at 1.15: 165.00 + 68.14 + 46.00
    made.txn(
        "BillPayment",
        eur("105", "2026-02-01", "v2"),
        at("1.3", bill_payment("2", "250.00", "8", &lines)),
        &[("4", "279.14", "250.00"), ("8", "-325.00", "-250.00"), ("6", "45.86", "0")],
    );
    let lines = [paid("50.00", "Bill", "101"), paid("50.00", "VendorCredit", "103")];
    // 50 owed at 1.1 against 50 credited at 1.2
    made.txn(
        "BillPayment",
        eur("106", "2026-02-02", "v2"),
        at("1.3", bill_payment("2", "0", "8", &lines)),
        &[("4", "-5.00", "0"), ("6", "5.00", "0")],
    );
    made.txn(
        "BillPayment",
        eur("107", "2026-02-03", "v2"),
        at("1.05", bill_payment("2", "100.00", "1", &[paid("100.00", "Bill", "101")])),
        &[("4", "110.00", "100.00"), ("1", "-105.00", "-100.00"), ("6", "-5.00", "0")],
    );
    let (_, proof) = made.proved("2026-02-28").await;
    assert_eq!(proof["completion_entries"], json!([]));
    assert_eq!(proof["by_documents"]["different"], 0, "{proof:#}");
}

/// Cards, cheques and receipts in a foreign currency; a refund; an overpayment
/// whose rest stays open; a revaluation that no record shows.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_in_a_foreign_currency_stays_open_and_is_revalued() {
    let mut made = company();
    made.accounts(&[["12", "Euro Card", "Credit Card", "CreditCard", "EUR"]]);
    let charge = |credit: bool, total: &str| {
        json!({
            "TotalAmt": number(total), "PaymentType": "CreditCard", "Credit": credit,
            "AccountRef": { "value": "12" }, "EntityRef": { "value": "2", "type": "Vendor" },
            "Line": [spent(total, "9")],
        })
    };
    made.txn(
        "Purchase",
        eur("101", "2026-01-05", "v2"),
        at("1.0999", charge(false, "45.45")),
        &[("9", "49.99", "45.45"), ("12", "-49.99", "-45.45")],
    );
    made.txn(
        "Purchase",
        eur("102", "2026-01-06", "v2"),
        at("1.1", charge(true, "5.45")),
        &[("9", "-6.00", "-5.45"), ("12", "6.00", "5.45")],
    );
    let refund = with(
        sale("103", "1.2345", "33.33", "0", &[sold("11.11", "1", "5"), sold("22.22", "1", "5")]),
        json!({ "DepositToAccountRef": { "value": "8" } }),
    );
    // each line is rounded by itself: 13.72 + 27.43 = 41.15
    made.txn(
        "RefundReceipt",
        eur("103", "2026-01-07", "c1"),
        refund,
        &[("5", "13.72", "11.11"), ("5", "27.43", "22.22"), ("8", "-41.15", "-33.33")],
    );
    made.txn(
        "Invoice",
        eur("104", "2026-01-08", "c1"),
        sale("104", "1.1", "100.00", "0", &[sold("100.00", "1", "5")]),
        &[("3", "110.00", "100.00"), ("5", "-110.00", "-100.00")],
    );
    let record = with(
        at("1.2", payment("1", "130.00", "30.00", &[paid("100.00", "Invoice", "104")])),
        json!({ "DepositToAccountRef": { "value": "8" } }),
    );
    made.txn(
        "Payment",
        eur("105", "2026-01-09", "c1"),
        record,
        &[("8", "156.00", "130.00"), ("3", "-146.00", "-130.00"), ("6", "-10.00", "0")],
    );
    made.hidden(
        "Revaluation",
        ["hidden-1", "2026-01-31", "EUR", "c1"],
        "revaluation",
        &[("3", "1.50", "0"), ("6", "-1.50", "0")],
    );
    let (_, proof) = made.proved("2026-01-31").await;
    assert_eq!(proof["by_documents"]["different"], 1, "{proof:#}");
    let entries = proof["completion_entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{entries:#?}");
    assert_eq!(entries[0]["class"], "revaluation", "{entries:#?}");
}
