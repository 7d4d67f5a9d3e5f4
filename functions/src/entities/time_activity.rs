//! Time activity → a timesheet line of a project: that of the customer it was
//! spent for, or one for all time that was spent for nobody.

use jiff::{SignedDuration, Timestamp, civil::Date};
use q2o_domain::{
    App, Books, Draft, Entity, Facts, Field, Kind, MapError, Mapped, QboId, Ref, Sums, Write,
};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{
    document::found,
    wire::{Reference, id},
};

pub struct TimeActivity;

/// The project of time that was spent for nobody.
pub const PROJECT: &str = "QuickBooks Time";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    id: QboId,
    txn_date: Date,
    employee_ref: Option<Reference>,
    vendor_ref: Option<Reference>,
    customer_ref: Option<Reference>,
    item_ref: Option<Reference>,
    description: Option<String>,
    hours: Option<i64>,
    minutes: Option<i64>,
    seconds: Option<i64>,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    break_hours: Option<i64>,
    break_minutes: Option<i64>,
}

impl Entity for TimeActivity {
    const KIND: Kind = Kind::TimeActivity;
    const MODEL: &'static str = "account.analytic.line";
    const AFTER: &'static [Kind] = &[Kind::Customer, Kind::Employee, Kind::Vendor, Kind::Item];
    const WRITE: Write = Write::NonPosting;
    const APP: Option<App> =
        Some(App { name: "Timesheets", model: Self::MODEL, field: "employee_id" });
    type Source = Source;

    fn order(activity: &Source) -> String {
        format!("{} {:0>20}", activity.txn_date, activity.id.as_str())
    }

    fn inform(activity: &Source, facts: &mut Facts) {
        let customer = id(activity.customer_ref.as_ref()).map(|id| (Kind::Customer, id.clone()));
        let by = who(activity).map(|who| (who.kind, who.id));
        facts.worked.extend(customer.into_iter().chain(by));
    }

    fn map(activity: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let who = who(activity).ok_or_else(|| {
            MapError::NotMoved("Neither an employee nor a vendor spent this time.".into())
        })?;
        let project = match id(activity.customer_ref.as_ref()) {
            Some(customer) => Ref::part(Kind::Customer, customer.clone(), "project").into(),
            None => found("project.project", "name", PROJECT),
        };
        let item = id(activity.item_ref.as_ref()).and_then(|item| books.facts.items.get(item));
        let name = activity.description.clone().filter(|text| !text.trim().is_empty());
        let name = name.or_else(|| item.map(|item| item.name.clone()));
        let fields = [
            ("date", activity.txn_date.into()),
            ("name", name.unwrap_or_else(|| "/".to_owned()).into()),
            ("unit_amount", hours(activity).into()),
            ("project_id", project),
            ("employee_id", Field::Ref(who)),
        ];
        Ok(Draft::new(Self::MODEL, fields).into())
    }

    fn sums(activity: &Source, _: &Facts) -> Option<Sums> {
        Some(Sums {
            date: activity.txn_date,
            total: hours(activity).into(),
            tax: None,
            open: None,
            debits: None,
            due: None,
            currency: None,
        })
    }
}

/// Odoo's employee, of a person who is an employee or a vendor in QuickBooks.
fn who(activity: &Source) -> Option<Ref> {
    let employee = activity.employee_ref.as_ref().map(|who| (Kind::Employee, &who.value));
    let vendor = activity.vendor_ref.as_ref().map(|who| (Kind::Vendor, &who.value));
    employee.or(vendor).map(|(kind, id)| Ref::part(kind, id.clone(), "employee"))
}

/// As it is written down, or from when to when, less the break.
fn hours(activity: &Source) -> Decimal {
    let seconds = match (activity.hours, activity.minutes, activity.start_time, activity.end_time) {
        (None, None, Some(start), Some(end)) => {
            let pause =
                activity.break_hours.unwrap_or(0) * 3600 + activity.break_minutes.unwrap_or(0) * 60;
            end.duration_since(start).saturating_sub(SignedDuration::from_secs(pause)).as_secs()
        }
        (hours, minutes, ..) => {
            hours.unwrap_or(0) * 3600 + minutes.unwrap_or(0) * 60 + activity.seconds.unwrap_or(0)
        }
    };
    (Decimal::from(seconds) / Decimal::from(3600)).round_dp(6)
}
