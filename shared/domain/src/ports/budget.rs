use std::time::Duration;

use async_trait::async_trait;

use crate::Result;

/// Calls we may make to a system that counts them. Instances share no memory,
/// so the count is kept where all of them see it.
#[async_trait]
pub trait Budget: Send + Sync {
    /// Takes `calls` tokens from a lane (as in `qbo:<realm>`): zero when they
    /// were there, else how long to wait before asking again.
    async fn take(&self, lane: &str, calls: u32) -> Result<Duration>;

    /// The other side asked for a pause: nobody gets tokens until it is over.
    async fn block(&self, lane: &str, pause: Duration) -> Result<()>;
}
