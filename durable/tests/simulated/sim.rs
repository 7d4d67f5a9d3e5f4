//! A world on one thread: its own clock, a store that checks every commit, a
//! queue that loses and doubles, workers that stall and die. All chance comes
//! from one seed.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{self, Poll, Waker},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use q2o_durable::{
    Change, Clock, Engine, Head, InstanceId, JournalError, Journals, Memory, Message, Queue,
    Registry, Row, Select, Slot, State, Status, Step, Table,
};
use serde_json::{Value, json};

pub const LANE_CAP: usize = 3;
/// Seconds that clocks may be off.
pub const MOST_SKEW: u8 = 25;

/// Lets the others go first.
pub async fn breathe() {
    let mut once = false;
    poll_fn(|_| if std::mem::replace(&mut once, true) { Poll::Ready(()) } else { Poll::Pending })
        .await;
}

/// The time everywhere, less what each worker's clock is off.
#[derive(Clone)]
pub struct SimClock {
    now: Arc<Mutex<Timestamp>>,
    ahead: i64,
}

impl SimClock {
    pub fn new() -> Self {
        Self { now: Arc::new(Mutex::new(Timestamp::from_second(1_000_000).unwrap())), ahead: 0 }
    }

    pub fn advance(&self, seconds: u64) {
        let mut now = self.now.lock().unwrap();
        *now += Duration::from_secs(seconds);
    }

    fn ahead(&self, seconds: i64) -> Self {
        Self { ahead: seconds, ..self.clone() }
    }
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now.lock().unwrap().as_second() + self.ahead).unwrap()
    }

    async fn sleep(&self, _: Duration) {
        breathe().await;
    }
}

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
    clock: SimClock,
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

    fn rows<T: serde::de::DeserializeOwned>(&self, table: Table) -> BTreeMap<String, T> {
        let rows = self.memory.rows(table).into_iter();
        rows.map(|row| (row.id, serde_json::from_value(row.body).unwrap())).collect()
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
        let by_holder = matches!(
            slot.state,
            State::Ready | State::Waiting | State::Settled(q2o_durable::Outcome::Done(_))
        );
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
    use q2o_durable::Call;
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

/// Messages with the time they become visible.
pub struct SimQueue {
    clock: SimClock,
    pub messages: Mutex<Vec<(Timestamp, Message)>>,
}

#[async_trait]
impl Queue for SimQueue {
    async fn send(
        &self,
        message: &Message,
        after: Duration,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        breathe().await;
        self.messages.lock().unwrap().push((self.clock.now() + after, message.clone()));
        Ok(())
    }
}

/// How bad it gets, each in percent of the scheduler's moves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    pub lose: u8,
    pub double: u8,
    pub kill: u8,
    /// A worker is not run for so long that its lease ends.
    pub stall: u8,
    pub faults: u8,
    /// Clocks differ by up to so many seconds.
    pub skew: u8,
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

pub struct Sim {
    pub clock: SimClock,
    pub store: Arc<SimStore>,
    pub queue: Arc<SimQueue>,
    pub engines: Vec<Arc<Engine>>,
    pub rng: fastrand::Rng,
    tasks: Vec<Option<(u64, Task, Option<Message>)>>,
    begun: u64,
    /// Workers that do not move before this moment.
    stalled: Vec<Timestamp>,
}

impl Sim {
    pub fn new(seed: u64, workers: usize, weather: Weather, registry: &Registry) -> Self {
        fastrand::seed(seed);
        let mut rng = fastrand::Rng::with_seed(seed);
        let clock = SimClock::new();
        let store = Arc::new(SimStore {
            memory: Memory::default(),
            doom: Mutex::default(),
            clock: clock.clone(),
            current: Mutex::default(),
            owners: Mutex::default(),
            faults: Mutex::new(weather.faults),
            commits: Mutex::default(),
            rng: Mutex::new(rng.fork()),
            answered: Mutex::default(),
        });
        let queue = Arc::new(SimQueue { clock: clock.clone(), messages: Mutex::default() });
        let skew = i64::from(weather.skew);
        let engines = (0..workers)
            .map(|_| {
                let clock = Arc::new(clock.ahead(rng.i64(-skew..=skew)));
                let engine = Engine::new(registry.clone(), store.clone(), queue.clone(), clock);
                Arc::new(engine.admission(|_, lane| (lane == "narrow").then_some(LANE_CAP)))
            })
            .collect();
        let mut tasks = Vec::new();
        tasks.resize_with(workers, || None);
        let stalled = vec![Timestamp::MIN; workers];
        Self { clock, store, queue, engines, rng, tasks, begun: 0, stalled }
    }

    /// Runs one future of ours to its end, without chance.
    #[expect(clippy::unused_self, reason = "reads as what it is: nobody else moves")]
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        let mut cx = task::Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
                return value;
            }
        }
    }

    /// One move of the scheduler under this weather.
    fn step(&mut self, weather: Weather) {
        let percent = self.rng.u8(0..100);
        let worker = self.rng.usize(0..self.tasks.len());
        let now = self.clock.now();
        if self.stalled[worker] > now {
            return;
        }
        if let Some((number, mut task, message)) = self.tasks[worker].take() {
            *self.store.current.lock().unwrap() = number;
            if percent < weather.kill {
                // dies here; the host delivers the message again, sometimes
                if let Some(message) = message.filter(|_| self.rng.bool()) {
                    self.queue.messages.lock().unwrap().push((now, message));
                }
                return;
            }
            if percent < weather.kill + weather.stall {
                self.stalled[worker] = now + Duration::from_secs(90);
            }
            let mut cx = task::Context::from_waker(Waker::noop());
            if task.as_mut().poll(&mut cx).is_pending() {
                self.tasks[worker] = Some((number, task, message));
            }
            return;
        }
        let message = self.pick(now);
        let Some(message) = message else { return };
        if percent < weather.lose {
            return;
        }
        if percent < weather.lose + weather.double {
            self.queue.messages.lock().unwrap().push((now, message.clone()));
        }
        let (engine, queue) = (self.engines[worker].clone(), self.queue.clone());
        let redo = message.clone();
        let task = Box::pin(async move {
            if engine.handle(&redo).await.is_err() {
                let again = now + Duration::from_secs(30);
                queue.messages.lock().unwrap().push((again, redo));
            }
        });
        self.begun += 1;
        self.tasks[worker] = Some((self.begun, task, Some(message)));
    }

    fn pick(&mut self, now: Timestamp) -> Option<Message> {
        let mut messages = self.queue.messages.lock().unwrap();
        let due: Vec<_> = (0..messages.len()).filter(|i| messages[*i].0 <= now).collect();
        (!due.is_empty()).then(|| messages.remove(due[self.rng.usize(0..due.len())]).1)
    }

    /// At most so many moves; fewer when nobody has anything to do.
    pub fn moves(&mut self, weather: Weather, moves: usize) {
        *self.store.faults.lock().unwrap() = weather.faults;
        for _ in 0..moves {
            let now = self.clock.now();
            let quiet = self.tasks.iter().all(Option::is_none);
            if quiet && self.queue.messages.lock().unwrap().iter().all(|(at, _)| *at > now) {
                break;
            }
            self.step(weather);
            if self.rng.u8(0..100) == 0 {
                self.clock.advance(1);
            }
        }
    }

    /// Works for `periods` of half a minute, with a sweep in each.
    pub fn weather(&mut self, weather: Weather, periods: usize, moves: usize) {
        for _ in 0..periods {
            self.moves(weather, moves);
            self.clock.advance(30);
            self.sweep();
        }
    }

    /// A watchdog on a worker of its own choosing; may fail like anybody.
    fn sweep(&mut self) {
        let at = self.rng.usize(0..self.tasks.len());
        if self.tasks[at].is_none() {
            let engine = self.engines[at].clone();
            self.begun += 1;
            let task = Box::pin(async move { drop(engine.sweep().await) });
            self.tasks[at] = Some((self.begun, task, None));
        }
    }

    /// No more faults: everybody left finishes, and the watchdog finds the rest.
    /// Says after how many half minutes `done` came true.
    pub fn settle(&mut self, most: usize, done: impl Fn(&Self) -> bool) -> Option<usize> {
        *self.store.faults.lock().unwrap() = 0;
        *self.store.doom.lock().unwrap() = None;
        for period in 0..most {
            if done(self) {
                return Some(period);
            }
            self.weather(Weather::default(), 1, 3000);
            // whoever waits for ever was killed
            if period == 2 {
                self.tasks.iter_mut().for_each(|task| *task = None);
            }
        }
        done(self).then_some(most)
    }

    pub fn status(&self, id: &InstanceId) -> Option<Status> {
        let heads: BTreeMap<String, Head> = self.store.rows(Table::Heads);
        heads.get(&id.name).map(|head| head.status.clone())
    }

    pub fn all_ended(&self) -> bool {
        let heads: BTreeMap<String, Head> = self.store.rows(Table::Heads);
        heads.values().all(|head| head.status.is_ended())
    }

    /// Nothing is left to look at, and every call was answered once.
    pub fn assert_clean(&self) {
        for table in Table::ALL {
            let due = self.block_on(self.store.memory.due(table, Timestamp::MAX, 100)).unwrap();
            assert!(due.is_empty(), "left over: {due:?}");
        }
        assert!(self.store.memory.rows(Table::Slots).is_empty(), "journals are not cleared");
        let twice: BTreeSet<_> = self
            .store
            .answered
            .lock()
            .unwrap()
            .iter()
            .filter(|(_, n)| **n != 1)
            .map(|(s, _)| s.clone())
            .collect();
        assert!(twice.is_empty(), "answered more than once: {twice:?}");
    }

    pub fn riders(&self) -> Vec<Value> {
        self.store.memory.riders()
    }
}
