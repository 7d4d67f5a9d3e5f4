//! Taxes outside the US: a code on every line, amounts without or with tax,
//! rates levied on each other, none at all, or reversed.

use serde_json::{Value, json};

use super::{
    Business, Event,
    books::{Bill, Books, Credit, Invoice, Leg, leg, money, reference, share},
    masters::{Account, CHECKING, PAYABLE, RECEIVABLE, SERVICES, add_accounts},
};

const VAT: &str = "141";
const REGIONAL: &str = "142";

/// How a code taxes: its rates (id, millionths, account), each on what is before it.
struct Code {
    id: &'static str,
    rates: &'static [(&'static str, i64, &'static str)],
    /// Whether each rate is levied on those before it, too.
    compound: bool,
}

const STANDARD: Code = Code { id: "11", rates: &[("11", 200_000, VAT)], compound: false };
const ZERO: Code = Code { id: "12", rates: &[("12", 0, VAT)], compound: false };
const COMPOUND: Code =
    Code { id: "13", rates: &[("13", 50_000, REGIONAL), ("14", 99_750, REGIONAL)], compound: true };
const REVERSED: Code =
    Code { id: "14", rates: &[("15", 200_000, VAT), ("16", -200_000, VAT)], compound: false };

pub const EVENTS: [Event; 6] = [
    Business::vat_invoice,
    Business::vat_bill,
    Business::vat_credit,
    Business::vat_expense,
    Business::vat_deposit,
    Business::vat_entry,
];

pub fn masters(books: &mut Books) {
    let accounts: [Account; 2] = [
        (VAT, "HMRC Payable", "", "Other Current Liability", "GlobalTaxPayable", ""),
        (
            REGIONAL,
            "Regional Revenue Payable",
            "",
            "Other Current Liability",
            "GlobalTaxPayable",
            "",
        ),
    ];
    add_accounts(books, &accounts, "USD");
    for (id, name) in [("11", "HMRC"), ("12", "Regional Revenue")] {
        books.add("TaxAgency", json!({ "Id": id, "DisplayName": name }));
    }
    for code in [&STANDARD, &ZERO, &COMPOUND, &REVERSED] {
        for (id, millionths, account) in code.rates {
            let percent = format!("{}.{:04}", millionths / 10_000, (millionths % 10_000).abs());
            let agency = if *account == VAT { "11" } else { "12" };
            let record = json!({
                "Id": id, "Name": format!("Rate {id}"), "Active": true,
                "RateValue": serde_json::from_str::<Value>(&percent).unwrap_or_default(),
                "AgencyRef": reference(agency),
            });
            books.add("TaxRate", record);
        }
        let details: Vec<Value> = (0..)
            .zip(code.rates)
            .map(|(order, (rate, ..))| json!({ "TaxRateRef": reference(rate), "TaxOrder": order }))
            .collect();
        let list = json!({ "TaxRateDetail": details });
        let record = json!({
            "Id": code.id, "Name": format!("Code {}", code.id), "Active": true,
            "SalesTaxRateList": list, "PurchaseTaxRateList": list,
        });
        books.add("TaxCode", record);
    }
}

/// Net amounts by code, and the taxes on them.
struct Taxed {
    how: &'static str,
    lines: Vec<(&'static Code, i64)>,
    /// Rate, account, amount, what it is levied on.
    taxes: Vec<(&'static str, &'static str, i64, i64)>,
}

impl Taxed {
    fn of(how: &'static str, lines: Vec<(&'static Code, i64)>) -> Self {
        let mut taxes = Vec::new();
        for code in [&STANDARD, &ZERO, &COMPOUND, &REVERSED] {
            let net: i64 = lines.iter().filter(|(c, _)| c.id == code.id).map(|(_, n)| n).sum();
            let mut base = net;
            for (rate, millionths, account) in code.rates {
                let tax = share(base, *millionths);
                if net != 0 {
                    taxes.push((*rate, *account, tax, base));
                }
                base += if code.compound { tax } else { 0 };
            }
        }
        Self { how, lines, taxes }
    }

    fn net(&self) -> i64 {
        self.lines.iter().map(|(_, net)| net).sum()
    }

    fn tax(&self) -> i64 {
        self.taxes.iter().map(|(_, _, tax, _)| tax).sum()
    }

    fn total(&self) -> i64 {
        self.net() + self.tax()
    }

    /// Legs of the lines and the taxes; `sign` is one where they are debited.
    fn legs(&self, account: &'static str, sign: i64) -> Vec<Leg<'static>> {
        let mut legs = vec![leg(account, self.net() * sign)];
        legs.extend(self.taxes.iter().map(|(_, account, tax, _)| leg(account, tax * sign)));
        legs
    }

    fn record(&self, mut record: Value) -> Value {
        let taxes: Vec<Value> = self
            .taxes
            .iter()
            .map(|(rate, _, tax, base)| {
                json!({
                    "Amount": money(*tax), "DetailType": "TaxLineDetail",
                    "TaxLineDetail": { "TaxRateRef": reference(rate), "PercentBased": true,
                                       "NetAmountTaxable": money(*base) },
                })
            })
            .collect();
        record["GlobalTaxCalculation"] = json!(self.how);
        record["TotalAmt"] = money(self.total());
        record["TxnTaxDetail"] = json!({ "TotalTax": money(self.tax()), "TaxLine": taxes });
        record
    }

    fn sold(&self) -> Vec<Value> {
        self.each(|code, net| {
            json!({
                "Amount": money(net), "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": reference("3"), "ItemAccountRef": reference(SERVICES),
                    "TaxCodeRef": reference(code),
                },
            })
        })
    }

    fn spent(&self) -> Vec<Value> {
        self.each(|code, net| {
            json!({
                "Amount": money(net), "DetailType": "AccountBasedExpenseLineDetail",
                "AccountBasedExpenseLineDetail": {
                    "AccountRef": reference("57"), "TaxCodeRef": reference(code),
                },
            })
        })
    }

    fn each(&self, line: impl Fn(&str, i64) -> Value) -> Vec<Value> {
        self.lines.iter().map(|(code, net)| line(code.id, *net)).collect()
    }
}

impl Business {
    fn taxed(&mut self, codes: &[&'static Code]) -> Taxed {
        let inclusive = self.rng.bool();
        let lines = (0..self.rng.usize(1..4))
            .map(|_| {
                let cents = self.rng.i64(101..40_000);
                // a price with tax in it: the net of it is what the line says
                let net = if inclusive { share(cents, 833_333) } else { cents };
                (codes[self.rng.usize(0..codes.len())], net)
            })
            .collect();
        Taxed::of(if inclusive { "TaxInclusive" } else { "TaxExcluded" }, lines)
    }

    fn vat_invoice(&mut self) {
        let taxed = self.taxed(&[&STANDARD, &ZERO, &COMPOUND]);
        let (id, number, customer) = (self.books.txn(), self.books.number(), self.a_customer());
        let mut legs = taxed.legs(SERVICES, -1);
        legs.push(leg(RECEIVABLE, taxed.total()).customer(&customer));
        self.books.post("Invoice", &id, self.today, &number, "api", &legs);
        let record = taxed.record(json!({
            "Id": id, "DocNumber": number, "TxnDate": self.today.to_string(),
            "CustomerRef": reference(&customer), "Line": taxed.sold(),
        }));
        self.invoices.push(Invoice {
            id,
            customer,
            left: taxed.total(),
            links: Vec::new(),
            record,
        });
    }

    fn vat_credit(&mut self) {
        let taxed = self.taxed(&[&STANDARD, &COMPOUND]);
        let (id, customer) = (self.books.txn(), self.a_customer());
        let mut legs = taxed.legs(SERVICES, 1);
        legs.push(leg(RECEIVABLE, -taxed.total()).customer(&customer));
        self.books.post("CreditMemo", &id, self.today, "", "api", &legs);
        let record = taxed.record(json!({
            "Id": id, "TxnDate": self.today.to_string(), "CustomerRef": reference(&customer),
            "Line": taxed.sold(),
        }));
        self.credits.push(Credit { id, of: customer, left: taxed.total(), vendor: false, record });
    }

    fn vat_bill(&mut self) {
        let taxed = self.taxed(&[&STANDARD, &ZERO, &REVERSED]);
        let (id, number) = (self.books.txn(), self.books.number());
        let vendor = self.people.vendors[self.rng.usize(0..5)].clone();
        let mut legs = taxed.legs("57", 1);
        legs.push(leg(PAYABLE, -taxed.total()).vendor(&vendor));
        self.books.post("Bill", &id, self.today, &number, "api", &legs);
        let record = taxed.record(json!({
            "Id": id, "DocNumber": number, "TxnDate": self.today.to_string(),
            "VendorRef": reference(&vendor), "Line": taxed.spent(),
        }));
        self.bills.push(Bill { id, vendor, left: taxed.total(), links: Vec::new(), record });
    }

    /// Paid at once, or money back.
    fn vat_expense(&mut self) {
        let taxed = self.taxed(&[&STANDARD, &ZERO]);
        let id = self.books.txn();
        let credit = self.rng.u8(0..4) == 0;
        let sign = if credit { -1 } else { 1 };
        let account = if credit { super::masters::CARD } else { CHECKING };
        let mut legs = taxed.legs("57", sign);
        legs.push(leg(account, -taxed.total() * sign));
        self.books.post("Purchase", &id, self.today, "", "api", &legs);
        let record = taxed.record(json!({
            "Id": id, "TxnDate": self.today.to_string(), "AccountRef": reference(account),
            "PaymentType": if credit { "CreditCard" } else { "Cash" }, "Credit": credit,
            "Line": taxed.spent(),
        }));
        self.books.add("Purchase", record);
    }

    fn vat_deposit(&mut self) {
        let taxed = self.taxed(&[&STANDARD]);
        let id = self.books.txn();
        let mut legs = taxed.legs(SERVICES, -1);
        legs.push(leg(CHECKING, taxed.total()));
        self.books.post("Deposit", &id, self.today, "", "api", &legs);
        let lines = taxed.each(|code, net| {
            json!({
                "Amount": money(net), "DetailType": "DepositLineDetail",
                "DepositLineDetail": {
                    "AccountRef": reference(SERVICES), "TaxCodeRef": reference(code),
                    "TaxApplicableOn": "Sales",
                },
            })
        });
        let record = taxed.record(json!({
            "Id": id, "TxnDate": self.today.to_string(), "Line": lines,
            "DepositToAccountRef": reference(CHECKING),
        }));
        self.books.add("Deposit", record);
    }

    /// Something bought and something sold in one entry, each with its tax.
    fn vat_entry(&mut self) {
        let id = self.books.txn();
        let (spent, earned) = (self.rng.i64(5000..9000), self.rng.i64(100..4000));
        let (bought, sold) = (
            Taxed::of("TaxExcluded", vec![(&STANDARD, spent)]),
            Taxed::of("TaxExcluded", vec![(&STANDARD, earned)]),
        );
        let mut legs = bought.legs("57", 1);
        legs.extend(sold.legs(SERVICES, -1));
        let paid = bought.total() - sold.total();
        legs.push(leg(CHECKING, -paid));
        self.books.post("JournalEntry", &id, self.today, "", "api", &legs);
        let line = |account: &str, side: &str, cents: i64| {
            json!({
                "Amount": money(cents), "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": { "PostingType": side, "AccountRef": reference(account) },
            })
        };
        let both = Taxed {
            how: "TaxExcluded",
            lines: Vec::new(),
            taxes: bought.taxes.into_iter().chain(sold.taxes).collect(),
        };
        let record = both.record(json!({
            "Id": id, "TxnDate": self.today.to_string(),
            "Line": [line("57", "Debit", spent), line(SERVICES, "Credit", earned), line(CHECKING, "Credit", paid)],
        }));
        self.books.add("JournalEntry", record);
    }
}
