//! Reports: what was assessed; the proof of a migration, its certificate, and what it was
//! compared with; what a rollback took.

pub mod accounts;
pub mod assessment;
pub mod certificate;
pub mod proof;
pub mod rollback;
pub mod snapshot;
