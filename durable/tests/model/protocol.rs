//! The protocol: what may happen next, and what must hold always.

use stateright::{Model, Property};

/// Two calls of one instance; message 2 wakes the instance itself.
const CALLS: usize = 2;
const WAKE: usize = 2;
const MOST_CLAIMS: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    Nowhere,
    Ready,
    Leased,
    Parked,
    Settled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    pub at: At,
    pub fence: u8,
    pub expired: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Worker {
    Idle,
    Got(usize),
    /// Has read the slot in a version that is still the latest, or not.
    Read(usize, bool),
    /// Has then read the head.
    Sure(usize, bool),
    Claimed(usize, u8),
    Acted(usize, u8),
    /// Has settled the slot but not counted down.
    Half,
    /// Has read the head in a version that is still the latest, or not.
    Turn(bool),
    /// Has committed and not yet sent these hints.
    Owes([bool; 3]),
}

#[expect(clippy::struct_excessive_bools, reason = "a state space is made of them")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub slots: [Slot; CALLS],
    pub asked: u8,
    pub pending: u8,
    pub ready: bool,
    pub done: bool,
    pub paused: bool,
    pub answers: [u8; CALLS],
    pub effects: [u8; CALLS],
    /// Set for good when something happened that never may.
    pub stale_write: bool,
    pub claim_in_pause: bool,
    pub queue: [u8; 3],
    pub workers: [Worker; 2],
    pub left: Budget,
}

/// How often what may still go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Budget {
    pub crash: u8,
    /// A live holder's lease ends: it stalled, or its clock is off.
    pub expire: u8,
    pub double: u8,
    pub lose: u8,
    pub fail: u8,
    pub pause: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    Deliver(usize, usize),
    Double(usize),
    Lose(usize),
    Crash(usize),
    Step(usize),
    Fail(usize),
    Expire(usize),
    Sweep,
    Pause,
    Resume,
}

/// What is left out.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum Mutant {
    #[default]
    None,
    NoFence,
    NoWatchdog,
    TwoCommits,
    NoTurnVersion,
    KeyHasAttempt,
    PauseOverlooksLeased,
}

#[derive(Clone, Copy, Default)]
pub struct Protocol {
    pub mutant: Mutant,
    pub budget: Budget,
}

impl World {
    fn send(&mut self, message: usize) {
        self.queue[message] = (self.queue[message] + 1).min(2); // more add nothing new
    }

    /// Whoever has read it has read an old version.
    fn touch_slot(&mut self, slot: usize) {
        for worker in &mut self.workers {
            match worker {
                Worker::Read(k, fresh) | Worker::Sure(k, fresh) if *k == slot => *fresh = false,
                _ => {}
            }
        }
    }

    fn touch_head(&mut self) {
        for worker in &mut self.workers {
            if let Worker::Turn(fresh) = worker {
                *fresh = false;
            }
        }
    }

    fn count_down(&mut self) -> Worker {
        self.touch_head();
        self.pending = self.pending.saturating_sub(1);
        self.ready |= self.pending == 0;
        Worker::Owes([false, false, self.ready])
    }

    fn holder_lives(&self, slot: usize) -> bool {
        let fence = self.slots[slot].fence;
        self.workers
            .iter()
            .any(|w| matches!(w, Worker::Claimed(k, f) | Worker::Acted(k, f) if (*k, *f) == (slot, fence)))
    }

    fn claimable(&self, k: usize) -> bool {
        let slot = self.slots[k];
        slot.at == At::Ready || slot.at == At::Leased && slot.expired
    }

    fn open(&self) -> usize {
        let open = |slot: &&Slot| matches!(slot.at, At::Ready | At::Leased | At::Parked);
        self.slots.iter().filter(open).count()
    }
}

impl Protocol {
    /// One worker's next move.
    fn step(self, world: &mut World, w: usize) {
        world.workers[w] = match world.workers[w] {
            Worker::Got(WAKE) => Worker::Turn(true),
            Worker::Got(k) if world.claimable(k) => Worker::Read(k, true),
            Worker::Got(_) | Worker::Idle => Worker::Idle,
            Worker::Read(k, _) if world.paused => {
                // parks it together with the head, or looks again: both leave it alone
                if world.slots[k].at == At::Ready {
                    world.slots[k].at = At::Parked;
                    world.touch_slot(k);
                }
                Worker::Idle
            }
            Worker::Read(k, fresh) => Worker::Sure(k, fresh),
            Worker::Sure(k, false) => Worker::Got(k), // a conflict
            Worker::Sure(k, true) => {
                world.touch_slot(k);
                let slot = &mut world.slots[k];
                if slot.fence >= MOST_CLAIMS {
                    slot.at = At::Settled;
                    world.answers[k] += 1;
                    world.count_down()
                } else {
                    *slot = Slot { at: At::Leased, fence: slot.fence + 1, expired: false };
                    world.claim_in_pause |= world.paused;
                    Worker::Claimed(k, world.slots[k].fence)
                }
            }
            Worker::Claimed(k, fence) => {
                let again = self.mutant == Mutant::KeyHasAttempt;
                world.effects[k] = if again { world.effects[k] + 1 } else { 1 };
                Worker::Acted(k, fence)
            }
            Worker::Acted(k, fence) => self.record(world, k, fence, At::Settled),
            Worker::Half => world.count_down(),
            Worker::Turn(fresh) => {
                let committed = fresh || self.mutant == Mutant::NoTurnVersion;
                if !committed {
                    Worker::Got(WAKE)
                } else if world.paused || world.done || !world.ready {
                    Worker::Idle
                } else if world.asked == 0 || !fresh && world.asked == 1 {
                    // the stale reader of the mutant still sees the beginning
                    world.touch_head();
                    world.asked += 1;
                    world.slots.iter_mut().for_each(|slot| slot.at = At::Ready);
                    (world.pending, world.ready) = (2, false);
                    Worker::Owes([true, true, false])
                } else {
                    world.touch_head();
                    world.done = true;
                    Worker::Idle
                }
            }
            Worker::Owes(messages) => {
                (0..3).filter(|m| messages[*m]).for_each(|m| world.send(m));
                Worker::Idle
            }
        };
    }

    /// Settles a call or gives it back, if the claim still stands.
    fn record(self, world: &mut World, k: usize, fence: u8, at: At) -> Worker {
        let slot = world.slots[k];
        let holds = slot.fence == fence || self.mutant == Mutant::NoFence;
        if slot.at != At::Leased || !holds {
            return Worker::Idle;
        }
        world.stale_write |= slot.fence != fence;
        world.touch_slot(k);
        world.slots[k] = Slot { at, expired: false, ..slot };
        if at != At::Settled {
            return Worker::Owes([k == 0, k == 1, false]);
        }
        world.answers[k] += 1;
        if self.mutant == Mutant::TwoCommits { Worker::Half } else { world.count_down() }
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Move;

    fn init_states(&self) -> Vec<World> {
        let slot = Slot { at: At::Nowhere, fence: 0, expired: false };
        vec![World {
            slots: [slot; CALLS],
            asked: 0,
            pending: 0,
            ready: true,
            done: false,
            paused: false,
            answers: [0; CALLS],
            effects: [0; CALLS],
            stale_write: false,
            claim_in_pause: false,
            queue: [0, 0, 1],
            workers: [Worker::Idle; 2],
            left: self.budget,
        }]
    }

    fn actions(&self, world: &World, moves: &mut Vec<Move>) {
        for (w, worker) in world.workers.iter().enumerate() {
            if *worker == Worker::Idle {
                moves.extend((0..3).filter(|m| world.queue[*m] > 0).map(|m| Move::Deliver(w, m)));
                continue;
            }
            moves.push(Move::Step(w));
            moves.extend((world.left.crash > 0).then_some(Move::Crash(w)));
            let acted = matches!(worker, Worker::Acted(..));
            moves.extend((acted && world.left.fail > 0).then_some(Move::Fail(w)));
        }
        for m in (0..3).filter(|m| world.queue[*m] > 0) {
            moves.extend((world.left.double > 0).then_some(Move::Double(m)));
            moves.extend((world.left.lose > 0).then_some(Move::Lose(m)));
        }
        for (k, slot) in world.slots.iter().enumerate() {
            // a dead holder's lease ends for sure, a live one's by misfortune
            let may = !world.holder_lives(k) || world.left.expire > 0;
            moves
                .extend((slot.at == At::Leased && !slot.expired && may).then_some(Move::Expire(k)));
        }
        moves.push(Move::Sweep);
        moves.push(if world.paused { Move::Resume } else { Move::Pause });
    }

    fn next_state(&self, last: &World, action: Move) -> Option<World> {
        let mut world = last.clone();
        match action {
            Move::Deliver(w, m) => {
                world.queue[m] -= 1;
                world.workers[w] = Worker::Got(m);
            }
            Move::Double(m) => {
                world.left.double -= 1;
                world.send(m);
            }
            Move::Lose(m) => {
                world.left.lose -= 1;
                world.queue[m] -= 1;
            }
            Move::Crash(w) => {
                world.left.crash -= 1;
                world.workers[w] = Worker::Idle;
            }
            Move::Step(w) => self.step(&mut world, w),
            Move::Fail(w) => {
                let Worker::Acted(k, fence) = world.workers[w] else { return None };
                world.left.fail -= 1;
                world.workers[w] = self.record(&mut world, k, fence, At::Ready);
            }
            Move::Expire(k) => {
                world.left.expire -= u8::from(world.holder_lives(k));
                world.slots[k].expired = true;
            }
            Move::Sweep => {
                if self.mutant == Mutant::NoWatchdog {
                    return None;
                }
                for k in (0..CALLS).filter(|k| last.claimable(*k) && last.queue[*k] == 0) {
                    world.send(k);
                }
                if world.ready && !world.done && world.queue[WAKE] == 0 {
                    world.send(WAKE);
                }
            }
            Move::Pause => {
                world.left.pause = world.left.pause.checked_sub(1)?;
                world.paused = true;
                world.touch_head();
                for k in 0..CALLS {
                    match world.slots[k].at {
                        At::Ready => world.slots[k].at = At::Parked,
                        At::Leased if self.mutant != Mutant::PauseOverlooksLeased => {}
                        _ => continue,
                    }
                    world.touch_slot(k);
                }
            }
            Move::Resume => {
                world.paused = false;
                world.touch_head();
                for k in (0..CALLS).filter(|k| last.slots[*k].at == At::Parked) {
                    world.slots[k].at = At::Ready;
                    world.touch_slot(k);
                }
            }
        }
        world.workers.sort(); // workers are alike
        let sane = world.effects.iter().chain(&world.answers).all(|n| *n < 4);
        (sane && world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("each call is answered once", |_, world: &World| {
                world.answers.iter().all(|n| *n <= 1)
            }),
            Property::always("calls are asked for once", |_, world: &World| world.asked <= 1),
            Property::always("the counter says how many are open", |_, world: &World| {
                usize::from(world.pending) == world.open()
            }),
            Property::always("the end comes after all answers", |_, world: &World| {
                !world.done || world.open() == 0
            }),
            Property::always("only the holder writes", |_, world: &World| !world.stale_write),
            Property::always("an effect happens once", |_, world: &World| {
                world.effects.iter().all(|n| *n <= 1)
            }),
            Property::always("nothing is claimed in a pause", |_, world: &World| {
                !world.claim_in_pause
            }),
            Property::sometimes("it ends", |_, world: &World| world.done),
        ]
    }
}
