//! One try of one call, as its activity sees it: checkpoints, the lease, riders.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Clock, Failure, JournalError, Rider, Slot, SlotId, State, Step,
    store::{Entry, Store},
    value,
};

/// Which try of which call this is, and its line to the engine.
pub struct Attempt {
    /// The same on every try: an idempotency key.
    pub slot: SlotId,
    /// The try since the last progress, from 1.
    pub number: u32,
    claim: Option<Claim>,
    state: Mutex<Progress>,
}

/// A leased slot.
struct Claim {
    store: Store,
    clock: Arc<dyn Clock>,
    fence: u32,
    lease: Duration,
}

#[derive(Default)]
struct Progress {
    checkpoint: Option<Value>,
    until: Option<Timestamp>,
    riders: Vec<Arc<dyn Rider>>,
}

impl Attempt {
    pub(crate) fn new(
        slot: &Slot,
        store: Store,
        clock: Arc<dyn Clock>,
        lease: Duration,
        until: Timestamp,
    ) -> Self {
        let checkpoint = slot.checkpoint.clone();
        let state = Progress { checkpoint, until: Some(until), ..Progress::default() };
        Self {
            slot: slot.id.clone(),
            number: slot.attempts,
            claim: Some(Claim { store, clock, fence: slot.fence, lease }),
            state: Mutex::new(state),
        }
    }

    /// An attempt without an engine, for an activity's own tests: keeps its
    /// checkpoint in memory and never loses its lease.
    pub fn alone(slot: SlotId, number: u32) -> Self {
        Self { slot, number, claim: None, state: Mutex::default() }
    }

    /// What the last checkpoint of this call said, in this or an earlier try.
    pub fn last_checkpoint<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        self.progress().checkpoint.clone().map(value::decode).transpose()
    }

    /// Writes down how far this call is and renews the lease. A checkpoint that
    /// differs from the last one is progress: the count of attempts starts anew.
    ///
    /// Fails when nobody wants to know: with [`Failure::Cancelled`] when the
    /// instance is being cancelled, with [`Failure::Retry`] when the lease is
    /// lost. Return that failure at once and touch nothing more.
    pub async fn checkpoint(&self, progress: &(impl Serialize + Sync)) -> Result<(), Failure> {
        let progress = value::encode(progress)?;
        self.renew_with(Some(progress)).await
    }

    /// Renews the lease only. Fails as [`checkpoint`](Self::checkpoint) does.
    pub async fn renew(&self) -> Result<(), Failure> {
        self.renew_with(None).await
    }

    /// How long the lease still lasts. Begin no write to another system in its last seconds.
    pub fn remaining(&self) -> Duration {
        let Some(claim) = &self.claim else { return Duration::MAX };
        let until = self.progress().until.unwrap_or(Timestamp::MIN);
        until.duration_since(claim.clock.now()).try_into().unwrap_or_default()
    }

    /// Stores this rider's changes together with this call's answer, be it an
    /// output or a failure for good; not with one that is tried again. Call it last.
    pub fn ride(&self, rider: impl Rider + 'static) {
        self.progress().riders.push(Arc::new(rider));
    }

    async fn renew_with(&self, checkpoint: Option<Value>) -> Result<(), Failure> {
        let Some(claim) = &self.claim else {
            let mut state = self.progress();
            state.checkpoint = checkpoint.or(state.checkpoint.take());
            return Ok(());
        };
        let moved = checkpoint.is_some() && checkpoint != self.progress().checkpoint;
        for _ in 0..3 {
            let read = claim.store.slot(&self.slot).await.map_err(unreachable)?;
            let Some(mut slot) = read.filter(|slot| holds(slot, claim.fence)) else {
                return Err(Failure::retry("the lease was lost"));
            };
            if slot.is.cancelled {
                return Err(Failure::Cancelled);
            }
            let until = claim.clock.now() + claim.lease;
            slot.is.state = State::Leased(until);
            slot.is.due = Some(until);
            if let Some(checkpoint) = &checkpoint {
                slot.is.checkpoint = Some(checkpoint.clone());
            }
            if moved {
                slot.is.attempts = 1;
            }
            let mut step = Step::new(&self.slot.instance.partition);
            step.replace(&slot).map_err(unreachable)?;
            match claim.store.commit(step).await {
                Err(JournalError::Conflict) => {}
                other => {
                    other.map_err(unreachable)?;
                    let mut state = self.progress();
                    state.until = Some(until);
                    state.checkpoint = checkpoint.or(state.checkpoint.take());
                    return Ok(());
                }
            }
        }
        Err(unreachable(JournalError::Conflict))
    }

    pub(crate) async fn riders(&self) -> Result<Vec<Value>, Failure> {
        let riders = self.progress().riders.clone();
        let mut changes = Vec::new();
        for rider in riders {
            changes.extend(rider.changes().await?);
        }
        Ok(changes)
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the claim with this fence still stands. Time does not matter: an
/// expired lease that nobody took over is still held.
pub(crate) fn holds(slot: &Entry<Slot>, fence: u32) -> bool {
    slot.is.fence == fence && matches!(slot.is.state, State::Leased(_))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreachable(error: JournalError) -> Failure {
    Failure::retry(format!("the checkpoint was not stored: {error}"))
}
