//! More than one receivable and payable account; refunds; entries on what
//! several owe.

use serde_json::{Value, json};

use super::{
    Business, Event,
    books::{Bill, Books, Invoice, leg, money, reference},
    masters::{Account, CHECKING, OPENING_EQUITY, PAYABLE, RECEIVABLE, SERVICES, add_accounts},
};

pub const RETAINAGE: &str = "121";
pub const CONTRACTORS: &str = "122";

pub const SEVERAL: [Event; 4] = [
    Business::retained_invoice,
    Business::contractor_bill,
    Business::retained_payment,
    Business::contractor_payment,
];

pub const REFUNDS: [Event; 4] = [
    Business::vendor_refund,
    Business::customer_refund,
    Business::deposit_for_invoice,
    Business::owed_by_several,
];

pub fn masters(books: &mut Books) {
    let accounts: [Account; 2] = [
        (RETAINAGE, "Retainage Receivable", "", "Accounts Receivable", "AccountsReceivable", ""),
        (CONTRACTORS, "Payable to Contractors", "", "Accounts Payable", "AccountsPayable", ""),
    ];
    add_accounts(books, &accounts, "USD");
}

impl Business {
    fn sold(&mut self, customer: &str, receivable: &str) -> Invoice {
        let (id, number) = (self.books.txn(), self.books.number());
        let cents = self.rng.i64(1000..50_000);
        let legs = [leg(receivable, cents).customer(customer), leg(SERVICES, -cents)];
        self.books.post("Invoice", &id, self.today, &number, "api", &legs);
        let line = json!({
            "Amount": money(cents), "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": reference("3"), "ItemAccountRef": reference(SERVICES),
                "TaxCodeRef": reference("NON"),
            },
        });
        let record = json!({
            "Id": id, "DocNumber": number, "TxnDate": self.today.to_string(), "Line": [line],
            "TotalAmt": money(cents), "CustomerRef": reference(customer),
        });
        Invoice { id, customer: customer.to_owned(), left: cents, links: Vec::new(), record }
    }

    fn retained_invoice(&mut self) {
        let customer = self.a_customer();
        let invoice = self.sold(&customer, RETAINAGE);
        self.retained.push(invoice);
    }

    /// Neither the invoice nor its payment says which receivable account it is.
    fn retained_payment(&mut self) {
        let Some(at) = self.retained.iter().position(|invoice| invoice.left > 0) else { return };
        let id = self.books.txn();
        let invoice = &mut self.retained[at];
        let cents = if self.rng.bool() { invoice.left } else { (invoice.left / 2).max(1) };
        invoice.left -= cents;
        invoice.links.push((id.clone(), "Payment"));
        let (of, customer) = (invoice.id.clone(), invoice.customer.clone());
        let legs =
            [leg(CHECKING, cents).customer(&customer), leg(RETAINAGE, -cents).customer(&customer)];
        self.books.post("Payment", &id, self.today, "", "api", &legs);
        let record = json!({
            "Id": id, "TxnDate": self.today.to_string(), "CustomerRef": reference(&customer),
            "DepositToAccountRef": reference(CHECKING), "TotalAmt": money(cents),
            "UnappliedAmt": 0, "Line": [linked(cents, &of, "Invoice")],
        });
        self.books.add("Payment", record);
    }

    fn contractor_bill(&mut self) {
        let (id, number) = (self.books.txn(), self.books.number());
        let vendor = self.people.vendors[self.rng.usize(0..3)].clone();
        let cents = self.rng.i64(1000..50_000);
        let legs = [leg(CONTRACTORS, -cents).vendor(&vendor), leg("55", cents)];
        self.books.post("Bill", &id, self.today, &number, "api", &legs);
        let record = json!({
            "Id": id, "DocNumber": number, "TxnDate": self.today.to_string(),
            "VendorRef": reference(&vendor), "TotalAmt": money(cents), "Line": [spent(cents, "55")],
        });
        self.contracted.push(Bill { id, vendor, left: cents, links: Vec::new(), record });
    }

    fn contractor_payment(&mut self) {
        let Some(at) = self.contracted.iter().position(|bill| bill.left > 0) else { return };
        let id = self.books.txn();
        let bill = &mut self.contracted[at];
        let cents = bill.left;
        bill.left = 0;
        bill.links.push((id.clone(), "BillPaymentCheck"));
        let (of, vendor) = (bill.id.clone(), bill.vendor.clone());
        let legs = [leg(CONTRACTORS, cents).vendor(&vendor), leg(CHECKING, -cents).vendor(&vendor)];
        self.books.post("BillPayment", &id, self.today, "", "api", &legs);
        self.pay_bill(&id, &vendor, cents, &[linked(cents, &of, "Bill")]);
    }

    fn pay_bill(&mut self, id: &str, vendor: &str, cents: i64, lines: &[Value]) {
        let record = json!({
            "Id": id, "TxnDate": self.today.to_string(), "VendorRef": reference(vendor),
            "PayType": "Check", "CheckPayment": { "BankAccountRef": reference(CHECKING) },
            "TotalAmt": money(cents), "Line": lines,
        });
        self.books.add("BillPayment", record);
    }

    fn receive(&mut self, id: &str, customer: &str, cents: i64, lines: &[Value]) {
        let record = json!({
            "Id": id, "TxnDate": self.today.to_string(), "CustomerRef": reference(customer),
            "DepositToAccountRef": reference(CHECKING), "TotalAmt": money(cents),
            "UnappliedAmt": 0, "Line": lines,
        });
        self.books.add("Payment", record);
    }

    /// A vendor's credit, the deposit of what he sent back, and a payment of nothing
    /// that sets them against each other.
    fn vendor_refund(&mut self) {
        let vendor = self.people.vendors[self.rng.usize(0..5)].clone();
        let cents = self.rng.i64(500..9000);
        let (credit, deposit, payment) = (self.books.txn(), self.books.txn(), self.books.txn());
        let legs = [leg(PAYABLE, cents).vendor(&vendor), leg("57", -cents)];
        self.books.post("VendorCredit", &credit, self.today, "", "api", &legs);
        let record = json!({
            "Id": credit, "TxnDate": self.today.to_string(), "VendorRef": reference(&vendor),
            "TotalAmt": money(cents), "Balance": 0, "Line": [spent(cents, "57")],
        });
        self.books.add("VendorCredit", record);
        let legs = [leg(CHECKING, cents), leg(PAYABLE, -cents).vendor(&vendor)];
        self.books.post("Deposit", &deposit, self.today, "", "api", &legs);
        self.deposit_from(&deposit, cents, PAYABLE, (&vendor, "VENDOR"));
        let lines = [linked(cents, &credit, "VendorCredit"), linked(cents, &deposit, "Deposit")];
        self.pay_bill(&payment, &vendor, 0, &lines);
    }

    fn deposit_from(&mut self, id: &str, cents: i64, account: &str, whose: (&str, &str)) {
        let line = json!({
            "Amount": money(cents), "DetailType": "DepositLineDetail",
            "DepositLineDetail": {
                "AccountRef": reference(account), "Entity": { "value": whose.0, "type": whose.1 },
            },
        });
        let record = json!({
            "Id": id, "TxnDate": self.today.to_string(), "TotalAmt": money(cents), "Line": [line],
            "DepositToAccountRef": reference(CHECKING),
        });
        self.books.add("Deposit", record);
    }

    /// A check to a customer who paid too much.
    fn customer_refund(&mut self) {
        let customer = self.a_customer();
        let cents = self.rng.i64(500..9000);
        let (credit, check, payment) = (self.books.txn(), self.books.txn(), self.books.txn());
        let legs = [leg(RECEIVABLE, -cents).customer(&customer), leg(SERVICES, cents)];
        self.books.post("CreditMemo", &credit, self.today, "", "api", &legs);
        let line = json!({
            "Amount": money(cents), "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": { "ItemRef": reference("3"), "ItemAccountRef": reference(SERVICES) },
        });
        let record = json!({
            "Id": credit, "TxnDate": self.today.to_string(), "CustomerRef": reference(&customer),
            "TotalAmt": money(cents), "Balance": 0, "Line": [line],
        });
        self.books.add("CreditMemo", record);
        let legs = [leg(RECEIVABLE, cents).customer(&customer), leg(CHECKING, -cents)];
        self.books.post("Purchase", &check, self.today, "", "api", &legs);
        let record = json!({
            "Id": check, "TxnDate": self.today.to_string(), "PaymentType": "Check",
            "AccountRef": reference(CHECKING), "TotalAmt": money(cents),
            "EntityRef": { "value": customer, "type": "Customer" },
            "Line": [spent(cents, RECEIVABLE)],
        });
        self.books.add("Purchase", record);
        let lines = [linked(cents, &credit, "CreditMemo"), linked(cents, &check, "Check")];
        self.receive(&payment, &customer, 0, &lines);
    }

    /// Money that went to the bank as a deposit on the receivable account.
    fn deposit_for_invoice(&mut self) {
        let customer = self.a_customer();
        let mut invoice = self.sold(&customer, RECEIVABLE);
        let cents = invoice.left;
        let (deposit, payment) = (self.books.txn(), self.books.txn());
        let legs = [leg(CHECKING, cents), leg(RECEIVABLE, -cents).customer(&customer)];
        self.books.post("Deposit", &deposit, self.today, "", "api", &legs);
        self.deposit_from(&deposit, cents, RECEIVABLE, (&customer, "CUSTOMER"));
        let lines = [linked(cents, &invoice.id, "Invoice"), linked(cents, &deposit, "Deposit")];
        self.receive(&payment, &customer, 0, &lines);
        invoice.left = 0;
        invoice.links.push((payment, "Payment"));
        self.invoices.push(invoice);
    }

    /// An entry on what two customers owe; one of them pays his part.
    fn owed_by_several(&mut self) {
        let (one, other) = (self.people.customers[0].clone(), self.people.customers[1].clone());
        let cents = self.rng.i64(500..9000);
        let payment = self.books.txn();
        let entry = (self.books.transactions() + 1).to_string();
        self.entry(&[
            (RECEIVABLE, cents, Some(("Customer", &one))),
            (RECEIVABLE, cents, Some(("Customer", &other))),
            (OPENING_EQUITY, -2 * cents, None),
        ]);
        let legs =
            [leg(CHECKING, cents).customer(&other), leg(RECEIVABLE, -cents).customer(&other)];
        self.books.post("Payment", &payment, self.today, "", "api", &legs);
        self.receive(&payment, &other, cents, &[linked(cents, &entry, "JournalEntry")]);
    }
}

fn linked(cents: i64, id: &str, entity: &str) -> Value {
    json!({ "Amount": money(cents), "LinkedTxn": [{ "TxnId": id, "TxnType": entity }] })
}

fn spent(cents: i64, account: &str) -> Value {
    json!({
        "Amount": money(cents), "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": { "AccountRef": reference(account) },
    })
}
