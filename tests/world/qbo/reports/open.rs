//! What customers owe and vendors are owed: by the ledger, and document by document.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;

use super::Source;
use super::detail::{customer, vendor};
use super::shape::Cell;
use crate::qbo::txn_names::{TxnFacts, facts};

/// One side of the sub-ledgers.
pub struct Side {
    pub party: &'static str,
    pub party_key: &'static str,
    pub account_type: &'static str,
    pub balance_report: &'static str,
    pub summary_report: &'static str,
    pub detail_report: &'static str,
    reference: &'static str,
    /// Documents and the sign with which they stand open.
    documents: &'static [(&'static str, i64)],
    /// Documents that settle others.
    settlement: &'static str,
    /// Turns the ledger's debit into what is owed.
    sign: i64,
}

pub const RECEIVABLE: Side = Side {
    party: "Customer",
    party_key: "cust_name",
    account_type: "Accounts Receivable",
    balance_report: "CustomerBalance",
    summary_report: "AgedReceivables",
    detail_report: "AgedReceivableDetail",
    reference: "CustomerRef",
    documents: &[("Invoice", 1), ("CreditMemo", -1), ("Payment", -1)],
    settlement: "Payment",
    sign: 1,
};

pub const PAYABLE: Side = Side {
    party: "Vendor",
    party_key: "vend_name",
    account_type: "Accounts Payable",
    balance_report: "VendorBalance",
    summary_report: "AgedPayables",
    detail_report: "AgedPayableDetail",
    reference: "VendorRef",
    documents: &[("Bill", 1), ("VendorCredit", -1)],
    settlement: "BillPayment",
    sign: -1,
};

/// A document that is not settled.
#[derive(Debug, Clone)]
pub struct OpenDocument {
    pub party: String,
    pub id: String,
    pub facts: TxnFacts,
    pub date: Date,
    pub due: Date,
    /// Home currency, positive where it adds to what is owed.
    pub total: Decimal,
    pub open: Decimal,
}

/// What each party owes or is owed on a day, by the postings on the control accounts.
pub fn by_ledger(source: &Source<'_>, side: &Side, day: Date) -> BTreeMap<String, Decimal> {
    let mut known: HashMap<(&str, &str), TxnFacts> = HashMap::new();
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for posting in source.store.ledger.between(Date::MIN, day) {
        let account = source.chart.get(&posting.account_id);
        if account.is_none_or(|account| account.kind != side.account_type) {
            continue;
        }
        let facts = known
            .entry((&posting.txn_type, &posting.txn_id))
            .or_insert_with(|| facts(source.store, &posting.txn_type, &posting.txn_id));
        let party = if side.sign > 0 { customer(posting, facts) } else { vendor(posting, facts) };
        let party = party.cloned().unwrap_or_default();
        *sums.entry(party).or_default() += posting.amount * Decimal::from(side.sign);
    }
    sums.retain(|_, sum| !sum.is_zero());
    sums
}

/// The open documents on a day: as they stand now, with later settlements undone.
pub fn documents(source: &Source<'_>, side: &Side, day: Date) -> Vec<OpenDocument> {
    let undone = settled_after(source, side, day);
    let mut open = Vec::new();
    for &(entity, sign) in side.documents {
        for record in source.store.rows(entity) {
            let Some(date) = date(&record.value, "TxnDate").filter(|date| *date <= day) else {
                continue;
            };
            let Some(party) = record.value[side.reference]["value"].as_str() else { continue };
            let rate = amount(&record.value["ExchangeRate"]).unwrap_or(Decimal::ONE);
            let field = if entity == "Payment" { "UnappliedAmt" } else { "Balance" };
            let balance = amount(&record.value[field]).unwrap_or_default()
                + undone.get(&(entity.to_owned(), record.id.clone())).copied().unwrap_or_default();
            let home = |own: Decimal| (own * rate).round_dp(2) * Decimal::from(sign);
            if balance.is_zero() {
                continue;
            }
            open.push(OpenDocument {
                party: party.to_owned(),
                id: record.id.clone(),
                facts: facts(source.store, entity, &record.id),
                date,
                due: self::date(&record.value, "DueDate").unwrap_or(date),
                total: home(amount(&record.value["TotalAmt"]).unwrap_or_default()),
                open: home(balance),
            });
        }
    }
    open.sort_by_key(|document| (document.date, document.id.parse::<u64>().unwrap_or(u64::MAX)));
    open
}

/// What settlements after a day have taken off each document. A settlement that uses
/// a credit takes effect when the credit is there, however early it is dated itself.
fn settled_after(
    source: &Source<'_>,
    side: &Side,
    day: Date,
) -> HashMap<(String, String), Decimal> {
    let mut sums: HashMap<_, Decimal> = HashMap::new();
    for record in source.store.rows(side.settlement) {
        let mut effective = date(&record.value, "TxnDate").unwrap_or(Date::MIN);
        let mut links = Vec::new();
        for line in record.value["Line"].as_array().into_iter().flatten() {
            let taken = amount(&line["Amount"]).unwrap_or_default();
            for link in line["LinkedTxn"].as_array().into_iter().flatten() {
                if let (Some(kind), Some(id)) = (link["TxnType"].as_str(), link["TxnId"].as_str()) {
                    if matches!(kind, "CreditMemo" | "VendorCredit")
                        && let Some(credit) = source.store.get(kind, id)
                    {
                        effective =
                            effective.max(date(&credit.value, "TxnDate").unwrap_or(Date::MIN));
                    }
                    links.push(((kind.to_owned(), id.to_owned()), taken));
                }
            }
        }
        if effective > day {
            for (target, taken) in links {
                *sums.entry(target).or_default() += taken;
            }
        }
    }
    sums
}

/// The name cell of a party.
pub fn party_cell(source: &Source<'_>, side: &Side, id: &str) -> Cell {
    let record = source.store.get(side.party, id);
    let name = record.and_then(|record| record.value["DisplayName"].as_str());
    Cell::linked(name.unwrap_or("Not Specified"), id)
}

pub fn amount(value: &Value) -> Option<Decimal> {
    value.as_number()?.to_string().parse().ok()
}

fn date(value: &Value, field: &str) -> Option<Date> {
    value[field].as_str()?.parse().ok()
}
