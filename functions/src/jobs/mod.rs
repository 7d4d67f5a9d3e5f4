//! Jobs: what they are doing, what they have done, what went wrong.

pub mod errors;
pub mod events;
pub mod list;
pub mod retry;
pub mod show;
