//! Vendor → `res.partner`.

use q2o_domain::{Books, Draft, Entity, Facts, Field, Kind, MapError, Mapped, QboId, Ref};
use serde::Deserialize;

use super::{
    party::Party,
    wire::{Reference, text},
};

pub struct Vendor;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    id: QboId,
    #[serde(flatten)]
    party: Party,
    acct_num: Option<String>,
    term_ref: Option<Reference>,
    #[serde(rename = "APAccountRef")]
    ap_account_ref: Option<Reference>,
}

impl Entity for Vendor {
    const KIND: Kind = Kind::Vendor;
    const MODEL: &'static str = "res.partner";
    // a vendor may be a customer, too
    const AFTER: &'static [Kind] = &[Kind::Term, Kind::Account, Kind::Customer];
    const ONLY: Option<&'static str> = Some("Active IN (true,false)");
    type Source = Source;

    fn inform(vendor: &Source, facts: &mut Facts) {
        if let Some(account) = &vendor.ap_account_ref {
            facts.payable_of.insert(vendor.id.clone(), account.value.clone());
        }
    }

    fn map(vendor: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let mut fields = vendor.party.fields();
        fields.insert("supplier_rank", Field::Whole(1));
        fields.insert("is_company", vendor.party.company_name.is_some().into());
        fields.insert("ref", text(vendor.acct_num.clone().unwrap_or_default()));
        if let Some(term) = &vendor.term_ref {
            let term = Field::Ref(term.to(Kind::Term));
            fields.insert("property_supplier_payment_term_id", term);
        }
        // new bills go where the old ones are
        if let Some(account) = books.facts.payable(Some(&vendor.id), None) {
            let account = Ref::new(Kind::Account, account.clone());
            fields.insert("property_account_payable_id", account.into());
        }
        let mut mapped = Mapped::from(Draft::new(Self::MODEL, fields));
        if books.facts.worked.contains(&(Kind::Vendor, vendor.id.clone())) {
            mapped.drafts.push(vendor.party.employee(Kind::Vendor, &vendor.id));
        }
        Ok(mapped)
    }
}
