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
    turn::open_lanes,
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
enum Verdict {
    Settle(Outcome),
    /// Try again after a pause, which the other side may have asked for.
    Again {
        pause: Duration,
        asked: bool,
    },
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
                            return Ok(Some(Claimed {
                                slot: slot.is,
                                input,
                                known: known.clone(),
                            }));
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

    /// Records what came of a claim, however long it takes to get it stored.
    async fn complete(
        &self,
        claimed: &Slot,
        retry: Retry,
        attempt: &Attempt,
        ran: Ran,
    ) -> Result<(), EngineError> {
        let mut faults = 0;
        for tries in 1.. {
            match self.record(claimed, retry, attempt, &ran, faults).await {
                Ok(()) => return Ok(()),
                Err(JournalError::Conflict) => {}
                // stored or not: look again
                Err(_) if faults < MOST_FAULTS => faults += 1,
                Err(error) => return Err(error.into()),
            }
            self.calm(tries).await?;
        }
        Ok(())
    }

    async fn record(
        &self,
        claimed: &Slot,
        retry: Retry,
        attempt: &Attempt,
        ran: &Ran,
        faults: u32,
    ) -> Result<(), JournalError> {
        let Some(slot) = self.store.slot(&claimed.id).await? else { return Ok(()) };
        let Some(head) = self.alive(&claimed.id).await? else { return Ok(()) };
        if !holds(&slot, claimed.fence) {
            self.lost(claimed, &slot.is, &head.is, faults).await;
            return Ok(());
        }
        let mut verdict = judge(ran, &slot.is, &head.is, retry);
        let mut riders = Vec::new();
        if let Verdict::Settle(_) = verdict {
            match attempt.riders().await {
                Ok(found) if found.len() > MOST_CHANGES - 2 => {
                    let failure = Failure::bug(format!("{} riders do not fit", found.len()));
                    verdict = Verdict::Settle(Outcome::Failed(failure));
                }
                Ok(found) => riders = found,
                Err(failure) => verdict = judge(&Ok(Err(failure)), &slot.is, &head.is, retry),
            }
        }
        match verdict {
            Verdict::Settle(outcome) => self.settle(slot, head, outcome, riders).await,
            Verdict::Again { pause, asked } => self.again(slot, head, pause, asked).await,
        }
    }

    /// The claim does not stand any more: because somebody took over, or
    /// because our own commit did succeed when the store said it had failed.
    async fn lost(&self, claimed: &Slot, slot: &Slot, head: &Head, faults: u32) {
        if slot.fence != claimed.fence || faults == 0 {
            tracing::warn!(slot = %claimed.id, fence = claimed.fence, "lease lost, result dropped");
            return;
        }
        if head.ready {
            self.hint(vec![self.wake(&head.id)]).await;
        }
        if slot.state == State::Ready {
            self.hint(vec![self.work_hint(&slot.id, &slot.target, slot.not_before)]).await;
        }
        self.admit_all(&head.id.partition, slot.lane.clone()).await;
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
        asked: bool,
    ) -> Result<(), JournalError> {
        slot.is.not_before = self.clock.now() + pause;
        if asked {
            slot.is.waits += 1;
            slot.is.attempts -= 1;
        }
        if head.is.status == Status::Paused {
            return self.park(slot, head).await;
        }
        let (partition, mut lanes) = (&head.is.id.partition, BTreeSet::new());
        let hint = self
            .issue(&mut slot.is, &mut lanes)
            .unwrap_or_else(|| self.work_hint(&slot.is.id, &slot.is.target, slot.is.not_before));
        let mut step = Step::new(partition);
        open_lanes(partition, &lanes, slot.is.not_before, &mut step)?;
        step.replace(&slot)?;
        self.store.commit(step).await?;
        self.hint(vec![hint]).await;
        self.admit_all(partition, lanes).await;
        Ok(())
    }

    /// Keeps a call of a paused instance from running. A resumption at the same
    /// moment writes the slot too, so one of the two looks again.
    async fn park(&self, mut slot: Entry<Slot>, head: Entry<Head>) -> Result<(), JournalError> {
        slot.is.state = State::Parked;
        slot.is.due = None;
        let mut step = Step::new(&head.is.id.partition);
        step.replace(&slot)?;
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
fn judge(ran: &Ran, slot: &Slot, head: &Head, retry: Retry) -> Verdict {
    let (failure, asked, again) = match ran {
        Ok(Ok(output)) => return Verdict::Settle(Outcome::Done(output.clone())),
        Ok(Err(failure @ Failure::Retry { after: Some(_), .. })) => {
            (failure.clone(), true, slot.waits < retry.waits)
        }
        Ok(Err(failure @ Failure::Retry { .. })) => {
            (failure.clone(), false, slot.attempts < retry.attempts)
        }
        Ok(Err(failure)) => (failure.clone(), false, false),
        Err(panic) => {
            tracing::error!(slot = %slot.id, panic, "an activity panicked");
            (Failure::bug(panic), false, slot.attempts < retry.attempts.min(MOST_PANICS))
        }
    };
    if !again || slot.fence >= MOST_CLAIMS {
        return Verdict::Settle(Outcome::Failed(failure));
    }
    if head.status == Status::Cancelling {
        return Verdict::Settle(Outcome::CANCELLED);
    }
    let pause = match failure {
        Failure::Retry { after: Some(asked), .. } => Retry::asked(asked),
        _ => retry.pause(slot.attempts),
    };
    Verdict::Again { pause, asked }
}
