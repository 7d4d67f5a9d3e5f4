//! The company's own ledger: every posting, the hidden ones too, which only reports show.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

/// One line of the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posting {
    /// The folder's word, as in `Invoice` or `SalesTaxPayment`.
    pub txn_type: String,
    pub txn_id: String,
    pub date: Date,
    pub account_id: String,
    /// As written in the ledger file; the account's record has the last word.
    pub account_name: String,
    /// Home currency, debit positive.
    pub amount: Decimal,
    /// Of the transaction; none means the home currency.
    pub currency: Option<String>,
    /// In the transaction's currency, debit positive.
    pub foreign: Option<Decimal>,
    pub rate: Option<Decimal>,
    pub customer: Option<String>,
    pub vendor: Option<String>,
    pub class: Option<String>,
    pub department: Option<String>,
    pub doc_num: Option<String>,
    pub memo: Option<String>,
}

impl Posting {
    /// The amount in the transaction's own currency.
    pub fn own_amount(&self) -> Decimal {
        self.foreign.unwrap_or(self.amount)
    }
}

/// All postings, by date and transaction.
#[derive(Debug, Default)]
pub struct Ledger {
    postings: Vec<Posting>,
}

impl Ledger {
    pub fn new(mut postings: Vec<Posting>) -> Self {
        postings.sort_by_cached_key(|posting| {
            let number: u64 = posting.txn_id.parse().unwrap_or(u64::MAX);
            (posting.date, number, posting.txn_id.clone(), posting.txn_type.clone())
        });
        Self { postings }
    }

    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    pub fn add(&mut self, more: Vec<Posting>) {
        let mut postings = std::mem::take(&mut self.postings);
        postings.extend(more);
        *self = Self::new(postings);
    }

    /// Takes out what a transaction has posted.
    pub fn remove(&mut self, txn_type: &str, txn_id: &str) {
        let mut postings = std::mem::take(&mut self.postings);
        postings.retain(|posting| posting.txn_type != txn_type || posting.txn_id != txn_id);
        *self = Self::new(postings);
    }

    /// The postings of a stretch of days, both ends included.
    pub fn between(&self, first: Date, last: Date) -> &[Posting] {
        let start = self.postings.partition_point(|posting| posting.date < first);
        let end = self.postings.partition_point(|posting| posting.date <= last);
        &self.postings[start..end.max(start)]
    }

    /// What each account has received up to and including a day.
    pub fn balances(&self, last: Date) -> BTreeMap<String, Decimal> {
        self.sums(Date::MIN, last)
    }

    /// What each account has received within a stretch of days.
    pub fn sums(&self, first: Date, last: Date) -> BTreeMap<String, Decimal> {
        let mut sums = BTreeMap::new();
        for posting in self.between(first, last) {
            *sums.entry(posting.account_id.clone()).or_default() += posting.amount;
        }
        sums
    }

    /// Whether any posting is in another currency than `home`.
    pub fn has_foreign(&self, home: &str) -> bool {
        self.postings.iter().any(|posting| posting.currency.as_deref().is_some_and(|c| c != home))
    }
}
