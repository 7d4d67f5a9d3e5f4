//! The end of a life: the instance ends or begins anew, and what is left behind is cleared.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    Call, Engine, EngineError, Head, Mail, Outcome, Select, Slot, SlotId, Status, Step,
    engine::Hint,
    store::Entry,
    turn::{Next, ROOM},
};

impl Engine {
    /// Empties the journal and begins again.
    pub(crate) async fn restart(
        &self,
        mut head: Entry<Head>,
        input: Value,
        mut slots: Vec<Entry<Slot>>,
        mut taken: Vec<Entry<Mail>>,
    ) -> Result<Next, EngineError> {
        let mut step = Step::new(&head.is.id.partition);
        let (hints, lanes) = self.abandon(&mut head.is, &mut slots, &mut step)?;
        self.take(&mut taken, &mut step)?;
        let due = Some(self.stale(0));
        head.is = Head {
            input,
            generation: head.is.generation + 1,
            pending: 0,
            ready: true,
            timer: None,
            due,
            ..head.is
        };
        step.replace(&head)?;
        self.store.commit(step).await?;
        self.hint(hints).await;
        self.admit_all(&head.is.id.partition, lanes).await;
        Ok(Next::Again)
    }

    /// Ends the instance and answers its parent, in one commit.
    pub(crate) async fn end(
        &self,
        mut head: Entry<Head>,
        status: Status,
        mut slots: Vec<Entry<Slot>>,
        mut taken: Vec<Entry<Mail>>,
    ) -> Result<Next, EngineError> {
        let now = self.clock.now();
        let mut step = Step::new(&head.is.id.partition);
        let (mut hints, lanes) = self.abandon(&mut head.is, &mut slots, &mut step)?;
        self.take(&mut taken, &mut step)?;
        if let Some(parent) = &head.is.parent {
            let outcome = match &status {
                Status::Done { output } => Outcome::Done(output.clone()),
                Status::Failed { failure } => Outcome::Failed(failure.clone()),
                _ => Outcome::CANCELLED,
            };
            if self.answer(parent, outcome, &mut step).await? {
                hints.push(self.wake(&parent.instance));
            }
        }
        head.is = Head {
            status,
            ended: Some(now),
            expires: Some(now + self.settings.keep),
            pending: 0,
            ready: false,
            timer: None,
            due: Some(self.stale(0)), // till its journal is cleared
            ..head.is
        };
        step.ride(self.watched(&head.is).await?);
        step.replace(&head)?;
        self.store.commit(step).await?;
        self.hint(hints).await;
        self.admit_all(&head.is.id.partition, lanes).await;
        Ok(Next::Again)
    }

    /// Settles the parent's call. Says whether that makes the parent ready.
    async fn answer(
        &self,
        parent: &SlotId,
        outcome: Outcome,
        step: &mut Step,
    ) -> Result<bool, EngineError> {
        let slot = self.store.slot(parent).await?;
        let head = self.store.head(&parent.instance).await?;
        let (Some(mut slot), Some(mut head)) = (slot, head) else { return Ok(false) };
        let late = head.is.status.is_ended() || head.is.generation != parent.generation;
        if late || !slot.is.is_open() {
            return Ok(false);
        }
        slot.is.settle(outcome);
        let last = head.is.count_down(self.stale(0));
        step.replace(&slot)?;
        step.replace(&head)?;
        Ok(last)
    }

    /// Cancels calls that nobody waits for any more. An orchestration that uses
    /// `?` as it should leaves none.
    fn abandon(
        &self,
        head: &mut Head,
        slots: &mut [Entry<Slot>],
        step: &mut Step,
    ) -> Result<(Vec<Hint>, BTreeSet<String>), EngineError> {
        let (mut hints, mut lanes) = (Vec::new(), BTreeSet::new());
        head.orders += 1;
        for slot in slots.iter_mut().filter(|slot| slot.is.is_open() && slot.is.call.is_work()) {
            if let Call::Child { id, .. } = &slot.is.call {
                step.insert(&self.cancel_order(id, head.orders)?)?;
                hints.push(self.wake(id));
            }
            lanes.extend(slot.is.lane.clone());
            slot.is.settle(Outcome::CANCELLED);
            step.replace(slot)?;
        }
        Ok((hints, lanes))
    }

    /// Deletes the slots of earlier lives.
    pub(crate) async fn tidy(&self, mut head: Entry<Head>) -> Result<Next, EngineError> {
        let id = &head.is.id;
        let all = Select::Prefix(format!("{}:", id.name));
        let mut old: Vec<Entry<Slot>> = self.store.list(&id.partition, all, ROOM).await?;
        old.retain(|slot| slot.is.id.generation < head.is.generation);
        let mut step = Step::new(&id.partition);
        for slot in &old {
            step.delete(&slot.is);
        }
        if old.len() < ROOM {
            head.is.tidied = head.is.generation;
        }
        step.replace(&head)?;
        self.store.commit(step).await?;
        Ok(Next::Again)
    }

    /// Clears what an ended instance leaves behind; its head stays.
    pub(crate) async fn close(
        &self,
        mut head: Entry<Head>,
        mut mail: Vec<Entry<Mail>>,
    ) -> Result<Next, EngineError> {
        const HALF: usize = ROOM / 2;
        let id = &head.is.id;
        let all = Select::Prefix(format!("{}:", id.name));
        let old: Vec<Entry<Slot>> = if head.is.due.is_some() {
            self.store.list(&id.partition, all, HALF).await?
        } else {
            Vec::new()
        };
        if head.is.due.is_none() && mail.is_empty() {
            return Ok(Next::Rest);
        }
        let last = old.len() < HALF && mail.len() <= HALF;
        mail.truncate(HALF);
        let mut step = Step::new(&id.partition);
        for slot in &old {
            step.delete(&slot.is);
        }
        self.take(&mut mail, &mut step)?;
        head.is.due = head.is.due.filter(|_| !last);
        step.replace(&head)?;
        self.store.commit(step).await?;
        Ok(if last { Next::Rest } else { Next::Again })
    }
}
