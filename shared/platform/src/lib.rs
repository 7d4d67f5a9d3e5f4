//! Where the data of Quick2Odoo lives: database, queue, secrets; and what it
//! runs on: settings, clock, call budget, logs.

pub mod budget;
pub mod clock;
pub mod config;
pub mod database;
mod private;
pub mod queue;
pub mod secrets;
pub mod telemetry;
