//! Customer type → `res.partner.category`, the tag that its customers get.

use q2o_domain::{Books, Draft, Entity, Facts, Kind, MapError, Mapped, QboId};
use serde::Deserialize;

pub struct CustomerType;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    id: QboId,
    name: String,
}

impl Entity for CustomerType {
    const KIND: Kind = Kind::CustomerType;
    const MODEL: &'static str = "res.partner.category";
    type Source = Source;

    fn inform(of: &Source, facts: &mut Facts) {
        facts.customer_types.insert(of.id.clone());
    }

    fn map(of: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Ok(Draft::new(Self::MODEL, [("name", of.name.as_str().into())]).into())
    }
}
