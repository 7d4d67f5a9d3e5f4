//! Health: whether we are there, and whether we can work.

pub mod live;
pub mod ready;
