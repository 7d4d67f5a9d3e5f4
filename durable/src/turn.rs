//! Turns: replays an instance as far as its answers reach, in one commit.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    Call, Context, Engine, EngineError, Failure, Halt, Head, InstanceId, JournalError, MOST_SLOTS,
    Mail, Outcome, Select, Slot, SlotId, State, Status, Step, Turn,
    context::{Journal, Room},
    engine::Hint,
    hold::ORDER,
    rows::Lane,
    store::Entry,
    value,
};

/// Moves one message may cause before the instance goes to the back of the queue.
const MOST_MOVES: usize = 64;
/// Changes of a commit that calls and letters may use; the rest is for heads,
/// the parent's row and the watch.
pub(crate) const ROOM: usize = 90;
const ROOM_BYTES: usize = 1_200_000;

pub(crate) enum Next {
    /// There is more to do at once.
    Again,
    /// The instance waits, or has ended.
    Rest,
}

/// One life's calls as read and as they are going to be, and the letters.
struct Replay {
    was: Vec<Entry<Slot>>,
    journal: Journal,
    unread: Vec<Entry<Mail>>,
    taken: Vec<Entry<Mail>>,
}

impl Engine {
    /// Moves an instance on as far as its answers reach.
    pub async fn turn(&self, id: &InstanceId) -> Result<(), EngineError> {
        let mut tries = 0;
        for _ in 0..MOST_MOVES {
            match self.move_on(id).await {
                Ok(Next::Rest) => return Ok(()),
                Ok(Next::Again) => tries = 0,
                Err(EngineError::Journal(JournalError::Conflict)) => {
                    tries += 1;
                    self.calm(tries).await?;
                }
                Err(error) => return Err(error),
            }
        }
        self.hint(vec![self.wake(id)]).await;
        Ok(())
    }

    async fn move_on(&self, id: &InstanceId) -> Result<Next, EngineError> {
        let Some(head) = self.store.head(id).await? else {
            tracing::warn!(instance = %id, "woken, but there is no such instance");
            return Ok(Next::Rest);
        };
        let mail = self.store.list(&id.partition, Select::Key(id.name.clone()), 500).await?;
        if head.is.status.is_ended() {
            return self.close(head, mail).await;
        }
        let (orders, letters): (Vec<_>, Vec<_>) =
            mail.into_iter().partition(|mail: &Entry<Mail>| mail.is.name == ORDER);
        if !orders.is_empty() {
            return self.obey(head, orders).await;
        }
        if head.is.tidied < head.is.generation {
            return self.tidy(head).await;
        }
        match head.is.status {
            Status::Running => self.replay(head, letters).await,
            Status::Cancelling if head.is.pending == 0 => {
                self.end(head, Status::Cancelled, vec![], vec![]).await
            }
            _ => self.hold_still(head, letters).await,
        }
    }

    async fn replay(
        &self,
        head: Entry<Head>,
        letters: Vec<Entry<Mail>>,
    ) -> Result<Next, EngineError> {
        let now = self.clock.now();
        let timer = head.is.timer.is_some_and(|at| at <= now);
        let news = letters.iter().any(|letter| letter.is.due.is_some());
        if !head.is.ready && !timer && !news {
            // woken a little early by a clock that is ahead of ours
            if let Some(at) = head.is.timer.filter(|at| at.as_second() - now.as_second() < 5) {
                self.hint(self.wake_at(&head.is.id, at).into_iter().collect()).await;
            }
            return Ok(Next::Rest);
        }
        let was = self.slots(&head.is).await?;
        let mut replay = Replay::new(&head.is, was, letters, now);
        let Some(turn) = self.run(&head.is, &mut replay) else {
            // a program rolled back, most likely; the watchdog comes again
            tracing::error!(instance = %head.is.id, name = head.is.orchestration, "unknown name");
            return Ok(Next::Rest);
        };
        if matches!(turn, Err(Halt::Waiting)) {
            return self.wait(head, replay).await;
        }
        let Replay { was, taken, .. } = replay;
        match turn {
            Err(Halt::Restart(input)) => self.restart(head, input, was, taken).await,
            Err(Halt::Waiting) => Ok(Next::Rest), // dealt with above
            Ok(output) => self.end(head, Status::Done { output }, was, taken).await,
            Err(Halt::Failed(failure)) => {
                self.end(head, Status::Failed { failure }, was, taken).await
            }
            Err(Halt::Diverged { slot, recorded, asked }) => {
                let why =
                    format!("slot {slot} was {recorded}, is now {asked}: deploy under a new name");
                tracing::error!(instance = %head.is.id, why, "diverged");
                self.end(head, Status::Failed { failure: Failure::bug(why) }, was, taken).await
            }
        }
    }

    /// Replays till nothing more can be answered from what is here.
    fn run(&self, head: &Head, replay: &mut Replay) -> Option<Turn<Value>> {
        replay.settle();
        loop {
            let mut cx = Context::new(&mut replay.journal);
            let turn = self.registry.replay(&head.orchestration, &mut cx, head.input.clone())?;
            let (asked, known) = (cx.asked(), replay.was.len());
            let fewer =
                asked < known && !matches!(turn, Err(Halt::Failed(_) | Halt::Diverged { .. }));
            if fewer {
                let recorded = format!("{:?}", replay.was[asked].is.call);
                let slot = replay.was[asked].is.id.index;
                return Some(Err(Halt::Diverged { slot, recorded, asked: "nothing".to_owned() }));
            }
            if !matches!(turn, Err(Halt::Waiting)) || replay.settle() == 0 {
                return Some(turn);
            }
        }
    }

    /// Stores what was asked, and rests till it is answered.
    async fn wait(&self, mut head: Entry<Head>, mut replay: Replay) -> Result<Next, EngineError> {
        let was = head.is.clone();
        let partition = &was.id.partition;
        let (mut step, mut hints, mut lanes) = (Step::new(partition), Vec::new(), BTreeSet::new());
        let known = replay.was.len();
        for slot in replay.journal.slots.iter_mut().skip(known) {
            match &slot.call {
                Call::Activity { .. } => hints.extend(self.issue(slot, &mut lanes)),
                Call::Child { orchestration, id, input } => {
                    let (parent, now) = (Some(slot.id.clone()), replay.journal.now);
                    let input = input.clone();
                    let due = self.stale(0);
                    step.insert(&Head::new(id.clone(), orchestration, input, parent, now, due))?;
                    hints.push(self.wake(id));
                }
                _ => {}
            }
            step.insert(slot)?;
        }
        open_lanes(partition, &lanes, replay.journal.now, &mut step)?;
        for (was, slot) in replay.was.iter().zip(&replay.journal.slots) {
            if was.is != *slot {
                step.replace(&Entry { version: was.version.clone(), is: slot.clone() })?;
            }
        }
        self.take(&mut replay.taken, &mut step)?;
        for letter in replay.unread.iter_mut().filter(|letter| letter.is.due.is_some()) {
            if replay.journal.room.take(1, value::MOST_BYTES) {
                letter.is.due = None; // seen; whoever asks for it looks again
                step.replace(letter)?;
            }
        }
        let open = || replay.journal.slots.iter().filter(|slot| slot.is_open());
        head.is.pending = count(open());
        head.is.timer = open()
            .filter_map(|slot| match slot.call {
                Call::Timer { at } => Some(at),
                _ => None,
            })
            .min();
        head.is.ready = replay.journal.full;
        let check = replay.journal.now + self.settings.check;
        let quiet = head.is.timer.map_or(check, |at| at.min(check));
        head.is.due = Some(if head.is.ready { self.stale(0) } else { quiet });
        let same = Head { due: was.due, ..head.is.clone() } == was;
        if step.changes.is_empty() && same && was.due.is_some_and(|due| due > replay.journal.now) {
            return Ok(Next::Rest);
        }
        step.replace(&head)?;
        self.store.commit(step).await?;
        hints.extend(head.is.timer.and_then(|at| self.wake_at(&head.is.id, at)));
        self.hint(hints).await;
        self.admit_all(partition, lanes).await;
        Ok(if head.is.ready { Next::Again } else { Next::Rest })
    }

    /// Makes an activity claimable, or puts it in line for its lane.
    pub(crate) fn issue(&self, slot: &mut Slot, lanes: &mut BTreeSet<String>) -> Option<Hint> {
        let lane = slot.lane.as_ref();
        if let Some(lane) = lane.filter(|l| self.cap(&slot.id.instance.partition, l).is_some()) {
            lanes.insert(lane.clone());
            slot.state = State::Waiting;
            slot.due = None; // the lane's row is due instead
            return None;
        }
        slot.state = State::Ready;
        slot.hints = 1;
        slot.due = Some(self.stale(0).max(slot.not_before + self.settings.stale));
        Some(self.work_hint(&slot.id, &slot.target, slot.not_before))
    }

    pub(crate) async fn slots(&self, head: &Head) -> Result<Vec<Entry<Slot>>, JournalError> {
        let prefix = Select::Prefix(SlotId::prefix(&head.id, head.generation));
        self.store.list(&head.id.partition, prefix, MOST_SLOTS + 1).await
    }

    /// Marks letters as used; they stay a while to recognise their doubles.
    pub(crate) fn take(
        &self,
        letters: &mut [Entry<Mail>],
        step: &mut Step,
    ) -> Result<(), JournalError> {
        for letter in letters {
            letter.is.taken = true;
            letter.is.due = None;
            letter.is.expires = Some(self.clock.now() + self.settings.keep);
            step.replace(letter)?;
        }
        Ok(())
    }
}

/// Makes the watchdog look at these lanes from `due` on.
pub(crate) fn open_lanes(
    partition: &str,
    lanes: &BTreeSet<String>,
    due: Timestamp,
    step: &mut Step,
) -> Result<(), JournalError> {
    for name in lanes {
        let (partition, name) = (partition.to_owned(), name.clone());
        step.put(&Lane { partition, name, due: Some(due) })?;
    }
    Ok(())
}

/// How many of these open slots others have to answer.
pub(crate) fn count<'a>(open: impl Iterator<Item = &'a Slot>) -> u32 {
    u32::try_from(open.filter(|slot| slot.call.is_work()).count()).unwrap_or(u32::MAX)
}

impl Replay {
    fn new(head: &Head, was: Vec<Entry<Slot>>, unread: Vec<Entry<Mail>>, now: Timestamp) -> Self {
        let journal = Journal {
            id: head.id.clone(),
            started: head.started,
            generation: head.generation,
            slots: was.iter().map(|slot| slot.is.clone()).collect(),
            now,
            room: Room { changes: ROOM, bytes: ROOM_BYTES },
            full: false,
        };
        Self { was, journal, unread, taken: Vec::new() }
    }

    /// Answers due timers, signals whose letter has come, and glances. Says how many.
    fn settle(&mut self) -> usize {
        let (known, mut settled) = (self.was.len(), 0);
        let Journal { slots, room, now, full, .. } = &mut self.journal;
        for (index, slot) in slots.iter_mut().enumerate() {
            if slot.state != State::Asked {
                continue;
            }
            let letter = |unread: &[Entry<Mail>], name: &str| {
                unread.iter().position(|letter| letter.is.name == name)
            };
            let (found, glance) = match &slot.call {
                Call::Timer { at } if *at <= *now => (None, false),
                Call::Signal { name } => match letter(&self.unread, name) {
                    Some(at) => (Some(at), false),
                    None => continue,
                },
                Call::Glance { name } => (letter(&self.unread, name), true),
                _ => continue,
            };
            // what was asked in this turn has paid for its answer already
            if index < known && !room.take(2, 2 * value::MOST_BYTES) {
                *full = true;
                break;
            }
            let payload = found.map(|at| {
                let letter = self.unread.remove(at);
                let payload = letter.is.payload.clone();
                self.taken.push(letter);
                payload
            });
            let answer = if glance {
                Value::Array(payload.into_iter().collect())
            } else {
                payload.unwrap_or(Value::Null)
            };
            slot.settle(Outcome::Done(answer));
            settled += 1;
        }
        settled
    }
}
