//! Tax rate → two `account.tax`, one for sales and one for purchases, whose tax
//! lines go to the agency's liability account.

use q2o_domain::{Books, Draft, Entity, Facts, Field, Fields, Kind, Made, MapError, Mapped, QboId};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::wire::Reference;

pub struct TaxRate;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    id: QboId,
    name: String,
    rate_value: Option<Decimal>,
    agency_ref: Option<Reference>,
}

impl Entity for TaxRate {
    const KIND: Kind = Kind::TaxRate;
    const MODEL: &'static str = "account.tax";
    const AFTER: &'static [Kind] = &[Kind::TaxAgency, Kind::Account];
    const ONLY: Option<&'static str> = Some("Active IN (true,false)");
    type Source = Source;

    fn inform(rate: &Source, facts: &mut Facts) {
        if let Some(agency) = &rate.agency_ref {
            facts.tax_rates.insert(rate.id.clone(), agency.value.clone());
        }
    }

    fn map(rate: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let account = books.facts.tax_account(&rate.id);
        let sale = tax(rate, "sale", account, ["sale.invoice", "sale.refund"]);
        let purchase = tax(rate, "purchase", account, ["purchase.invoice", "purchase.refund"])
            .as_part("purchase");
        Ok(Mapped { drafts: vec![sale, purchase], ..Mapped::default() })
    }
}

fn tax(
    rate: &Source,
    used_on: &'static str,
    account: Option<&QboId>,
    parts: [&'static str; 2],
) -> Draft {
    // names of taxes are unique in Odoo, in QuickBooks they need not be
    let name = format!("{} (QuickBooks {})", rate.name, rate.id);
    let mut fields = Fields::from([
        ("name", name.into()),
        ("amount_type", "percent".into()),
        ("amount", rate.rate_value.unwrap_or_default().into()),
        ("type_tax_use", used_on.into()),
    ]);
    if let Some(agency) = &rate.agency_ref {
        fields.insert("tax_group_id", Field::Ref(agency.to(Kind::TaxAgency)));
    }
    let mut draft = Draft::new(TaxRate::MODEL, fields);
    let lists = ["invoice_repartition_line_ids", "refund_repartition_line_ids"];
    draft.made = lists
        .into_iter()
        .zip(parts)
        .map(|(field, part)| Made {
            part,
            field,
            // the first line of each list is the base, the second the tax
            index: 1,
            model: "account.tax.repartition.line",
            fields: account
                .map(|account| ("account_id", Field::to(Kind::Account, account)))
                .into_iter()
                .collect(),
        })
        .collect();
    draft
}
