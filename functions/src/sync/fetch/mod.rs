//! What is read from QuickBooks before anything is written: records, its ledger, its
//! balances, and the hash of it all.

pub mod extract;
pub mod look;
pub mod missed;
pub mod read_balances;
pub mod read_books;
pub mod read_ledger;
pub mod seal;
pub mod snapshot;
