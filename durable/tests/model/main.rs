//! The protocol in small, and every way it can go: claim, lease, fence,
//! completion with countdown, hints that are only hints, the watchdog, pause.
//! Leave out a guard, and the checker finds the run in which it was missed.

use std::collections::{HashMap, VecDeque};

use stateright::{Checker, Expectation, Model};

mod protocol;
use protocol::{Budget, Mutant, Protocol};

impl Protocol {
    /// How many states there are, and from how many the end is out of reach.
    fn stuck(self) -> (usize, usize) {
        let (mut known, mut back, mut todo) =
            (HashMap::new(), Vec::<Vec<usize>>::new(), VecDeque::new());
        for world in self.init_states() {
            known.insert(world.clone(), 0);
            back.push(vec![]);
            todo.push_back(world);
        }
        let mut reach = VecDeque::new();
        while let Some(world) = todo.pop_front() {
            let here = known[&world];
            if world.done {
                reach.push_back(here);
            }
            let mut moves = vec![];
            self.actions(&world, &mut moves);
            for next in moves.into_iter().filter_map(|m| self.next_state(&world, m)) {
                let there = *known.entry(next.clone()).or_insert_with(|| {
                    back.push(vec![]);
                    todo.push_back(next);
                    back.len() - 1
                });
                back[there].push(here);
            }
        }
        let mut ends = vec![false; back.len()];
        while let Some(state) = reach.pop_front() {
            if !std::mem::replace(&mut ends[state], true) {
                reach.extend(back[state].iter().filter(|s| !ends[**s]));
            }
        }
        (back.len(), ends.iter().filter(|end| !**end).count())
    }

    /// Everything that can go wrong with this protocol.
    fn violations(self) -> Vec<String> {
        let checked = self.checker().threads(2).spawn_bfs().join();
        let mut bad: Vec<String> = self
            .properties()
            .iter()
            .filter(|p| matches!(p.expectation, Expectation::Always))
            .filter_map(|p| checked.discovery(p.name).map(|_| p.name.to_owned()))
            .collect();
        if bad.is_empty() {
            let (states, stuck) = self.stuck();
            println!("{states} states");
            assert!(checked.discovery("it ends").is_some());
            bad.extend((stuck > 0).then(|| "stuck".to_owned()));
        }
        bad
    }
}

fn check(mutant: Mutant, budget: Budget) -> Vec<String> {
    Protocol { mutant, budget }.violations()
}

#[test]
fn the_protocol_is_safe_and_ends() {
    let mishaps = Budget { crash: 0, expire: 1, double: 1, lose: 0, fail: 1, pause: 0 };
    assert!(check(Mutant::None, mishaps).is_empty());
    let losses = Budget { crash: 1, expire: 1, double: 0, lose: 1, fail: 0, pause: 0 };
    assert!(check(Mutant::None, losses).is_empty());
    let pauses = Budget { crash: 0, expire: 1, double: 0, lose: 1, fail: 0, pause: 1 };
    assert!(check(Mutant::None, pauses).is_empty());
}

#[test]
fn every_guard_is_missed_when_it_is_gone() {
    let crash = Budget { crash: 1, expire: 1, double: 1, ..Budget::default() };
    let lose = Budget { lose: 1, ..Budget::default() };
    let pause = Budget { expire: 1, pause: 1, ..Budget::default() };
    let only = |found: Vec<String>, wanted: &str| {
        assert!(found.iter().any(|name| name == wanted), "{wanted}: {found:?}");
    };
    only(check(Mutant::NoFence, crash), "only the holder writes");
    only(check(Mutant::NoWatchdog, lose), "stuck");
    only(check(Mutant::TwoCommits, Budget::default()), "the counter says how many are open");
    only(check(Mutant::KeyHasAttempt, crash), "an effect happens once");
    only(check(Mutant::NoTurnVersion, Budget { double: 1, ..crash }), "calls are asked for once");
    only(check(Mutant::PauseOverlooksLeased, pause), "nothing is claimed in a pause");
}
