//! The proof: what was compared, completed, and left.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::moved::ErrorEntry;
use super::reported::Snapshot;
use crate::{Currency, Money, OdooId, QboId, RealmId, ledger::Level};

/// An entry in Odoo for what documents cannot explain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    pub class: String,
    pub txn_type: String,
    pub txn_id: QboId,
    pub date: Date,
    /// The sum of its debits.
    pub amount: Money,
    /// Part of the document itself, not an entry of its own.
    #[serde(default)]
    pub in_document: bool,
}

/// Something that differs, told so that a person can find it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub level: String,
    pub what: String,
    pub quickbooks: String,
    pub odoo: String,
    /// What kind of difference it is, as in `only_in_odoo`.
    #[serde(default)]
    pub reason: String,
    /// The first transactions behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because_of: Vec<String>,
}

/// QuickBooks' own trial balance of a day beside what Odoo holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BothBalances {
    pub day: Date,
    /// Results from before this day stand in retained earnings.
    pub year_start: Date,
    pub retained_earnings: QboId,
    pub accounts: Vec<BothBalance>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BothBalance {
    pub account: QboId,
    /// Its number, if it has one, and its name in QuickBooks.
    pub name: String,
    /// The account it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odoo_account: Option<OdooId>,
    /// Whether it is one of profit and loss.
    pub result: bool,
    pub quickbooks: Money,
    pub odoo: Money,
}

/// QuickBooks accounts that are one account in Odoo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Odoo's code.
    pub odoo: String,
    /// Ids and names.
    pub accounts: Vec<String>,
}

/// Entries on an adopted account that are not ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// Code and name in Odoo.
    pub account: String,
    pub lines: u64,
    /// Debit positive.
    pub amount: Money,
}

/// Between whom, when and by what a proof was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// QuickBooks' company.
    pub quickbooks: String,
    pub realm: RealmId,
    pub odoo_url: String,
    pub odoo_database: String,
    pub odoo_company: OdooId,
    pub odoo_company_name: String,
    pub odoo_version: String,
    pub currency: Currency,
    pub proved: Timestamp,
    /// The version of this program.
    pub software: String,
}

/// Both ledgers compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// `L0` to `L4`, after completion.
    pub levels: BTreeMap<String, Level>,
    /// What documents post by themselves against QuickBooks' ledger, before completion.
    pub by_documents: Level,
    /// The debit sum of the running balances at the last date.
    pub trial_balance_total: Money,
    pub completion_entries: Vec<Completion>,
    pub unexplained: Vec<Difference>,
    /// The first differences of each level.
    pub differences: Vec<Difference>,
    /// What could not be compared, and why.
    #[serde(default)]
    pub not_compared: Vec<String>,
    /// What it was compared with.
    #[serde(default)]
    pub snapshot: Option<Snapshot>,
    /// Accounts that are one account in Odoo: compared by their sum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// What stood, or was booked, on adopted accounts without us: not compared,
    /// but in Odoo's own balances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<Foreign>,
    #[serde(default)]
    pub circumstances: Option<Circumstances>,
    /// The records that are not in Odoo (or would not be), as of the proof.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_loaded: Vec<ErrorEntry>,
}

impl Proof {
    pub fn clean(&self) -> bool {
        self.unexplained.is_empty() && self.levels.values().all(|level| level.different == 0)
    }
}
