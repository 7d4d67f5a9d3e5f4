//! Intuit's limits per realm, on the simulator's clock.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::call_log::CallKind;

/// How many calls Intuit lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub per_minute: usize,
    pub per_second: usize,
    pub batches_per_minute: usize,
    pub reports_per_minute: usize,
}

impl Limits {
    /// As documented in 2026.
    pub const DOCUMENTED: Self =
        Self { per_minute: 500, per_second: 10, batches_per_minute: 40, reports_per_minute: 200 };
}

/// The calls of the last minute that were let through.
#[derive(Debug)]
pub struct Throttle {
    pub limits: Option<Limits>,
    recent: VecDeque<(Timestamp, CallKind)>,
}

impl Throttle {
    pub fn new(limits: Option<Limits>) -> Self {
        Self { limits, recent: VecDeque::new() }
    }

    /// Counts a call in, or says no.
    pub fn admit(&mut self, kind: CallKind, now: Timestamp) -> bool {
        let Some(limits) = self.limits else { return true };
        let minute_ago = now - SignedDuration::from_secs(60);
        while self.recent.front().is_some_and(|(at, _)| *at <= minute_ago) {
            self.recent.pop_front();
        }
        let second_ago = now - SignedDuration::from_secs(1);
        let of = |wanted: CallKind| self.recent.iter().filter(|(_, kind)| *kind == wanted).count();
        let within_second = self.recent.iter().rev().take_while(|(at, _)| *at > second_ago).count();
        let full = self.recent.len() >= limits.per_minute
            || within_second >= limits.per_second
            || (kind == CallKind::Batch && of(kind) >= limits.batches_per_minute)
            || (kind == CallKind::Report && of(kind) >= limits.reports_per_minute);
        if !full {
            self.recent.push_back((now, kind));
        }
        !full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_a_second_and_forty_batches_a_minute() {
        let mut throttle = Throttle::new(Some(Limits::DOCUMENTED));
        let mut now = Timestamp::UNIX_EPOCH;
        let admitted = (0..12).filter(|_| throttle.admit(CallKind::Query, now)).count();
        assert_eq!(admitted, 10);
        now += SignedDuration::from_secs(61);
        let mut batches = 0;
        for _ in 0..50 {
            batches += usize::from(throttle.admit(CallKind::Batch, now));
            now += SignedDuration::from_millis(200);
        }
        assert_eq!(batches, 40);
    }
}
