//! The certificate of a migration: what was proved, of which books, and what was
//! left out. Whoever has its JSON can check it without us: see docs/CERTIFICATE.md.

mod page;
pub mod pdf;
mod type_face;

use std::{collections::BTreeMap, fmt::Write};

use jiff::{Timestamp, civil::Date};
use q2o_domain::{
    JobId, Money, OdooId, QboId, Tier,
    ledger::Level,
    records::{
        BothBalance, BothBalances, Circumstances, Completion, Difference, ErrorEntry, Foreign,
        Group, Job, Proof, Snapshot,
    },
};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::canonical;

/// The form of the JSON; another form gets another name.
const FORMAT: &str = "quick2odoo-certificate-1";

#[derive(Debug, Serialize)]
pub struct Certificate {
    pub format: &'static str,
    /// Nothing differs, and nothing is unexplained.
    pub clean: bool,
    pub circumstances: Circumstances,
    pub job: Proved,
    pub levels: BTreeMap<String, Level>,
    /// What documents post by themselves, before completion.
    pub by_documents: Level,
    /// The debit sum of the running balances at the last date.
    pub trial_balance_total: Money,
    pub trial_balances: Vec<TrialBalance>,
    /// By class.
    pub completion_entries: BTreeMap<String, Completions>,
    /// Deliberately not moved.
    pub not_moved: Vec<LeftOut>,
    /// Could not be loaded.
    pub not_loaded: Vec<LeftOut>,
    pub not_compared: Vec<String>,
    /// Accounts that are one account in Odoo, compared by their sum.
    pub groups: Vec<Group>,
    /// What others booked on adopted accounts; not compared.
    pub foreign: Vec<Foreign>,
    pub unexplained: Vec<Difference>,
    pub differences: Vec<Difference>,
    pub snapshot: Snapshot,
}

/// The job that was proved.
#[derive(Debug, Serialize)]
pub struct Proved {
    pub id: JobId,
    pub plan: Tier,
    /// The first day of history that was moved.
    pub cut: Date,
    /// The day that counted as today.
    pub until: Date,
    pub started: Timestamp,
    pub started_by: String,
}

#[derive(Debug, Serialize)]
pub struct TrialBalance {
    pub day: Date,
    /// Results from before this day stand in retained earnings.
    pub year_start: Date,
    pub retained_earnings: QboId,
    pub accounts: Vec<Line>,
    /// The sums of the debits.
    pub quickbooks_total: Money,
    pub odoo_total: Money,
    pub different: usize,
}

#[derive(Debug, Serialize)]
pub struct Line {
    pub account: QboId,
    pub name: String,
    pub odoo_account: Option<OdooId>,
    /// Whether it is one of profit and loss.
    pub result: bool,
    pub quickbooks: Money,
    pub odoo: Money,
    pub difference: Money,
}

#[derive(Debug, Default, Serialize)]
pub struct Completions {
    pub number: usize,
    pub amount: Money,
    pub entries: Vec<Completion>,
}

#[derive(Debug, Serialize)]
pub struct LeftOut {
    pub record: String,
    pub class: String,
    pub why: String,
}

impl Certificate {
    /// `None` for a proof that does not know what it was compared with.
    pub fn of(job: &Job, proof: Proof, balances: Vec<BothBalances>) -> Option<Self> {
        let clean = proof.clean();
        let mut completion_entries: BTreeMap<String, Completions> = BTreeMap::new();
        for entry in proof.completion_entries {
            let of = completion_entries.entry(entry.class.clone()).or_default();
            of.number += 1;
            of.amount += entry.amount;
            of.entries.push(entry);
        }
        for of in completion_entries.values_mut() {
            of.entries.sort_by_cached_key(|entry| (entry.date, entry.txn_id.clone()));
        }
        let (not_moved, not_loaded): (Vec<ErrorEntry>, Vec<ErrorEntry>) =
            proof.not_loaded.into_iter().partition(|entry| entry.class == "not_moved");
        let left_out = |entries: Vec<ErrorEntry>| {
            let told = entries.into_iter().map(|entry| LeftOut {
                record: format!("{} {}", entry.kind, entry.id),
                class: entry.class,
                why: entry.why,
            });
            told.collect()
        };
        Some(Self {
            format: FORMAT,
            clean,
            circumstances: proof.circumstances?,
            job: Proved {
                id: job.id.clone(),
                plan: job.plan.tier,
                cut: job.plan.cut,
                until: job.plan.until,
                started: job.started,
                started_by: job.started_by.clone(),
            },
            levels: proof.levels,
            by_documents: proof.by_documents,
            trial_balance_total: proof.trial_balance_total,
            trial_balances: balances.into_iter().map(TrialBalance::from).collect(),
            completion_entries,
            not_moved: left_out(not_moved),
            not_loaded: left_out(not_loaded),
            not_compared: proof.not_compared,
            groups: proof.groups,
            foreign: proof.foreign,
            unexplained: proof.unexplained,
            differences: proof.differences,
            snapshot: proof.snapshot?,
        })
    }

    /// The certificate with the hash of its canonical text.
    pub fn sealed(&self) -> Value {
        let certificate = json!(self);
        let digest = Sha256::digest(canonical::text(&certificate));
        let sha256 = digest.iter().fold(String::new(), |mut text, byte| {
            // writing to a string cannot fail
            let _ = write!(text, "{byte:02x}");
            text
        });
        json!({ "certificate": certificate, "sha256": sha256 })
    }
}

impl From<BothBalances> for TrialBalance {
    fn from(both: BothBalances) -> Self {
        let accounts: Vec<Line> = both.accounts.into_iter().map(Line::from).collect();
        let total = |of: fn(&Line) -> Money| {
            accounts.iter().map(of).filter(|amount| !amount.is_negative()).sum()
        };
        Self {
            day: both.day,
            year_start: both.year_start,
            retained_earnings: both.retained_earnings,
            quickbooks_total: total(|line| line.quickbooks),
            odoo_total: total(|line| line.odoo),
            different: accounts.iter().filter(|line| !line.difference.is_zero()).count(),
            accounts,
        }
    }
}

impl From<BothBalance> for Line {
    fn from(both: BothBalance) -> Self {
        Self {
            account: both.account,
            name: both.name,
            odoo_account: both.odoo_account,
            result: both.result,
            quickbooks: both.quickbooks,
            odoo: both.odoo,
            difference: both.odoo - both.quickbooks,
        }
    }
}
