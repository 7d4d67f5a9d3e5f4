//! Master records that a person decided on: linked to what Odoo has, which stays
//! as it is; a vendor that is a customer shares the customer's partner.

use std::collections::BTreeMap;

use q2o_domain::{Kind, OdooId, Ref, Result, mapping::TaxUse};
use serde_json::json;

use super::{Batch, Item, resolve::Known};
use crate::{mappings::chart::Reader, sync::company::many2one};

/// What a vendor's record adds to its customer's partner.
const OF_VENDORS: [&str; 4] =
    ["supplier_rank", "ref", "property_supplier_payment_term_id", "property_account_payable_id"];

/// Odoo's records, by the part of the QuickBooks record that they are.
type Parts = BTreeMap<&'static str, OdooId>;

impl Batch<'_> {
    pub(super) async fn as_decided(&self, items: &mut [Item], known: &mut Known) -> Result<()> {
        match self.entity.kind() {
            Kind::Account => {
                for item in items.iter_mut().filter(|item| item.error.is_none()) {
                    if let Some(odoo) = self.company.decisions.account(&item.id) {
                        self.take(item, &Parts::from([("", odoo)]), known);
                    }
                }
                Ok(())
            }
            Kind::TaxRate => self.taxes(items, known).await,
            Kind::Vendor => {
                self.twins(items, known);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Links what is there, unless it was linked otherwise before.
    fn take(&self, item: &mut Item, parts: &Parts, known: &mut Known) {
        let elsewhere = |(part, odoo): (&&str, &OdooId)| {
            item.odoo.get(*part).is_some_and(|there| there != odoo)
        };
        if parts.iter().any(elsewhere) {
            item.error = Some(Self::settled_elsewhere());
            return;
        }
        for (part, odoo) in parts {
            item.odoo.insert((*part).to_owned(), *odoo);
            item.adopted.insert((*part).to_owned());
        }
        known.add(self.key(&item.id), self.linked(item));
    }

    /// A bank or card account whose account in Odoo has a journal needs none of its
    /// own; nor do several that share one.
    pub(super) async fn journals(&self, items: &mut [Item]) -> Result<()> {
        let wants = |item: &Item| {
            let wants = item.error.is_none()
                && item.adopted.contains("")
                && !item.odoo.contains_key("journal")
                && item.mapped.drafts.iter().any(|draft| draft.part == "journal");
            item.odoo.get("").copied().filter(|_| wants)
        };
        let accounts: Vec<i64> = items.iter().filter_map(wants).map(|id| id.0).collect();
        if accounts.is_empty() {
            return Ok(());
        }
        let domain = json!([
            ["default_account_id", "in", accounts],
            ["type", "in", ["bank", "cash", "credit"]],
            ["company_id", "=", self.company.odoo_company.0]
        ]);
        let fields = ["default_account_id"];
        let odoo = &self.company.odoo;
        let rows = odoo.search_read("account.journal", domain, &fields, "id", 0, 0).await?;
        let mut have: Vec<OdooId> =
            rows.iter().filter_map(|row| many2one(&row["default_account_id"])).collect();
        for item in items {
            let Some(account) = wants(item) else { continue };
            if have.contains(&account) {
                item.mapped.drafts.retain(|draft| draft.part != "journal");
            }
            have.push(account);
        }
        Ok(())
    }

    async fn taxes(&self, items: &mut [Item], known: &mut Known) -> Result<()> {
        const USES: [(TaxUse, [&str; 3]); 2] = [
            (TaxUse::Sale, ["", "sale.invoice", "sale.refund"]),
            (TaxUse::Purchase, ["purchase", "purchase.invoice", "purchase.refund"]),
        ];
        let decisions = &self.company.decisions;
        let decided = |item: &Item| USES.map(|(of, parts)| (decisions.tax(&item.id, of), parts));
        let wanted: Vec<i64> =
            items.iter().flat_map(decided).filter_map(|(tax, _)| tax).map(|tax| tax.0).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let reader = Reader {
            connect: &self.tools.connect,
            odoo: self.company.odoo.as_ref(),
            connection: &self.company.link.odoo,
            company: self.company.odoo_company,
        };
        let lines = reader.tax_lines(&wanted).await?;
        for item in items.iter_mut().filter(|item| item.error.is_none()) {
            let mut taken = Parts::new();
            for (tax, [own, invoice, refund]) in decided(item) {
                let Some(tax) = tax else { continue };
                let Some([of_invoices, of_refunds]) = lines.get(&tax) else {
                    // it was whole when the survey looked
                    let why = format!("Odoo's tax {tax} was changed while it was being used.");
                    item.error = Some(self.refused(&item.id, own, &why));
                    continue;
                };
                taken.extend([(own, tax), (invoice, *of_invoices), (refund, *of_refunds)]);
            }
            if item.error.is_none() && !taken.is_empty() {
                self.take(item, &taken, known);
            }
        }
        Ok(())
    }

    fn twins(&self, items: &mut [Item], known: &Known) {
        for item in items.iter_mut().filter(|item| item.error.is_none()) {
            let Some(customer) = self.twin(&item.id) else { continue };
            match known.id(&Ref::new(Kind::Customer, customer.clone())) {
                None => item.error = Some(self.parked(vec![format!("Customer {customer}")])),
                Some(partner) if item.odoo.get("").is_some_and(|there| *there != partner) => {
                    item.error = Some(Self::settled_elsewhere());
                }
                Some(_) => {
                    // sent again with every change: Odoo's partner is ours, by the customer
                    item.adopted.clear();
                    for draft in &mut item.mapped.drafts {
                        draft.fields.retain(|name, _| OF_VENDORS.contains(name));
                    }
                }
            }
        }
    }
}
