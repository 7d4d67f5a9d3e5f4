//! Exchange rate → `res.currency.rate`. Documents carry rates of their own; these
//! are for what comes after them.

use jiff::civil::Date;
use q2o_domain::{Books, Currency, Draft, Entity, Facts, Kind, MapError, Mapped};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::document::found;

pub struct ExchangeRate;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(rename = "SourceCurrencyCode")]
    of: Currency,
    #[serde(rename = "TargetCurrencyCode")]
    into: Currency,
    /// Home currency for one unit of the source.
    rate: Option<Decimal>,
    as_of_date: Date,
}

impl Entity for ExchangeRate {
    const KIND: Kind = Kind::ExchangeRate;
    const MODEL: &'static str = "res.currency.rate";
    const AFTER: &'static [Kind] = &[Kind::CompanyCurrency];
    /// One a day and currency, whoever wrote it.
    const KEY: Option<(&'static str, &'static str)> = Some(("name", "currency_id"));
    type Source = Source;

    fn map(rate: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let not_moved = |why: String| Err(MapError::NotMoved(why));
        let (of, into) = (&rate.of, &rate.into);
        if !books.facts.is_home(Some(into)) || books.facts.is_home(Some(of)) {
            return not_moved(format!("A rate of {of} in {into} says nothing of home currency."));
        }
        if !keeps(books.facts, of) {
            return not_moved(format!("The books are not kept in {of}."));
        }
        let Some(value) = rate.rate.filter(|rate| *rate > Decimal::ZERO) else {
            return not_moved(format!("It has no rate of {of}."));
        };
        let fields = [
            ("name", rate.as_of_date.into()),
            ("currency_id", found("res.currency", "name", &of.0)),
            ("inverse_company_rate", value.into()),
        ];
        Ok(Draft::new(Self::MODEL, fields).into())
    }
}

fn keeps(facts: &Facts, currency: &Currency) -> bool {
    facts.currencies.contains_key(currency)
        || facts.accounts.values().any(|account| account.currency.as_ref() == Some(currency))
}
