//! Queue triggers: receives, calls, deletes; what fails comes again, and what
//! fails too often is poison.

use std::{sync::Arc, time::Duration};

use base64::prelude::*;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{interval, sleep},
};

use super::{
    envelope,
    invoke::Invoker,
    package::{Function, Package, Trigger},
    queue_source::{Message, QueueError, QueueSource},
};

/// How long a received message is hidden; renewed while its call runs.
const HIDDEN: Duration = Duration::from_mins(10);
const RENEW: Duration = Duration::from_mins(5);
const QUICK: Duration = Duration::from_millis(4);
const IDLE: Duration = Duration::from_millis(100);

/// Listens on all queues until dropped.
pub async fn run(package: Arc<Package>, invoker: Invoker, queues: Arc<dyn QueueSource>) {
    let listened: Vec<Listened> = package
        .functions
        .iter()
        .enumerate()
        .filter_map(|(at, function)| match &function.trigger {
            Trigger::Queue { queue, .. } => Some(Listened {
                at,
                queue: queue.clone(),
                room: Arc::new(Semaphore::new(
                    package.host.queues.batch_size + package.host.queues.new_batch_threshold,
                )),
            }),
            _ => None,
        })
        .collect();
    let names: Vec<String> = listened.iter().map(|l| l.queue.clone()).collect();
    let mut calls = JoinSet::new();
    let mut pause = QUICK;
    loop {
        while calls.try_join_next().is_some() {}
        let waiting = match queues.waiting(&names).await {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::warn!(%error, "the queues");
                Vec::new()
            }
        };
        let mut taken = 0;
        for one in listened.iter().filter(|one| waiting.contains(&one.queue)) {
            taken += one.take(&package, &invoker, &queues, &mut calls).await;
        }
        pause = if taken > 0 {
            QUICK
        } else {
            // who works now is likely to leave a message soon
            let most = if calls.is_empty() { IDLE } else { QUICK };
            (pause * 2).min(package.host.queues.max_polling_interval).min(most)
        };
        sleep(pause).await;
    }
}

struct Listened {
    /// Which function.
    at: usize,
    queue: String,
    room: Arc<Semaphore>,
}

impl Listened {
    async fn take(
        &self,
        package: &Arc<Package>,
        invoker: &Invoker,
        queues: &Arc<dyn QueueSource>,
        calls: &mut JoinSet<()>,
    ) -> usize {
        let most = package.host.queues.batch_size.min(32).min(self.room.available_permits());
        if most == 0 {
            return 0;
        }
        let received = match queues.receive(&self.queue, most, HIDDEN).await {
            Ok(received) => received,
            Err(error) => {
                tracing::warn!(queue = self.queue, %error, "nothing received");
                return 0;
            }
        };
        let taken = received.len();
        for message in received {
            let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else { break };
            let (package, invoker, queues) =
                (Arc::clone(package), invoker.clone(), Arc::clone(queues));
            let (at, queue) = (self.at, self.queue.clone());
            calls.spawn(async move {
                let function = &package.functions[at];
                if let Err(error) =
                    handle(&package, function, &queue, message, &invoker, queues.as_ref()).await
                {
                    tracing::warn!(queue, %error, "a message");
                }
                drop(permit);
            });
        }
        taken
    }
}

async fn handle(
    package: &Package,
    function: &Function,
    queue: &str,
    message: Message,
    invoker: &Invoker,
    queues: &dyn QueueSource,
) -> Result<(), QueueError> {
    let settings = &package.host.queues;
    let Trigger::Queue { binary, .. } = function.trigger else { return Ok(()) };
    let content = if settings.base64 {
        BASE64_STANDARD.decode(&message.text).ok()
    } else {
        Some(message.text.clone().into_bytes())
    };
    let poison = format!("{queue}-poison");
    let content = match content {
        Some(content) if message.dequeue_count <= settings.max_dequeue_count => content,
        _ => {
            queues.put_poison(&poison, &message.text).await?;
            return queues.delete(queue, &message.id, &message.receipt).await;
        }
    };
    let called = envelope::queue(function, binary, &message, &content);
    let call = invoker.call(function, &called);
    tokio::pin!(call);
    let mut receipt = message.receipt.clone();
    let mut renew = interval(RENEW);
    renew.tick().await;
    let done = loop {
        tokio::select! {
            done = &mut call => break done,
            _ = renew.tick() => {
                receipt = queues.update_visibility(queue, &message.id, &receipt, HIDDEN).await?;
            }
        }
    };
    if done {
        queues.delete(queue, &message.id, &receipt).await
    } else if message.dequeue_count >= settings.max_dequeue_count {
        queues.put_poison(&poison, &message.text).await?;
        queues.delete(queue, &message.id, &receipt).await
    } else {
        let soon = settings.visibility_timeout;
        queues.update_visibility(queue, &message.id, &receipt, soon).await.map(drop)
    }
}
