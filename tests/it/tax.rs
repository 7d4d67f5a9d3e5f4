//! Taxes outside the US: a code on every line, rates that build on each other.

use serde_json::{Value, json};

use crate::made::{Made, number, paid};

/// Rates: id, name, percent, agency.
const RATES: [[&str; 4]; 6] = [
    ["1", "20.0% S", "20", "1"],
    ["2", "0.0% Z", "0", "1"],
    ["3", "Regional", "5", "2"],
    ["4", "Regional on top", "9.975", "2"],
    ["5", "20.0% RC", "20", "1"],
    ["6", "20.0% RC (reversed)", "-20", "1"],
];

/// Codes: id, name, rates on sales, rates on purchases.
const CODES: [(&str, &str, &[&str], &[&str]); 4] = [
    ("11", "20.0% S", &["1"], &["1"]),
    ("12", "0.0% Z", &["2"], &["2"]),
    ("13", "Compound", &["3", "4"], &[]),
    ("14", "20.0% RC", &[], &["5", "6"]),
];

fn company() -> Made {
    let mut made = Made::new("GB", &["GBP"]);
    made.accounts(&[
        ["1", "Current", "Bank", "Checking", "GBP"],
        ["2", "Debtors", "Accounts Receivable", "AccountsReceivable", "GBP"],
        ["3", "Creditors", "Accounts Payable", "AccountsPayable", "GBP"],
        ["4", "Sales", "Income", "SalesOfProductIncome", "GBP"],
        ["5", "Costs", "Expense", "SuppliesMaterials", "GBP"],
        ["6", "VAT Control", "Other Current Liability", "GlobalTaxPayable", "GBP"],
        ["7", "Regional Control", "Other Current Liability", "GlobalTaxPayable", "GBP"],
        ["8", "VAT Suspense", "Other Current Liability", "GlobalTaxSuspense", "GBP"],
        ["9", "Undeposited Funds", "Other Current Asset", "UndepositedFunds", "GBP"],
    ]);
    for (id, name) in [("1", "HMRC"), ("2", "Regional Revenue")] {
        made.add("TaxAgency", json!({ "Id": id, "SyncToken": "0", "DisplayName": name }));
    }
    for [id, name, percent, agency] in RATES {
        made.add(
            "TaxRate",
            json!({ "Id": id, "SyncToken": "0", "Name": name, "Active": true,
                    "RateValue": number(percent), "AgencyRef": { "value": agency } }),
        );
    }
    let list = |rates: &[&str]| {
        let details: Vec<Value> = (0..)
            .zip(rates)
            .map(|(order, rate)| {
                json!({ "TaxRateRef": { "value": rate }, "TaxOrder": order,
                                         "TaxTypeApplicable": "TaxOnAmount" })
            })
            .collect();
        json!({ "TaxRateDetail": details })
    };
    for (id, name, sales, purchases) in CODES {
        made.add(
            "TaxCode",
            json!({ "Id": id, "SyncToken": "0", "Name": name, "Active": true,
                    "SalesTaxRateList": list(sales), "PurchaseTaxRateList": list(purchases) }),
        );
    }
    let person = |id: &str, name: &str| json!({ "Id": id, "SyncToken": "0", "DisplayName": name, "Active": true });
    made.add("Customer", person("1", "Ada Ltd"));
    made.add("Vendor", person("2", "Babbage & Sons"));
    made.add(
        "Item",
        json!({ "Id": "1", "SyncToken": "0", "Name": "Work", "FullyQualifiedName": "Work",
                "Type": "Service", "Active": true, "IncomeAccountRef": { "value": "4" } }),
    );
    made
}

/// A line sold: its net amount, and its code.
fn sold(net: &str, code: &str) -> Value {
    json!({
        "DetailType": "SalesItemLineDetail", "Amount": number(net),
        "SalesItemLineDetail": {
            "ItemRef": { "value": "1" }, "ItemAccountRef": { "value": "4" },
            "TaxCodeRef": { "value": code },
        },
    })
}

fn spent(net: &str, code: &str) -> Value {
    json!({
        "DetailType": "AccountBasedExpenseLineDetail", "Amount": number(net),
        "AccountBasedExpenseLineDetail": {
            "AccountRef": { "value": "5" }, "TaxCodeRef": { "value": code },
        },
    })
}

/// Tax lines: rate, amount, net amount taxable.
fn taxes(total: &str, lines: &[[&str; 3]]) -> Value {
    let lines: Vec<Value> = lines
        .iter()
        .map(|[rate, amount, base]| {
            json!({
                "Amount": number(amount), "DetailType": "TaxLineDetail",
                "TaxLineDetail": { "TaxRateRef": { "value": rate }, "PercentBased": true,
                                   "NetAmountTaxable": number(base) },
            })
        })
        .collect();
    json!({ "TotalTax": number(total), "TaxLine": lines })
}

fn document(how: &str, total: &str, balance: &str, lines: &[Value], tax: &Value) -> Value {
    json!({
        "GlobalTaxCalculation": how, "TotalAmt": number(total), "Balance": number(balance),
        "Line": lines, "TxnTaxDetail": tax,
    })
}

fn by(party: &str, id: &str, mut document: Value) -> Value {
    document[party] = json!({ "value": id });
    document
}

#[tokio::test(flavor = "multi_thread")]
async fn taxes_are_quickbooks_own_to_the_cent() {
    let mut made = company();
    let gbp = |id, date, whose| [id, date, "GBP", whose];
    let tax = taxes("20.00", &[["1", "20.00", "100.00"], ["2", "0", "50.00"]]);
    let lines = [sold("100.00", "11"), sold("50.00", "12")];
    let one = by("CustomerRef", "1", document("TaxExcluded", "170.00", "0", &lines, &tax));
    made.txn(
        "Invoice",
        gbp("101", "2026-01-10", "c1"),
        one,
        &[("2", "170.00", ""), ("4", "-150.00", ""), ("6", "-20.00", "")],
    );
    let tax = taxes("16.67", &[["1", "16.67", "83.33"]]);
    let two = by(
        "CustomerRef",
        "1",
        document("TaxInclusive", "100.00", "100.00", &[sold("83.33", "11")], &tax),
    );
    made.txn(
        "Invoice",
        gbp("102", "2026-01-11", "c1"),
        two,
        &[("2", "100.00", ""), ("4", "-83.33", ""), ("6", "-16.67", "")],
    );
    // the second rate is levied on the first, too; its account only the ledger knows
    let tax = taxes("15.47", &[["3", "5.00", "100.00"], ["4", "10.47", "105.00"]]);
    let three = by(
        "CustomerRef",
        "1",
        document("TaxExcluded", "115.47", "115.47", &[sold("100.00", "13")], &tax),
    );
    made.txn(
        "Invoice",
        gbp("103", "2026-01-12", "c1"),
        three,
        &[("2", "115.47", ""), ("4", "-100.00", ""), ("7", "-15.47", "")],
    );
    let tax = taxes("2.00", &[["1", "2.00", "10.00"]]);
    let credit =
        by("CustomerRef", "1", document("TaxExcluded", "12.00", "0", &[sold("10.00", "11")], &tax));
    made.txn(
        "CreditMemo",
        gbp("104", "2026-01-13", "c1"),
        credit,
        &[("2", "-12.00", ""), ("4", "10.00", ""), ("6", "2.00", "")],
    );
    let payment = json!({
        "TotalAmt": number("158.00"), "UnappliedAmt": 0, "CustomerRef": { "value": "1" },
        "Line": [paid("170.00", "Invoice", "101"), paid("12.00", "CreditMemo", "104")],
    });
    made.txn(
        "Payment",
        gbp("105", "2026-01-14", "c1"),
        payment,
        &[("9", "158.00", ""), ("2", "-158.00", "")],
    );
    let tax = taxes("0", &[["5", "40.00", "200.00"], ["6", "-40.00", "200.00"]]);
    let reversed = by(
        "VendorRef",
        "2",
        document("TaxExcluded", "200.00", "200.00", &[spent("200.00", "14")], &tax),
    );
    made.txn(
        "Bill",
        gbp("106", "2026-01-15", "v2"),
        reversed,
        &[("5", "200.00", ""), ("6", "40.00", ""), ("6", "-40.00", ""), ("3", "-200.00", "")],
    );
    let tax = taxes("1.67", &[["1", "1.67", "8.33"]]);
    let bill = by(
        "VendorRef",
        "2",
        document("TaxInclusive", "10.00", "10.00", &[spent("8.33", "11")], &tax),
    );
    made.txn(
        "Bill",
        gbp("107", "2026-01-16", "v2"),
        bill,
        &[("5", "8.33", ""), ("6", "1.67", ""), ("3", "-10.00", "")],
    );
    let tax = taxes("0.33", &[["1", "0.33", "1.66"]]);
    let mut cash =
        by("VendorRef", "2", document("TaxInclusive", "1.99", "0", &[spent("1.66", "11")], &tax));
    cash["PaymentType"] = json!("Cash");
    cash["AccountRef"] = json!({ "value": "1" });
    made.txn(
        "Purchase",
        gbp("108", "2026-01-17", "v2"),
        cash,
        &[("5", "1.66", ""), ("6", "0.33", ""), ("1", "-1.99", "")],
    );
    let (_, proof) = made.proved("2026-01-31").await;
    assert_eq!(proof["completion_entries"], json!([]));
    // which of two control accounts an agency has, no record says
    assert_eq!(proof["by_documents"]["different"], 1, "{proof:#}");
}
