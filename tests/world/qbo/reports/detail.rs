//! One posting as a row of a detail report.

use std::collections::{BTreeSet, HashMap};

use rust_decimal::Decimal;

use super::Source;
use super::chart::Account;
use super::shape::Cell;
use crate::qbo::ledger::Posting;
use crate::qbo::txn_names::{TxnFacts, facts};

/// Fills rows, remembering what was looked up about each transaction.
pub struct Detail<'d> {
    source: &'d Source<'d>,
    txns: HashMap<(&'d str, &'d str), Txn>,
}

struct Txn {
    facts: TxnFacts,
    /// The accounts it touches.
    accounts: BTreeSet<String>,
}

/// What a row adds to its posting.
#[derive(Debug, Clone, Copy, Default)]
pub struct Running {
    /// Balance after the posting, on the account's own side, in home currency.
    pub balance: Decimal,
    /// Whether the row continues a transaction, whose head cells then stay empty.
    pub continued: bool,
}

impl<'d> Detail<'d> {
    /// `postings` are those of the report; a transaction's split is told from them.
    pub fn new(source: &'d Source<'d>, postings: &'d [Posting]) -> Self {
        let mut txns: HashMap<(&str, &str), Txn> = HashMap::new();
        for posting in postings {
            let txn = txns.entry((&posting.txn_type, &posting.txn_id)).or_insert_with(|| Txn {
                facts: facts(source.store, &posting.txn_type, &posting.txn_id),
                accounts: BTreeSet::new(),
            });
            txn.accounts.insert(posting.account_id.clone());
        }
        Self { source, txns }
    }

    pub fn row(&self, keys: &[&str], posting: &Posting, running: Running) -> Vec<Cell> {
        keys.iter().map(|key| self.cell(key, posting, running)).collect()
    }

    fn cell(&self, key: &str, posting: &Posting, running: Running) -> Cell {
        let Some(txn) = self.txns.get(&(posting.txn_type.as_str(), posting.txn_id.as_str())) else {
            return Cell::empty();
        };
        let said = |text: &str| Cell::text(if running.continued { "" } else { text });
        let account = self.source.chart.get(&posting.account_id);
        let natural = |amount| account.map_or(amount, |account| account.natural(amount));
        match key {
            // QuickBooks writes no blank date in a journal.
            "tx_date" if running.continued => Cell::text("0-00-00"),
            "tx_date" => Cell::text(posting.date.to_string()),
            "txn_type" if running.continued => Cell::linked("", ""),
            "txn_type" => Cell::linked(&txn.facts.type_name, &posting.txn_id),
            "doc_num" => said(posting.doc_num.as_deref().unwrap_or(&txn.facts.doc_num)),
            "is_adj" => said("No"),
            "create_date" => said(txn.facts.created.get(..10).unwrap_or_default()),
            "last_mod_date" => said(txn.facts.updated.get(..10).unwrap_or_default()),
            "name" => self.name(posting, &txn.facts),
            "cust_name" => self.party("Customer", customer(posting, &txn.facts)),
            "vend_name" => self.party("Vendor", vendor(posting, &txn.facts)),
            "dept_name" => self.dimension(
                "Department",
                posting.department.as_ref(),
                txn.facts.department.as_ref(),
            ),
            "klass_name" => self.dimension("Class", posting.class.as_ref(), None),
            "memo" => Cell::text(posting.memo.as_deref().unwrap_or(&txn.facts.memo)),
            "account_num" => Cell::text(account.map_or("", |account| &account.number)),
            "account_name" => self.account(&posting.account_id),
            "split_acc" => self.split(posting, txn),
            "currency" => {
                Cell::text(posting.currency.as_deref().unwrap_or(&self.source.world.company.home))
            }
            "exch_rate" => Cell::text(posting.rate.unwrap_or(Decimal::ONE).normalize().to_string()),
            "debt_amt" => one_side(posting.own_amount(), posting.amount),
            "credit_amt" => one_side(-posting.own_amount(), -posting.amount),
            "debt_home_amt" => one_side(posting.amount, posting.amount),
            "credit_home_amt" => one_side(-posting.amount, -posting.amount),
            "subt_nat_amount" => Cell::money(natural(posting.own_amount())),
            "subt_nat_home_amount" => Cell::money(natural(posting.amount)),
            "rbal_nat_amount" | "rbal_nat_home_amount" => Cell::money(running.balance),
            _ => Cell::empty(),
        }
    }

    pub fn account(&self, id: &str) -> Cell {
        Cell::linked(
            self.source.chart.get(id).map_or("", |account: &Account| &account.full_name),
            id,
        )
    }

    fn split(&self, posting: &Posting, txn: &Txn) -> Cell {
        let mut others = txn.accounts.iter().filter(|id| **id != posting.account_id);
        match (others.next(), others.next()) {
            (Some(other), None) => self.account(other),
            _ => Cell::linked("-Split-", ""),
        }
    }

    fn name(&self, posting: &Posting, facts: &TxnFacts) -> Cell {
        if let Some(id) = &posting.customer {
            return self.party("Customer", Some(id));
        }
        if let Some(id) = &posting.vendor {
            return self.party("Vendor", Some(id));
        }
        match &facts.name {
            Some((id, name)) => Cell::linked(name, id),
            None => Cell::linked("", ""),
        }
    }

    fn party(&self, entity: &str, id: Option<&String>) -> Cell {
        let Some(id) = id else { return Cell::empty() };
        let record = self.source.store.get(entity, id);
        let name = record.and_then(|record| record.value["DisplayName"].as_str());
        Cell::linked(name.unwrap_or_default(), id)
    }

    fn dimension(
        &self,
        entity: &str,
        id: Option<&String>,
        head: Option<&(String, String)>,
    ) -> Cell {
        let Some(id) = id.or(head.map(|(id, _)| id)) else { return Cell::empty() };
        let record = self.source.store.get(entity, id);
        let name = record.and_then(|record| record.value["FullyQualifiedName"].as_str());
        Cell::linked(name.unwrap_or_default(), id)
    }
}

/// The amount if it stands on this side; a line of nothing stands on the debit side.
/// The side is told by the home amount where the own amount is nothing.
fn one_side(own: Decimal, home: Decimal) -> Cell {
    let side = if own.is_zero() { home } else { own };
    if side.is_sign_negative() && !side.is_zero() {
        Cell::empty()
    } else if side.is_zero() {
        Cell::text("0.00")
    } else {
        Cell::money(own)
    }
}

/// The customer of a posting: its own, or the document's.
pub fn customer<'p>(posting: &'p Posting, facts: &'p TxnFacts) -> Option<&'p String> {
    posting.customer.as_ref().or(facts.customer.as_ref())
}

/// The vendor of a posting: its own, or the document's.
pub fn vendor<'p>(posting: &'p Posting, facts: &'p TxnFacts) -> Option<&'p String> {
    posting.vendor.as_ref().or(facts.vendor.as_ref())
}
