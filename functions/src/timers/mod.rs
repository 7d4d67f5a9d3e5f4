//! What has to happen by itself.

pub mod retention;
pub mod sweep;
