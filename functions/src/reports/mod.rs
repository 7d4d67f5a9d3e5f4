//! Reports: the proof of a migration.

pub mod accounts;
pub mod proof;
