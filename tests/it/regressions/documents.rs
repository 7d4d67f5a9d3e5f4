//! Documents and payments.

use q2o_tests::{app::TestApp, odoo::Plan};
use serde_json::{Value, json};

use super::usd;
use crate::made::{Made, bill_payment, bought, number, paid, payment, sale, sold, spent, with};

/// Numbers come twice, not at all, and such as Odoo's own numbering would choke
/// on; Odoo numbers its own, and QuickBooks' number stands where it is looked for.
#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_are_doubled_missing_or_look_dated_are_kept() {
    let numbers = ["1001", "1001", "", "INV-2023-44", "2023/05/0007", "QBINV/2026/00001", "#77/a"];
    let mut made = Made::usual(&["USD"]);
    for (id, number) in (101..).zip(numbers) {
        made.moves(
            "Invoice",
            usd(&id.to_string(), "2026-01-02", "c1"),
            with(
                sale("1", "5.00", "5.00", &[sold("5.00", "1", "5")]),
                json!({ "DocNumber": number }),
            ),
            ["2", "5"],
            "5.00",
        );
    }
    let (app, _) = made.proved("2026-01-31").await;
    let moves = app.odoo.rows("account.move", |m| m["move_type"] == "out_invoice");
    let mut refs: Vec<&str> = moves.iter().filter_map(|m| m["ref"].as_str()).collect();
    refs.sort_unstable();
    let mut kept: Vec<&str> = numbers.iter().copied().filter(|n| !n.is_empty()).collect();
    kept.sort_unstable();
    assert_eq!(refs, kept);
    let names: std::collections::BTreeSet<&str> =
        moves.iter().filter_map(|m| m["name"].as_str()).collect();
    assert_eq!(names.len(), numbers.len(), "no two have the same name in Odoo");
    assert!(names.iter().all(|name| name.starts_with("QBINV/")), "live numbering is untouched");
}

/// Money goes to the account it says, not to the first bank there is; from cards
/// as from banks, and between banks.
#[tokio::test(flavor = "multi_thread")]
async fn money_is_on_the_bank_or_card_it_was_paid_with() {
    let mut made = Made::usual(&["USD"]);
    made.moves(
        "Invoice",
        usd("101", "2026-01-02", "c1"),
        sale("1", "50.00", "0", &[sold("50.00", "1", "5")]),
        ["2", "5"],
        "50.00",
    );
    made.moves(
        "Payment",
        usd("102", "2026-01-03", "c1"),
        with(
            payment("1", "50.00", "0", &[paid("50.00", "Invoice", "101")]),
            json!({ "DepositToAccountRef": { "value": "14" } }),
        ),
        ["14", "2"],
        "50.00",
    );
    made.moves(
        "Bill",
        usd("103", "2026-01-04", "v11"),
        bought("11", "30.00", "0", &[spent("30.00", "6")]),
        ["6", "3"],
        "30.00",
    );
    let mut by_card = bill_payment("11", "30.00", "1", &[paid("30.00", "Bill", "103")]);
    by_card.as_object_mut().unwrap().remove("CheckPayment");
    by_card["PayType"] = json!("CreditCard");
    by_card["CreditCardPayment"] = json!({ "CCAccountRef": { "value": "13" } });
    made.moves("BillPayment", usd("104", "2026-01-05", "v11"), by_card, ["3", "13"], "30.00");
    let transfer = json!({
        "Amount": number("20.00"), "FromAccountRef": { "value": "14" },
        "ToAccountRef": { "value": "1" },
    });
    made.moves("Transfer", usd("105", "2026-01-06", ""), transfer, ["1", "14"], "20.00");
    let (_, proof) = made.simulated("2026-01-31").await;
    assert_eq!(proof["by_documents"]["different"], 0, "{proof:#}");
}

/// 9.975 % of 4,495.16 is 448.39 for who computes it, and 448.40 in QuickBooks,
/// which rounded each line.
#[tokio::test(flavor = "multi_thread")]
async fn tax_is_what_quickbooks_says_not_what_a_percentage_gives() {
    let mut made = Made::usual(&["USD"]);
    made.accounts(&[["30", "Revenu Payable", "Other Current Liability", "SalesTaxPayable", "USD"]]);
    made.add("TaxAgency", json!({ "Id": "1", "SyncToken": "0", "DisplayName": "Revenu" }));
    made.add(
        "TaxRate",
        json!({ "Id": "1", "SyncToken": "0", "Name": "QST", "Active": true,
                "RateValue": number("9.975"), "AgencyRef": { "value": "1" } }),
    );
    let mut line = sold("4495.16", "1", "5");
    line["SalesItemLineDetail"]["TaxCodeRef"] = json!({ "value": "TAX" });
    let tax = json!({
        "TotalTax": number("448.40"),
        "TaxLine": [{
            "Amount": number("448.40"), "DetailType": "TaxLineDetail",
            "TaxLineDetail": { "TaxRateRef": { "value": "1" }, "PercentBased": true,
                               "NetAmountTaxable": number("4495.16") },
        }],
    });
    made.txn(
        "Invoice",
        usd("101", "2026-01-02", "c1"),
        with(sale("1", "4943.56", "4943.56", &[line]), json!({ "TxnTaxDetail": tax })),
        &[("2", "4943.56", ""), ("5", "-4495.16", ""), ("30", "-448.40", "")],
    );
    let (_, proof) = made.proved("2026-01-31").await;
    assert_eq!(proof["by_documents"]["different"], 0, "{proof:#}");
}

/// An invoice over a statement charge says a sub-total and nothing else; its line
/// is in the ledger only, and goes into the invoice itself.
#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_over_a_statement_charge_gets_its_line_from_the_ledger() {
    let mut made = Made::usual(&["USD"]);
    let line = json!({ "Amount": number("75.00"), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {} });
    let lines = [paid("75.00", "Invoice", "101")];
    made.moves(
        "Invoice",
        usd("101", "2026-01-02", "c1"),
        sale("1", "75.00", "0", &[line]),
        ["2", "8"],
        "75.00",
    );
    made.moves(
        "Payment",
        usd("102", "2026-01-03", "c1"),
        payment("1", "75.00", "0", &lines),
        ["4", "2"],
        "75.00",
    );
    let (app, proof) = made.simulated("2026-01-31").await;
    let entries = proof["completion_entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{entries:#?}");
    assert_eq!(entries[0]["class"], "statement_charge");
    assert_eq!(entries[0]["in_document"], true);
    assert_eq!(app.odoo.rows("account.move", |m| m["move_type"] == "out_invoice").len(), 1);
}

/// What is voided posts nothing; its number is kept by a cancelled document,
/// once, whatever dies in between.
#[tokio::test(flavor = "multi_thread")]
async fn voided_documents_keep_their_numbers_as_cancelled_ones() {
    let mut made = Made::usual(&["USD"]);
    let voided = |record: Value, number: &str| {
        with(record, json!({ "PrivateNote": "Voided - wrong customer", "DocNumber": number }))
    };
    let empty: [Value; 0] = [];
    made.txn(
        "Invoice",
        usd("101", "2026-01-02", "c1"),
        voided(sale("1", "0", "0", &[sold("0", "1", "5")]), "1037"),
        &[],
    );
    made.txn(
        "CreditMemo",
        usd("102", "2026-01-02", "c1"),
        voided(sale("1", "0", "0", &empty), "C-1"),
        &[],
    );
    made.txn(
        "SalesReceipt",
        usd("103", "2026-01-02", "c1"),
        voided(sale("1", "0", "0", &empty), "S-1"),
        &[],
    );
    made.txn(
        "Bill",
        usd("104", "2026-01-02", "v11"),
        voided(bought("11", "0", "0", &[spent("0", "6")]), "B-1"),
        &[],
    );
    made.txn(
        "Payment",
        usd("105", "2026-01-02", "c1"),
        voided(payment("1", "0", "0", &empty), "P-1"),
        &[],
    );
    made.txn(
        "BillPayment",
        usd("106", "2026-01-02", "v11"),
        voided(bill_payment("11", "0", "1", &empty), "E-1"),
        &[],
    );
    let check = json!({ "TotalAmt": 0, "PaymentType": "Check", "AccountRef": { "value": "1" }, "Line": [spent("0", "6")] });
    made.txn("Purchase", usd("107", "2026-01-02", ""), voided(check, "2001"), &[]);
    made.txn(
        "JournalEntry",
        usd("108", "2026-01-02", ""),
        voided(json!({ "Line": [] }), "J-1"),
        &[],
    );
    made.txn(
        "Invoice",
        usd("109", "2026-01-02", "c1"),
        voided(sale("1", "0", "0", &empty), ""),
        &[],
    );
    made.moves(
        "Invoice",
        usd("110", "2026-01-03", "c1"),
        sale("1", "5.00", "5.00", &[sold("5.00", "1", "5")]),
        ["2", "5"],
        "5.00",
    );
    made.proved("2026-01-31").await;

    let folder = made.write("2026-01-31");
    let app = TestApp::with(folder.path()).await;
    for method in ["create", "button_cancel"] {
        app.odoo.control().plan("account.move", method, 1, Plan::DieAfter);
    }
    let (shown, errors, proof) = super::migrated(&app).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(errors, Vec::<Value>::new());
    assert_eq!(super::different(&proof), 0, "{proof:#}");
    let cancelled = app.odoo.rows("account.move", |m| m["state"] == "cancel");
    let mut numbers: Vec<&str> = cancelled.iter().filter_map(|m| m["ref"].as_str()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["1037", "2001", "B-1", "C-1", "E-1", "J-1", "P-1", "S-1"]);
    assert_eq!(app.odoo.count("account.move"), 9, "the one without a number is only listed");
}

/// When customers are merged, one of the two is gone; what still points at it is
/// told, and everything else goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_of_a_customer_merged_away_waits_and_the_rest_goes_on() {
    let mut made = Made::usual(&["USD"]);
    for (id, customer) in [("101", "1"), ("102", "99")] {
        let whose = format!("c{customer}");
        made.moves(
            "Invoice",
            usd(id, "2026-01-02", &whose),
            sale(customer, "5.00", "5.00", &[sold("5.00", "1", "5")]),
            ["2", "5"],
            "5.00",
        );
    }
    let folder = made.write("2026-01-31");
    let app = TestApp::with(folder.path()).await;
    let (shown, errors, proof) = super::migrated(&app).await;
    assert_eq!(shown["state"], "done", "{shown:#}");
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(
        (errors[0]["id"].as_str(), errors[0]["class"].as_str()),
        (Some("102"), Some("parked"))
    );
    assert_eq!(errors[0]["waits_for"], json!(["Customer 99"]));
    assert_eq!(app.odoo.rows("account.move", |m| m["state"] == "posted").len(), 1);
    assert!(super::different(&proof) > 0, "and nobody calls that a proof");
}
