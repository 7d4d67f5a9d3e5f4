//! What the business writes down: records as QuickBooks shows them, and the
//! ledger's postings. Amounts are cents.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

/// One posting, debit positive, in cents of home currency.
#[derive(Debug, Clone)]
pub struct Posting {
    pub txn_type: &'static str,
    pub txn_id: String,
    pub date: Date,
    pub account: String,
    pub cents: i64,
    /// `api`, or the class of what no record shows.
    pub source: &'static str,
    pub customer: Option<String>,
    pub vendor: Option<String>,
    pub number: String,
    /// What it is in the transaction's own currency, where that is another.
    pub own: Option<Own>,
}

/// An amount in another currency, in its cents, and its rate in millionths.
#[derive(Debug, Clone, Copy)]
pub struct Own {
    pub currency: &'static str,
    pub cents: i64,
    pub rate: i64,
}

/// A line of a posting to be: account, cents, and whom it concerns.
pub struct Leg<'a> {
    pub account: &'a str,
    pub cents: i64,
    pub customer: Option<&'a str>,
    pub vendor: Option<&'a str>,
    pub own: Option<Own>,
}

pub fn leg(account: &str, cents: i64) -> Leg<'_> {
    Leg { account, cents, customer: None, vendor: None, own: None }
}

impl<'a> Leg<'a> {
    pub fn customer(self, customer: &'a str) -> Self {
        Self { customer: Some(customer), ..self }
    }

    pub fn vendor(self, vendor: &'a str) -> Self {
        Self { vendor: Some(vendor), ..self }
    }

    /// So much in the transaction's own currency.
    pub fn own(self, currency: &'static str, cents: i64, rate: i64) -> Self {
        Self { own: Some(Own { currency, cents, rate }), ..self }
    }
}

pub struct Invoice {
    pub id: String,
    pub customer: String,
    pub left: i64,
    pub links: Vec<(String, &'static str)>,
    pub record: Value,
}

pub struct Bill {
    pub id: String,
    pub vendor: String,
    pub left: i64,
    pub links: Vec<(String, &'static str)>,
    pub record: Value,
}

/// A credit memo or a vendor credit.
pub struct Credit {
    pub id: String,
    /// The customer, or the vendor.
    pub of: String,
    pub left: i64,
    pub vendor: bool,
    pub record: Value,
}

/// Money received that waits for the bank.
pub struct Receipt {
    pub id: String,
    pub kind: &'static str,
    pub cents: i64,
}

/// Goods bought together.
pub struct Lot {
    pub quantity: i64,
    pub cost: i64,
}

impl Invoice {
    pub fn open_row(&self) -> Option<[String; 7]> {
        open_row("Invoice", &self.id, self.left, Some(&self.customer), None, 1)
    }
}
impl Bill {
    pub fn open_row(&self) -> Option<[String; 7]> {
        open_row("Bill", &self.id, self.left, None, Some(&self.vendor), -1)
    }
}
impl Credit {
    pub fn open_row(&self) -> Option<[String; 7]> {
        if self.vendor {
            open_row("VendorCredit", &self.id, self.left, None, Some(&self.of), 1)
        } else {
            open_row("CreditMemo", &self.id, self.left, Some(&self.of), None, -1)
        }
    }
}

fn open_row(
    kind: &str,
    id: &str,
    left: i64,
    customer: Option<&str>,
    vendor: Option<&str>,
    sign: i8,
) -> Option<[String; 7]> {
    let text = |of: Option<&str>| of.unwrap_or_default().to_owned();
    (left != 0).then(|| {
        [
            kind.to_owned(),
            id.to_owned(),
            decimal(left),
            "USD".to_owned(),
            text(customer),
            text(vendor),
            sign.to_string(),
        ]
    })
}

pub struct Books {
    pub records: BTreeMap<&'static str, Vec<Value>>,
    pub postings: Vec<Posting>,
    next_txn: u32,
    next_number: u32,
    start: Date,
    /// A class on every line, and a location on every document.
    pub dimensions: bool,
}

impl Books {
    pub fn new(start: Date) -> Self {
        Self {
            records: BTreeMap::new(),
            postings: Vec::new(),
            next_txn: 0,
            next_number: 1000,
            start,
            dimensions: false,
        }
    }

    /// How many transactions were begun.
    pub fn transactions(&self) -> usize {
        self.next_txn as usize
    }

    /// A new transaction's id: one row of numbers for all types.
    pub fn txn(&mut self) -> String {
        self.next_txn += 1;
        self.next_txn.to_string()
    }

    pub fn number(&mut self) -> String {
        self.next_number += 1;
        self.next_number.to_string()
    }

    pub fn add(&mut self, entity: &'static str, mut record: Value) {
        self.dress(&mut record);
        if self.dimensions && record.get("TxnDate").is_some() {
            super::features::with_dimensions(&mut record);
        }
        self.records.entry(entity).or_default().push(record);
    }

    /// What every record has.
    fn dress(&self, record: &mut Value) {
        let day = record["TxnDate"].as_str().map_or(self.start.to_string(), str::to_owned);
        record["domain"] = json!("QBO");
        record["sparse"] = json!(false);
        record["SyncToken"] = json!("0");
        let time = format!("{day}T09:30:00-07:00");
        record["MetaData"] = json!({ "CreateTime": time, "LastUpdatedTime": time });
        if record.get("TxnDate").is_some() && record.get("CurrencyRef").is_none() {
            record["CurrencyRef"] = json!({ "value": "USD", "name": "United States Dollar" });
        }
    }

    /// Writes a transaction into the ledger.
    pub fn post(
        &mut self,
        txn_type: &'static str,
        txn_id: &str,
        date: Date,
        number: &str,
        source: &'static str,
        legs: &[Leg<'_>],
    ) {
        for leg in legs.iter().filter(|leg| leg.cents != 0 || leg.own.is_some_and(|o| o.cents != 0))
        {
            self.postings.push(Posting {
                txn_type,
                txn_id: txn_id.to_owned(),
                date,
                account: leg.account.to_owned(),
                cents: leg.cents,
                source,
                customer: leg.customer.map(str::to_owned),
                vendor: leg.vendor.map(str::to_owned),
                number: number.to_owned(),
                own: leg.own,
            });
        }
    }

    pub fn invoice(&mut self, invoice: Invoice) {
        let mut record = invoice.record;
        record["Balance"] = money(invoice.left);
        record["LinkedTxn"] = linked(&invoice.links);
        self.add("Invoice", record);
    }

    pub fn bill(&mut self, bill: Bill) {
        let mut record = bill.record;
        record["Balance"] = money(bill.left);
        record["LinkedTxn"] = linked(&bill.links);
        self.add("Bill", record);
    }

    pub fn credit(&mut self, entity: &'static str, credit: Credit) {
        let mut record = credit.record;
        record["Balance"] = money(credit.left);
        self.add(entity, record);
    }

    /// What accounts, customers and vendors say of their balances.
    pub fn balances(&mut self) {
        let (mut accounts, mut customers, mut vendors) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for posting in &self.postings {
            *accounts.entry(posting.account.clone()).or_insert(0) += posting.cents;
            if super::features::RECEIVABLES.contains(&posting.account.as_str())
                && let Some(customer) = &posting.customer
            {
                *customers.entry(customer.clone()).or_insert(0) += posting.cents;
            }
            if super::features::PAYABLES.contains(&posting.account.as_str())
                && let Some(vendor) = &posting.vendor
            {
                *vendors.entry(vendor.clone()).or_insert(0) -= posting.cents;
            }
        }
        let mut set = |entity: &str, field: &str, of: &BTreeMap<String, i64>| {
            for record in self.records.get_mut(entity).into_iter().flatten() {
                let id = record["Id"].as_str().unwrap_or_default();
                let cents = of.get(id).copied().unwrap_or(0);
                if field != "CurrentBalance" || super::masters::keeps_balance(record) {
                    record[field] = money(cents);
                }
            }
        };
        set("Account", "CurrentBalance", &accounts);
        set("Customer", "Balance", &customers);
        set("Vendor", "Balance", &vendors);
    }
}

fn linked(links: &[(String, &'static str)]) -> Value {
    links.iter().map(|(id, kind)| json!({ "TxnId": id, "TxnType": kind })).collect()
}

/// Cents as a JSON number with two decimals.
pub fn money(cents: i64) -> Value {
    serde_json::from_str(&decimal(cents)).unwrap_or(Value::Null)
}

/// Cents as text.
pub fn decimal(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// `part` in a million of some cents, halves away from zero.
pub fn share(cents: i64, millionths: i64) -> i64 {
    let product = cents * millionths;
    (product + product.signum() * 500_000) / 1_000_000
}

pub fn reference(id: &str) -> Value {
    json!({ "value": id })
}

/// A rate in millionths as text.
pub fn rate(millionths: i64) -> String {
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}
