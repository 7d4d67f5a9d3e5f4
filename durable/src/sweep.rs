//! The watchdog: finds in the tables what no message speaks of any more.

use std::collections::HashSet;

use crate::{
    Engine, EngineError, Head, JournalError, Mail, Slot, State, Status, Step,
    rows::{Lane, Record},
    store::Entry,
    turn::count,
};

/// Rows read at once.
const BATCH: usize = 200;
/// Batches of one table in one sweep; the next sweep goes on.
const BATCHES: usize = 10;

/// What a sweep found. In quiet times all are 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Instances woken: a lost hint, a timer, unread mail.
    pub woken: usize,
    /// Calls hinted again: a lost hint, or a lease that ran out.
    pub hinted: usize,
    /// Of those, leases that ran out.
    pub expired: usize,
    /// Lanes looked at because somebody is in line.
    pub lanes: usize,
    /// Waiting instances that were counted.
    pub checked: usize,
    /// Instances whose count of open calls was wrong. Not 0 is a bug; it is repaired.
    pub repaired: usize,
}

impl Engine {
    /// Hints again whatever is due. Call it every 30 to 60 seconds; several at
    /// once do no harm.
    pub async fn sweep(&self) -> Result<Sweep, EngineError> {
        let mut found = Sweep::default();
        for _ in 0..BATCHES {
            let lanes: Vec<Entry<Lane>> = self.store.due(self.clock.now(), BATCH).await?;
            for Entry { is: Lane { partition, name, .. }, .. } in &lanes {
                found.lanes += 1;
                self.forgive(self.admit(partition, name).await)?;
            }
            if lanes.len() < BATCH {
                break;
            }
        }
        for _ in 0..BATCHES {
            let slots: Vec<Entry<Slot>> = self.store.due(self.clock.now(), BATCH).await?;
            let more = slots.len() == BATCH;
            for slot in slots {
                self.sweep_slot(slot, &mut found).await?;
            }
            if !more {
                break;
            }
        }
        let mut woken = HashSet::new();
        for _ in 0..BATCHES {
            let mail: Vec<Entry<Mail>> = self.store.due(self.clock.now(), BATCH).await?;
            let more = mail.len() == BATCH;
            for mut letter in mail {
                let instance = letter.is.instance.clone();
                letter.is.due = Some(self.stale(0));
                if self.touch(&letter, &instance.partition).await? && woken.insert(instance.clone())
                {
                    found.woken += 1;
                    self.hint(vec![self.wake(&instance)]).await;
                }
            }
            if !more {
                break;
            }
        }
        for _ in 0..BATCHES {
            let heads: Vec<Entry<Head>> = self.store.due(self.clock.now(), BATCH).await?;
            let more = heads.len() == BATCH;
            for head in heads {
                self.sweep_head(head, &mut found).await?;
            }
            if !more {
                break;
            }
        }
        Ok(found)
    }

    async fn sweep_slot(
        &self,
        mut slot: Entry<Slot>,
        found: &mut Sweep,
    ) -> Result<(), EngineError> {
        let expired = matches!(slot.is.state, State::Leased(_));
        slot.is.due = Some(self.stale(slot.is.hints));
        slot.is.hints = slot.is.hints.saturating_add(1);
        let partition = slot.is.id.instance.partition.clone();
        if self.touch(&slot, &partition).await? {
            found.hinted += 1;
            found.expired += usize::from(expired);
            let hint = self.work_hint(&slot.is.id, &slot.is.target, slot.is.not_before);
            self.hint(vec![hint]).await;
        }
        Ok(())
    }

    async fn sweep_head(
        &self,
        mut head: Entry<Head>,
        found: &mut Sweep,
    ) -> Result<(), EngineError> {
        let now = self.clock.now();
        let timer = head.is.timer.is_some_and(|at| at <= now);
        if head.is.status == Status::Running && !head.is.ready && !timer {
            found.checked += 1;
            let slots = self.slots(&head.is).await?;
            let open = count(slots.iter().map(|slot| &slot.is).filter(|slot| slot.is_open()));
            if open == head.is.pending {
                let check = now + self.settings.check;
                head.is.due = Some(head.is.timer.map_or(check, |at| at.min(check)));
                self.touch(&head, &head.is.id.partition).await?;
                return Ok(());
            }
            found.repaired += 1;
            tracing::error!(instance = %head.is.id, counted = head.is.pending, open, "miscounted");
            head.is.pending = open;
            head.is.ready = true;
        }
        head.is.due = Some(self.stale(0));
        if self.touch(&head, &head.is.id.partition).await? {
            found.woken += 1;
            self.hint(vec![self.wake(&head.is.id)]).await;
        }
        Ok(())
    }

    /// Writes when to look again. `false` if the row has moved on by itself.
    async fn touch<T: Record>(&self, row: &Entry<T>, partition: &str) -> Result<bool, EngineError> {
        let mut step = Step::new(partition);
        step.replace(row)?;
        match self.store.commit(step).await {
            Err(JournalError::Conflict) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    /// Losing a race to somebody who does the same is no failure.
    #[expect(clippy::unused_self, reason = "reads as a step of the sweep")]
    fn forgive(&self, result: Result<(), JournalError>) -> Result<(), JournalError> {
        match result {
            Err(JournalError::Conflict) => Ok(()),
            other => other,
        }
    }
}
