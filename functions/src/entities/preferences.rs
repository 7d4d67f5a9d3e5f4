//! Preferences: moved nowhere; they tell the other mappings the home currency
//! and the accounts that lines may leave out.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Write};
use serde::Deserialize;

use super::wire::Reference;

pub struct Preferences;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    currency_prefs: Option<CurrencyPrefs>,
    sales_forms_prefs: Option<SalesFormsPrefs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CurrencyPrefs {
    home_currency: Option<Reference>,
    #[serde(default)]
    multi_currency_enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SalesFormsPrefs {
    default_shipping_account: Option<serde_json::Value>,
    default_discount_account: Option<serde_json::Value>,
}

impl Entity for Preferences {
    const KIND: Kind = Kind::Preferences;
    const MODEL: &'static str = "res.company";
    const WRITE: Write = Write::Nothing;
    type Source = Source;

    fn inform(preferences: &Source, facts: &mut Facts) {
        facts.home = preferences
            .currency_prefs
            .as_ref()
            .and_then(|prefs| prefs.home_currency.as_ref())
            .map(|home| home.value.as_str().into());
        facts.multi_currency =
            preferences.currency_prefs.as_ref().is_some_and(|prefs| prefs.multi_currency_enabled);
        if let Some(sales) = &preferences.sales_forms_prefs {
            facts.shipping_account = account(sales.default_shipping_account.as_ref());
            facts.discount_account = account(sales.default_discount_account.as_ref());
        }
    }

    fn map(_: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        Ok(Mapped::default())
    }
}

/// These two come as a bare id, or as a reference, or as `true`.
fn account(value: Option<&serde_json::Value>) -> Option<q2o_domain::QboId> {
    let value = value?;
    value.as_str().or_else(|| value.get("value")?.as_str()).map(q2o_domain::QboId::from)
}
