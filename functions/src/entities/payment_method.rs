//! Payment method → `res.partner.category`, a tag: what Odoo calls a payment
//! method belongs to one journal, and QuickBooks' belong to none.

use q2o_domain::{Books, Draft, Entity, Kind, MapError, Mapped};
use serde::Deserialize;

pub struct PaymentMethod;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    name: String,
}

impl Entity for PaymentMethod {
    const KIND: Kind = Kind::PaymentMethod;
    const MODEL: &'static str = "res.partner.category";
    const ONLY: Option<&'static str> = Some("Active IN (true,false)");
    type Source = Source;

    fn map(method: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Ok(Draft::new(Self::MODEL, [("name", format!("Pays by {}", method.name).into())]).into())
    }
}
