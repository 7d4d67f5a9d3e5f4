//! Employee → `res.partner`, so that journal lines can name them without
//! Odoo's HR module; and an employee of Odoo's where time is to be kept.

use q2o_domain::{Books, Draft, Entity, Kind, MapError, Mapped, QboId};
use serde::Deserialize;

use super::party::Party;

pub struct Employee;

#[derive(Deserialize)]
pub struct Source {
    #[serde(rename = "Id")]
    id: QboId,
    #[serde(flatten)]
    party: Party,
}

impl Entity for Employee {
    const KIND: Kind = Kind::Employee;
    const MODEL: &'static str = "res.partner";
    const ONLY: Option<&'static str> = Some("Active IN (true,false)");
    type Source = Source;

    fn map(employee: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let mut fields = employee.party.fields();
        fields.insert("is_company", false.into());
        fields.insert("employee", true.into());
        let mut mapped = Mapped::from(Draft::new(Self::MODEL, fields));
        if books.facts.worked.contains(&(Kind::Employee, employee.id.clone())) {
            mapped.drafts.push(employee.party.employee(Kind::Employee, &employee.id));
        }
        Ok(mapped)
    }
}
