//! The contract of the embedded queue, over every store.

use std::{collections::HashSet, sync::Arc, time::Duration};

use jiff::Timestamp;
use q2o_platform::{
    clock::ManualClock,
    queue::{EmbeddedQueue, Received},
};

use super::{Store, on_every_store};

on_every_store!(
    a_message_is_hidden_while_it_is_held,
    a_delayed_message_waits,
    a_stale_receipt_does_nothing,
    poison_is_kept_apart,
    competing_receivers_never_share_a_message,
    ready_sees_past_a_long_queue,
    the_engine_sends_to_the_right_queue,
);

const HOLD: Duration = Duration::from_mins(1);
const NOW: Duration = Duration::ZERO;

fn queues(store: &Store) -> (EmbeddedQueue, EmbeddedQueue, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_000_000).unwrap()));
    let queue = EmbeddedQueue::new(Arc::clone(&store.database), clock.clone());
    let other = EmbeddedQueue::new(Arc::clone(&store.other), clock.clone());
    (queue, other, clock)
}

fn texts(messages: &[Received]) -> Vec<&str> {
    messages.iter().map(|message| message.text.as_str()).collect()
}

async fn a_message_is_hidden_while_it_is_held(store: Store) {
    let (queue, other, clock) = queues(&store);
    for text in ["one", "two", "three"] {
        queue.send_text("q", text, NOW).await.unwrap();
    }
    let held = queue.receive("q", 2, HOLD).await.unwrap();
    assert_eq!(texts(&held), ["one", "two"]);
    assert!(held.iter().all(|message| message.dequeued == 1));
    assert_eq!(texts(&other.receive("q", 32, HOLD).await.unwrap()), ["three"]);
    assert!(other.receive("q", 32, HOLD).await.unwrap().is_empty());
    assert!(queue.delete(&held[0]).await.unwrap());
    clock.advance(HOLD);
    let again = other.receive("q", 32, HOLD).await.unwrap();
    assert_eq!(texts(&again), ["two", "three"]);
    assert!(again.iter().all(|message| message.dequeued == 2));
    assert_eq!(queue.length("q").await.unwrap(), 2);
    assert!(queue.receive("other", 32, HOLD).await.unwrap().is_empty());
}

async fn a_delayed_message_waits(store: Store) {
    let (queue, _, clock) = queues(&store);
    queue.send_text("q", "later", Duration::from_millis(1500)).await.unwrap();
    queue.send_text("q", "now", NOW).await.unwrap();
    assert_eq!(texts(&queue.receive("q", 32, HOLD).await.unwrap()), ["now"]);
    clock.advance(Duration::from_millis(1499));
    assert!(queue.ready(&["q"]).await.unwrap().is_empty());
    clock.advance(Duration::from_millis(1));
    assert_eq!(queue.ready(&["q"]).await.unwrap(), ["q"]);
    assert_eq!(texts(&queue.receive("q", 32, HOLD).await.unwrap()), ["later"]);
}

async fn a_stale_receipt_does_nothing(store: Store) {
    let (queue, other, clock) = queues(&store);
    queue.send_text("q", "text", NOW).await.unwrap();
    let first = queue.receive("q", 1, HOLD).await.unwrap().remove(0);
    clock.advance(HOLD);
    let second = other.receive("q", 1, HOLD).await.unwrap().remove(0);
    assert!(!queue.delete(&first).await.unwrap());
    assert!(!queue.put_poison(&first).await.unwrap());
    assert_eq!(queue.update_visibility(&first, HOLD).await.unwrap(), None);
    let third = other.update_visibility(&second, HOLD * 2).await.unwrap().unwrap();
    assert!(!other.delete(&second).await.unwrap());
    clock.advance(HOLD);
    assert!(queue.receive("q", 1, HOLD).await.unwrap().is_empty());
    other.update_visibility(&third, NOW).await.unwrap().unwrap();
    let last = queue.receive("q", 1, HOLD).await.unwrap().remove(0);
    assert_eq!(last.dequeued, 3);
    assert!(queue.delete(&last).await.unwrap());
    assert!(!queue.delete(&last).await.unwrap());
    assert_eq!(queue.length("q").await.unwrap(), 0);
    assert_eq!(queue.length("q-poison").await.unwrap(), 0);
}

async fn poison_is_kept_apart(store: Store) {
    let (queue, other, clock) = queues(&store);
    queue.send_text("q", "bad", NOW).await.unwrap();
    let held = queue.receive("q", 1, HOLD).await.unwrap().remove(0);
    assert!(queue.put_poison(&held).await.unwrap());
    clock.advance(HOLD);
    assert!(queue.receive("q", 1, HOLD).await.unwrap().is_empty());
    assert_eq!(texts(&other.peek("q-poison", 10).await.unwrap()), ["bad"]);
    assert_eq!(queue.ready(&["q"]).await.unwrap(), [] as [&str; 0]);
    assert_eq!(queue.ready(&["q", "q-poison"]).await.unwrap(), ["q-poison"]);
    let poison = other.receive("q-poison", 1, HOLD).await.unwrap().remove(0);
    assert_eq!((poison.text.as_str(), poison.dequeued), ("bad", 1));
    assert!(other.delete(&poison).await.unwrap());
    assert_eq!(queue.length("q-poison").await.unwrap(), 0);
}

async fn competing_receivers_never_share_a_message(store: Store) {
    let (queue, other, _) = queues(&store);
    for n in 0..200 {
        queue.send_text("q", &n.to_string(), NOW).await.unwrap();
    }
    let (queue, other) = (Arc::new(queue), Arc::new(other));
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..4 {
        let queue = Arc::clone(if n % 2 == 0 { &queue } else { &other });
        tasks.spawn(async move {
            let mut mine = Vec::new();
            while queue.length("q").await.unwrap() > 0 {
                for message in queue.receive("q", 8, HOLD).await.unwrap() {
                    assert_eq!(message.dequeued, 1);
                    assert!(queue.delete(&message).await.unwrap());
                    mine.push(message.text);
                }
            }
            mine
        });
    }
    let all: Vec<String> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(all.len(), 200);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 200);
}

async fn ready_sees_past_a_long_queue(store: Store) {
    let (queue, _, clock) = queues(&store);
    for n in 0..510 {
        queue.send_text("long", &n.to_string(), NOW).await.unwrap();
    }
    clock.advance(Duration::from_secs(1));
    queue.send_text("short", "text", NOW).await.unwrap();
    assert_eq!(queue.ready(&["short", "long", "empty"]).await.unwrap(), ["short", "long"]);
}

async fn the_engine_sends_to_the_right_queue(store: Store) {
    use q2o_durable::{InstanceId, Message, Queue, SlotId};
    let (queue, _, _) = queues(&store);
    let instance = InstanceId::new("t1", "job-1");
    let slot = SlotId { instance: instance.clone(), generation: 0, index: 0 };
    let messages = [
        ("orchestrate", Message::Wake { instance }),
        ("load-invoice", Message::Work { slot, target: "load-invoice".into() }),
    ];
    for (name, message) in messages {
        Queue::send(&queue, &message, NOW).await.unwrap();
        let held = queue.receive(name, 1, HOLD).await.unwrap().remove(0);
        assert_eq!(serde_json::from_str::<Message>(&held.text).unwrap(), message);
    }
}
