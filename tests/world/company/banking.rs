//! Deposits, transfers, entries, and what nobody enters but the ledger has.

use serde_json::{Value, json};

use super::{
    Business, Feature,
    books::{Lot, leg, money, reference},
    masters::{
        CHECKING, CITY_TAX, INTEREST, INVENTORY, NOTES, OPENING_EQUITY, PAYABLE, PAYROLL_LIABILITY,
        PETTY_CASH, RECEIVABLE, RETAINED, SAVINGS, STATE_TAX, TRUCK, UNDEPOSITED, WAGES,
    },
};

impl Business {
    pub(super) fn opening_deposit(&mut self) {
        let id = self.books.txn();
        let legs = [leg(CHECKING, 5_000_000), leg(OPENING_EQUITY, -5_000_000)];
        self.books.post("Deposit", &id, self.today, "", "api", &legs);
        let line = deposit_line(5_000_000, OPENING_EQUITY);
        self.add_deposit(&id, 5_000_000, &[line], None);
    }

    /// Goods on the shelf on the first day: no record shows them.
    pub(super) fn inventory_start(&mut self) {
        for (at, (item, _, price)) in self.goods.stocked.clone().into_iter().enumerate() {
            let cost = 40 * (price / 2);
            self.lots.entry(item.to_owned()).or_default().push(Lot { quantity: 40, cost });
            let id = format!("hidden-start-{}", at + 1);
            let legs = [leg(INVENTORY, cost), leg(OPENING_EQUITY, -cost)];
            self.books.post(
                "InventoryStartingValue",
                &id,
                self.today,
                "",
                "inventory_start",
                &legs,
            );
        }
    }

    /// A truck on credit: a parent account with postings of its own.
    pub(super) fn opening_entry(&mut self) {
        self.entry(&[(TRUCK, 1_349_500, None), (NOTES, -1_349_500, None)]);
        self.entry(&[(OPENING_EQUITY, 12_345, None), (RETAINED, -12_345, None)]);
    }

    pub(super) fn entry(&mut self, legs: &[EntryLeg<'_>]) {
        let (id, number) = (self.books.txn(), self.books.number());
        let mut lines = Vec::new();
        for (account, cents, who) in legs {
            let mut one = leg(account, *cents);
            let mut detail = json!({
                "PostingType": if *cents > 0 { "Debit" } else { "Credit" },
                "AccountRef": reference(account),
            });
            if let Some((kind, whom)) = who {
                detail["Entity"] = json!({ "Type": kind, "EntityRef": reference(whom) });
                one = if *kind == "Customer" { one.customer(whom) } else { one.vendor(whom) };
            }
            lines.push(json!({
                "Id": lines.len().to_string(),
                "Description": "Entry",
                "Amount": money(cents.abs()),
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": detail,
            }));
            self.books.post("JournalEntry", &id, self.today, &number, "api", &[one]);
        }
        self.books.add(
            "JournalEntry",
            json!({
                "Id": id, "DocNumber": number, "TxnDate": self.today.to_string(),
                "Adjustment": false, "TotalAmt": 0, "Line": lines, "TxnTaxDetail": {},
            }),
        );
    }

    pub(super) fn journal_entry(&mut self) {
        let cents = self.rng.i64(1000..90000);
        let customer = self.a_customer();
        let vendor = self.people.vendors[0].clone();
        match self.rng.u8(0..4) {
            0 => self.entry(&[("65", cents, None), ("39", -cents, None)]),
            1 => self
                .entry(&[(RECEIVABLE, cents, Some(("Customer", &customer))), ("45", -cents, None)]),
            2 => self.entry(&[("66", cents, None), (PAYABLE, -cents, Some(("Vendor", &vendor)))]),
            _ => self.entry(&[
                ("3", cents, None),
                ("53", -cents / 2, None),
                ("58", -(cents - cents / 2), None),
            ]),
        }
    }

    pub(super) fn transfer(&mut self) {
        let id = self.books.txn();
        let cents = self.rng.i64(1000..50000);
        let to = if self.rng.bool() { SAVINGS } else { PETTY_CASH };
        self.books.post(
            "Transfer",
            &id,
            self.today,
            "",
            "api",
            &[leg(to, cents), leg(CHECKING, -cents)],
        );
        self.books.add(
            "Transfer",
            json!({
                "Id": id, "TxnDate": self.today.to_string(), "Amount": money(cents),
                "FromAccountRef": reference(CHECKING), "ToAccountRef": reference(to),
            }),
        );
    }

    /// Takes what waits to the bank, with other money sometimes, and some kept as cash.
    pub(super) fn deposit(&mut self) {
        if self.undeposited.is_empty() {
            return;
        }
        let id = self.books.txn();
        let most = self.undeposited.len().min(self.rng.usize(1..6));
        let (mut lines, mut total) = (Vec::new(), 0);
        for receipt in self.undeposited.drain(..most) {
            total += receipt.cents;
            lines.push(json!({
                "Amount": money(receipt.cents),
                "LinkedTxn": [{ "TxnId": receipt.id, "TxnType": receipt.kind, "TxnLineId": "0" }],
            }));
        }
        let mut legs = vec![leg(UNDEPOSITED, -total)];
        if self.rng.u8(0..5) == 0 {
            let interest = self.rng.i64(10..900);
            lines.push(deposit_line(interest, INTEREST));
            legs.push(leg(INTEREST, -interest));
            total += interest;
        }
        if self.plan.has(Feature::Odd) && self.rng.u8(0..8) == 0 && total > 5000 {
            let charge = self.rng.i64(10..300);
            lines.push(deposit_line(-charge, "61"));
            legs.push(leg("61", charge));
            total -= charge;
        }
        let back =
            if self.rng.u8(0..8) == 0 && total > 10000 { self.rng.i64(100..5000) } else { 0 };
        legs.push(leg(CHECKING, total - back));
        legs.push(leg(PETTY_CASH, back));
        self.books.post("Deposit", &id, self.today, "", "api", &legs);
        self.add_deposit(&id, total - back, &lines, (back > 0).then_some(back));
    }

    fn add_deposit(&mut self, id: &str, total: i64, lines: &[Value], back: Option<i64>) {
        let mut record = json!({
            "Id": id, "TxnDate": self.today.to_string(), "DepositToAccountRef": reference(CHECKING),
            "TotalAmt": money(total), "Line": lines, "TxnTaxDetail": {},
        });
        if let Some(back) = back {
            record["CashBack"] = json!({ "AccountRef": reference(PETTY_CASH), "Amount": money(back), "Memo": "Cash" });
        }
        self.books.add("Deposit", record);
    }

    /// What the ledger gets each month without anybody's record.
    pub(super) fn month_end(&mut self) {
        self.revalue();
        let month = self.today.strftime("%Y-%m").to_string();
        if self.plan.has(Feature::Payroll) {
            let gross = self.rng.i64(200_000..400_000);
            let id = format!("hidden-payroll-{month}");
            let legs = [
                leg(WAGES, gross),
                leg(PAYROLL_LIABILITY, -gross / 5),
                leg(CHECKING, gross / 5 - gross),
            ];
            self.books.post("PayrollCheck", &id, self.today, "", "payroll", &legs);
        }
        if self.plan.has(Feature::SalesTaxPayments) {
            let owed = |account: &str| -> i64 {
                self.books.postings.iter().filter(|p| p.account == account).map(|p| -p.cents).sum()
            };
            let (state, city) = (owed(STATE_TAX).max(0), owed(CITY_TAX).max(0));
            if state + city > 0 {
                let id = format!("hidden-tax-{month}");
                let legs =
                    [leg(STATE_TAX, state), leg(CITY_TAX, city), leg(CHECKING, -state - city)];
                self.books.post("SalesTaxPayment", &id, self.today, "", "sales_tax_payment", &legs);
            }
        }
    }

    pub(super) fn things_that_post_nothing(&mut self) {
        for _ in 0..3 {
            let (id, number, customer) = (self.books.txn(), self.books.number(), self.a_customer());
            let line = json!({
                "Amount": money(7500), "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": { "ItemRef": reference("3"), "Qty": 1, "UnitPrice": money(7500) },
            });
            let date = self.today.to_string();
            self.books.add(
                "Estimate",
                json!({
                    "Id": id, "DocNumber": number, "TxnDate": date, "CustomerRef": reference(&customer),
                    "TxnStatus": "Pending", "Line": [line], "TotalAmt": money(7500),
                }),
            );
            let (id, number) = (self.books.txn(), self.books.number());
            let vendor = self.people.vendors[1].clone();
            self.books.add(
                "PurchaseOrder",
                json!({
                    "Id": id, "DocNumber": number, "TxnDate": date, "VendorRef": reference(&vendor),
                    "POStatus": "Open", "Line": [], "TotalAmt": money(12500),
                }),
            );
            let id = self.books.txn();
            let employee = self.people.employees[0].clone();
            self.books.add(
                "TimeActivity",
                json!({
                    "Id": id, "TxnDate": date, "NameOf": "Employee", "EmployeeRef": reference(&employee),
                    "CustomerRef": reference(&customer), "Hours": 3, "Minutes": 30, "HourlyRate": money(2500),
                }),
            );
        }
    }
}

/// Account, cents, and whom it concerns: kind and id.
pub(super) type EntryLeg<'a> = (&'a str, i64, Option<(&'a str, &'a str)>);

fn deposit_line(cents: i64, account: &str) -> Value {
    json!({
        "Amount": money(cents),
        "DetailType": "DepositLineDetail",
        "DepositLineDetail": { "AccountRef": reference(account) },
    })
}
