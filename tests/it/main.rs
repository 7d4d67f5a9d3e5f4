//! Integration tests: the app with simulators, through the front door.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod account_types;
mod assess;
mod backfill;
mod certificate;
mod changed;
mod companies;
mod controls;
mod crashes;
mod currency;
mod cut;
mod data;
mod failures;
mod features;
mod files;
mod follow;
mod host;
mod lines;
mod made;
mod mapped;
mod mappings;
mod matched;
mod odoo_contract;
mod opening;
mod orders;
mod owed;
mod registry;
mod regressions;
mod rehearse;
mod rollback;
mod samples;
mod tax;
mod tenancy;
