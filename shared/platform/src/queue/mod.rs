//! Queues of hints: what the Functions host listens on, or what stands in for it.

use std::{error::Error, time::Duration};

use async_trait::async_trait;
use q2o_durable::Message;

mod embedded;

pub use embedded::{EmbeddedQueue, MESSAGES, POISON, Received};

/// The queue of messages that move orchestrations on.
pub const ORCHESTRATE: &str = "orchestrate";

/// Where messages end that failed too often: the host's own convention.
pub const POISON_SUFFIX: &str = "-poison";

/// The queue a message of the engine belongs on.
pub fn queue_of(message: &Message) -> &str {
    match message {
        Message::Wake { .. } => ORCHESTRATE,
        Message::Work { target, .. } => target,
    }
}

#[async_trait]
impl q2o_durable::Queue for EmbeddedQueue {
    async fn send(
        &self,
        message: &Message,
        after: Duration,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let text = serde_json::to_string(message)?;
        Ok(self.send_text(queue_of(message), &text, after).await?)
    }
}
