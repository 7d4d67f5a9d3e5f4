//! Connections, and what ties two companies.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{Currency, LinkId, OdooId, RealmId};

/// A QuickBooks connection: a realm and its sealed tokens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QboConnection {
    pub realm: RealmId,
    /// As `CompanyInfo` said when the connection was tested.
    pub company_name: String,
    /// Sealed by the tenant's key.
    pub access_token: String,
    pub access_expires: Timestamp,
    /// Sealed by the tenant's key.
    pub refresh_token: String,
    pub refresh_expires: Option<Timestamp>,
    /// One refresher at a time, and no longer than this.
    #[serde(default)]
    pub refreshing_until: Option<Timestamp>,
    pub connected_by: String,
}

/// An Odoo connection: one company of one database.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OdooConnection {
    pub url: String,
    pub database: String,
    pub login: String,
    /// Sealed by the tenant's key.
    pub api_key: String,
    pub company: OdooId,
    pub company_name: String,
    pub version: String,
    /// Calls a second this Odoo may be asked; `None` is as many as it answers.
    pub calls_per_second: Option<u32>,
    pub connected_by: String,
}

/// A QuickBooks company tied to an Odoo company, with what told them apart
/// when they were tied.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompanyLink {
    pub id: LinkId,
    pub realm: RealmId,
    /// Id of the Odoo connection.
    pub odoo: String,
    /// Fixed at the first migration; checked before every later write.
    pub fingerprint: Option<Fingerprint>,
    /// The first day of history, fixed with it.
    #[serde(default)]
    pub cut: Option<Date>,
    /// What the migration set up in Odoo beside records: written down before it
    /// is made, so that a rollback knows it from what was there.
    #[serde(default)]
    pub set_up: BTreeSet<SetUp>,
}

/// A record that the migration needs of its own, as a journal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SetUp {
    /// As in `account.journal`.
    pub model: String,
    /// The field that tells it, and its value.
    pub by: String,
    pub value: String,
}

/// What says that both companies are still the ones they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    pub realm: RealmId,
    /// When QuickBooks made the company; survives renaming.
    pub company_created: String,
    pub odoo_database: String,
    /// The database's own uuid, where it can be read.
    pub odoo_uuid: String,
    pub odoo_company: OdooId,
    pub currency: Currency,
}
