//! Calls of other systems, signed by them.

pub mod quickbooks;
