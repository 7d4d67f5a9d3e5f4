//! How often a system may be called: one token bucket per lane, kept where all
//! processes see it, because they share no memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use q2o_domain::{
    Failure, Result,
    ports::{Address, Body, Budget, Change, Clock, CommitError, Database, Document},
};
use serde::{Deserialize, Serialize};

const PARTITION: &str = "budget";
/// The collection that buckets are in.
pub const BUCKETS: &str = "buckets";

/// Tries to be the one who writes the bucket, before the caller has to ask again.
const TRIES: u32 = 20;
/// A bucket nobody took from for so long is full anyway.
const KEEP: Duration = Duration::from_hours(24);

/// How fast a lane may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Calls a second on the long run.
    pub rate: u32,
    /// Most calls within any one second.
    pub burst: u32,
}

impl Pace {
    /// What an idle bucket holds, in thousandths: the rate flows in while the
    /// burst flows out, so both together stay within the burst.
    fn capacity(self) -> i64 {
        i64::from(self.burst.saturating_sub(self.rate).max(1)) * 1000
    }
}

/// Token buckets over the database port.
pub struct Buckets {
    database: Arc<dyn Database>,
    clock: Arc<dyn Clock>,
    quickbooks: Pace,
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
}

/// What this process keeps of a lane, so that its callers do not collide with each other.
#[derive(Default)]
struct Lane {
    writing: tokio::sync::Mutex<()>,
    /// When the last of those who wait was told to come back: the next one is
    /// sent behind it, instead of all of them at the same instant.
    last: Mutex<Option<Timestamp>>,
}

/// A bucket as stored. What has flowed in since `at` is worked out on reading.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Bucket {
    /// Set on the connection; else the lane's kind decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pace: Option<Pace>,
    /// In thousandths. Below zero after a call worth more than the bucket holds.
    tokens: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blocked_until: Option<Timestamp>,
}

impl Buckets {
    /// `quickbooks` is the pace of every `qbo:` lane; other lanes are unlimited
    /// until somebody sets one.
    pub fn new(database: Arc<dyn Database>, clock: Arc<dyn Clock>, quickbooks: Pace) -> Self {
        Self { database, clock, quickbooks, lanes: Mutex::default() }
    }

    /// Sets a lane's own pace, for all processes; `None` takes it back.
    pub async fn set_pace(&self, lane: &str, pace: Option<Pace>) -> Result<()> {
        if pace.is_some_and(|pace| pace.rate == 0) {
            return Err(Failure::bug(format!("lane {lane} would never move")));
        }
        self.change(lane, |bucket| {
            bucket.pace = pace;
            (true, ())
        })
        .await
    }

    fn pace(&self, lane: &str, bucket: &Bucket) -> Option<Pace> {
        bucket.pace.or_else(|| lane.starts_with("qbo:").then_some(self.quickbooks))
    }

    /// Edits a bucket, and writes it if the edit says so, as often as other
    /// processes come in between.
    async fn change<T>(&self, lane: &str, edit: impl Fn(&mut Bucket) -> (bool, T)) -> Result<T> {
        // A lane without a pace is only looked at; its callers need not queue up.
        if let (false, answer) = edit(&mut self.read(lane).await?.0) {
            return Ok(answer);
        }
        let local = self.lane(lane);
        let _writing = local.writing.lock().await;
        for _ in 0..TRIES {
            let (mut bucket, version) = self.read(lane).await?;
            let (write, answer) = edit(&mut bucket);
            if !write {
                return Ok(answer);
            }
            let mut document = Document::new(BUCKETS, lane, Body::of(&bucket)?);
            if bucket.pace.is_none() {
                let last = bucket.blocked_until.unwrap_or_default().max(self.clock.now());
                document = document.expires(last + KEEP);
            }
            let change = match version {
                Some(version) => Change::Replace(document, version),
                None => Change::Insert(document),
            };
            match self.database.commit(PARTITION, vec![change]).await {
                Ok(()) => return Ok(answer),
                Err(CommitError::Conflict) => {}
                Err(CommitError::Failed(failure)) => return Err(failure),
            }
        }
        Err(Failure::retry(format!("bucket {lane} is contended")))
    }

    async fn read(&self, lane: &str) -> Result<(Bucket, Option<String>)> {
        let at = Address { partition: PARTITION.into(), collection: BUCKETS, id: lane.into() };
        let Some(stored) = self.database.get(&at).await? else {
            return Ok((Bucket::default(), None));
        };
        let wrong = |e| Failure::bug(format!("bucket {lane} is unreadable: {e}"));
        let bucket = stored.body.read().map_err(wrong)?;
        Ok((bucket, Some(stored.version)))
    }

    fn lane(&self, lane: &str) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(lane.to_owned()).or_default())
    }

    /// Puts a caller who has to wait behind those who were told so before.
    fn line_up(&self, lane: &str, now: Timestamp, wait: &Wait) -> Duration {
        let lane = self.lane(lane);
        let mut last = lane.last.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now + wait.until_there;
        let behind = last.filter(|last| *last > now).map(|last| last + wait.share);
        let turn = behind.map_or(earliest, |behind| earliest.max(behind));
        *last = Some(turn);
        turn.duration_since(now).unsigned_abs()
    }
}

/// Why a caller has to wait, in time.
struct Wait {
    /// Until the tokens are there, were the caller alone.
    until_there: Duration,
    /// What it takes to make as many tokens again.
    share: Duration,
}

impl Bucket {
    /// Takes tokens, or says how long to wait for them. Unlimited without a pace.
    fn take(&mut self, pace: Option<Pace>, calls: u32, now: Timestamp) -> Result<(), Wait> {
        let Some(pace) = pace else { return self.blocked(now, Duration::ZERO) };
        let (rate, wanted) = (i64::from(pace.rate), i64::from(calls) * 1000);
        let share = millis(wanted / rate);
        self.blocked(now, share)?;
        let capacity = pace.capacity();
        // Tokens are thousandths and time is milliseconds, so the product is exact.
        let (flowed, at) = match self.at {
            Some(at) => {
                let elapsed = now.as_millisecond().saturating_sub(at.as_millisecond());
                (elapsed.max(0).saturating_mul(rate), at.max(now))
            }
            None => (capacity, now),
        };
        let tokens = self.tokens.saturating_add(flowed).min(capacity);
        // More than fits is given when the bucket is full, and paid back after.
        let missing = wanted.min(capacity) - tokens;
        if missing > 0 {
            return Err(Wait { until_there: millis((missing + rate - 1) / rate), share });
        }
        (self.tokens, self.at) = (tokens - wanted, Some(at));
        Ok(())
    }

    fn blocked(&self, now: Timestamp, share: Duration) -> Result<(), Wait> {
        match self.blocked_until.filter(|until| *until > now) {
            Some(until) => {
                Err(Wait { until_there: until.duration_since(now).unsigned_abs(), share })
            }
            None => Ok(()),
        }
    }
}

fn millis(n: i64) -> Duration {
    Duration::from_millis(n.unsigned_abs())
}

#[async_trait]
impl Budget for Buckets {
    async fn take(&self, lane: &str, calls: u32) -> Result<Duration> {
        let now = self.clock.now();
        let taken = self
            .change(lane, |bucket| {
                let pace = self.pace(lane, bucket);
                let taken = bucket.take(pace, calls, now);
                (pace.is_some() && taken.is_ok(), taken)
            })
            .await?;
        Ok(match taken {
            Ok(()) => Duration::ZERO,
            Err(wait) => self.line_up(lane, now, &wait),
        })
    }

    async fn block(&self, lane: &str, pause: Duration) -> Result<()> {
        let until = self.clock.now() + pause;
        self.change(lane, |bucket| {
            let longer = bucket.blocked_until.is_none_or(|already| already < until);
            if longer {
                bucket.blocked_until = Some(until);
            }
            (longer, ())
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::ManualClock, database::Memory};

    const LANE: &str = "qbo:123";
    const PACE: Pace = Pace { rate: 8, burst: 10 };

    fn two() -> (Arc<Buckets>, Arc<Buckets>, Arc<ManualClock>) {
        over(&(Arc::new(Memory::default()) as Arc<dyn Database>))
    }

    /// Two processes over one database.
    fn over(database: &Arc<dyn Database>) -> (Arc<Buckets>, Arc<Buckets>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_second(1_000_000).unwrap()));
        let one = || Arc::new(Buckets::new(Arc::clone(database), clock.clone(), PACE));
        (one(), one(), clock)
    }

    /// How many single calls go through in steps of 10 ms, and when.
    async fn flood(buckets: &[&Buckets], clock: &ManualClock, steps: u32) -> Vec<u32> {
        let mut calls = Vec::new();
        for step in 0..steps {
            for buckets in buckets {
                while buckets.take(LANE, 1).await.unwrap().is_zero() {
                    calls.push(step);
                }
            }
            clock.advance(Duration::from_millis(10));
        }
        calls
    }

    #[tokio::test]
    async fn two_processes_share_one_rate() {
        let (one, two, clock) = two();
        let calls = flood(&[&one, &two], &clock, 1000).await;
        assert_eq!(calls.len(), 2 + 10 * 8 - 1, "ten seconds at 8, and the idle bucket's 2");
        for start in &calls {
            let second = calls.iter().filter(|step| (*start..start + 100).contains(*step));
            assert!(second.count() <= 10, "more than the burst from step {start} on");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn concurrent_takers_get_no_more_than_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("q2o.db").display());
        let (one, two, _) = over(&crate::database::open(&url).await.unwrap());
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..64 {
            let buckets = Arc::clone(if n % 2 == 0 { &one } else { &two });
            tasks.spawn(async move { buckets.take(LANE, 1).await.unwrap().is_zero() });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|taken| *taken).count(), 2);
    }

    #[tokio::test]
    async fn a_large_call_is_paid_back() {
        let (one, _, clock) = two();
        assert!(one.take(LANE, 18).await.unwrap().is_zero());
        // 16 owed and 1 wanted, at 8 a second.
        assert_eq!(one.take(LANE, 1).await.unwrap(), Duration::from_millis(2125));
        clock.advance(Duration::from_millis(2124));
        assert!(!one.take(LANE, 1).await.unwrap().is_zero());
        clock.advance(Duration::from_millis(1));
        assert!(one.take(LANE, 1).await.unwrap().is_zero());
    }

    #[tokio::test]
    async fn those_who_wait_are_lined_up() {
        let (one, ..) = two();
        assert!(one.take(LANE, 2).await.unwrap().is_zero());
        for n in 1..=4 {
            assert_eq!(one.take(LANE, 1).await.unwrap(), Duration::from_millis(125 * n));
        }
    }

    #[tokio::test]
    async fn a_pause_holds_for_everyone_and_is_never_shortened() {
        let (one, two, clock) = two();
        for lane in [LANE, "odoo:1"] {
            one.block(lane, Duration::from_secs(30)).await.unwrap();
            two.block(lane, Duration::from_secs(5)).await.unwrap();
            assert_eq!(two.take(lane, 1).await.unwrap(), Duration::from_secs(30));
        }
        clock.advance(Duration::from_secs(30));
        for lane in [LANE, "odoo:1"] {
            assert!(two.take(lane, 1).await.unwrap().is_zero());
        }
    }

    #[tokio::test]
    async fn other_lanes_are_free_until_a_pace_is_set() {
        let (one, two, clock) = two();
        for _ in 0..100 {
            assert!(one.take("odoo:1", 50).await.unwrap().is_zero());
        }
        one.set_pace("odoo:1", Some(Pace { rate: 1, burst: 1 })).await.unwrap();
        assert!(two.take("odoo:1", 1).await.unwrap().is_zero());
        assert_eq!(two.take("odoo:1", 1).await.unwrap(), Duration::from_secs(1));
        clock.advance(Duration::from_secs(1));
        assert!(one.take("odoo:1", 1).await.unwrap().is_zero());
        one.set_pace("odoo:1", None).await.unwrap();
        assert!(two.take("odoo:1", 50).await.unwrap().is_zero());
        assert!(one.set_pace("odoo:1", Some(Pace { rate: 0, burst: 1 })).await.is_err());
    }
}
