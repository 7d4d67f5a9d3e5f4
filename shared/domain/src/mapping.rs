//! What a person decided about accounts, taxes and partners of one link.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{LinkId, OdooId, QboId};

/// Whose chart of accounts Odoo has in the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// QuickBooks' own: an account is made for each, unless it was decided otherwise.
    #[default]
    Mirror,
    /// Odoo's: every account has to be decided on.
    Map,
}

/// One version of a link's mapping. A version is never changed: the next one is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    pub link: LinkId,
    /// From 1 on.
    pub version: u32,
    pub mode: Mode,
    pub note: String,
    pub saved: Timestamp,
    pub saved_by: String,
    #[serde(flatten)]
    pub decisions: Decisions,
}

/// What was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisions {
    pub accounts: BTreeMap<QboId, Target>,
    /// Of tax rates, each use by itself.
    pub taxes: BTreeMap<QboId, BTreeMap<TaxUse, Target>>,
    /// Vendors that are customers too, and which.
    pub twins: BTreeMap<QboId, QboId>,
}

/// What a QuickBooks record becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A record of its own.
    Mirror,
    /// This record of Odoo's, which stays as it is.
    Odoo {
        id: OdooId,
        /// An account's code, a tax's name.
        code: String,
    },
}

impl Target {
    /// The record of Odoo's, where there is one.
    pub fn odoo(&self) -> Option<OdooId> {
        match self {
            Self::Mirror => None,
            Self::Odoo { id, .. } => Some(*id),
        }
    }

    /// As people write it.
    pub fn word(&self) -> &str {
        match self {
            Self::Mirror => MIRROR,
            Self::Odoo { code, .. } => code,
        }
    }
}

/// How a record of its own is asked for.
pub const MIRROR: &str = "mirror";

/// What a tax is levied on; Odoo has one tax for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxUse {
    Sale,
    Purchase,
}

impl TaxUse {
    pub const ALL: [Self; 2] = [Self::Sale, Self::Purchase];

    /// Odoo's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sale => "sale",
            Self::Purchase => "purchase",
        }
    }

    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.word() == word)
    }
}

impl Decisions {
    /// Odoo's account for a QuickBooks account, where it was decided on one.
    pub fn account(&self, id: &QboId) -> Option<OdooId> {
        self.accounts.get(id)?.odoo()
    }

    /// Odoo's tax for one use of a rate, where it was decided on one.
    pub fn tax(&self, rate: &QboId, of: TaxUse) -> Option<OdooId> {
        self.taxes.get(rate)?.get(&of)?.odoo()
    }
}
