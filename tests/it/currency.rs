//! Documents in foreign currencies, each at its own rate.

use serde_json::{Value, json};

use crate::made::{Made, number, paid, sold, spent};

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
