//! The queues as the host sees them, and queues in memory for tests.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::prelude::*;
use jiff::{SignedDuration, Timestamp};

/// A message as received.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: String,
    /// Needed to delete or to hide it; changes whenever it is hidden anew.
    pub receipt: String,
    /// As stored: base64, unless `host.json` says otherwise.
    pub text: String,
    /// How often it has been received, this time included.
    pub dequeue_count: u32,
    pub inserted: Timestamp,
    pub expires: Timestamp,
    pub next_visible: Timestamp,
}

/// A call to the queues that did not work out.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The message is gone, or someone else has received it since.
    #[error("the receipt is not valid any more")]
    Stale,
    #[error("the queues cannot be reached: {0}")]
    Unreachable(String),
}

/// Storage queues, wherever they live. A queue that does not exist is an empty one.
#[async_trait::async_trait]
pub trait QueueSource: Send + Sync {
    /// At most `max` messages (1 to 32), each hidden from others for `visibility`.
    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Message>, QueueError>;

    async fn delete(&self, queue: &str, id: &str, receipt: &str) -> Result<(), QueueError>;

    /// Hides the message from now for `visibility`; returns its new receipt.
    async fn update_visibility(
        &self,
        queue: &str,
        id: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<String, QueueError>;

    /// Adds a text, as it was stored, to a poison queue, which is created on demand.
    async fn put_poison(&self, poison_queue: &str, text: &str) -> Result<(), QueueError>;

    /// Which of these queues may have a visible message: one cheap question before many.
    async fn waiting(&self, queues: &[String]) -> Result<Vec<String>, QueueError> {
        Ok(queues.to_vec())
    }

    /// How many messages these queues hold, visible or not.
    async fn count(&self, queues: &[String]) -> Result<u64, QueueError>;
}

/// Queues in memory.
#[derive(Default)]
pub struct MemoryQueues {
    queues: Mutex<HashMap<String, Vec<Entry>>>,
}

struct Entry {
    message: Message,
    visible_at: Instant,
}

impl MemoryQueues {
    /// Adds a message as base64 of its bytes.
    pub fn put(&self, queue: &str, bytes: impl AsRef<[u8]>) {
        self.put_text(queue, &BASE64_STANDARD.encode(bytes));
    }

    /// Adds a message as it is.
    pub fn put_text(&self, queue: &str, text: &str) {
        let now = super::now();
        let message = Message {
            id: uuid::Uuid::new_v4().to_string(),
            receipt: String::new(),
            text: text.to_owned(),
            dequeue_count: 0,
            inserted: now,
            expires: now.checked_add(SignedDuration::from_hours(7 * 24)).unwrap_or(Timestamp::MAX),
            next_visible: now,
        };
        let entry = Entry { message, visible_at: Instant::now() };
        self.held().entry(queue.to_owned()).or_default().push(entry);
    }

    /// The texts in a queue, visible or not.
    pub fn texts(&self, queue: &str) -> Vec<String> {
        let queues = self.held();
        queues.get(queue).into_iter().flatten().map(|e| e.message.text.clone()).collect()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, Vec<Entry>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn hide(&mut self, visibility: Duration) -> String {
        self.visible_at = Instant::now() + visibility;
        let visibility = SignedDuration::try_from(visibility).unwrap_or(SignedDuration::MAX);
        self.message.next_visible = super::now().checked_add(visibility).unwrap_or(Timestamp::MAX);
        self.message.receipt = uuid::Uuid::new_v4().to_string();
        self.message.receipt.clone()
    }
}

#[async_trait::async_trait]
impl QueueSource for MemoryQueues {
    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Message>, QueueError> {
        let now = Instant::now();
        let mut queues = self.held();
        let visible = queues.get_mut(queue).into_iter().flatten().filter(|e| e.visible_at <= now);
        let taken = visible.take(max).map(|entry| {
            entry.message.dequeue_count += 1;
            entry.hide(visibility);
            entry.message.clone()
        });
        Ok(taken.collect())
    }

    async fn delete(&self, queue: &str, id: &str, receipt: &str) -> Result<(), QueueError> {
        let mut queues = self.held();
        let entries = queues.get_mut(queue).ok_or(QueueError::Stale)?;
        let ours = |e: &Entry| e.message.id == id && e.message.receipt == receipt;
        let index = entries.iter().position(ours).ok_or(QueueError::Stale)?;
        entries.remove(index);
        Ok(())
    }

    async fn update_visibility(
        &self,
        queue: &str,
        id: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<String, QueueError> {
        let mut queues = self.held();
        let ours = |e: &&mut Entry| e.message.id == id && e.message.receipt == receipt;
        let entry = queues.get_mut(queue).into_iter().flatten().find(ours);
        Ok(entry.ok_or(QueueError::Stale)?.hide(visibility))
    }

    async fn put_poison(&self, poison_queue: &str, text: &str) -> Result<(), QueueError> {
        self.put_text(poison_queue, text);
        Ok(())
    }

    async fn waiting(&self, queues: &[String]) -> Result<Vec<String>, QueueError> {
        let now = Instant::now();
        let held = self.held();
        let has = |q: &&String| held.get(*q).is_some_and(|l| l.iter().any(|e| e.visible_at <= now));
        Ok(queues.iter().filter(has).cloned().collect())
    }

    async fn count(&self, queues: &[String]) -> Result<u64, QueueError> {
        let held = self.held();
        Ok(queues.iter().filter_map(|q| held.get(q)).map(|l| l.len() as u64).sum())
    }
}
