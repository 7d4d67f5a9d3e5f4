//! Work: claims one activity call, runs it, and records what came of it.

use std::{collections::BTreeSet, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use serde_json::Value;

use crate::{
    Attempt, Call, Engine, EngineError, Failure, Head, JournalError, MOST_CHANGES, Outcome, Retry,
    Slot, SlotId, State, Status, Step,
    attempt::holds,
    registry::{Known, said},
    store::Entry,
};

/// Claims after which a call is given up, even if it claims to make progress.
const MOST_CLAIMS: u32 = 1000;
/// Panics are tried again, but not so often as the world's failures.
const MOST_PANICS: u32 = 3;
/// Tries of a completion that the store did not answer properly.
const MOST_FAULTS: u32 = 3;

/// A call that is ours till the lease ends.
struct Claimed {
    slot: Slot,
    input: Value,
    known: Known,
}

/// What it returned, or what it said when it panicked.
type Ran = Result<Result<Value, Failure>, String>;

/// What has to be recorded.
enum Record {
    Settle(Outcome),
    /// Try again, not before so long from now.
    Again(Duration),
}

impl Engine {
    /// Runs one activity call if it is free to run, and records its outcome.
    pub async fn work(&self, id: &SlotId) -> Result<(), EngineError> {
        let Some(Claimed { slot, input, known }) = self.claim(id).await? else {
            return Ok(());
        };
        let State::Leased(until) = slot.state else { return Ok(()) };
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let attempt = Attempt::new(&slot, store, clock, known.lease, until);
        let ran = AssertUnwindSafe(known.run(input, &attempt)).catch_unwind().await;
        let ran = ran.map_err(|panic| said(&*panic));
        self.complete(&slot, known.retry, &attempt, ran).await
    }

    async fn claim(&self, id: &SlotId) -> Result<Option<Claimed>, EngineError> {
        for tries in 1.. {
            // the slot first: what the head then says is at least as recent
            let Some(mut slot) = self.store.slot(id).await? else { return Ok(None) };
            let now = self.clock.now();
            match &slot.is.state {
                State::Ready if slot.is.not_before > now => {
                    let at = slot.is.not_before;
                    self.hint(vec![self.work_hint(id, &slot.is.target, at)]).await;
                    return Ok(None);
                }
                State::Leased(until) if *until > now => return Ok(None),
                State::Ready | State::Leased(_) => {}
                State::Waiting => {
                    self.admit_all(&id.instance.partition, slot.is.lane.clone()).await;
                    return Ok(None);
                }
                State::Parked | State::Asked | State::Settled(_) => return Ok(None),
            }
            let Some(head) = self.alive(id).await? else { return Ok(None) };
            let Call::Activity { name, input } = slot.is.call.clone() else { return Ok(None) };
            let Some(known) = self.registry.find(&name) else {
                // a program rolled back, most likely; the watchdog comes again
                tracing::error!(slot = %id, name, "unknown activity");
                return Ok(None);
            };
            let done = match head.is.status {
                Status::Paused => self.park(slot, head).await,
                Status::Cancelling => self.settle(slot, head, Outcome::CANCELLED, vec![]).await,
                _ if is_hopeless(&slot.is, known.retry) => {
                    let why = format!("no answer after {} tries", slot.is.attempts);
                    tracing::error!(slot = %id, why, "given up");
                    let outcome = Outcome::Failed(Failure::retry(why));
                    self.settle(slot, head, outcome, vec![]).await
                }
                _ => {
                    let until = now + known.lease;
                    slot.is.fence += 1;
                    slot.is.attempts += 1;
                    slot.is.hints = 0;
                    slot.is.state = State::Leased(until);
                    slot.is.due = Some(until);
                    let mut step = Step::new(&id.instance.partition);
                    step.replace(&slot)?;
                    match self.store.commit(step).await {
                        Ok(()) => {
                            return Ok(Some(Claimed { slot: slot.is, input, known: known.clone() }));
                        }
                        Err(error) => Err(error),
                    }
                }
            };
            match done {
                Ok(()) => return Ok(None),
                Err(JournalError::Conflict) => self.calm(tries).await?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Records what came of a claim, and its effect on the instance, in one commit.
    async fn complete(
        &self,
        claimed: &Slot,
        retry: Retry,
        attempt: &Attempt,
        mut ran: Ran,
    ) -> Result<(), EngineError> {
        let mut faults = 0;
        for tries in 1.. {
            let Some(slot) = self.store.slot(&claimed.id).await? else { return Ok(()) };
            let Some(head) = self.alive(&claimed.id).await? else { return Ok(()) };
            if !holds(&slot, claimed.fence) {
                return self.lost(claimed, &slot.is, &head.is, faults).await;
            }
            let done = match judge(&ran, &slot.is, &head.is, retry) {
                Record::Again(pause) => self.again(slot, head, pause, &ran).await,
                Record::Settle(outcome) => match attempt.riders().await {
                    Ok(riders) if riders.len() > MOST_CHANGES - 2 => {
                        let why = format!("{} riders do not fit one commit", riders.len());
                        let outcome = Outcome::Failed(Failure::bug(why));
                        self.settle(slot, head, outcome, vec![]).await
                    }
                    Ok(riders) => self.settle(slot, head, outcome, riders).await,
                    Err(failure) => match judge(&Ok(Err(failure.clone())), &slot.is, &head.is, retry) {
                        Record::Again(pause) => {
                            ran = Ok(Err(failure));
                            self.again(slot, head, pause, &ran).await
                        }
                        Record::Settle(outcome) => self.settle(slot, head, outcome, vec![]).await,
                    },
                },
            };
            match done {
                Ok(()) => return Ok(()),
                Err(JournalError::Conflict) => self.calm(tries).await?,
                // stored or not: look again
                Err(error) => {
                    faults += 1;
                    if faults >= MOST_FAULTS {
                        return Err(error.into());
                    }
                    self.calm(tries).await?;
                }
            }
        }
        Ok(())
    }

    /// The claim does not stand any more: because somebody took over, or
    /// because our own commit did succeed when the store said it had failed.
    async fn lost(
        &self,
        claimed: &Slot,
        slot: &Slot,
        head: &Head,
        faults: u32,
    ) -> Result<(), EngineError> {
        if slot.fence != claimed.fence || faults == 0 {
            tracing::warn!(slot = %claimed.id, fence = claimed.fence, "lease lost, result dropped");
            return Ok(());
        }
        if head.ready {
            self.hint(vec![self.wake(&head.id)]).await;
        }
        if slot.state == State::Ready {
            self.hint(vec![self.work_hint(&slot.id, &slot.target, slot.not_before)]).await;
        }
        self.admit_all(&head.id.partition, slot.lane.clone()).await;
        Ok(())
    }

    /// The answer, the countdown and the riders: all or nothing.
    async fn settle(
        &self,
        mut slot: Entry<Slot>,
        mut head: Entry<Head>,
        outcome: Outcome,
        riders: Vec<Value>,
    ) -> Result<(), JournalError> {
        slot.is.settle(outcome);
        let last = head.is.count_down(self.stale(0));
        let mut step = Step::new(&head.is.id.partition);
        step.replace(&slot)?;
        step.replace(&head)?;
        step.ride(riders);
        self.store.commit(step).await?;
        if last {
            self.hint(vec![self.wake(&head.is.id)]).await;
        }
        self.admit_all(&head.is.id.partition, slot.is.lane).await;
        Ok(())
    }

    async fn again(
        &self,
        mut slot: Entry<Slot>,
        head: Entry<Head>,
        pause: Duration,
        ran: &Ran,
    ) -> Result<(), JournalError> {
        slot.is.not_before = self.clock.now() + pause;
        if matches!(ran, Ok(Err(Failure::Retry { after: Some(_), .. }))) {
            slot.is.waits += 1;
            slot.is.attempts -= 1;
        }
        if head.is.status == Status::Paused {
            return self.park(slot, head).await;
        }
        let (partition, mut lanes) = (&head.is.id.partition, BTreeSet::new());
        let hint = self.issue(&mut slot.is, &mut lanes).unwrap_or_else(|| {
            self.work_hint(&slot.is.id, &slot.is.target, slot.is.not_before)
        });
        let mut step = Step::new(partition);
        self.open_lanes(partition, &lanes, slot.is.not_before, &mut step)?;
        step.replace(&slot)?;
        self.store.commit(step).await?;
        self.hint(vec![hint]).await;
        self.admit_all(partition, lanes).await;
        Ok(())
    }

    /// Keeps a call of a paused instance from running. The head is written too,
    /// so that a resumption at the same moment cannot overlook it.
    async fn park(&self, mut slot: Entry<Slot>, head: Entry<Head>) -> Result<(), JournalError> {
        slot.is.state = State::Parked;
        slot.is.due = None;
        let mut step = Step::new(&head.is.id.partition);
        step.replace(&slot)?;
        step.replace(&head)?;
        self.store.commit(step).await?;
        self.admit_all(&head.is.id.partition, slot.is.lane).await;
        Ok(())
    }

    /// The head, if it still lives the life that asked for this call.
    async fn alive(&self, id: &SlotId) -> Result<Option<Entry<Head>>, JournalError> {
        let head = self.store.head(&id.instance).await?;
        Ok(head.filter(|h| !h.is.status.is_ended() && h.is.generation == id.generation))
    }
}

/// Whether claims came to nothing so often that another would as well.
fn is_hopeless(slot: &Slot, retry: Retry) -> bool {
    slot.attempts >= retry.attempts || slot.fence >= MOST_CLAIMS
}

/// Sorts what came of an attempt by what helps.
fn judge(ran: &Ran, slot: &Slot, head: &Head, retry: Retry) -> Record {
    let cancelling = head.status == Status::Cancelling;
    let (failure, again) = match ran {
        Ok(Ok(output)) => return Record::Settle(Outcome::Done(output.clone())),
        Ok(Err(Failure::Retry { why, after })) => {
            let again = match after {
                Some(asked) => (slot.waits < retry.waits).then(|| Retry::asked(*asked)),
                None => (slot.attempts < retry.attempts).then(|| retry.pause(slot.attempts)),
            };
            (Failure::Retry { why: why.clone(), after: *after }, again)
        }
        Ok(Err(failure)) => (failure.clone(), None),
        Err(panic) => {
            let again = slot.attempts < retry.attempts.min(MOST_PANICS);
            tracing::error!(slot = %slot.id, panic, "an activity panicked");
            (Failure::bug(panic), again.then(|| retry.pause(slot.attempts)))
        }
    };
    match again {
        Some(_) if cancelling => Record::Settle(Outcome::CANCELLED),
        Some(_) if slot.fence >= MOST_CLAIMS => Record::Settle(Outcome::Failed(failure)),
        Some(pause) => Record::Again(pause),
        None => Record::Settle(Outcome::Failed(failure)),
    }
}
