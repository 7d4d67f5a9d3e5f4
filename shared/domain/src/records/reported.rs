//! What QuickBooks says of its own books.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{JobId, Money, Posting, QboId, Txn};

/// What QuickBooks' own ledger says of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerTxn {
    /// The job that read it last.
    pub job: JobId,
    pub txn: Txn,
    /// The report's word for the type.
    pub reported_as: String,
    pub date: Date,
    pub doc_number: String,
    pub memo: String,
    pub postings: Vec<Posting>,
}

/// A report of QuickBooks' that says what stood on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// Balances of accounts, debit positive, with the results of earlier years in
    /// retained earnings. An account that the report only names is under its name.
    TrialBalance { day: Date, balances: BTreeMap<QboId, Money> },
    /// Stock by item.
    Stock { day: Date, items: BTreeMap<QboId, InStock> },
}

/// How much of an item there is, and what it is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InStock {
    pub name: String,
    #[serde(with = "rust_decimal::serde::str")]
    pub quantity: Decimal,
    pub value: Money,
}

/// What was read from QuickBooks, whole, before the first record was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// SHA-256 over its canonical lines, in hexadecimal.
    pub sha256: String,
    pub records: u64,
    pub transactions: u64,
    pub reports: u64,
    pub taken: Timestamp,
}
