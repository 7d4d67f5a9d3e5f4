//! The days a report covers: explicit dates, a macro, or QuickBooks' default.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::qbo::World;
use crate::qbo::faults::Fault;
use crate::qbo::http::Params;

/// First and last day, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    pub start: Date,
    pub end: Date,
    /// What was said instead of dates.
    pub date_macro: Option<String>,
}

impl Period {
    /// From `start_date` and `end_date`, or `date_macro`, or this year to date.
    pub fn of(params: &Params, world: &World) -> Result<Self, Fault> {
        let today = world.today();
        let start = day(params, "start_date")?;
        let end = day(params, "end_date")?;
        if let Some(named) = params.get("date_macro").filter(|_| start.is_none() && end.is_none()) {
            let (start, end) = named_days(named, today, world)?;
            return Ok(Self { start, end, date_macro: Some(named.to_owned()) });
        }
        if start.is_none() && end.is_none() {
            let start = today.first_of_year();
            let named = Some("this calendar year-to-date".to_owned());
            return Ok(Self { start, end: today, date_macro: named });
        }
        let end = end.unwrap_or(today);
        let start = start.unwrap_or_else(|| end.first_of_year());
        if start > end {
            return Err(Fault::invalid("start_date is after end_date"));
        }
        Ok(Self { start, end, date_macro: None })
    }

    /// The parts `summarize_column_by` asks for, and what they are called.
    pub fn spans(&self, params: &Params) -> (Vec<(Date, Date)>, &'static str) {
        let asked = params.get("summarize_column_by").unwrap_or("Total").to_lowercase();
        let (step, by) = match asked.trim_end_matches('s') {
            "day" => (1.day(), "Days"),
            "month" => (1.month(), "Month"),
            "quarter" => (3.months(), "Quarter"),
            "year" => (1.year(), "Year"),
            _ => return (vec![(self.start, self.end)], "Total"),
        };
        let mut spans = Vec::new();
        let mut start = self.start;
        while start <= self.end {
            let begun = match by {
                "Days" => start,
                "Year" => start.first_of_year(),
                "Quarter" => {
                    let month = (start.month() - 1) / 3 * 3 + 1;
                    Date::new(start.year(), month, 1).unwrap_or(start)
                }
                _ => start.first_of_month(),
            };
            let next = begun.saturating_add(step);
            spans.push((start, self.end.min(next.saturating_sub(1.day()))));
            start = next;
        }
        (spans, by)
    }
}

/// A parameter that is a day.
pub fn day(params: &Params, name: &str) -> Result<Option<Date>, Fault> {
    let text = params.get(name);
    text.map(|text| text.parse().map_err(|_| Fault::invalid(&format!("{name} {text}")))).transpose()
}

fn named_days(named: &str, today: Date, world: &World) -> Result<(Date, Date), Fault> {
    let fiscal = world.company.fiscal_start(today);
    let before = |day: Date| day.saturating_sub(1.day());
    Ok(match named.to_lowercase().as_str() {
        "all" => (Date::constant(1900, 1, 1), Date::constant(2099, 12, 31)),
        "today" => (today, today),
        "yesterday" => (before(today), before(today)),
        "this month" => (today.first_of_month(), today.last_of_month()),
        "this month-to-date" => (today.first_of_month(), today),
        "last month" => {
            let end = before(today.first_of_month());
            (end.first_of_month(), end)
        }
        "this calendar year" => (today.first_of_year(), today.last_of_year()),
        "this calendar year-to-date" | "this year-to-date" => (today.first_of_year(), today),
        "last calendar year" | "last year" => {
            let end = before(today.first_of_year());
            (end.first_of_year(), end)
        }
        "this fiscal year" => (fiscal, before(fiscal.saturating_add(1.year()))),
        "this fiscal year-to-date" => (fiscal, today),
        "last fiscal year" => {
            let end = before(fiscal);
            (world.company.fiscal_start(end), end)
        }
        _ => return Err(Fault::invalid(&format!("date_macro {named}"))),
    })
}
