//! What happens more rarely in other currencies: credits of vendors, money that
//! waits for the bank, charges to a card, and taxes.

use serde_json::{Value, json};

use super::{
    Business, Event,
    abroad::{CURRENCIES, Currency, EXCHANGE, Open, linked, spent},
    books::{Books, leg, money, reference, share},
    masters::{Account, SERVICES, SPENT_ON, STATE_TAX, UNDEPOSITED, add_accounts},
};

/// A card in euro.
const CARD_ABROAD: &str = "108";

/// The state's tax: its code, its rate, and what that levies, in millionths.
const TAXED: (&str, &str, i64) = ("2", "3", 80_000);

pub const EVENTS: [Event; 4] = [
    Business::vendor_credit_abroad,
    Business::bank_abroad,
    Business::charge_abroad,
    Business::taxed_abroad,
];

pub fn masters(books: &mut Books) {
    let card: [Account; 1] = [(CARD_ABROAD, "Euro Card", "", "Credit Card", "CreditCard", "")];
    add_accounts(books, &card, CURRENCIES[0].code);
}

impl Business {
    fn rate_of(&mut self, at: &Currency) -> i64 {
        at.worth + self.rng.i64(-90_000..90_000)
    }

    /// A vendor's credit, and a payment of nothing that sets it against a bill.
    fn vendor_credit_abroad(&mut self) {
        let bill = self.abroad.iter().position(|open| open.entity == "Bill" && open.left > 0);
        let Some(bill) = bill else { return };
        let (at, who) = (self.abroad[bill].at, self.abroad[bill].who);
        let rate = self.rate_of(at);
        let account = SPENT_ON[self.rng.usize(0..SPENT_ON.len())];
        let (id, number, cents) = (self.books.txn(), self.books.number(), self.rng.i64(150..9000));
        let home = share(cents, rate);
        let legs = [
            leg(at.payable, home).vendor(who).own(at.code, cents, rate),
            leg(account, -home).own(at.code, -cents, rate),
        ];
        self.post_abroad("VendorCredit", &id, &number, &legs);
        let record = self.in_currency(
            at,
            rate,
            json!({
                "Id": id, "DocNumber": number, "TotalAmt": money(cents),
                "Line": [spent(cents, account)], "VendorRef": reference(who),
                "APAccountRef": reference(at.payable),
            }),
        );
        let credit = self.abroad.len();
        let entity = "VendorCredit";
        self.abroad.push(Open { entity, id, who, at, rate, left: cents, record: Some(record) });
        self.set_against(bill, credit);
    }

    fn set_against(&mut self, bill: usize, credit: usize) {
        let cents = self.abroad[credit].left.min(self.abroad[bill].left);
        let Open { at, who, .. } = self.abroad[bill];
        let rate = self.rate_of(at);
        let id = self.books.txn();
        let off = share(cents, self.abroad[bill].rate) - share(cents, self.abroad[credit].rate);
        let legs = [
            leg(at.payable, off).vendor(who).own(at.code, 0, rate),
            leg(EXCHANGE, -off).vendor(who).own(at.code, 0, rate),
        ];
        self.post_abroad("BillPayment", &id, "", &legs);
        let mut lines = Vec::new();
        for one in [bill, credit] {
            self.abroad[one].left -= cents;
            lines.push(linked(cents, &self.abroad[one].id, self.abroad[one].entity));
        }
        let record = self.in_currency(
            at,
            rate,
            json!({
                "Id": id, "TotalAmt": 0, "Line": lines, "VendorRef": reference(who),
                "PayType": "Check", "CheckPayment": { "BankAccountRef": reference(at.bank) },
            }),
        );
        self.books.add("BillPayment", record);
    }

    /// A payment that waits, and is taken to the bank at another day's rate.
    fn bank_abroad(&mut self) {
        let chosen = self.choose_abroad(false);
        let Some((first, _)) = chosen.first() else { return };
        let (at, who) = (self.abroad[*first].at, self.abroad[*first].who);
        let (rate, later) = (self.rate_of(at), self.rate_of(at));
        let (payment, deposit) = (self.books.txn(), self.books.txn());
        let (lines, total, owed) = self.settle_abroad(&chosen);
        let received = share(total, rate);
        let legs = [
            leg(UNDEPOSITED, received).customer(who).own(at.code, total, rate),
            leg(at.receivable, -owed).customer(who).own(at.code, -total, rate),
            leg(EXCHANGE, owed - received).customer(who).own(at.code, 0, rate),
        ];
        self.post_abroad("Payment", &payment, "", &legs);
        let record = self.in_currency(
            at,
            rate,
            json!({
                "Id": payment, "TotalAmt": money(total), "UnappliedAmt": 0, "Line": lines,
                "CustomerRef": reference(who), "DepositToAccountRef": reference(UNDEPOSITED),
            }),
        );
        self.books.add("Payment", record);
        let banked = share(total, later);
        let legs = [
            leg(at.bank, banked).own(at.code, total, later),
            leg(UNDEPOSITED, -received).customer(who).own(at.code, -total, later),
            leg(EXCHANGE, received - banked).own(at.code, 0, later),
        ];
        self.post_abroad("Deposit", &deposit, "", &legs);
        let record = self.in_currency(
            at,
            later,
            json!({
                "Id": deposit, "TotalAmt": money(total), "DepositToAccountRef": reference(at.bank),
                "Line": [linked(total, &payment, "Payment")],
            }),
        );
        self.books.add("Deposit", record);
    }

    fn charge_abroad(&mut self) {
        let at = &CURRENCIES[0];
        let (rate, who) = (self.rate_of(at), at.vendors[0]);
        let account = SPENT_ON[self.rng.usize(0..SPENT_ON.len())];
        let (id, cents) = (self.books.txn(), self.rng.i64(99..20_000));
        let home = share(cents, rate);
        // now and then something is given back
        let sign = if self.rng.u8(0..4) == 0 { -1 } else { 1 };
        let legs = [
            leg(account, home * sign).own(at.code, cents * sign, rate),
            leg(CARD_ABROAD, -home * sign).vendor(who).own(at.code, -cents * sign, rate),
        ];
        self.post_abroad("Purchase", &id, "", &legs);
        let mut record = self.in_currency(
            at,
            rate,
            json!({
                "Id": id, "TotalAmt": money(cents), "PaymentType": "CreditCard",
                "AccountRef": reference(CARD_ABROAD), "Line": [spent(cents, account)],
                "EntityRef": { "value": who, "type": "Vendor" },
            }),
        );
        if sign < 0 {
            record["Credit"] = json!(true);
        }
        self.books.add("Purchase", record);
    }

    /// An invoice with the state's tax, in its own currency.
    fn taxed_abroad(&mut self) {
        let (at, rate) = self.somewhere();
        let who = at.customers[1];
        let (id, number) = (self.books.txn(), self.books.number());
        let (code, rate_id, levied) = TAXED;
        let cents = self.rng.i64(1000..90_000);
        let tax = share(cents, levied);
        let home = share(cents, rate) + share(tax, rate);
        let legs = [
            leg(at.receivable, home).customer(who).own(at.code, cents + tax, rate),
            leg(SERVICES, -share(cents, rate)).own(at.code, -cents, rate),
            leg(STATE_TAX, -share(tax, rate)).own(at.code, -tax, rate),
        ];
        self.post_abroad("Invoice", &id, &number, &legs);
        let line = json!({
            "Amount": money(cents), "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": reference("3"), "ItemAccountRef": reference(SERVICES),
                "TaxCodeRef": reference("TAX"),
            },
        });
        let levy: Value = json!({
            "Amount": money(tax), "DetailType": "TaxLineDetail",
            "TaxLineDetail": {
                "TaxRateRef": reference(rate_id), "PercentBased": true, "TaxPercent": 8,
                "NetAmountTaxable": money(cents),
            },
        });
        let record = self.in_currency(
            at,
            rate,
            json!({
                "Id": id, "DocNumber": number, "TotalAmt": money(cents + tax), "Line": [line],
                "CustomerRef": reference(who),
                "TxnTaxDetail": {
                    "TxnTaxCodeRef": reference(code), "TotalTax": money(tax), "TaxLine": [levy],
                },
            }),
        );
        let (entity, left) = ("Invoice", cents + tax);
        self.abroad.push(Open { entity, id, who, at, rate, left, record: Some(record) });
    }
}
