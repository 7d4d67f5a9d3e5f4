//! Integration tests: the app with simulators, through the front door.

mod backfill;
mod data;
