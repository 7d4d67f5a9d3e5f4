//! Reports: what was assessed, and the proof of a migration.

pub mod accounts;
pub mod assessment;
pub mod proof;
