//! Pause, resume and cancel: orders that an instance obeys and hands down.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Call, Engine, EngineError, Failure, Head, Hold, InstanceId, Mail, Outcome, State, Status, Step,
    store::Entry,
    turn::{Next, count, open_lanes},
    value,
};

/// The name of letters that are for the engine.
pub(crate) const ORDER: &str = "durable.order";
/// Orders obeyed in one commit; with all their effects they fit.
const MOST_ORDERS: usize = 3;

/// What such a letter says.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Order {
    hold: Hold,
    /// Set by a parent, as letters may be read out of order: an older one is void.
    number: Option<u32>,
}

impl Order {
    pub const PAUSE: Self = Self { hold: Hold::Paused, number: None };
    pub const RESUME: Self = Self { hold: Hold::Free, number: None };
    pub const CANCEL: Self = Self { hold: Hold::Cancelled, number: None };

    /// Nothing undoes a cancellation.
    fn apply(self, head: &mut Head) {
        let change = |hold: Hold| if hold == Hold::Cancelled { hold } else { self.hold };
        match self.number {
            None => head.own = change(head.own),
            Some(number) if number > head.obeyed => {
                head.obeyed = number;
                head.above = change(head.above);
            }
            Some(_) => {}
        }
    }
}

impl Engine {
    /// Obeys orders: parks, frees or cancels the open calls, and tells the children.
    pub(crate) async fn obey(
        &self,
        mut head: Entry<Head>,
        mut orders: Vec<Entry<Mail>>,
    ) -> Result<Next, EngineError> {
        orders.truncate(MOST_ORDERS);
        let before = head.is.hold();
        for order in &orders {
            value::decode::<Order>(order.is.payload.clone())?.apply(&mut head.is);
        }
        let partition = head.is.id.partition.clone();
        let mut step = Step::new(&partition);
        self.take(&mut orders, &mut step)?;
        let (mut hints, mut lanes) = (Vec::new(), BTreeSet::new());
        let hold = head.is.hold();
        if hold != before {
            head.is.orders += 1;
            let mut slots = self.slots(&head.is).await?;
            for slot in slots.iter_mut().filter(|slot| slot.is.is_open() && slot.is.call.is_work())
            {
                if let Call::Child { id, .. } = &slot.is.call {
                    step.insert(&self.order(id, hold, head.is.orders)?)?;
                    hints.push(self.wake(id));
                    continue;
                }
                let (was, leased) = (slot.is.clone(), matches!(slot.is.state, State::Leased(_)));
                match (hold, &slot.is.state) {
                    (Hold::Free, State::Parked) => {
                        hints.extend(self.issue(&mut slot.is, &mut lanes));
                    }
                    (Hold::Paused, State::Waiting | State::Ready) => {
                        slot.is.state = State::Parked;
                        slot.is.due = None;
                    }
                    (Hold::Cancelled, State::Leased(_)) => slot.is.cancelled = true,
                    (Hold::Cancelled, _) => slot.is.settle(Outcome::CANCELLED),
                    _ => {}
                }
                // a leased one is written even unchanged: whoever is about to take it
                // over, park it or give it back has to look at the head again
                if was != slot.is || leased {
                    lanes.extend(slot.is.lane.clone());
                    step.replace(slot)?;
                }
            }
            head.is.pending = count(slots.iter().map(|slot| &slot.is).filter(|s| s.is_open()));
            // whatever was left unread is read again
            head.is.ready = hold == Hold::Free || head.is.ready;
            (head.is.status, head.is.due) = match hold {
                Hold::Free => (Status::Running, Some(self.stale(0))),
                Hold::Paused => (Status::Paused, None),
                Hold::Cancelled => (Status::Cancelling, Some(self.stale(0))),
            };
            step.ride(self.watched(&head.is).await?);
        }
        lanes.retain(|lane| self.cap(&partition, lane).is_some());
        open_lanes(&partition, &lanes, self.clock.now(), &mut step)?;
        step.replace(&head)?;
        self.store.commit(step).await?;
        self.hint(hints).await;
        self.admit_all(&partition, lanes).await;
        Ok(Next::Again)
    }

    /// A held instance notes that it has seen its letters, and does nothing.
    pub(crate) async fn hold_still(
        &self,
        mut head: Entry<Head>,
        mut letters: Vec<Entry<Mail>>,
    ) -> Result<Next, EngineError> {
        let now = self.clock.now();
        let mut step = Step::new(&head.is.id.partition);
        for letter in letters.iter_mut().filter(|letter| letter.is.due.is_some()).take(80) {
            letter.is.due = None;
            step.replace(letter)?;
        }
        let cancelling = head.is.status == Status::Cancelling;
        let late = head.is.due.is_some_and(|due| !cancelling || due <= now);
        if step.changes.is_empty() && !late {
            return Ok(Next::Rest);
        }
        head.is.due = cancelling.then(|| now + self.settings.check);
        step.replace(&head)?;
        self.store.commit(step).await?;
        Ok(Next::Rest)
    }

    pub(crate) fn cancel_order(&self, to: &InstanceId, number: u32) -> Result<Mail, Failure> {
        self.order(to, Hold::Cancelled, number)
    }

    fn order(&self, to: &InstanceId, hold: Hold, number: u32) -> Result<Mail, Failure> {
        let order = value::encode(&Order { hold, number: Some(number) })?;
        Ok(self.letter(to, format!("above.{number}"), ORDER, order))
    }
}
