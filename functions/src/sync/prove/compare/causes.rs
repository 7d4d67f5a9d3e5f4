//! The transactions behind differing balances, so that a person finds the cause of
//! what differs on an account: each transaction that differs by itself, and each
//! that stands on another day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use q2o_domain::{
    Facts, QboId, Result, Txn,
    ports::Select,
    records::{BothBalances, LedgerTxn},
};

use super::{OdooSide, Told, quickbooks::Theirs};
use crate::{
    store::{Read, collection},
    sync::{
        company::{Company, Task},
        load::opening,
    },
};

/// Transactions named with one difference; more are only counted.
const NAMED: usize = 5;

/// By account, the days on which a transaction that differs stands there.
#[derive(Default)]
pub struct Causes {
    on: BTreeMap<QboId, BTreeSet<(Date, Txn)>>,
}

impl Causes {
    /// `differing` are the transactions that differ by themselves, with the accounts
    /// they differ on.
    pub async fn find(
        company: &Company,
        task: &Task,
        side: &OdooSide,
        differing: &BTreeSet<(Txn, QboId)>,
    ) -> Result<Self> {
        let mut causes = Self::default();
        let mut days: BTreeMap<&Txn, BTreeSet<Date>> = BTreeMap::new();
        for (id, own) in &side.ledger.moves {
            if let Some(txn) = side.moves.get(id).filter(|txn| **txn != opening::txn()) {
                days.entry(txn).or_default().insert(own.date);
            }
        }
        for (txn, account) in differing {
            let own = side.ledger.stranger(txn).map(|own| own.date);
            let theirs = days.get(txn).into_iter().flatten().copied();
            let opening = (*txn == opening::txn()).then(|| opening::day(task.cut));
            for day in theirs.chain(own).chain(opening) {
                causes.add(account, day, txn);
            }
        }
        let see = |read: Read<LedgerTxn>| {
            let LedgerTxn { txn, date, postings, .. } = read.value;
            if date < task.cut {
                return;
            }
            let elsewhere = days.get(&txn).filter(|days| !days.contains(&date));
            for posting in postings {
                if let Some(elsewhere) = elsewhere {
                    for day in elsewhere.iter().copied().chain([date]) {
                        causes.add(&posting.account, day, &txn);
                    }
                } else if differing.contains(&(txn.clone(), posting.account.clone())) {
                    causes.add(&posting.account, date, &txn);
                }
            }
        };
        let key = Select::Key(task.job.0.clone());
        company.tenant.each(collection::LEDGER, key, see).await?;
        Ok(causes)
    }

    fn add(&mut self, account: &QboId, day: Date, txn: &Txn) {
        self.on.entry(account.clone()).or_default().insert((day, txn.clone()));
    }

    fn on(&self, account: &QboId) -> impl Iterator<Item = (Date, Txn)> {
        self.on.get(account).into_iter().flatten().cloned()
    }

    /// Behind what moved on an account in a month.
    pub fn in_month(&self, account: &QboId, month: Date, what: String) -> Told {
        named(what, self.on(account).filter(|(day, _)| day.last_of_month() == month))
    }

    /// Behind what stands on an account on a day.
    pub fn until(&self, account: &QboId, day: Date, what: String) -> Told {
        named(what, self.on(account).filter(|(of, _)| *of <= day))
    }

    /// Behind an account's line of a trial balance, where results of earlier years
    /// stand in retained earnings.
    pub fn rolled(
        &self,
        both: &BothBalances,
        account: &QboId,
        facts: &Facts,
        what: String,
    ) -> Told {
        let since = if facts.is_result(account) { both.year_start } else { Date::MIN };
        let own = self.on(account).filter(|(of, _)| (since..=both.day).contains(of));
        let rolls = *account == both.retained_earnings;
        let results = self.on.iter().filter(|(other, _)| rolls && facts.is_result(other));
        let earlier = results.flat_map(|(_, all)| all.iter().cloned());
        let earlier = earlier.filter(|(of, _)| *of < both.year_start);
        let told = named(what, own.chain(earlier));
        // the ledgers agree, so it is QuickBooks' report that says something else
        if told.because_of.is_empty() { Told { reason: "reports_disagree", ..told } } else { told }
    }

    /// Behind what stands with a partner on an account.
    pub fn with_partner(&self, account: &QboId, what: String) -> Told {
        let told = named(what, self.on(account));
        if told.because_of.is_empty() { Told { reason: "another_partner", ..told } } else { told }
    }
}

/// A difference that follows from these transactions, if there are any.
fn named(what: String, which: impl Iterator<Item = (Date, Txn)>) -> Told {
    let all: BTreeSet<(Date, Txn)> = which.collect();
    let mut because_of: Vec<String> =
        all.iter().take(NAMED).map(|(day, txn)| format!("{txn} of {day}")).collect();
    if all.len() > NAMED {
        because_of.push(format!("and {} more", all.len() - NAMED));
    }
    let reason = if all.is_empty() { "unexplained" } else { "follows" };
    Told { what, reason, because_of }
}

/// What kind of difference a transaction's is.
pub fn reason(txn: &Txn, side: &OdooSide, theirs: &Theirs) -> &'static str {
    let first = (txn.clone(), QboId::from(""));
    let has = |by_txn: &BTreeMap<(Txn, QboId), _>| {
        by_txn.range(&first..).next().is_some_and(|((found, _), _)| found == txn)
    };
    match (has(&theirs.by_txn), has(&side.ledger.by_txn)) {
        (true, false) => "missing_in_odoo",
        (false, true) => "only_in_odoo",
        _ => "amounts_differ",
    }
}
