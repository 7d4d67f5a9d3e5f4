//! NCRONTAB, the schedules of timer functions: `{second} minute hour day month day-of-week`, UTC.
//!
//! Unlike in Unix cron, a day must fit both its day of the month and its day of the week.

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// One bit for each allowed value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    /// Six fields, or five without the seconds.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields = text.split_whitespace().collect::<Vec<_>>();
        let (second, [minute, hour, day, month, weekday]) = match fields[..] {
            [s, m, h, d, mo, w] => (s, [m, h, d, mo, w]),
            [m, h, d, mo, w] => ("0", [m, h, d, mo, w]),
            _ => return Err(format!("{text:?} is not a schedule of six fields")),
        };
        let read = |field: &str, low, high, names: &[&str]| {
            set(field, low, high, names).ok_or_else(|| format!("{text:?}: {field:?} is no field"))
        };
        Ok(Self {
            seconds: read(second, 0, 59, &[])?,
            minutes: read(minute, 0, 59, &[])?,
            hours: read(hour, 0, 23, &[])?,
            days: read(day, 1, 31, &[])?,
            months: read(month, 1, 12, &MONTHS)?,
            weekdays: read(weekday, 0, 6, &WEEKDAYS)?,
        })
    }

    /// The first time after this one; None where there is none within a leap cycle.
    pub fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        let mut at =
            moment.to_zoned(TimeZone::UTC).datetime().with().subsec_nanosecond(0).build().ok()?;
        at = at.checked_add(1.second()).ok()?;
        let last_year = at.year() + 8;
        while at.year() <= last_year {
            let date = at.date();
            if !has(self.months, date.month()) {
                at = midnight(date.first_of_month().checked_add(1.month()).ok()?);
            } else if !has(self.days, date.day())
                || !has(self.weekdays, date.weekday().to_sunday_zero_offset())
            {
                at = midnight(date.tomorrow().ok()?);
            } else if !has(self.hours, at.hour()) {
                at = at.with().minute(0).second(0).build().ok()?.checked_add(1.hour()).ok()?;
            } else if !has(self.minutes, at.minute()) {
                at = at.with().second(0).build().ok()?.checked_add(1.minute()).ok()?;
            } else if !has(self.seconds, at.second()) {
                at = at.checked_add(1.second()).ok()?;
            } else {
                return at.to_zoned(TimeZone::UTC).ok().map(|z| z.timestamp());
            }
        }
        None
    }

    /// Whether some runs are less than a minute apart; the host keeps no status of such timers.
    pub fn is_sub_minute(&self, now: Timestamp) -> bool {
        let Some(one) = self.after(now) else { return false };
        let next = self.after(one);
        next.is_some_and(|next| next.duration_since(one).unsigned_abs() < Duration::from_mins(1))
    }
}

fn midnight(date: Date) -> DateTime {
    date.to_datetime(Time::midnight())
}

fn has(set: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|bit| set & (1 << bit) != 0)
}

/// `*`, `a`, `a-b`, each perhaps with `/step`, joined by commas.
fn set(field: &str, low: u32, high: u32, names: &[&str]) -> Option<u64> {
    let value = |text: &str| {
        let named =
            names.iter().position(|n| text.len() >= 3 && text.to_lowercase().starts_with(n));
        let value = match named {
            Some(index) => low + u32::try_from(index).ok()?,
            None => text.parse().ok()?,
        };
        (low..=high).contains(&value).then_some(value)
    };
    let mut bits = 0;
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|s| *s > 0)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (low, high),
            Some((a, b)) => {
                let (a, b) = (value(a)?, value(b)?);
                (a.min(b), a.max(b))
            }
            // `5/10` goes on from 5 to the end.
            None => (value(range)?, step.map_or(value(range)?, |_| high)),
        };
        bits = (from..=to).step_by(step.unwrap_or(1)).fold(bits, |bits, v| bits | 1 << v);
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, after: &str) -> String {
        let at = Schedule::parse(schedule).unwrap().after(after.parse().unwrap());
        at.map_or_else(|| "never".into(), |at| at.to_string())
    }

    #[test]
    fn schedules_find_their_next_time() {
        for (schedule, after, expected) in [
            ("0 */5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"),
            ("0 */5 * * * *", "2026-01-01T00:04:59.9Z", "2026-01-01T00:05:00Z"),
            ("*/10 * * * * *", "2026-12-31T23:59:55Z", "2027-01-01T00:00:00Z"),
            ("0 30 9 * Jan Monday", "2026-01-01T00:00:00Z", "2026-01-05T09:30:00Z"),
            ("0 0 2 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T02:00:00Z"),
            ("0 0 0 13 * Fri", "2026-01-01T00:00:00Z", "2026-02-13T00:00:00Z"),
            ("0 5/20 8-9,17 * * *", "2026-01-01T09:45:00Z", "2026-01-01T17:05:00Z"),
            ("15 3 * * 1-5", "2026-01-02T03:15:00Z", "2026-01-05T03:15:00Z"),
            ("0 0 0 30 2 *", "2026-01-01T00:00:00Z", "never"),
        ] {
            assert_eq!(next(schedule, after), expected, "{schedule}");
        }
        for wrong in ["0 60 * * * *", "00:05:00", "0 0 0 0 * *", "0 0 0 * * 7", "* * * *"] {
            assert!(Schedule::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_close_runs_are_sub_minute() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        assert!(Schedule::parse("*/30 * * * * *").unwrap().is_sub_minute(now));
        assert!(!Schedule::parse("0 * * * * *").unwrap().is_sub_minute(now));
    }
}
