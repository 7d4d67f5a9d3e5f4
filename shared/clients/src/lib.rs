//! QuickBooks Online and Odoo over HTTP, spoken well.

pub mod http;
pub mod odoo;
mod pace;
pub mod qbo;
