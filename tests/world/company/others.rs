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
