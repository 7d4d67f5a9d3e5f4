//! Buying: bills, credits, payments, expenses.

use jiff::Span;
use serde_json::{Value, json};

use super::{
    Business, Feature,
    books::{Bill, Credit, Leg, Lot, leg, money, reference},
    masters::{CARD, CHECKING, INVENTORY, PAYABLE, SPENT_ON},
};

impl Business {
    fn a_vendor(&mut self) -> String {
        let at = self.rng.usize(0..self.people.vendors.len());
        self.people.vendors[at].clone()
    }

    /// Lines of what was bought, what they debit, and their sum.
    fn bought(&mut self, stock: bool) -> (Vec<Value>, Vec<(String, i64)>, i64) {
        let (mut lines, mut debits, mut total) = (Vec::new(), Vec::new(), 0);
        for at in 0..self.rng.usize(1..4) {
            let account = SPENT_ON[self.rng.usize(0..SPENT_ON.len())];
            // now and then something comes off
            let sign = if at > 0 && self.plan.has(Feature::Odd) && self.rng.u8(0..30) == 0 {
                -1
            } else {
                1
            };
            let cents = sign * self.rng.i64(300..40000);
            let mut detail =
                json!({ "AccountRef": reference(account), "TaxCodeRef": reference("NON") });
            if self.rng.u8(0..4) == 0 {
                detail["ClassRef"] = reference("1");
            }
            lines.push(json!({
                "Id": (lines.len() + 1).to_string(),
                "Amount": money(cents),
                "DetailType": "AccountBasedExpenseLineDetail",
                "AccountBasedExpenseLineDetail": detail,
            }));
            debits.push((account.to_owned(), cents));
            total += cents;
        }
        if stock {
            let (item, _, price) = self.goods.stocked[self.rng.usize(0..3)];
            let quantity = self.rng.i64(5..30);
            let cents = quantity * (price / 2);
            self.lots.entry(item.to_owned()).or_default().push(Lot { quantity, cost: cents });
            lines.push(json!({
                "Id": (lines.len() + 1).to_string(),
                "Amount": money(cents),
                "DetailType": "ItemBasedExpenseLineDetail",
                "ItemBasedExpenseLineDetail": {
                    "ItemRef": reference(item), "Qty": quantity, "UnitPrice": money(price / 2),
                    "TaxCodeRef": reference("NON"),
                },
            }));
            debits.push((INVENTORY.to_owned(), cents));
            total += cents;
        }
        if total <= 0 {
            return self.bought(stock);
        }
        (lines, debits, total)
    }

    fn spend(
        &mut self,
        kind: &'static str,
        id: &str,
        number: &str,
        debits: &[(String, i64)],
        sign: i64,
        against: Leg<'_>,
    ) {
        let mut legs: Vec<Leg<'_>> =
            debits.iter().map(|(account, cents)| leg(account, cents * sign)).collect();
        legs.push(against);
        self.books.post(kind, id, self.today, number, "api", &legs);
    }

    pub(super) fn bill(&mut self) {
        let (id, number, vendor) = (self.books.txn(), self.books.number(), self.a_vendor());
        let stock = self.rng.u8(0..3) == 0;
        let (lines, debits, total) = self.bought(stock);
        self.spend("Bill", &id, &number, &debits, 1, leg(PAYABLE, -total).vendor(&vendor));
        let record = json!({
            "Id": id, "DocNumber": number, "TxnDate": self.today.to_string(),
            "DueDate": self.today.saturating_add(Span::new().days(15)).to_string(),
            "VendorRef": reference(&vendor), "APAccountRef": reference(PAYABLE),
            "Line": lines, "TotalAmt": money(total),
        });
        self.bills.push(Bill { id, vendor, left: total, links: Vec::new(), record });
    }

    pub(super) fn vendor_credit(&mut self) {
        let (id, number) = (self.books.txn(), self.books.number());
        let vendor = match self.bills.iter().rev().find(|bill| bill.left > 0) {
            Some(bill) => bill.vendor.clone(),
            None => self.a_vendor(),
        };
        let (lines, debits, total) = self.bought(false);
        self.spend("VendorCredit", &id, &number, &debits, -1, leg(PAYABLE, total).vendor(&vendor));
        let record = json!({
            "Id": id, "DocNumber": number, "TxnDate": self.today.to_string(),
            "VendorRef": reference(&vendor), "APAccountRef": reference(PAYABLE),
            "Line": lines, "TotalAmt": money(total),
        });
        self.vendor_credits.push(Credit { id, of: vendor, left: total, vendor: true, record });
    }

    /// A bill payment of nothing that sets a vendor credit against a bill.
    pub(super) fn apply_vendor_credit(&mut self) {
        let Some(credit) = self.vendor_credits.iter().position(|c| c.left > 0) else { return };
        let of = self.vendor_credits[credit].of.clone();
        let Some(at) = self.bills.iter().position(|b| b.vendor == of && b.left > 0) else { return };
        let cents = self.vendor_credits[credit].left.min(self.bills[at].left);
        let id = self.books.txn();
        self.vendor_credits[credit].left -= cents;
        self.bills[at].left -= cents;
        self.bills[at].links.push((id.clone(), "BillPaymentCheck"));
        let link = |txn: &str, kind: &str| json!({ "Amount": money(cents), "LinkedTxn": [{ "TxnId": txn, "TxnType": kind }] });
        let lines = [
            link(&self.bills[at].id, "Bill"),
            link(&self.vendor_credits[credit].id, "VendorCredit"),
        ];
        self.books.add(
            "BillPayment",
            json!({
                "Id": id, "TxnDate": self.today.to_string(), "VendorRef": reference(&of),
                "PayType": "Check", "CheckPayment": { "BankAccountRef": reference(CHECKING) },
                "TotalAmt": 0, "Line": lines,
            }),
        );
    }

    pub(super) fn bill_payment(&mut self) {
        let open: Vec<usize> =
            (0..self.bills.len()).rev().take(200).filter(|at| self.bills[*at].left > 0).collect();
        if open.is_empty() {
            return;
        }
        let first = open[self.rng.usize(0..open.len())];
        let vendor = self.bills[first].vendor.clone();
        let mut paid = vec![first];
        paid.extend(
            open.into_iter().filter(|at| *at != first && self.bills[*at].vendor == vendor).take(2),
        );
        let (id, number) = (self.books.txn(), self.books.number());
        let (mut lines, mut total) = (Vec::new(), 0);
        for at in paid {
            let left = self.bills[at].left;
            let cents = if self.rng.u8(0..6) == 0 { (left / 2).max(1) } else { left };
            self.bills[at].left -= cents;
            self.bills[at].links.push((id.clone(), "BillPaymentCheck"));
            total += cents;
            lines.push(json!({
                "Amount": money(cents),
                "LinkedTxn": [{ "TxnId": self.bills[at].id, "TxnType": "Bill" }],
            }));
        }
        let by_card = self.rng.u8(0..4) == 0;
        let from = if by_card { CARD } else { CHECKING };
        self.books.post(
            "BillPayment",
            &id,
            self.today,
            &number,
            "api",
            &[leg(PAYABLE, total).vendor(&vendor), leg(from, -total).vendor(&vendor)],
        );
        let mut record = json!({
            "Id": id, "DocNumber": number, "TxnDate": self.today.to_string(),
            "VendorRef": reference(&vendor), "TotalAmt": money(total), "Line": lines,
        });
        if by_card {
            record["PayType"] = json!("CreditCard");
            record["CreditCardPayment"] = json!({ "CCAccountRef": reference(CARD) });
        } else {
            record["PayType"] = json!("Check");
            record["CheckPayment"] = json!({ "BankAccountRef": reference(CHECKING) });
        }
        self.books.add("BillPayment", record);
    }

    pub(super) fn purchase(&mut self) {
        let (id, number) = (self.books.txn(), self.books.number());
        let (how, account, code) = match self.rng.u8(0..4) {
            0 => ("Check", CHECKING, "3"),
            1 => ("Cash", CHECKING, "54"),
            _ => ("CreditCard", CARD, "1"),
        };
        let credit = how == "CreditCard" && self.rng.u8(0..12) == 0;
        let stock = !credit && self.rng.u8(0..8) == 0;
        let (lines, debits, total) = self.bought(stock);
        let sign = if credit { -1 } else { 1 };
        let payee = match self.rng.u8(0..6) {
            0 => None,
            1 => Some((self.a_customer(), "Customer")),
            2 => Some((self.people.employees[0].clone(), "Employee")),
            _ => Some((self.a_vendor(), "Vendor")),
        };
        self.spend("Purchase", &id, &number, &debits, sign, leg(account, -total * sign));
        let mut record = json!({
            "Id": id, "DocNumber": number, "TxnDate": self.today.to_string(),
            "PaymentType": how, "AccountRef": reference(account), "Line": lines,
            "TotalAmt": money(total),
            "PurchaseEx": { "any": [{ "value": { "Name": "TxnType", "Value": if credit { "11" } else { code } } }] },
        });
        if credit {
            record["Credit"] = json!(true);
        }
        if let Some((who, kind)) = payee {
            record["EntityRef"] = json!({ "value": who, "type": kind });
        }
        self.books.add("Purchase", record);
    }
}
