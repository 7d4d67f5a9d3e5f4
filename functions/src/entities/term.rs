//! Term → `account.payment.term`.

use q2o_domain::{Books, Draft, Entity, Field, Fields, Kind, MapError, Mapped};
use rust_decimal::Decimal;
use serde::Deserialize;

pub struct Term;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    name: String,
    due_days: Option<i64>,
    day_of_month_due: Option<i64>,
    discount_percent: Option<Decimal>,
    discount_days: Option<i64>,
}

impl Entity for Term {
    const KIND: Kind = Kind::Term;
    const MODEL: &'static str = "account.payment.term";
    const ONLY: Option<&'static str> = Some("Active IN (true,false)");
    type Source = Source;

    fn map(term: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        let mut fields = Fields::from([
            ("name", term.name.as_str().into()),
            ("line_ids", Field::Lines(vec![due(term)])),
        ]);
        let discount = term.discount_percent.filter(|percent| !percent.is_zero());
        if let Some(percent) = discount {
            fields.insert("early_discount", true.into());
            fields.insert("discount_percentage", percent.into());
            fields.insert("discount_days", term.discount_days.unwrap_or(0).into());
        }
        Ok(Draft::new(Self::MODEL, fields).into())
    }
}

/// So many days after the document, or on a day of the next month.
fn due(term: &Source) -> Fields {
    let mut line = Fields::from([
        ("value", "percent".into()),
        ("value_amount", Field::Whole(100)),
        ("nb_days", Field::Whole(term.due_days.unwrap_or(0))),
    ]);
    match term.day_of_month_due {
        Some(day) => {
            line.insert("delay_type", "days_end_of_month_on_the".into());
            line.insert("days_next_month", day.to_string().into());
        }
        None => {
            line.insert("delay_type", "days_after".into());
        }
    }
    line
}
