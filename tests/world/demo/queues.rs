//! The program's embedded queue, as the local host sees storage queues.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use async_trait::async_trait;
use base64::prelude::*;
use jiff::{SignedDuration, Timestamp};
use q2o_platform::queue::{EmbeddedQueue, Received};

use crate::host::{Message, QueueError, QueueSource};

/// Messages in flight are kept here: the host knows them by id and receipt only.
pub struct Queues {
    queue: EmbeddedQueue,
    taken: Mutex<HashMap<(String, String), Received>>,
    receipts: std::sync::atomic::AtomicU64,
}

impl Queues {
    pub fn new(queue: EmbeddedQueue) -> Self {
        Self { queue, taken: Mutex::default(), receipts: std::sync::atomic::AtomicU64::new(0) }
    }

    fn keep(&self, id: &str, received: Received) -> String {
        let number = self.receipts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let receipt = number.to_string();
        self.taken().insert((id.to_owned(), receipt.clone()), received);
        receipt
    }

    fn take(&self, id: &str, receipt: &str) -> Result<Received, QueueError> {
        self.taken().remove(&(id.to_owned(), receipt.to_owned())).ok_or(QueueError::Stale)
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, HashMap<(String, String), Received>> {
        self.taken.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait]
impl QueueSource for Queues {
    async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<Message>, QueueError> {
        let most = u32::try_from(max).unwrap_or(32);
        let received = self.queue.receive(queue, most, visibility).await.map_err(unreachable)?;
        let messages = received.into_iter().map(|received| {
            let id = received.id.clone();
            let text = BASE64_STANDARD.encode(&received.text);
            let dequeue_count = received.dequeued;
            let receipt = self.keep(&id, received);
            Message {
                id,
                receipt,
                text,
                dequeue_count,
                inserted: Timestamp::UNIX_EPOCH,
                expires: Timestamp::MAX,
                next_visible: Timestamp::UNIX_EPOCH
                    .saturating_add(SignedDuration::try_from(visibility).unwrap_or_default())
                    .unwrap_or(Timestamp::MAX),
            }
        });
        Ok(messages.collect())
    }

    async fn delete(&self, _: &str, id: &str, receipt: &str) -> Result<(), QueueError> {
        let received = self.take(id, receipt)?;
        let deleted = self.queue.delete(&received).await.map_err(unreachable)?;
        if deleted { Ok(()) } else { Err(QueueError::Stale) }
    }

    async fn update_visibility(
        &self,
        _: &str,
        id: &str,
        receipt: &str,
        visibility: Duration,
    ) -> Result<String, QueueError> {
        let received = self.take(id, receipt)?;
        let hidden =
            self.queue.update_visibility(&received, visibility).await.map_err(unreachable)?;
        Ok(self.keep(id, hidden.ok_or(QueueError::Stale)?))
    }

    async fn put_poison(&self, poison_queue: &str, text: &str) -> Result<(), QueueError> {
        self.queue.send_text(poison_queue, text, Duration::ZERO).await.map_err(unreachable)
    }

    async fn waiting(&self, queues: &[String]) -> Result<Vec<String>, QueueError> {
        let names: Vec<&str> = queues.iter().map(String::as_str).collect();
        let ready = self.queue.ready(&names).await.map_err(unreachable)?;
        Ok(ready.into_iter().map(str::to_owned).collect())
    }

    async fn count(&self, queues: &[String]) -> Result<u64, QueueError> {
        let mut count = 0;
        for queue in queues {
            count += self.queue.length(queue).await.map_err(unreachable)? as u64;
        }
        Ok(count)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreachable(failure: q2o_domain::Failure) -> QueueError {
    QueueError::Unreachable(failure.to_string())
}
