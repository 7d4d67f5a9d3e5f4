//! Employee → `res.partner`, so that journal lines can name them without
//! Odoo's HR module.

use q2o_domain::{Books, Draft, Entity, Kind, MapError, Mapped};
use serde::Deserialize;

use super::party::Party;

pub struct Employee;

#[derive(Deserialize)]
pub struct Source {
    #[serde(flatten)]
    party: Party,
}

impl Entity for Employee {
    const KIND: Kind = Kind::Employee;
    const MODEL: &'static str = "res.partner";
    const ONLY: Option<&'static str> = Some("Active IN (true,false)");
    type Source = Source;

    fn map(employee: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        let mut fields = employee.party.fields();
        fields.insert("is_company", false.into());
        fields.insert("employee", true.into());
        Ok(Draft::new(Self::MODEL, fields).into())
    }
}
