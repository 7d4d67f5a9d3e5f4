//! Tax agency → `account.tax.group`.

use q2o_domain::{Books, Draft, Entity, Facts, Kind, MapError, Mapped, QboId};
use serde::Deserialize;

pub struct TaxAgency;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    id: QboId,
    display_name: String,
}

impl Entity for TaxAgency {
    const KIND: Kind = Kind::TaxAgency;
    const MODEL: &'static str = "account.tax.group";
    type Source = Source;

    fn inform(agency: &Source, facts: &mut Facts) {
        facts.tax_agencies.insert(agency.id.clone(), agency.display_name.clone());
    }

    fn map(agency: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Ok(Draft::new(Self::MODEL, [("name", agency.display_name.as_str().into())]).into())
    }
}
