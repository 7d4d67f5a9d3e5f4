//! What a company also has: rarer transactions, and what posts nothing.

use serde_json::json;

use super::{
    Business,
    books::{leg, money, reference},
    masters::{CARD, CHECKING, COGS, INVENTORY},
};

impl Business {
    /// All of it on the last day, so that nothing else changes for it.
    pub(super) fn others(&mut self) {
        self.card_payment();
        self.adjustment();
        self.customer_types();
        self.orders();
        self.time();
        self.listed();
    }

    fn card_payment(&mut self) {
        let (id, date) = (self.books.txn(), self.today);
        let legs = [leg(CARD, 12_345), leg(CHECKING, -12_345)];
        self.books.post("CreditCardPayment", &id, date, "", "api", &legs);
        let record = json!({
            "Id": id, "TxnDate": date.to_string(), "Amount": money(12_345),
            "CreditCardAccountRef": reference(CARD), "BankAccountRef": reference(CHECKING),
            "PrivateNote": "Monthly statement",
        });
        self.books.add("CreditCardPayment", record);
    }

    /// Two pumps are gone, and one cost nothing.
    fn adjustment(&mut self) {
        for (item, worth) in [("7", 1250), ("8", 0)] {
            let (id, number, date) = (self.books.txn(), self.books.number(), self.today);
            let legs = [leg(COGS, worth), leg(INVENTORY, -worth)];
            self.books.post("InventoryAdjustment", &id, date, &number, "api", &legs);
            let line = json!({
                "Id": "1", "DetailType": "ItemAdjustmentLineDetail",
                "ItemAdjustmentLineDetail": { "ItemRef": reference(item), "QtyDiff": -2 },
            });
            let record = json!({
                "Id": id, "DocNumber": number, "TxnDate": date.to_string(), "Line": [line],
                "AdjustAccountRef": reference(COGS), "PrivateNote": "Counted",
            });
            self.books.add("InventoryAdjustment", record);
        }
    }

    /// An estimate that became an invoice and a purchase order that became a bill,
    /// and others that came to nothing yet, or at all.
    fn orders(&mut self) {
        let (sold, bought) = (&self.invoices[0], &self.bills[0]);
        let became = |kind: &str, id: &str| json!([{ "TxnId": id, "TxnType": kind }]);
        let closed = json!({
            "TxnDate": sold.record["TxnDate"], "CustomerRef": sold.record["CustomerRef"],
            "TxnStatus": "Closed", "Line": sold.record["Line"], "TotalAmt": sold.record["TotalAmt"],
            "TxnTaxDetail": sold.record["TxnTaxDetail"], "LinkedTxn": became("Invoice", &sold.id),
        });
        let ordered = json!({
            "TxnDate": bought.record["TxnDate"], "VendorRef": bought.record["VendorRef"],
            "POStatus": "Closed", "Line": bought.record["Line"],
            "TotalAmt": bought.record["TotalAmt"], "LinkedTxn": became("Bill", &bought.id),
        });
        let (date, customer) = (self.today.to_string(), self.people.customers[0].clone());
        let item = json!({
            "Amount": money(55_000), "DetailType": "SalesItemLineDetail", "Description": "Fountains",
            "SalesItemLineDetail": { "ItemRef": reference("6"), "Qty": 2, "UnitPrice": money(27_500) },
        });
        let discount = json!({
            "Amount": money(5000), "DetailType": "DiscountLineDetail",
            "DiscountLineDetail": { "PercentBased": false },
        });
        let open = |status: &str| {
            json!({
                "TxnDate": date, "CustomerRef": reference(&customer), "TxnStatus": status,
                "ExpirationDate": date, "EmailStatus": "EmailSent", "SalesTermRef": reference("3"),
                "CustomerMemo": { "value": "Thank you." }, "Line": [item, discount],
                "TotalAmt": money(50_000),
            })
        };
        let (accepted, rejected) = (open("Accepted"), open("Rejected"));
        for (entity, mut record) in [
            ("Estimate", closed),
            ("Estimate", accepted),
            ("Estimate", rejected),
            ("PurchaseOrder", ordered),
        ] {
            record["Id"] = json!(self.books.txn());
            record["DocNumber"] = json!(self.books.number());
            self.books.add(entity, record);
        }
    }

    /// Of a vendor by the clock for a job, and of an employee for nobody.
    fn time(&mut self) {
        let (date, vendor) = (self.today.to_string(), self.people.vendors[0].clone());
        let employee = self.people.employees[0].clone();
        let mut job = self.people.customers[0].clone();
        for customer in self.books.records.get_mut("Customer").into_iter().flatten() {
            if customer.get("ParentRef").is_some() {
                customer["Job"] = json!(true);
                customer["Id"].as_str().unwrap_or_default().clone_into(&mut job);
            }
        }
        for record in [
            json!({
                "NameOf": "Vendor", "VendorRef": reference(&vendor), "CustomerRef": reference(&job),
                "StartTime": format!("{date}T08:00:00-07:00"),
                "EndTime": format!("{date}T12:30:00-07:00"), "BreakMinutes": 20,
                "ItemRef": reference("4"),
            }),
            json!({
                "NameOf": "Employee", "EmployeeRef": reference(&employee), "Hours": 1, "Minutes": 0,
                "Description": "Tidied up",
            }),
        ] {
            let mut record = record;
            record["Id"] = json!(self.books.txn());
            record["TxnDate"] = json!(date);
            self.books.add("TimeActivity", record);
        }
    }

    fn customer_types(&mut self) {
        for (id, name) in [("1", "Retail"), ("2", "Wholesale")] {
            self.books.add("CustomerType", json!({ "Id": id, "Name": name, "Active": true }));
        }
        for customer in self.books.records.get_mut("Customer").into_iter().flatten().take(2) {
            customer["CustomerTypeRef"] = reference("2");
        }
    }

    fn listed(&mut self) {
        let date = self.today.to_string();
        let customer = self.people.customers[0].clone();
        let id = self.books.txn();
        let record = json!({
            "Id": id, "TxnDate": date, "Amount": money(5000), "HasBeenInvoiced": false,
            "CustomerRef": reference(&customer),
        });
        self.books.add("ReimburseCharge", record);
        let record = json!({
            "Id": "1", "Name": "Next year", "BudgetType": "ProfitAndLoss", "Active": true,
            "StartDate": date, "EndDate": date, "BudgetEntryType": "Monthly", "BudgetDetail": [],
        });
        self.books.add("Budget", record);
        let template = json!({ "Invoice": {
            "Id": "1", "SyncToken": "0", "CustomerRef": reference(&customer), "Line": [],
            "RecurringInfo": { "Name": "Mowing", "RecurType": "Automated", "Active": true },
            "MetaData": { "CreateTime": format!("{date}T09:30:00-07:00"),
                          "LastUpdatedTime": format!("{date}T09:30:00-07:00") },
        }});
        self.books.records.entry("RecurringTransaction").or_default().push(template);
    }
}
