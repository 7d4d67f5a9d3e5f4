//! The documents one by one. L0: how many there are of each kind, and their sum;
//! L1: what each says of itself.

use std::collections::BTreeMap;

use q2o_domain::{
    Facts, Money, Result, Sums, Write,
    ledger::Level,
    ports::Select,
    records::{Difference, IdLink, Staged},
};

use super::OdooSide;
use crate::{
    entities::ENTITIES,
    store::{Read, collection, fetched_key, record_key},
    sync::{
        company::{Company, Task},
        odoo_ledger::OdooLedger,
        opening,
    },
};

/// L0: every kind's count and sum. L1: every document's total, tax, open
/// balance.
pub async fn documents(
    company: &Company,
    task: &Task,
    facts: &Facts,
    side: &OdooSide,
    told: &mut Vec<Difference>,
) -> Result<(Level, Level)> {
    let odoo = &side.ledger;
    let (mut l0, mut l1) = (Level::default(), Level::default());
    let none = BTreeMap::new();
    for entity in ENTITIES.iter().filter(|e| e.write() != Write::Nothing) {
        let kind = entity.kind();
        let fetched = Select::Key(fetched_key(&task.job, kind));
        let links = side.links.get(&kind).unwrap_or(&none);
        let (mut here, mut there) = (0u32, 0u32);
        let (mut total, mut total_odoo) = (Money::ZERO, Money::ZERO);
        let see = |read: Read<Staged>| {
            let id = read.value.id;
            let key = record_key(&company.link.id, kind, &id);
            if side.unmoved.contains(&key) {
                return;
            }
            let link = links.get(&key);
            let sums = entity
                .read(&read.value.record)
                .ok()
                .and_then(|record| record.sums(facts))
                .filter(|_| entity.write() == Write::Document);
            if sums.as_ref().is_some_and(|sums| sums.date < task.cut) {
                // before the cut only what is still open is there
                if let Some((open, in_odoo)) = sums.zip(link).and_then(|(s, l)| odoo.opened(l, &s))
                    && !l1.amount(in_odoo, open)
                {
                    told.push(Difference {
                        level: "L1".to_owned(),
                        what: format!("{kind} {id}, open balance"),
                        quickbooks: open.to_string(),
                        odoo: in_odoo.to_string(),
                    });
                }
                return;
            }
            here += 1;
            there += u32::from(link.is_some());
            if let (Some(sums), Some(link)) = (sums, link) {
                let checks = odoo.checks(link, &sums);
                for (what, quickbooks, in_odoo) in checks {
                    if what == "total" {
                        total += quickbooks;
                        total_odoo += in_odoo;
                    }
                    if !l1.amount(in_odoo, quickbooks) {
                        told.push(Difference {
                            level: "L1".to_owned(),
                            what: format!("{kind} {id}, {what}"),
                            quickbooks: quickbooks.to_string(),
                            odoo: in_odoo.to_string(),
                        });
                    }
                }
                if let Some(same) = odoo.same_currency(link, &sums, facts) {
                    l1.fact(same);
                }
            }
        };
        company.tenant.each(collection::STAGED, fetched, see).await?;
        if !l0.fact(here == there) {
            told.push(Difference {
                level: "L0".to_owned(),
                what: format!("number of {kind}"),
                quickbooks: here.to_string(),
                odoo: there.to_string(),
            });
        }
        l0.amount(total_odoo, total);
    }
    Ok((l0, l1))
}

/// Checks of one document: what, QuickBooks' amount, Odoo's.
type Check = (&'static str, Money, Money);

impl OdooLedger {
    fn checks(&self, link: &IdLink, sums: &Sums) -> Vec<Check> {
        let Some(own) = link.odoo.get("").and_then(|id| self.moves.get(id)) else {
            return Vec::new();
        };
        let mut checks = Vec::new();
        if own.is_invoice {
            checks.push(("total", sums.total.abs(), own.total));
            if let Some(tax) = sums.tax {
                checks.push(("tax", tax.abs(), own.tax));
            }
        }
        if let Some(open) = sums.open {
            checks.push(("open balance", open.abs(), own.open.abs()));
        }
        checks
    }

    /// What is open of a document from before the cut: QuickBooks' amount, Odoo's.
    fn opened(&self, link: &IdLink, sums: &Sums) -> Option<(Money, Money)> {
        let own = link.odoo.get(opening::PART).and_then(|id| self.moves.get(id))?;
        Some((sums.open?.abs(), own.open.abs()))
    }

    fn same_currency(&self, link: &IdLink, sums: &Sums, facts: &Facts) -> Option<bool> {
        let own = link.odoo.get("").and_then(|id| self.moves.get(id))?;
        let expected = sums.currency.as_ref().or(facts.home.as_ref())?;
        Some(own.currency == *expected)
    }
}
