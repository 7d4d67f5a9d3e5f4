//! A store that fails when told to, and asserts after every commit what must hold.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use q2o_durable::{
    Call, Change, Clock, Head, JournalError, Journals, Memory, Outcome, Row, Select, Slot, State,
    Status, Step, Table,
};
use serde_json::json;

use crate::sim::{SimClock, breathe};

pub const LANE_CAP: usize = 3;
/// Seconds that clocks may be off.
pub const MOST_SKEW: u8 = 25;

/// What happens to one commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Not stored, and the caller learns so.
    Refused,
    /// Stored, but the caller is told that it failed.
    Unknown,
    /// The caller dies before it.
    KilledBefore,
    /// The caller dies after it.
    KilledAfter,
}

/// Memory that yields at every call, fails when told to, and checks what must
/// hold after every commit.
pub struct SimStore {
    pub memory: Memory,
    /// The commit with this number meets this fate.
    pub doom: Mutex<Option<(u64, Fate)>>,
    /// In percent: how often a call fails by chance.
    pub faults: Mutex<u8>,
    pub commits: Mutex<u64>,
    pub rng: Mutex<fastrand::Rng>,
    pub clock: SimClock,
    /// Who is at work just now, and who claimed each call last.
    pub current: Mutex<u64>,
    pub owners: Mutex<BTreeMap<String, u64>>,
    /// How often each call was answered.
    pub answered: Mutex<BTreeMap<String, u32>>,
}

impl SimStore {
    fn chance(&self) -> Option<Fate> {
        let faults = *self.faults.lock().unwrap();
        let mut rng = self.rng.lock().unwrap();
        (rng.u8(0..100) < faults).then(|| match rng.u8(0..2) {
            0 => Fate::Refused,
            _ => Fate::Unknown,
        })
    }

    pub fn rows<T: serde::de::DeserializeOwned>(&self, table: Table) -> BTreeMap<String, T> {
        let rows = self.memory.rows(table).into_iter();
        rows.map(|row| (row.id, serde_json::from_str(&row.body).unwrap())).collect()
    }

    /// Applies a commit and asserts what holds before and after.
    async fn checked(&self, step: Step) -> Result<(), JournalError> {
        assert!(step.changes.len() + step.riders.len() <= 100, "too many changes");
        let before: BTreeMap<String, Slot> = self.rows(Table::Slots);
        let heads: BTreeMap<String, Head> = self.rows(Table::Heads);
        // riders number themselves, so one that comes second has to ask again
        for (rider, next) in step.riders.iter().zip(self.memory.riders().len()..) {
            if rider != &json!(next) {
                return Err(JournalError::Conflict);
            }
        }
        let touched = step.changes.clone();
        self.memory.commit(step).await?;
        let after: BTreeMap<String, Slot> = self.rows(Table::Slots);
        for change in &touched {
            let (Change::Insert(w) | Change::Replace(w, _) | Change::Put(w)) = change else {
                continue;
            };
            if w.table != Table::Slots {
                continue;
            }
            let slot = &after[&w.id];
            let was = before.get(&w.id);
            assert!(
                !was.is_some_and(|was| matches!(was.state, State::Settled(_))),
                "a settled call was changed: {slot:?}"
            );
            if matches!(slot.state, State::Settled(_)) {
                *self.answered.lock().unwrap().entry(w.id.clone()).or_default() += 1;
            }
            let claimed = was.is_some_and(|was| was.fence < slot.fence);
            self.check_holder(&w.id, was, slot, claimed);
            let status = &heads[&slot.id.instance.name].status;
            assert!(!claimed || *status == Status::Running, "claimed while {status:?}: {slot:?}");
        }
        self.check_counts(&after);
        Ok(())
    }

    /// Only who claimed a call last may answer it or give it back.
    fn check_holder(&self, id: &str, was: Option<&Slot>, slot: &Slot, claimed: bool) {
        let current = *self.current.lock().unwrap();
        let mut owners = self.owners.lock().unwrap();
        if claimed {
            let far = self.clock.now() + Duration::from_secs(2 * u64::from(MOST_SKEW));
            let live = was.is_some_and(|w| matches!(w.state, State::Leased(until) if until > far));
            assert!(!live, "taken from a live holder: {slot:?}");
            owners.insert(id.to_owned(), current);
        }
        let held = was.is_some_and(|was| matches!(was.state, State::Leased(_)));
        let by_holder =
            matches!(slot.state, State::Ready | State::Waiting | State::Settled(Outcome::Done(_)));
        assert!(!held || !by_holder || owners[id] == current, "somebody else's call: {slot:?}");
    }

    /// Counters say what is there; nobody exceeds a lane.
    fn check_counts(&self, slots: &BTreeMap<String, Slot>) {
        for head in self.rows::<Head>(Table::Heads).values() {
            if head.status.is_ended() {
                continue;
            }
            let mine = slots.values().filter(|s| {
                s.id.instance == head.id
                    && s.id.generation == head.generation
                    && !matches!(s.state, State::Settled(_))
                    && is_work(s)
            });
            let lives: std::collections::BTreeSet<u32> = slots
                .values()
                .filter(|s| s.id.instance == head.id)
                .map(|s| s.id.generation)
                .collect();
            assert!(lives.len() <= 1, "an earlier life of {} was not cleared", head.id);
            assert_eq!(mine.count(), head.pending as usize, "counter of {}", head.id);
            let asleep = !head.ready && head.pending == 0 && head.due.is_none();
            assert!(!asleep || head.status == Status::Paused, "nobody will wake {}", head.id);
        }
        let mut lanes: BTreeMap<&str, usize> = BTreeMap::new();
        for slot in slots.values() {
            if let (Some(lane), State::Ready | State::Leased(_)) = (&slot.lane, &slot.state) {
                *lanes.entry(lane).or_default() += 1;
            }
        }
        assert!(lanes.values().all(|inside| *inside <= LANE_CAP), "too many in a lane: {lanes:?}");
    }
}

fn is_work(slot: &Slot) -> bool {
    matches!(slot.call, Call::Activity { .. } | Call::Child { .. })
}

#[async_trait]
impl Journals for SimStore {
    async fn get(
        &self,
        table: Table,
        partition: &str,
        id: &str,
    ) -> Result<Option<Row>, JournalError> {
        breathe().await;
        if self.chance().is_some() {
            return Err(JournalError::storage("unreachable"));
        }
        self.memory.get(table, partition, id).await
    }

    async fn list(
        &self,
        table: Table,
        partition: &str,
        select: Select,
        most: usize,
    ) -> Result<Vec<Row>, JournalError> {
        breathe().await;
        self.memory.list(table, partition, select, most).await
    }

    async fn due(
        &self,
        table: Table,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<Row>, JournalError> {
        breathe().await;
        self.memory.due(table, now, most).await
    }

    async fn commit(&self, step: Step) -> Result<(), JournalError> {
        breathe().await;
        let number = {
            let mut commits = self.commits.lock().unwrap();
            *commits += 1;
            *commits - 1
        };
        let doomed = self.doom.lock().unwrap().filter(|(at, _)| *at == number);
        match doomed.map(|(_, fate)| fate).or_else(|| self.chance()) {
            None => self.checked(step).await,
            Some(Fate::Refused) => Err(JournalError::storage("refused")),
            Some(Fate::Unknown) => {
                self.checked(step).await?;
                Err(JournalError::storage("timed out"))
            }
            Some(Fate::KilledBefore) => std::future::pending().await,
            Some(Fate::KilledAfter) => {
                self.checked(step).await?;
                std::future::pending().await
            }
        }
    }
}
