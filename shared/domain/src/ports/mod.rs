//! What the product needs from the outside, said in its own words.

mod budget;
mod clock;
mod database;
mod odoo;
mod quickbooks;
mod secrets;

pub use budget::Budget;
pub use clock::Clock;
pub use database::{
    Address, Body, Change, CommitError, Database, Document, MOST_BYTES, MOST_CHANGES, Query, Scope,
    Select, Stored,
};
pub use odoo::{Loaded, Odoo, OdooError, RowError};
pub use quickbooks::{
    Answer, Cell, Content, Found, Page, QuickBooks, Report, ReportRow, TokenStore, Tokens,
    Unavailable,
};
pub use secrets::Secrets;
