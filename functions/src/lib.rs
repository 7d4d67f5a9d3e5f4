//! Every function and every entity of Quick2Odoo, one file each.

pub mod entities;
