//! What has to happen by itself.

pub mod follow;
pub mod retention;
pub mod sweep;
