//! Company currency → an archived `product.pricelist`, which is where Odoo's
//! orders take their currency from. Looking the currency up switches it on.

use q2o_domain::{Books, Currency, Draft, Entity, Facts, Kind, MapError, Mapped, QboId};
use serde::Deserialize;

use super::document::found;

pub struct CompanyCurrency;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    id: QboId,
    code: String,
}

impl Entity for CompanyCurrency {
    const KIND: Kind = Kind::CompanyCurrency;
    const MODEL: &'static str = "product.pricelist";
    type Source = Source;

    fn inform(currency: &Source, facts: &mut Facts) {
        facts.currencies.insert(Currency(currency.code.clone()), currency.id.clone());
    }

    fn map(currency: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        let fields = [
            ("name", format!("QuickBooks {}", currency.code).into()),
            ("currency_id", found("res.currency", "name", &currency.code)),
            // nobody is to be offered it: a first pricelist becomes everybody's
            ("active", false.into()),
        ];
        Ok(Draft::new(Self::MODEL, fields).into())
    }
}
