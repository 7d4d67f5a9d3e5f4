//! Department → `account.analytic.account` of the plan "QuickBooks Location".

use q2o_domain::{Books, Draft, Entity, Kind, MapError, Mapped};
use serde::Deserialize;

use super::document::found;

pub struct Department;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    name: String,
    fully_qualified_name: Option<String>,
}

/// The plan's name in Odoo.
pub const PLAN: &str = "QuickBooks Location";

impl Entity for Department {
    const KIND: Kind = Kind::Department;
    const MODEL: &'static str = "account.analytic.account";
    const ONLY: Option<&'static str> = Some("Active IN (true,false)");
    type Source = Source;

    fn map(source: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        let name = source.fully_qualified_name.as_ref().unwrap_or(&source.name);
        let fields = [
            ("name", name.as_str().into()),
            ("plan_id", found("account.analytic.plan", "name", PLAN)),
        ];
        Ok(Draft::new(Self::MODEL, fields).into())
    }
}
