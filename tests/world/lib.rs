//! The outside world imitated: the Functions host, QuickBooks, Odoo, companies.

pub mod app;
pub mod bench;
pub mod clients;
pub mod company;
pub mod demo;
pub mod host;
pub mod odoo;
pub mod qbo;
