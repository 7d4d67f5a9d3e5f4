//! Whatever happens to messages, workers and commits, every instance ends as it
//! would have undisturbed, and every call is answered once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use proptest::prelude::*;
use q2o_durable::*;
use serde_json::{Value, json};

use crate::{
    sim::{Sim, Weather, breathe},
    store::{Fate, MOST_SKEW, SimStore},
};

/// What the activities have done to the world.
#[derive(Default)]
struct Outside {
    runs: Mutex<BTreeMap<SlotId, u32>>,
    effects: Mutex<BTreeSet<SlotId>>,
    store: Mutex<Option<Arc<SimStore>>>,
}

struct Double(Arc<Outside>);

/// Numbers each answer without a gap.
struct Numbered(Arc<SimStore>);

#[async_trait]
impl Rider for Numbered {
    async fn changes(&self) -> Result<Vec<Value>, Failure> {
        let next = self.0.memory.riders().len();
        breathe().await;
        Ok(vec![json!(next)])
    }
}

impl Activity for Double {
    const NAME: &'static str = "double";
    const RETRY: Retry = Retry { attempts: 10_000, ..Retry::STANDARD };
    type Input = (u64, bool);
    type Output = u64;

    fn lane(input: &(u64, bool)) -> Option<std::borrow::Cow<'_, str>> {
        input.1.then(|| "narrow".into())
    }

    async fn run(&self, (n, _): (u64, bool), attempt: &Attempt) -> Result<u64, Failure> {
        let run = {
            let mut runs = self.0.runs.lock().unwrap();
            let run = runs.entry(attempt.slot.clone()).or_default();
            *run += 1;
            *run
        };
        breathe().await;
        match (n % 4, run) {
            (1, 1) => return Err(Failure::retry("busy")),
            (2, 1) => {
                let after = Some(Duration::from_secs(20));
                return Err(Failure::Retry { why: "slow down".into(), after });
            }
            (3, 1) if n == 7 => panic!("a slip"),
            _ => {}
        }
        let mut sum = attempt.last_checkpoint()?.unwrap_or(0);
        while sum < 2 * n {
            sum = (sum + 2).min(2 * n);
            breathe().await;
            attempt.checkpoint(&sum).await?;
        }
        self.0.effects.lock().unwrap().insert(attempt.slot.clone());
        let store = self.0.store.lock().unwrap().clone().unwrap();
        attempt.ride(Numbered(store));
        Ok(sum)
    }
}

/// Doubles and adds up a range in groups, each group a life of its own.
struct Groups;
impl Orchestration for Groups {
    const NAME: &'static str = "groups";
    type Input = (u64, u64, u64);
    type Output = u64;

    fn run(cx: &mut Context<'_>, (from, to, sum): (u64, u64, u64)) -> Turn<u64> {
        if from >= to {
            return Ok(sum);
        }
        let until = to.min(from + 3);
        let doubled = cx.call_all::<Double>((from..until).map(|n| (n, n % 2 == 0)))?;
        let doubled: u64 = doubled.into_iter().sum::<Result<u64, Failure>>()?;
        cx.restart(&(until, to, sum + doubled))
    }
}

struct Go;
impl Signal for Go {
    const NAME: &'static str = "go";
    type Payload = u64;
}

struct Whole;
impl Orchestration for Whole {
    const NAME: &'static str = "whole";
    type Input = u64;
    type Output = u64;

    fn run(cx: &mut Context<'_>, children: u64) -> Turn<u64> {
        let each = (0..children).map(|i| (format!("c{i}"), (i, i + 5, 0)));
        let sums = cx.run_all::<Groups>(each)?;
        cx.wait_until(cx.started() + Duration::from_secs(45))?;
        let go = cx.wait_for::<Go>()?;
        let last = cx.call::<Double>(&(go, true))?;
        Ok(last + sums.into_iter().sum::<Result<u64, Failure>>()?)
    }
}

fn expected(children: u64) -> u64 {
    (0..children).flat_map(|i| i..i + 5).map(|n| 2 * n).sum::<u64>() + 2 * 6
}

fn world(seed: u64, children: u64, weather: Weather) -> (Sim, InstanceId, Arc<Outside>) {
    let outside = Arc::new(Outside::default());
    let registry = Registry::default()
        .orchestration::<Whole>()
        .orchestration::<Groups>()
        .activity(Double(outside.clone()));
    let sim = Sim::new(seed, 4, weather, &registry);
    *outside.store.lock().unwrap() = Some(sim.store.clone());
    *sim.store.faults.lock().unwrap() = 0;
    let id = InstanceId::new("tenant", "job");
    let engine = sim.engines[0].clone();
    sim.block_on(async {
        assert!(engine.start::<Whole>(&id, &children, vec![]).await.unwrap());
        assert!(!engine.start::<Whole>(&id, &99, vec![]).await.unwrap(), "it was started before");
        engine.signal::<Go>(&id, "m1", &6).await.unwrap();
        engine.signal::<Go>(&id, "m1", &6).await.unwrap();
    });
    (sim, id, outside)
}

fn assert_done(sim: &mut Sim, children: u64, id: &InstanceId, outside: &Outside) {
    let took = sim.settle(400, Sim::all_ended);
    assert!(took.is_some(), "stuck: {:#?}", sim.store.memory.rows(Table::Heads));
    assert_eq!(sim.status(id), Some(Status::Done { output: expected(children).into() }));
    sim.weather(Weather::default(), 4, 500);
    sim.assert_clean();
    let calls = usize::try_from(children * 5 + 1).unwrap();
    assert_eq!(outside.effects.lock().unwrap().len(), calls);
    let riders: Vec<_> = (0..calls).map(|n| json!(n)).collect();
    assert_eq!(sim.riders(), riders, "one event for each answer, without a gap");
}

#[test]
fn an_undisturbed_run_is_quiet() {
    let (mut sim, id, outside) = world(1, 3, Weather::default());
    assert_done(&mut sim, 3, &id, &outside);
    let commits = *sim.store.commits.lock().unwrap();
    assert!(commits < 260, "{commits} commits for 16 calls in 4 instances");
}

/// The one fault that matters is often one: every commit in turn is refused, in
/// doubt, or the last thing its worker does.
#[test]
fn any_commit_may_be_the_last_thing_a_worker_does() {
    let run = |doom: Option<(u64, Fate)>| {
        let (mut sim, id, outside) = world(7, 2, Weather::default());
        *sim.store.doom.lock().unwrap() = doom;
        sim.weather(Weather::default(), 8, 400);
        assert_done(&mut sim, 2, &id, &outside);
        *sim.store.commits.lock().unwrap()
    };
    let commits = run(None);
    for doomed in 4..commits {
        for fate in [Fate::Refused, Fate::Unknown, Fate::KilledBefore, Fate::KilledAfter] {
            println!("commit {doomed}: {fate:?}");
            run(Some((doomed, fate)));
        }
    }
}

fn weather() -> impl Strategy<Value = Weather> {
    (0u8..20, 0u8..20, 0u8..4, 0u8..4, 0u8..10, 0..MOST_SKEW).prop_map(
        |(lose, double, kill, stall, faults, skew)| Weather {
            lose,
            double,
            kill,
            stall,
            faults,
            skew,
        },
    )
}

fn config() -> ProptestConfig {
    // the seed of a failing case is printed; nothing is written beside the tests
    ProptestConfig {
        cases: option_env!("CASES").map_or(40, |n| n.parse().unwrap()),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_weather_ends_alike(seed: u64, weather in weather()) {
        let (mut sim, id, outside) = world(seed, 3, weather);
        sim.weather(weather, 20, 300);
        assert_done(&mut sim, 3, &id, &outside);
    }

    /// Pause, resume and cancel at any moment: a tree that is resumed ends as
    /// ever; one that is cancelled ends cancelled, or was done before.
    #[test]
    fn orders_reach_the_whole_tree(seed: u64, weather in weather(), cancel: bool, at in 0usize..6) {
        let (mut sim, id, outside) = world(seed, 3, weather);
        sim.weather(weather, at, 100);
        let order = |sim: &Sim, order: &str| {
            let engine = sim.engines[1].clone();
            *sim.store.faults.lock().unwrap() = 0;
            sim.block_on(async {
                match order {
                    "pause" => engine.pause(&id, "o1").await,
                    "resume" => engine.resume(&id, "o2").await,
                    _ => engine.cancel(&id, "o3").await,
                }
            }).unwrap();
        };
        order(&sim, "pause");
        sim.weather(weather, 6, 300);
        sim.settle(20, |_| false);
        let ended = sim.all_ended();
        for head in sim.store.memory.rows(Table::Heads) {
            let head: Head = serde_json::from_str(&head.body).unwrap();
            prop_assert!(head.status.is_ended() || head.status == Status::Paused, "{:?}", head);
        }
        let runs: u32 = outside.runs.lock().unwrap().values().sum();
        sim.settle(10, |_| false);
        prop_assert_eq!(runs, outside.runs.lock().unwrap().values().sum::<u32>(), "paused");
        if cancel {
            order(&sim, "cancel");
            prop_assert!(sim.settle(60, Sim::all_ended).is_some());
            let status = sim.status(&id).unwrap();
            prop_assert_eq!(status == Status::Cancelled, !ended);
            sim.weather(Weather::default(), 4, 500);
            sim.assert_clean();
        } else {
            order(&sim, "resume");
            sim.weather(weather, 10, 300);
            assert_done(&mut sim, 3, &id, &outside);
        }
    }

    /// Orders that follow each other closely meet claims, answers and each other.
    #[test]
    fn a_flurry_of_orders_leaves_nothing_behind(
        seed: u64,
        weather in weather(),
        waits in prop::collection::vec(0usize..60, 1..12),
    ) {
        let (mut sim, id, outside) = world(seed, 3, weather);
        for (n, wait) in waits.iter().enumerate() {
            sim.weather(weather, usize::from(wait % 7 == 0), 50);
            sim.moves(weather, *wait);
            *sim.store.faults.lock().unwrap() = 0;
            let engine = sim.engines[1].clone();
            sim.block_on(engine.pause(&id, &format!("p{n:02}"))).unwrap();
            sim.moves(weather, *wait);
            *sim.store.faults.lock().unwrap() = 0;
            sim.clock.advance(1);
            sim.block_on(engine.resume(&id, &format!("r{n:02}"))).unwrap();
        }
        sim.weather(weather, 5, 300);
        assert_done(&mut sim, 3, &id, &outside);
    }
}
