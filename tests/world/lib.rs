//! The outside world imitated: the Functions host, QuickBooks, Odoo, companies.

pub mod app;
pub mod odoo;
pub mod qbo;
