//! The simulator's time: a base clock, and as much as a test has moved it forward.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp, civil::Date, tz::Offset};

type Base = dyn Fn() -> Timestamp + Send + Sync;

/// Tells the time and can be moved forward, so that an hour's token expires in an instant.
#[derive(Clone)]
pub struct Clock {
    base: Arc<Base>,
    ahead_millis: Arc<AtomicI64>,
}

impl Clock {
    /// A clock over any source of instants.
    pub fn over(base: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { base: Arc::new(base), ahead_millis: Arc::default() }
    }

    /// A clock that stands still until it is moved.
    pub fn standing(at: Timestamp) -> Self {
        Self::over(move || at)
    }

    /// The machine's own clock.
    pub fn real() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the simulator is its own world")]
        Self::over(Timestamp::now)
    }

    pub fn now(&self) -> Timestamp {
        (self.base)() + SignedDuration::from_millis(self.ahead_millis.load(Ordering::Relaxed))
    }

    /// Moves the time forward for everyone who holds this clock.
    pub fn advance(&self, by: SignedDuration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 2);
        self.ahead_millis.fetch_add(millis, Ordering::Relaxed);
    }
}

/// QuickBooks writes every time in the Pacific offset.
const PACIFIC: Offset = Offset::constant(-7);

/// `2026-05-05T03:13:07-07:00`, as in `MetaData`.
pub fn stamp(at: Timestamp) -> String {
    format!("{}-07:00", PACIFIC.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S"))
}

/// `2026-05-05T05:15:25.311-07:00`, as in the envelope of an answer.
pub fn stamp_millis(at: Timestamp) -> String {
    format!("{}-07:00", PACIFIC.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S%.3f"))
}

/// The day it is for QuickBooks.
pub fn pacific_day(at: Timestamp) -> Date {
    PACIFIC.to_datetime(at).date()
}

/// Reads an instant with offset, or a bare day as its first moment.
pub fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let day: Date = text.parse().ok()?;
        PACIFIC.to_timestamp(day.at(0, 0, 0, 0)).ok()
    })
}
