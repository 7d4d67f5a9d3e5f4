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
    Clock, Engine, Head, InstanceId, Journals, Memory, Message, Queue, Registry, Status, Table,
};
use serde_json::Value;

use crate::store::{LANE_CAP, SimStore};

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
