//! Tax code → a group `account.tax` of its rates.

use q2o_domain::{Books, Draft, Entity, Facts, Field, Kind, MapError, Mapped, QboId, Ref};
use serde::Deserialize;

use super::wire::Reference;

pub struct TaxCode;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    id: QboId,
    name: String,
    sales_tax_rate_list: Option<RateList>,
    purchase_tax_rate_list: Option<RateList>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RateList {
    #[serde(default)]
    tax_rate_detail: Vec<RateDetail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RateDetail {
    tax_rate_ref: Reference,
}

impl Entity for TaxCode {
    const KIND: Kind = Kind::TaxCode;
    const MODEL: &'static str = "account.tax";
    const AFTER: &'static [Kind] = &[Kind::TaxRate];
    const ONLY: Option<&'static str> = Some("Active IN (true,false)");
    type Source = Source;

    fn inform(code: &Source, facts: &mut Facts) {
        let lists =
            (rates(code.sales_tax_rate_list.as_ref()), rates(code.purchase_tax_rate_list.as_ref()));
        facts.tax_codes.insert(code.id.clone(), lists);
    }

    fn map(code: &Source, _: &Books<'_>) -> Result<Mapped, MapError> {
        let sale = group(code, "sale", "", rates(code.sales_tax_rate_list.as_ref()));
        let purchase =
            group(code, "purchase", "purchase", rates(code.purchase_tax_rate_list.as_ref()));
        let drafts: Vec<Draft> = [sale, purchase].into_iter().flatten().collect();
        if drafts.is_empty() {
            return Err(MapError::NotMoved("It has no rates, so it levies nothing.".into()));
        }
        Ok(Mapped { drafts, ..Mapped::default() })
    }
}

fn rates(list: Option<&RateList>) -> Vec<QboId> {
    let details = list.into_iter().flat_map(|list| &list.tax_rate_detail);
    details.map(|detail| detail.tax_rate_ref.value.clone()).collect()
}

fn group(
    code: &Source,
    used_on: &'static str,
    part: &'static str,
    rates: Vec<QboId>,
) -> Option<Draft> {
    let children: Vec<Ref> =
        rates.into_iter().map(|rate| Ref::part(Kind::TaxRate, rate, part)).collect();
    let name = format!("{} (QuickBooks code {})", code.name, code.id);
    (!children.is_empty()).then(|| {
        Draft::new(
            TaxCode::MODEL,
            [
                ("name", name.into()),
                ("amount_type", "group".into()),
                ("type_tax_use", used_on.into()),
                ("children_tax_ids", Field::Refs(children)),
            ],
        )
        .as_part(part)
    })
}
