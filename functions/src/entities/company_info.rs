//! `CompanyInfo`: moved nowhere; it tells the other mappings the fiscal year.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Write};
use serde::Deserialize;

pub struct CompanyInfo;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    fiscal_year_start_month: Option<String>,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Entity for CompanyInfo {
    const KIND: Kind = Kind::CompanyInfo;
    const MODEL: &'static str = "res.company";
    const WRITE: Write = Write::Nothing;
    type Source = Source;

    fn inform(company: &Source, facts: &mut Facts) {
        let month = company.fiscal_year_start_month.as_deref();
        facts.fiscal_year_starts = MONTHS
            .iter()
            .position(|name| Some(*name) == month)
            .and_then(|at| i8::try_from(at + 1).ok());
    }

    fn map(_: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Ok(Mapped::default())
    }
}
