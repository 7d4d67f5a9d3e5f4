//! The engine on one thread, in a world where everything that can go wrong does.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod properties;
mod rules;
mod sim;
mod store;
