//! What QuickBooks' reports call a transaction, which is not the entity's name.

use serde_json::Value;

use super::store::Store;

/// The report's type of a transaction, as in `Credit Card Expense` for a `Purchase`.
pub fn report_type(store: &Store, txn_type: &str, txn_id: &str) -> String {
    let record = store.get(txn_type, txn_id).map(|record| record.object());
    match txn_type {
        "Purchase" => purchase_type(record).to_owned(),
        "BillPayment" => match record.and_then(|record| record["PayType"].as_str()) {
            Some("CreditCard") => "Bill Payment (Credit Card)".to_owned(),
            _ => "Bill Payment (Check)".to_owned(),
        },
        "RefundReceipt" => "Refund".to_owned(),
        "InventoryAdjustment" => "Inventory Qty Adjust".to_owned(),
        "CreditCardPayment" | "CreditCardPaymentTxn" => "Credit Card Payment".to_owned(),
        "COGS(FIFO)" => "Inventory Adjustment (FIFO)".to_owned(),
        "PayrollCheck" | "Paycheck" => "Payroll Check".to_owned(),
        "Revaluation" | "CurrencyRevaluation" => "Exchange Rate Gain or Loss".to_owned(),
        other => spaced(other),
    }
}

fn purchase_type(record: Option<&Value>) -> &'static str {
    let Some(record) = record else { return "Expense" };
    let code = record["PurchaseEx"]["any"].as_array().into_iter().flatten().find_map(|extra| {
        (extra["value"]["Name"] == "TxnType").then(|| extra["value"]["Value"].as_str())?
    });
    let payment = record["PaymentType"].as_str().unwrap_or_default();
    match (code, payment) {
        (Some("11"), _) => "Credit Card Credit",
        (_, "CreditCard") if record["Credit"] == true => "Credit Card Credit",
        (Some("3"), _) | (None, "Check") => "Check",
        (Some("54"), _) => "Expense",
        (Some("31"), _) => "Cash Expense",
        (_, "CreditCard") => "Credit Card Expense",
        _ => "Expense",
    }
}

/// `SalesTaxPayment` as `Sales Tax Payment`; what has blanks already stays.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_uppercase() && before.is_lowercase() {
            words.push(' ');
        }
        words.push(letter);
        before = letter;
    }
    words
}

/// Who and what stands on a transaction, for the cells of a report.
#[derive(Debug, Clone, Default)]
pub struct TxnFacts {
    pub type_name: String,
    pub doc_num: String,
    pub memo: String,
    /// Id and name of the customer, vendor or employee on its head.
    pub name: Option<(String, String)>,
    pub customer: Option<String>,
    pub vendor: Option<String>,
    pub created: String,
    pub updated: String,
    pub department: Option<(String, String)>,
}

/// Gathers what the document itself says, if there is one.
pub fn facts(store: &Store, txn_type: &str, txn_id: &str) -> TxnFacts {
    let mut facts =
        TxnFacts { type_name: report_type(store, txn_type, txn_id), ..TxnFacts::default() };
    let Some(record) = store.get(txn_type, txn_id) else { return facts };
    let record = record.object();
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    facts.doc_num = text("DocNumber");
    facts.memo = text("PrivateNote");
    let time =
        |name: &str| record["MetaData"][name].as_str().map(str::to_owned).unwrap_or_default();
    facts.created = time("CreateTime");
    facts.updated = time("LastUpdatedTime");
    facts.customer = reference(&record["CustomerRef"]).map(|(id, _)| id);
    facts.vendor = reference(&record["VendorRef"]).map(|(id, _)| id);
    if let Some((id, _)) = reference(&record["EntityRef"]) {
        match record["EntityRef"]["type"].as_str() {
            Some("Vendor") => facts.vendor = Some(id),
            Some("Customer") => facts.customer = Some(id),
            _ => {}
        }
    }
    facts.name = ["CustomerRef", "VendorRef", "EntityRef"]
        .iter()
        .find_map(|field| reference(&record[*field]));
    facts.department = reference(&record["DepartmentRef"]);
    facts
}

/// A reference's id and name.
pub fn reference(value: &Value) -> Option<(String, String)> {
    let id = value["value"].as_str()?.to_owned();
    Some((id, value["name"].as_str().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qbo::record::Record;

    #[test]
    fn purchases_are_named_by_code_payment_and_flag() {
        let name = |payment: &str, credit: bool, code: Option<&str>| {
            let any =
                code.map(|code| serde_json::json!([{"value": {"Name": "TxnType", "Value": code}}]));
            let purchase = serde_json::json!({
                "Id": "1", "PaymentType": payment, "Credit": credit, "PurchaseEx": {"any": any},
            });
            let mut store = Store::default();
            store.load("Purchase", Record::new(purchase).unwrap());
            report_type(&store, "Purchase", "1")
        };
        assert_eq!(name("Check", false, Some("3")), "Check");
        assert_eq!(name("CreditCard", false, Some("1")), "Credit Card Expense");
        assert_eq!(name("CreditCard", true, None), "Credit Card Credit");
        assert_eq!(name("Cash", false, Some("31")), "Cash Expense");
        assert_eq!(name("Cash", false, None), "Expense");
        let store = Store::default();
        assert_eq!(report_type(&store, "SalesTaxPayment", "x"), "Sales Tax Payment");
        assert_eq!(report_type(&store, "BillPayment", "x"), "Bill Payment (Check)");
    }
}
