//! Customer → `res.partner`; a sub-customer or job is a partner under its parent.

use q2o_domain::{Books, Draft, Entity, Facts, Field, Kind, MapError, Mapped, QboId, Ref};
use serde::Deserialize;

use super::{document::found, party::Party, wire::Reference};

pub struct Customer;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    id: QboId,
    #[serde(flatten)]
    party: Party,
    fully_qualified_name: Option<String>,
    parent_ref: Option<Reference>,
    customer_type_ref: Option<Reference>,
    #[serde(default)]
    job: bool,
    #[serde(default)]
    is_project: bool,
    sales_term_ref: Option<Reference>,
    #[serde(rename = "ARAccountRef")]
    ar_account_ref: Option<Reference>,
}

impl Entity for Customer {
    const KIND: Kind = Kind::Customer;
    const MODEL: &'static str = "res.partner";
    const AFTER: &'static [Kind] = &[Kind::Customer, Kind::CustomerType, Kind::Term, Kind::Account];
    const ONLY: Option<&'static str> = Some("Active IN (true,false)");
    type Source = Source;

    /// Parents before those under them.
    fn order(customer: &Source) -> String {
        let name = customer.fully_qualified_name.as_deref().unwrap_or_default();
        format!("{} {:0>20}", name.matches(':').count(), customer.id.as_str())
    }

    fn inform(customer: &Source, facts: &mut Facts) {
        if let Some(parent) = &customer.parent_ref {
            facts.parents.insert(customer.id.clone(), parent.value.clone());
        }
        if customer.job || customer.is_project {
            facts.projects.insert(customer.id.clone());
        }
        if let Some(account) = &customer.ar_account_ref {
            facts.receivable_of.insert(customer.id.clone(), account.value.clone());
        }
    }

    fn map(customer: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let mut fields = customer.party.fields();
        fields.insert("customer_rank", Field::Whole(1));
        fields.insert("is_company", customer.party.company_name.is_some().into());
        if let Some(parent) = &customer.parent_ref {
            fields.insert("parent_id", Field::Ref(parent.to(Kind::Customer)));
            // a partner of its own keeps its own balance and address
            fields.insert("type", "other".into());
        }
        let of_type = customer.customer_type_ref.as_ref();
        if let Some(of) = of_type.filter(|of| books.facts.customer_types.contains(&of.value)) {
            fields.insert("category_id", Field::Refs(vec![of.to(Kind::CustomerType)]));
        }
        if let Some(term) = &customer.sales_term_ref {
            fields.insert("property_payment_term_id", Field::Ref(term.to(Kind::Term)));
        }
        // new invoices go where the old ones are
        if let Some(account) = books.facts.receivable(Some(&customer.id), None) {
            let account = Ref::new(Kind::Account, account.clone());
            fields.insert("property_account_receivable_id", account.into());
        }
        let mut mapped = Mapped::from(Draft::new(Self::MODEL, fields));
        let worked_for = (Kind::Customer, customer.id.clone());
        if books.facts.projects.contains(&customer.id) || books.facts.worked.contains(&worked_for) {
            mapped.drafts.extend(project(customer));
        }
        Ok(mapped)
    }
}

/// The plan that Odoo keeps projects in.
pub const PLAN: &str = "Project";

/// An analytic account, and where Odoo has the application, a project over it.
fn project(customer: &Source) -> [Draft; 2] {
    let name = || Field::Text(customer.party.display_name.clone());
    let account = Ref::part(Kind::Customer, customer.id.clone(), "analytic");
    let fields = [
        ("name", name()),
        ("plan_id", found("account.analytic.plan", "name", PLAN)),
        ("partner_id", Field::to(Kind::Customer, &customer.id)),
    ];
    let analytic = Draft::new("account.analytic.account", fields).as_part("analytic");
    let fields = [
        ("name", name()),
        ("partner_id", Field::to(Kind::Customer, &customer.id)),
        ("account_id", account.clone().into()),
        // before Odoo 18
        ("analytic_account_id", account.into()),
        ("allow_timesheets", true.into()),
        // its customer is not to look on
        ("privacy_visibility", "employees".into()),
    ];
    [analytic, Draft::new("project.project", fields).as_part("project")]
}
