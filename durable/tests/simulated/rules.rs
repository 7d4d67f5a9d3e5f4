//! What the README promises to authors, one promise per test.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use q2o_durable::*;
use serde_json::{Value, json};

use crate::sim::{Sim, Weather};

/// Does what its input says.
struct Act(Arc<Mutex<Vec<String>>>);

impl Activity for Act {
    const NAME: &'static str = "act";
    const RETRY: Retry = Retry { attempts: 3, waits: 2, ..Retry::STANDARD };
    type Input = String;
    type Output = String;

    async fn run(&self, what: String, attempt: &Attempt) -> Result<String, Failure> {
        self.0.lock().unwrap().push(format!("{what}{}", attempt.number));
        match what.as_str() {
            "busy" => Err(Failure::retry("busy")),
            "throttled" => {
                let after = Some(Duration::from_secs(100));
                Err(Failure::Retry { why: "slow down".into(), after })
            }
            "person" => Err(Failure::NeedsUser { why: "sign in".into(), remedy: json!("door") }),
            "panic" => panic!("oh no"),
            "pages" => {
                // dies on every second page, so it needs more tries than the policy has
                let page = attempt.last_checkpoint::<u32>()?.unwrap_or(0) + 1;
                if page > 6 {
                    return Ok("all pages".into());
                }
                attempt.checkpoint(&page).await?;
                Err(Failure::retry("cut off"))
            }
            "riders" => {
                attempt.ride(Many(99));
                Ok("too much".into())
            }
            "huge" => Ok("x".repeat(MOST_BYTES)),
            _ => Ok(what),
        }
    }
}

struct Many(usize);

#[async_trait]
impl Rider for Many {
    async fn changes(&self) -> Result<Vec<Value>, Failure> {
        Ok((0..self.0).map(Value::from).collect())
    }
}

/// Asks for each in turn, and says how each ended.
struct Try;
impl Orchestration for Try {
    const NAME: &'static str = "try";
    type Input = Vec<String>;
    type Output = Vec<String>;

    fn run(cx: &mut Context<'_>, input: Vec<String>) -> Turn<Vec<String>> {
        let mut ends = Vec::new();
        for what in input {
            ends.push(match cx.attempt::<Act>(&what)? {
                Ok(said) => said,
                Err(failure) => json!(failure).to_string(),
            });
        }
        Ok(ends)
    }
}

/// Asks for so many at once.
struct Wide;
impl Orchestration for Wide {
    const NAME: &'static str = "wide";
    type Input = usize;
    type Output = usize;

    fn run(cx: &mut Context<'_>, width: usize) -> Turn<usize> {
        Ok(cx.call_all::<Act>(vec!["x".to_owned(); width])?.len())
    }
}

struct Nest;
impl Orchestration for Nest {
    const NAME: &'static str = "nest";
    type Input = usize;
    type Output = usize;

    fn run(cx: &mut Context<'_>, width: usize) -> Turn<usize> {
        let children = (0..width).map(|i| (format!("c{i}"), 2));
        Ok(cx.run_all::<Wide>(children)?.into_iter().flatten().sum())
    }
}

/// Lets a child do it.
struct Hand;
impl Orchestration for Hand {
    const NAME: &'static str = "hand";
    type Input = Vec<String>;
    type Output = Vec<String>;

    fn run(cx: &mut Context<'_>, input: Vec<String>) -> Turn<Vec<String>> {
        let mut ends = cx.run_all::<Try>([("it".to_owned(), input)])?;
        Ok(ends.remove(0)?)
    }
}

/// Never restarts.
struct Long;
impl Orchestration for Long {
    const NAME: &'static str = "long";
    type Input = ();
    type Output = ();

    fn run(cx: &mut Context<'_>, (): ()) -> Turn<()> {
        loop {
            cx.try_signal::<Word>()?;
        }
    }
}

struct Word;
impl Signal for Word {
    const NAME: &'static str = "word";
    type Payload = String;
}

/// Takes a word if there is one, waits for another, and for a third.
struct Listen;
impl Orchestration for Listen {
    const NAME: &'static str = "listen";
    type Input = ();
    type Output = (Option<String>, String, Option<String>);

    fn run(cx: &mut Context<'_>, (): ()) -> Turn<Self::Output> {
        let first = cx.try_signal::<Word>()?;
        let second = cx.wait_for::<Word>()?;
        let third = cx.try_signal::<Word>()?;
        Ok((first, second, third))
    }
}

/// The same name with another order of calls, as a careless deployment has it.
struct Edited;
impl Orchestration for Edited {
    const NAME: &'static str = "try";
    type Input = Vec<String>;
    type Output = Vec<String>;

    fn run(cx: &mut Context<'_>, _: Vec<String>) -> Turn<Vec<String>> {
        Ok(vec![cx.call::<Act>(&"another".to_owned())?])
    }
}

fn registry() -> (Registry, Arc<Mutex<Vec<String>>>) {
    let log = Arc::<Mutex<Vec<String>>>::default();
    let registry = Registry::default()
        .orchestration::<Try>()
        .orchestration::<Wide>()
        .orchestration::<Nest>()
        .orchestration::<Hand>()
        .orchestration::<Long>()
        .orchestration::<Listen>()
        .activity(Act(log.clone()));
    (registry, log)
}

/// Starts one and runs it to its end.
fn ended<O: Orchestration>(input: &O::Input) -> (Status, Vec<String>, Sim) {
    let (registry, log) = registry();
    let mut sim = Sim::new(5, 2, Weather::default(), &registry);
    let (id, engine) = (InstanceId::new("p", "i"), sim.engines[0].clone());
    sim.block_on(engine.start::<O>(&id, input, vec![])).unwrap();
    assert!(sim.settle(60, Sim::all_ended).is_some(), "it does not end");
    let log = log.lock().unwrap().clone();
    (sim.status(&id).unwrap(), log, sim)
}

fn output(status: &Status) -> Vec<String> {
    let Status::Done { output } = status else { panic!("{status:?}") };
    serde_json::from_value(output.clone()).unwrap()
}

fn bug(status: &Status) -> &str {
    let Status::Failed { failure: Failure::Bug { why } } = status else { panic!("{status:?}") };
    why
}

#[test]
fn failures_are_recorded_by_what_helps() {
    let all = ["fine", "busy", "throttled", "person", "panic", "pages", "riders", "huge"];
    let (status, log, _) = ended::<Try>(&all.map(str::to_owned).to_vec());
    let ends = output(&status);
    assert_eq!(ends[0], "fine");
    assert_eq!(ends[1], r#"{"after":null,"failure":"retry","why":"busy"}"#);
    assert!(ends[2].contains(r#""failure":"retry","why":"slow down""#), "{}", ends[2]);
    assert_eq!(ends[3], r#"{"failure":"needs_user","remedy":"door","why":"sign in"}"#);
    assert_eq!(ends[4], r#"{"failure":"bug","why":"panicked: oh no"}"#);
    assert_eq!(ends[5], "all pages");
    assert!(ends[6].contains("99 riders"), "{}", ends[6]);
    assert!(ends[7].contains("too many for a journal"), "{}", ends[7]);
    // three tries; two asked-for pauses that are none, then the end; one; three; no limit
    assert_eq!(
        log.join(" "),
        "fine1 busy1 busy2 busy3 throttled1 throttled1 throttled1 person1 panic1 panic2 panic3 \
         pages1 pages2 pages2 pages2 pages2 pages2 pages2 riders1 huge1"
    );
}

#[test]
fn a_pause_that_was_asked_for_is_kept() {
    let (registry, log) = registry();
    let mut sim = Sim::new(5, 2, Weather::default(), &registry);
    let (id, engine) = (InstanceId::new("p", "i"), sim.engines[0].clone());
    sim.block_on(engine.start::<Try>(&id, &vec!["throttled".into()], vec![])).unwrap();
    sim.weather(Weather::default(), 2, 300);
    assert_eq!(log.lock().unwrap().len(), 1, "60 of 100 seconds have passed");
    sim.weather(Weather::default(), 3, 300);
    assert_eq!(log.lock().unwrap().len(), 2);
}

#[test]
fn a_fan_out_has_its_limit() {
    assert_eq!(ended::<Wide>(&MOST_OPEN).0, Status::Done { output: json!(MOST_OPEN) });
    assert!(bug(&ended::<Wide>(&(MOST_OPEN + 1)).0).contains("46 calls at once"));
    let (status, _, sim) = ended::<Nest>(&MOST_OPEN);
    assert_eq!(status, Status::Done { output: json!(2 * MOST_OPEN) });
    assert_eq!(sim.store.memory.rows(Table::Heads).len(), MOST_OPEN + 1);
}

#[test]
fn a_journal_has_its_limit() {
    assert!(bug(&ended::<Long>(&()).0).contains("restart earlier"));
}

#[test]
fn a_changed_order_of_calls_is_noticed() {
    let (registry, _) = registry();
    let mut sim = Sim::new(5, 1, Weather::default(), &registry);
    let (id, engine) = (InstanceId::new("p", "i"), sim.engines[0].clone());
    let asked = vec!["throttled".to_owned(), "fine".to_owned()];
    sim.block_on(engine.start::<Try>(&id, &asked, vec![])).unwrap();
    sim.weather(Weather::default(), 1, 300);
    let edited = Engine::new(
        registry.orchestration::<Edited>(),
        sim.store.clone(),
        sim.queue.clone(),
        Arc::new(sim.clock.clone()),
    );
    sim.engines[0] = Arc::new(edited);
    assert!(sim.settle(60, Sim::all_ended).is_some());
    let status = sim.status(&id).unwrap();
    assert!(bug(&status).contains("deploy under a new name"), "{status:?}");
}

#[test]
fn a_program_that_does_not_know_a_name_leaves_it_alone() {
    let (known, _) = registry();
    let mut sim = Sim::new(5, 1, Weather::default(), &Registry::default());
    let (id, engine) = (InstanceId::new("p", "i"), sim.engines[0].clone());
    sim.block_on(engine.start::<Try>(&id, &vec!["fine".into()], vec![])).unwrap();
    sim.weather(Weather::default(), 4, 300);
    assert_eq!(sim.status(&id), Some(Status::Running));
    let clock = Arc::new(sim.clock.clone());
    sim.engines[0] = Arc::new(Engine::new(known, sim.store.clone(), sim.queue.clone(), clock));
    assert!(sim.settle(60, Sim::all_ended).is_some());
    assert_eq!(output(&sim.status(&id).unwrap()), ["fine"]);
}

#[test]
fn signals_are_taken_once_and_in_order() {
    let (registry, _) = registry();
    let mut sim = Sim::new(5, 2, Weather::default(), &registry);
    let (id, engine) = (InstanceId::new("p", "i"), sim.engines[0].clone());
    sim.block_on(engine.start::<Listen>(&id, &(), vec![])).unwrap();
    sim.weather(Weather::default(), 1, 300);
    let send = |sim: &Sim, mail: &str, word: &str| {
        sim.block_on(engine.signal::<Word>(&id, mail, &word.to_owned())).unwrap()
    };
    assert!(send(&sim, "m1", "one"));
    assert!(send(&sim, "m1", "again"), "the same mail id is the same letter");
    sim.weather(Weather::default(), 1, 300);
    let done = Status::Done { output: json!([null, "one", null]) };
    assert_eq!(sim.status(&id), Some(done));
    assert!(!send(&sim, "m2", "late"), "nobody reads it any more");
    let (elsewhere, word) = (InstanceId::new("q", "i"), String::new());
    let unknown = sim.block_on(engine.signal::<Word>(&elsewhere, "m", &word));
    assert!(matches!(unknown, Err(EngineError::Missing(_))));
}

/// Counts what it is told.
#[derive(Default)]
struct Diary(Mutex<Vec<String>>);

#[async_trait]
impl Watch for Diary {
    async fn changes(&self, head: &Head) -> Result<Vec<Value>, Failure> {
        let word = json!(head.status)["status"].as_str().unwrap().to_owned();
        self.0.lock().unwrap().push(format!("{} {word}", head.id.name));
        Ok(vec![])
    }
}

#[test]
fn the_watch_hears_of_every_change_of_status() {
    let (registry, _) = registry();
    let mut sim = Sim::new(5, 1, Weather::default(), &registry);
    let diary = Arc::new(Diary::default());
    let clock = Arc::new(sim.clock.clone());
    let engine = Engine::new(registry, sim.store.clone(), sim.queue.clone(), clock);
    sim.engines[0] = Arc::new(engine.watch(diary.clone()));
    let (id, engine) = (InstanceId::new("p", "i"), sim.engines[0].clone());
    sim.block_on(async {
        engine.start::<Nest>(&id, &1, vec![]).await.unwrap();
        engine.pause(&id, "o1").await.unwrap();
    });
    sim.weather(Weather::default(), 2, 300);
    sim.block_on(engine.resume(&id, "o2")).unwrap();
    assert!(sim.settle(10, Sim::all_ended).is_some());
    let diary = diary.0.lock().unwrap().join(", ");
    assert_eq!(diary, "i running, i paused, i running, i.0-0-c0 done, i done");
}

/// An instance whose child waits a hundred seconds for its next try.
fn waiting_tree() -> (Sim, Arc<Mutex<Vec<String>>>, [InstanceId; 2]) {
    let (registry, log) = registry();
    let mut sim = Sim::new(5, 1, Weather::default(), &registry);
    let ids = ["i", "i.0-0-it"].map(|name| InstanceId::new("p", name));
    let input = vec!["throttled".to_owned(), "fine".to_owned()];
    sim.block_on(sim.engines[0].start::<Hand>(&ids[0], &input, vec![])).unwrap();
    sim.weather(Weather::default(), 1, 300);
    assert_eq!(log.lock().unwrap().len(), 1);
    (sim, log, ids)
}

#[test]
fn a_pause_reaches_the_children() {
    let (mut sim, log, ids) = waiting_tree();
    sim.block_on(sim.engines[0].pause(&ids[0], "o1")).unwrap();
    sim.weather(Weather::default(), 10, 300);
    for id in &ids {
        assert_eq!(sim.status(id), Some(Status::Paused));
    }
    assert_eq!(log.lock().unwrap().len(), 1, "300 seconds later");
    sim.block_on(sim.engines[0].resume(&ids[0], "o2")).unwrap();
    assert!(sim.settle(20, Sim::all_ended).is_some());
    assert!(matches!(sim.status(&ids[0]), Some(Status::Done { .. })));
}

#[test]
fn a_cancellation_reaches_the_children() {
    let (mut sim, log, ids) = waiting_tree();
    sim.block_on(sim.engines[0].cancel(&ids[0], "o1")).unwrap();
    sim.weather(Weather::default(), 1, 300);
    for id in &ids {
        assert_eq!(sim.status(id), Some(Status::Cancelled));
    }
    sim.weather(Weather::default(), 10, 300);
    assert_eq!(log.lock().unwrap().len(), 1);
    sim.assert_clean();
}

#[test]
fn a_letter_that_comes_in_a_pause_is_read_after_it() {
    let (registry, _) = registry();
    let mut sim = Sim::new(5, 1, Weather::default(), &registry);
    let (id, engine) = (InstanceId::new("p", "i"), sim.engines[0].clone());
    sim.block_on(engine.start::<Listen>(&id, &(), vec![])).unwrap();
    sim.weather(Weather::default(), 1, 300);
    sim.block_on(engine.pause(&id, "o1")).unwrap();
    sim.weather(Weather::default(), 1, 300);
    sim.block_on(engine.signal::<Word>(&id, "m1", &"one".to_owned())).unwrap();
    sim.weather(Weather::default(), 4, 300);
    assert_eq!(sim.status(&id), Some(Status::Paused));
    assert_eq!(sim.block_on(engine.sweep()).unwrap(), Sweep::default(), "all has been seen");
    sim.block_on(engine.resume(&id, "o2")).unwrap();
    sim.weather(Weather::default(), 1, 300);
    assert_eq!(sim.status(&id), Some(Status::Done { output: json!([null, "one", null]) }));
}

#[test]
fn a_letter_nobody_asks_for_is_looked_at_once() {
    let (mut sim, _, [id, _]) = waiting_tree();
    let engine = sim.engines[0].clone();
    sim.block_on(engine.signal::<Word>(&id, "m1", &"one".to_owned())).unwrap();
    sim.weather(Weather::default(), 2, 300);
    assert_eq!(sim.block_on(engine.sweep()).unwrap().woken, 0);
}
