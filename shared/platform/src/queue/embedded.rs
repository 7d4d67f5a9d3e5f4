//! Queues inside the database, for a machine without Azure: any number of
//! processes may send and receive, and no message is held by two at once.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::Timestamp;
use q2o_domain::{
    Failure, Result,
    ports::{
        self, Address, Change, Clock, CommitError, Database, Document, Query, Scope, Select, Stored,
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::POISON_SUFFIX;

/// The collection that messages are in.
pub const MESSAGES: &str = "messages";
/// The collection that messages of `-poison` queues are in: apart, because they
/// stay and would stand in the way of every look for what is ready.
pub const POISON: &str = "poison_messages";

/// A message nobody takes is dropped after this time, as in Azure.
const KEEP: Duration = Duration::from_hours(7 * 24);
/// Poison waits for a person.
const KEEP_POISON: Duration = Duration::from_hours(90 * 24);
/// How far one look for what is ready goes.
const LOOK: u32 = 500;
/// Tries to get ahead of other receivers, before leaving it to the next poll.
const TRIES: u32 = 8;

/// Named queues over the database port. A queue exists as soon as something is sent to it.
pub struct EmbeddedQueue {
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
}

/// A message as received: hidden from others until `visible`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub queue: String,
    pub id: String,
    pub text: String,
    /// How often it was received, this time included.
    pub dequeued: u32,
    /// Proves that it is still ours; a later receiver gets another.
    pub receipt: String,
    pub visible: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Body {
    text: String,
    dequeued: u32,
    receipt: String,
}

impl EmbeddedQueue {
    pub fn new(database: Arc<dyn Database>, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }

    /// Puts a message on a queue, to be seen after `delay`.
    pub async fn send_text(&self, queue: &str, text: &str, delay: Duration) -> Result<()> {
        let body = Body { text: text.to_owned(), dequeued: 0, receipt: String::new() };
        // Ordered by time, so that of messages due together the older comes first.
        let id = Uuid::now_v7().to_string();
        let change = Change::Put(self.document(queue, id, &body, self.clock.now() + delay)?);
        Ok(self.database.commit(&partition(queue), vec![change]).await?)
    }

    /// Takes up to `most` visible messages (at most 32), the longest due first,
    /// and hides them for `visibility`.
    pub async fn receive(
        &self,
        queue: &str,
        most: u32,
        visibility: Duration,
    ) -> Result<Vec<Received>> {
        let most = most.clamp(1, 32);
        for attempt in 0..TRIES {
            let now = self.clock.now();
            // Whoever collided looks further on than whom it collided with.
            let query = Query::new(partition(queue), collection(queue), Select::Due(now))
                .most(most * (attempt + 1));
            let mut found = self.database.list(&query).await?;
            if found.is_empty() {
                break;
            }
            let taken = found.split_off(found.len().saturating_sub(most as usize));
            let (received, changes): (Vec<_>, Vec<_>) = taken
                .iter()
                .map(|stored| self.claim(queue, stored, now + visibility))
                .collect::<Result<Vec<_>>>()?
                .into_iter()
                .unzip();
            match self.database.commit(&partition(queue), changes).await {
                Ok(()) => return Ok(received),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Failed(failure)) => return Err(failure),
            }
        }
        Ok(Vec::new())
    }

    fn claim(&self, queue: &str, stored: &Stored, until: Timestamp) -> Result<(Received, Change)> {
        let mut body = read(stored)?;
        body.dequeued += 1;
        body.receipt = Uuid::new_v4().to_string();
        let document = self.document(queue, stored.id.clone(), &body, until)?;
        let received = received(queue, &stored.id, body, until);
        Ok((received, Change::Replace(document, stored.version.clone())))
    }

    /// Takes a message off for good; `false` if it is not ours any more.
    pub async fn delete(&self, message: &Received) -> Result<bool> {
        let Some((stored, body)) = self.held(message).await? else { return Ok(false) };
        let document = self.document(&message.queue, stored.id.clone(), &body, message.visible)?;
        let collection = collection(&message.queue).into();
        // The replacement is there for its condition: a deletion has none.
        let changes = vec![
            Change::Replace(document, stored.version),
            Change::Delete { collection, id: stored.id },
        ];
        self.decide(message, changes).await
    }

    /// Hides a message for another while from now on (zero: shows it again);
    /// `None` if it is not ours any more.
    pub async fn update_visibility(
        &self,
        message: &Received,
        visibility: Duration,
    ) -> Result<Option<Received>> {
        let Some((stored, mut body)) = self.held(message).await? else { return Ok(None) };
        let until = self.clock.now() + visibility;
        body.receipt = Uuid::new_v4().to_string();
        let document = self.document(&message.queue, stored.id.clone(), &body, until)?;
        let change = Change::Replace(document, stored.version);
        let done = self.decide(message, vec![change]).await?;
        Ok(done.then(|| received(&message.queue, &stored.id, body, until)))
    }

    /// Moves a message to the queue's poison queue; `false` if it is not ours any more.
    pub async fn put_poison(&self, message: &Received) -> Result<bool> {
        if self.held(message).await?.is_none() {
            return Ok(false);
        }
        let queue = format!("{}{POISON_SUFFIX}", message.queue);
        let body = Body { text: message.text.clone(), dequeued: 0, receipt: String::new() };
        // Under its own id: if we stop here, moving it again makes no second one.
        let document = self.document(&queue, message.id.clone(), &body, self.clock.now())?;
        self.database.commit(&partition(&queue), vec![Change::Put(document)]).await?;
        self.delete(message).await
    }

    /// Messages of a queue, visible or not, without taking them, by age.
    pub async fn peek(&self, queue: &str, most: u32) -> Result<Vec<Received>> {
        let query = Query::new(partition(queue), collection(queue), Select::All).most(most);
        let found = self.database.list(&query).await?;
        found
            .iter()
            .map(|stored| {
                let visible = stored.due.unwrap_or_else(|| self.clock.now());
                Ok(received(queue, &stored.id, read(stored)?, visible))
            })
            .collect()
    }

    /// How many messages a queue has, visible or not. Reads them: for people and tests.
    pub async fn length(&self, queue: &str) -> Result<usize> {
        let (mut length, mut after) = (0, None);
        loop {
            let query = Query::new(partition(queue), collection(queue), Select::All).after(after);
            let found = self.database.list(&query).await?;
            length += found.len();
            match found.into_iter().last() {
                Some(last) => after = Some((String::new(), last.id)),
                None => return Ok(length),
            }
        }
    }

    /// Which of `queues` have something to receive. One look, however many
    /// queues there are, unless some of them are long enough to fill it.
    pub async fn ready<'a>(&self, queues: &[&'a str]) -> Result<Vec<&'a str>> {
        let now = self.clock.now();
        let everywhere = |most| Query {
            scope: Scope::Everywhere,
            ..Query::new("", MESSAGES, Select::Due(now)).most(most)
        };
        let found = self.database.list(&everywhere(LOOK)).await?;
        let seen: HashSet<&str> = found.iter().map(|stored| stored.partition.as_str()).collect();
        let complete = found.len() < LOOK as usize;
        let mut ready = Vec::new();
        for queue in queues {
            let partition = partition(queue);
            let unseen = !complete || collection(queue) != MESSAGES;
            let has = seen.contains(partition.as_str())
                || unseen && {
                    let one = Query::new(partition, collection(queue), Select::Due(now)).most(1);
                    !self.database.list(&one).await?.is_empty()
                };
            if has {
                ready.push(*queue);
            }
        }
        Ok(ready)
    }

    /// The message as stored, if the receipt is still the last one given out.
    async fn held(&self, message: &Received) -> Result<Option<(Stored, Body)>> {
        let (partition, id) = (partition(&message.queue), message.id.clone());
        let at = Address { partition, collection: collection(&message.queue), id };
        let Some(stored) = self.database.get(&at).await? else { return Ok(None) };
        let body = read(&stored)?;
        Ok((body.receipt == message.receipt).then_some((stored, body)))
    }

    async fn decide(&self, message: &Received, changes: Vec<Change>) -> Result<bool> {
        match self.database.commit(&partition(&message.queue), changes).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict) => Ok(false),
            Err(CommitError::Failed(failure)) => Err(failure),
        }
    }

    fn document(&self, queue: &str, id: String, body: &Body, due: Timestamp) -> Result<Document> {
        let keep = if collection(queue) == POISON { KEEP_POISON } else { KEEP };
        Ok(Document::new(collection(queue), id, ports::Body::of(body)?)
            .due(Some(due))
            .expires(due.max(self.clock.now()) + keep))
    }
}

fn partition(queue: &str) -> String {
    format!("queue/{queue}")
}

fn collection(queue: &str) -> &'static str {
    if queue.ends_with(POISON_SUFFIX) { POISON } else { MESSAGES }
}

fn read(stored: &Stored) -> Result<Body> {
    let wrong = |e| Failure::bug(format!("message {} is not one: {e}", stored.id));
    stored.body.read().map_err(wrong)
}

fn received(queue: &str, id: &str, body: Body, visible: Timestamp) -> Received {
    let Body { text, dequeued, receipt } = body;
    Received { queue: queue.to_owned(), id: id.to_owned(), text, dequeued, receipt, visible }
}
