//! Business in other currencies: every document at its own rate. What is paid
//! reduces what is owed at the rate of the document; the difference is realised.

use serde_json::{Value, json};

use super::{
    Business, Event, Feature,
    books::{Books, Leg, leg, money, rate, reference, share},
    masters::{Account, CHECKING, SERVICES, SPENT_ON, add_accounts},
};

pub struct Currency {
    pub code: &'static str,
    pub bank: &'static str,
    pub receivable: &'static str,
    pub payable: &'static str,
    /// About what one unit is worth at home, in millionths.
    pub worth: i64,
    pub customers: [&'static str; 2],
    pub vendors: [&'static str; 2],
}

pub const CURRENCIES: [Currency; 2] = [
    Currency {
        code: "EUR",
        bank: "101",
        receivable: "102",
        payable: "103",
        worth: 1_100_000,
        customers: ["8001", "8002"],
        vendors: ["8501", "8502"],
    },
    Currency {
        code: "GBP",
        bank: "104",
        receivable: "105",
        payable: "106",
        worth: 1_300_000,
        customers: ["8003", "8004"],
        vendors: ["8503", "8504"],
    },
];

/// Where what is realised goes.
pub const EXCHANGE: &str = "107";

pub const EVENTS: [Event; 10] = [
    Business::invoice_abroad,
    Business::bill_abroad,
    Business::entry_abroad,
    Business::invoice_abroad,
    Business::receive_abroad,
    Business::credit_abroad,
    Business::pay_abroad,
    Business::transfer_abroad,
    Business::spend_abroad,
    Business::bill_abroad,
];

/// An open document in another currency.
pub struct Open {
    pub entity: &'static str,
    pub id: String,
    pub who: &'static str,
    pub at: &'static Currency,
    pub rate: i64,
    pub left: i64,
    /// `None` for an entry, which says no balance.
    pub record: Option<Value>,
}

pub fn masters(books: &mut Books) {
    let gain: [Account; 1] =
        [(EXCHANGE, "Exchange Gain or Loss", "", "Other Expense", "ExchangeGainOrLoss", "")];
    add_accounts(books, &gain, "USD");
    let accounts: [[Account; 3]; 2] = [
        [
            (CURRENCIES[0].bank, "Euro Account", "", "Bank", "Checking", ""),
            (
                CURRENCIES[0].receivable,
                "A/R - EUR",
                "",
                "Accounts Receivable",
                "AccountsReceivable",
                "",
            ),
            (CURRENCIES[0].payable, "A/P - EUR", "", "Accounts Payable", "AccountsPayable", ""),
        ],
        [
            (CURRENCIES[1].bank, "Sterling Account", "", "Bank", "Checking", ""),
            (
                CURRENCIES[1].receivable,
                "A/R - GBP",
                "",
                "Accounts Receivable",
                "AccountsReceivable",
                "",
            ),
            (CURRENCIES[1].payable, "A/P - GBP", "", "Accounts Payable", "AccountsPayable", ""),
        ],
    ];
    for (currency, accounts) in CURRENCIES.iter().zip(&accounts) {
        add_accounts(books, accounts, currency.code);
        for (entity, ids) in [("Customer", currency.customers), ("Vendor", currency.vendors)] {
            for id in ids {
                let record = json!({
                    "Id": id, "DisplayName": format!("{} {entity} {id}", currency.code),
                    "Active": true, "CurrencyRef": { "value": currency.code }, "Balance": 0,
                });
                books.add(entity, record);
            }
        }
    }
}

impl Business {
    pub(super) fn somewhere(&mut self) -> (&'static Currency, i64) {
        let at = &CURRENCIES[self.rng.usize(0..2)];
        (at, at.worth + self.rng.i64(-90_000..90_000))
    }

    /// Lines of so much each: what they come to, in the currency and at home.
    fn lines_abroad(&mut self, rate: i64) -> (Vec<i64>, i64, i64) {
        let lines: Vec<i64> =
            (0..self.rng.usize(1..4)).map(|_| self.rng.i64(333..60_000)).collect();
        let total = lines.iter().sum();
        // each line is rounded by itself; what is due takes the cents
        let home = lines.iter().map(|cents| share(*cents, rate)).sum();
        (lines, total, home)
    }

    pub(super) fn post_abroad(
        &mut self,
        entity: &'static str,
        id: &str,
        number: &str,
        legs: &[Leg<'_>],
    ) {
        self.books.post(entity, id, self.today, number, "api", legs);
    }

    fn invoice_abroad(&mut self) {
        self.sale_abroad("Invoice", 1);
    }

    fn sale_abroad(&mut self, entity: &'static str, sign: i64) {
        let (at, rate) = self.somewhere();
        let who = at.customers[self.rng.usize(0..2)];
        let (id, number) = (self.books.txn(), self.books.number());
        let (lines, total, home) = self.lines_abroad(rate);
        let mut legs =
            vec![leg(at.receivable, home * sign).customer(who).own(at.code, total * sign, rate)];
        for cents in &lines {
            let income = leg(SERVICES, -share(*cents, rate) * sign);
            legs.push(income.own(at.code, -cents * sign, rate));
        }
        self.post_abroad(entity, &id, &number, &legs);
        let lines: Vec<Value> = lines
            .iter()
            .map(|cents| {
                json!({
                    "Amount": money(*cents), "DetailType": "SalesItemLineDetail",
                    "SalesItemLineDetail": {
                        "ItemRef": reference("3"), "ItemAccountRef": reference(SERVICES),
                        "TaxCodeRef": reference("NON"),
                    },
                })
            })
            .collect();
        let record = self.in_currency(
            at,
            rate,
            json!({
                "Id": id, "DocNumber": number, "TotalAmt": money(total), "Line": lines,
                "CustomerRef": reference(who),
            }),
        );
        self.abroad.push(Open { entity, id, who, at, rate, left: total, record: Some(record) });
    }

    fn bill_abroad(&mut self) {
        let (at, rate) = self.somewhere();
        let who = at.vendors[self.rng.usize(0..2)];
        let (id, number) = (self.books.txn(), self.books.number());
        let (lines, total, home) = self.lines_abroad(rate);
        let account = SPENT_ON[self.rng.usize(0..SPENT_ON.len())];
        let mut legs = vec![leg(at.payable, -home).vendor(who).own(at.code, -total, rate)];
        for cents in &lines {
            legs.push(leg(account, share(*cents, rate)).own(at.code, *cents, rate));
        }
        self.post_abroad("Bill", &id, &number, &legs);
        let lines: Vec<Value> = lines.iter().map(|cents| spent(*cents, account)).collect();
        let record = self.in_currency(
            at,
            rate,
            json!({
                "Id": id, "DocNumber": number, "TotalAmt": money(total), "Line": lines,
                "VendorRef": reference(who), "APAccountRef": reference(at.payable),
            }),
        );
        self.abroad.push(Open {
            entity: "Bill",
            id,
            who,
            at,
            rate,
            left: total,
            record: Some(record),
        });
    }

    /// What somebody owes by an entry.
    fn entry_abroad(&mut self) {
        let (at, rate) = self.somewhere();
        let who = at.customers[0];
        let (id, cents) = (self.books.txn(), self.rng.i64(1000..20_000));
        let home = share(cents, rate);
        let legs = [
            leg(at.receivable, home).customer(who).own(at.code, cents, rate),
            leg(SERVICES, -home).own(at.code, -cents, rate),
        ];
        self.post_abroad("JournalEntry", &id, "", &legs);
        let line = |account: &str, side: &str| {
            json!({
                "Amount": money(cents), "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": { "PostingType": side, "AccountRef": reference(account) },
            })
        };
        let mut owed = line(at.receivable, "Debit");
        owed["JournalEntryLineDetail"]["Entity"] =
            json!({ "Type": "Customer", "EntityRef": reference(who) });
        let record = self.in_currency(
            at,
            rate,
            json!({
                "Id": id, "TotalAmt": 0, "Line": [owed, line(SERVICES, "Credit")],
            }),
        );
        self.books.add("JournalEntry", record);
        self.abroad.push(Open {
            entity: "JournalEntry",
            id,
            who,
            at,
            rate,
            left: cents,
            record: None,
        });
    }

    /// Some open documents of one customer or vendor, and how much of each is paid.
    pub(super) fn choose_abroad(&mut self, bills: bool) -> Vec<(usize, i64)> {
        let fits = |open: &Open| {
            let takes = if bills {
                open.entity == "Bill"
            } else {
                matches!(open.entity, "Invoice" | "JournalEntry")
            };
            takes && open.left > 0
        };
        let Some(first) = self.abroad.iter().position(fits) else { return Vec::new() };
        let who = self.abroad[first].who;
        let all = (first..self.abroad.len()).filter(|at| fits(&self.abroad[*at]));
        let chosen: Vec<usize> = all.filter(|at| self.abroad[*at].who == who).take(3).collect();
        chosen
            .into_iter()
            .map(|at| {
                let left = self.abroad[at].left;
                let cents = if self.rng.u8(0..3) == 0 { (left / 3).max(1) } else { left };
                (at, cents)
            })
            .collect()
    }

    /// What these take off the control account at home, each at its own rate; they
    /// are paid now.
    pub(super) fn settle_abroad(&mut self, chosen: &[(usize, i64)]) -> (Vec<Value>, i64, i64) {
        let (mut lines, mut total, mut home) = (Vec::new(), 0, 0);
        for (at, cents) in chosen {
            let open = &mut self.abroad[*at];
            open.left -= cents;
            total += cents;
            home += share(*cents, open.rate);
            lines.push(linked(*cents, &open.id, open.entity));
        }
        (lines, total, home)
    }

    fn receive_abroad(&mut self) {
        let chosen = self.choose_abroad(false);
        let Some((first, _)) = chosen.first() else { return };
        let (at, who) = (self.abroad[*first].at, self.abroad[*first].who);
        let rate = at.worth + self.rng.i64(-90_000..90_000);
        let id = self.books.txn();
        let (lines, paid, mut owed) = self.settle_abroad(&chosen);
        let extra = if self.rng.u8(0..5) == 0 { self.rng.i64(100..5000) } else { 0 };
        let total = paid + extra;
        owed += share(extra, rate);
        let received = share(total, rate);
        let legs = [
            leg(at.bank, received).customer(who).own(at.code, total, rate),
            leg(at.receivable, -owed).customer(who).own(at.code, -total, rate),
            leg(EXCHANGE, owed - received).customer(who).own(at.code, 0, rate),
        ];
        self.post_abroad("Payment", &id, "", &legs);
        let record = self.in_currency(
            at,
            rate,
            json!({
                "Id": id, "TotalAmt": money(total), "UnappliedAmt": money(extra), "Line": lines,
                "CustomerRef": reference(who), "DepositToAccountRef": reference(at.bank),
            }),
        );
        self.books.add("Payment", record);
    }

    /// A credit, and a payment of nothing that sets it against an invoice.
    fn credit_abroad(&mut self) {
        self.sale_abroad("CreditMemo", -1);
        let Some(credit) = self.abroad.len().checked_sub(1) else { return };
        let who = self.abroad[credit].who;
        let invoice =
            self.abroad.iter().position(|o| o.entity == "Invoice" && o.who == who && o.left > 0);
        let Some(invoice) = invoice else { return };
        let cents = self.abroad[credit].left.min(self.abroad[invoice].left);
        let at = self.abroad[credit].at;
        let rate = at.worth + self.rng.i64(-90_000..90_000);
        let id = self.books.txn();
        let off = share(cents, self.abroad[credit].rate) - share(cents, self.abroad[invoice].rate);
        let legs = [
            leg(at.receivable, off).customer(who).own(at.code, 0, rate),
            leg(EXCHANGE, -off).customer(who).own(at.code, 0, rate),
        ];
        self.post_abroad("Payment", &id, "", &legs);
        let mut lines = Vec::new();
        for at in [invoice, credit] {
            self.abroad[at].left -= cents;
            lines.push(linked(cents, &self.abroad[at].id, self.abroad[at].entity));
        }
        let record = self.in_currency(at, rate, json!({
            "Id": id, "TotalAmt": 0, "UnappliedAmt": 0, "Line": lines, "CustomerRef": reference(who),
        }));
        self.books.add("Payment", record);
    }

    fn pay_abroad(&mut self) {
        let chosen = self.choose_abroad(true);
        let Some((first, _)) = chosen.first() else { return };
        let (at, who) = (self.abroad[*first].at, self.abroad[*first].who);
        let rate = at.worth + self.rng.i64(-90_000..90_000);
        let (id, number) = (self.books.txn(), self.books.number());
        let (lines, total, owed) = self.settle_abroad(&chosen);
        // now and then from an account at home
        let from = if self.rng.u8(0..4) == 0 { CHECKING } else { at.bank };
        let paid = share(total, rate);
        let legs = [
            leg(at.payable, owed).vendor(who).own(at.code, total, rate),
            leg(from, -paid).vendor(who).own(at.code, -total, rate),
            leg(EXCHANGE, paid - owed).vendor(who).own(at.code, 0, rate),
        ];
        self.post_abroad("BillPayment", &id, &number, &legs);
        let record = self.in_currency(
            at,
            rate,
            json!({
                "Id": id, "DocNumber": number, "TotalAmt": money(total), "Line": lines,
                "VendorRef": reference(who), "PayType": "Check",
                "CheckPayment": { "BankAccountRef": reference(from) },
            }),
        );
        self.books.add("BillPayment", record);
    }

    /// Transfers say no rate.
    fn transfer_abroad(&mut self) {
        let (at, rate) = self.somewhere();
        let (id, cents) = (self.books.txn(), self.rng.i64(5000..90_000));
        let home = share(cents, rate);
        let legs = [
            leg(at.bank, home).own(at.code, cents, rate),
            leg(CHECKING, -home).own(at.code, -cents, rate),
        ];
        self.post_abroad("Transfer", &id, "", &legs);
        let mut record = self.in_currency(
            at,
            rate,
            json!({
                "Id": id, "Amount": money(cents), "FromAccountRef": reference(CHECKING),
                "ToAccountRef": reference(at.bank),
            }),
        );
        record.as_object_mut().map(|record| record.remove("ExchangeRate"));
        self.books.add("Transfer", record);
    }

    fn spend_abroad(&mut self) {
        let (at, rate) = self.somewhere();
        let who = at.vendors[1];
        let (id, cents) = (self.books.txn(), self.rng.i64(99..20_000));
        let account = SPENT_ON[self.rng.usize(0..SPENT_ON.len())];
        let home = share(cents, rate);
        let legs = [
            leg(account, home).own(at.code, cents, rate),
            leg(at.bank, -home).vendor(who).own(at.code, -cents, rate),
        ];
        self.post_abroad("Purchase", &id, "", &legs);
        let record = self.in_currency(
            at,
            rate,
            json!({
                "Id": id, "TotalAmt": money(cents), "PaymentType": "Check",
                "AccountRef": reference(at.bank), "Line": [spent(cents, account)],
                "EntityRef": { "value": who, "type": "Vendor" },
            }),
        );
        self.books.add("Purchase", record);
    }

    pub(super) fn in_currency(&self, at: &Currency, rate_: i64, mut record: Value) -> Value {
        record["TxnDate"] = json!(self.today.to_string());
        record["CurrencyRef"] = json!({ "value": at.code });
        record["ExchangeRate"] = serde_json::from_str(&rate(rate_)).unwrap_or_default();
        record
    }

    /// What customers owe in other currencies, valued anew: the ledger alone shows it.
    pub(super) fn revalue(&mut self) {
        if !self.plan.has(Feature::Revaluation) {
            return;
        }
        for at in &CURRENCIES {
            let owing = self
                .abroad
                .iter()
                .find(|o| o.entity == "Invoice" && o.at.code == at.code && o.left > 0);
            let Some(who) = owing.map(|open| open.who) else { continue };
            let cents = self.rng.i64(-900..900);
            let id = format!("hidden-revaluation-{}-{}", at.code, self.today.strftime("%Y-%m"));
            let legs = [
                leg(at.receivable, cents).customer(who).own(at.code, 0, at.worth),
                leg(EXCHANGE, -cents).own(at.code, 0, at.worth),
            ];
            self.books.post("Revaluation", &id, self.today, "", "revaluation", &legs);
        }
    }

    /// Documents say what is open of them in the end.
    pub(super) fn close_abroad(&mut self) {
        for open in std::mem::take(&mut self.abroad) {
            if let Some(mut record) = open.record {
                record["Balance"] = money(open.left);
                self.books.add(open.entity, record);
            }
        }
    }
}

pub fn linked(cents: i64, id: &str, entity: &str) -> Value {
    json!({ "Amount": money(cents), "LinkedTxn": [{ "TxnId": id, "TxnType": entity }] })
}

pub fn spent(cents: i64, account: &str) -> Value {
    json!({
        "Amount": money(cents), "DetailType": "AccountBasedExpenseLineDetail",
        "AccountBasedExpenseLineDetail": { "AccountRef": reference(account) },
    })
}
