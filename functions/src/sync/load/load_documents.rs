//! A batch of documents: what was changed since is taken out of Odoo first, the rest
//! is created, posted, and set against each other.

use std::collections::BTreeMap;

use q2o_domain::{OdooId, Ref, Remedy, Result, Txn};

use super::{
    Batch, Item, Problem,
    documents::{self, Move},
    replace,
    resolve::Known,
    settle::settle,
};
use crate::{
    store::{collection, txn_key},
    sync::{complete::Kept, rollback::Unit},
};

impl Batch<'_> {
    pub(super) async fn documents(&self, items: &mut [Item], known: &mut Known) -> Result<()> {
        self.replace(items).await?;
        let kind = self.entity.kind();
        let (mut moves, mut whose) = (Vec::new(), Vec::new());
        for (at, item) in items.iter_mut().enumerate() {
            if item.error.is_some() || item.unchanged {
                continue;
            }
            let missing = known.missing(item.mapped.drafts.iter().flat_map(|d| d.refs()));
            if !missing.is_empty() {
                item.error = Some(self.parked(missing));
                continue;
            }
            for (d, draft) in item.mapped.drafts.iter().enumerate() {
                let key = self.company.external_id(kind, &item.id, draft.part);
                let mut values = known.values(&draft.fields);
                values[documents::KEY] = key.clone().into();
                values["company_id"] = self.company.odoo_company.0.into();
                moves.push(Move { key, values, cancelled: draft.cancelled, outcome: None });
                whose.push((at, d));
            }
        }
        if !moves.is_empty() {
            documents::write(self.company, &mut moves).await?;
        }
        let mut dates = BTreeMap::new();
        for (one, (at, d)) in moves.into_iter().zip(whose) {
            let part = items[at].mapped.drafts[d].part;
            match one.outcome {
                Some(Ok(id)) => {
                    items[at].sent.insert(part.to_owned(), one.print());
                    items[at].odoo.insert(part.to_owned(), id);
                    if let Some(date) = one.values["date"].as_str() {
                        dates.insert(id, date.to_owned());
                    }
                }
                Some(Err(why)) => {
                    items[at].error = Some(self.refused(&items[at].id, part, &why));
                }
                None => {
                    let why = "Odoo said nothing about it.";
                    items[at].error = Some(self.refused(&items[at].id, part, why));
                }
            }
        }
        self.check_dates(items, &dates).await?;
        for item in items.iter().filter(|item| item.error.is_none()) {
            known.add(self.key(&item.id), self.linked(item));
        }
        let allocations: Vec<_> = items
            .iter()
            .filter(|item| item.error.is_none())
            .flat_map(|item| {
                let own = Ref::new(kind, item.id.clone());
                item.mapped.allocations.iter().map(move |a| (own.clone(), a))
            })
            .collect();
        let mut settled = settle(self.company, self.facts, known, &allocations).await?;
        for item in items.iter_mut() {
            if let Some(made) = settled.remove(&Ref::new(kind, item.id.clone())) {
                let before = item.settled.len();
                item.settled.extend(made);
                item.resettled = item.settled.len() > before;
            }
        }
        Ok(())
    }

    /// What was changed in QuickBooks since it was moved is taken out of Odoo, and so
    /// is what was voided; then it is as if it had never been there.
    async fn replace(&self, items: &mut [Item]) -> Result<()> {
        let outdated: Vec<usize> = (0..items.len()).filter(|at| items[*at].outdated()).collect();
        let (link, kind) = (self.link(), self.entity.kind());
        let txn = |at: &usize| txn_key(link, &Txn::new(kind, items[*at].id.clone()));
        let keys = outdated.iter().map(txn).collect();
        let kept = self.company.tenant.list_ids::<Kept>(collection::COMPLETIONS, keys).await?;
        let mut units: Vec<Unit> = Vec::new();
        for at in &outdated {
            let item = &items[*at];
            let mut unit = Unit::new(kind.to_string(), Some(kind), item.id.clone());
            unit.add(self.key(&item.id), &self.linked(item), kind);
            // what completes it completes what it was
            if let Some(kept) = kept.iter().find(|kept| kept.id == txn(at)) {
                unit.complete(kept.id.clone(), &kept.value);
            }
            units.push(unit);
        }
        let mut stay = replace::take_out(self.tools, self.company, self.task, &mut units).await?;
        for (number, at) in outdated.into_iter().enumerate() {
            let item = &mut items[at];
            match stay.remove(&number) {
                None => {
                    item.job = Some(self.task.job.clone());
                    item.odoo.clear();
                    item.sent.clear();
                    item.settled.clear();
                }
                Some((_, why)) => {
                    item.error = Some(Problem {
                        class: "changed",
                        why: format!(
                            "It was changed in QuickBooks after it had been moved. Odoo still \
                             holds what it was: {why}"
                        ),
                        remedy: Some(Remedy::FixRecord { kind, id: item.id.clone() }),
                        waits_for: Vec::new(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Odoo moves dates in locked periods without a word; we do not.
    async fn check_dates(
        &self,
        items: &mut [Item],
        dates: &BTreeMap<OdooId, String>,
    ) -> Result<()> {
        if dates.is_empty() {
            return Ok(());
        }
        for (id, date) in documents::moved_dates(self.company, dates).await? {
            let item = items.iter_mut().find(|item| item.odoo.values().any(|own| *own == id));
            if let Some(item) = item {
                item.error = Some(Problem {
                    class: "locked",
                    why: format!("Odoo posted it on {date}: its own date is in a locked period."),
                    remedy: Some(Remedy::CheckOdoo),
                    waits_for: Vec::new(),
                });
            }
        }
        Ok(())
    }
}
