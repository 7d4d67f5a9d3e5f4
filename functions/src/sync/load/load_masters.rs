//! A batch of master records: adopted where Odoo has them, else loaded, those
//! that others wait for first.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{Field, Kind, OdooId, Result};
use serde_json::{Value, json};

use super::{
    Batch, Item,
    masters::{self, Outgoing},
    resolve::Known,
};
use crate::sync::company::id_of;

impl Batch<'_> {
    /// Drafts whose references are all known go out; what they became may be
    /// what others wait for, so as long as something goes, there is another round.
    pub(super) async fn masters(&self, items: &mut [Item], known: &mut Known) -> Result<()> {
        self.as_decided(items, known).await?;
        self.adopt(items, known).await?;
        self.journals(items).await?;
        let mut done: BTreeSet<(usize, usize)> = BTreeSet::new();
        for (at, item) in items.iter().enumerate() {
            let adopted = |d: &usize| item.adopted.contains(item.mapped.drafts[*d].part);
            done.extend((0..item.mapped.drafts.len()).filter(adopted).map(|d| (at, d)));
            if item.error.is_some() || item.unchanged {
                done.extend((0..item.mapped.drafts.len()).map(|d| (at, d)));
            }
        }
        loop {
            let mut ready = Vec::new();
            for (at, item) in items.iter().enumerate() {
                for (d, draft) in item.mapped.drafts.iter().enumerate() {
                    if !done.contains(&(at, d)) && known.missing(draft.refs()).is_empty() {
                        ready.push((at, d));
                    }
                }
            }
            if ready.is_empty() {
                break;
            }
            let outcomes = self.send(items, &ready, known).await?;
            for ((at, d), outcome) in ready.into_iter().zip(outcomes) {
                done.insert((at, d));
                let part = items[at].mapped.drafts[d].part;
                match outcome {
                    Ok(parts) => {
                        items[at].odoo.extend(parts);
                        if self.twin(&items[at].id).is_some() {
                            // the customer's: not to be taken back with the vendor
                            items[at].adopted.insert(String::new());
                        }
                        let link = self.linked(&items[at]);
                        known.add(self.key(&items[at].id), link);
                    }
                    Err(why) => items[at].error = Some(self.refused(&items[at].id, part, &why)),
                }
            }
        }
        for (at, item) in items.iter_mut().enumerate() {
            let waiting = (0..item.mapped.drafts.len()).find(|d| !done.contains(&(at, *d)));
            if let Some(d) = waiting.filter(|_| item.error.is_none()) {
                item.error = Some(self.parked(known.missing(item.mapped.drafts[d].refs())));
            }
        }
        Ok(())
    }

    /// Takes what Odoo has under the same key and of the same kind, such as an
    /// account with the same code and type.
    async fn adopt(&self, items: &mut [Item], known: &mut Known) -> Result<()> {
        let Some((key, same)) = self.entity.key() else { return Ok(()) };
        // of our own, by where they stand: the key, and what has to be the same
        let mut fresh: BTreeMap<usize, (Value, Vec<Value>)> = BTreeMap::new();
        for (at, item) in items.iter().enumerate() {
            let draft = item.mapped.drafts.first();
            let Some(draft) = draft.filter(|_| item.error.is_none() && item.odoo.is_empty()) else {
                continue;
            };
            let values = known.values(&draft.fields);
            let same = match draft.fields.get(same) {
                Some(Field::Choice(of)) => of.iter().map(|one| json!(one)).collect(),
                _ => vec![values[same].clone()],
            };
            fresh.insert(at, (values[key].clone(), same));
        }
        let wanted: Vec<&Value> = fresh.values().map(|(key, _)| key).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let domain = json!([[key, "in", wanted]]);
        let (model, odoo) = (self.entity.model(), &self.company.odoo);
        let there = odoo.search_read(model, domain, &[key, same], "id", 0, 0).await?;
        let ours = self.ours(&there).await?;
        // a many-to-one field is read with its name
        let plain = |value: &Value| if value.is_array() { value[0].clone() } else { value.clone() };
        for (at, (own, of)) in fresh {
            let there =
                there.iter().find(|row| plain(&row[key]) == own && of.contains(&plain(&row[same])));
            let item = &mut items[at];
            if let Some(id) = there.and_then(id_of).filter(|id| !ours.contains(id)) {
                item.odoo.insert(String::new(), id);
                item.adopted.insert(String::new());
                known.add(self.key(&item.id), self.linked(item));
            }
        }
        Ok(())
    }

    /// Those that an earlier try of ours made, and never came to write down.
    async fn ours(&self, there: &[Value]) -> Result<BTreeSet<OdooId>> {
        let ids: Vec<i64> = there.iter().filter_map(id_of).map(|id| id.0).collect();
        if ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let (model, odoo) = (self.entity.model(), &self.company.odoo);
        let names = odoo.call(model, "get_external_id", json!([ids]), json!({})).await?;
        let all = self.company.external_id(self.entity.kind(), &"".into(), "");
        let own = |id: &i64| names[id.to_string()].as_str().is_some_and(|n| n.starts_with(&all));
        Ok(ids.into_iter().filter(own).map(OdooId).collect())
    }

    async fn send(
        &self,
        items: &[Item],
        ready: &[(usize, usize)],
        known: &Known,
    ) -> Result<Vec<Result<BTreeMap<String, OdooId>, String>>> {
        let kind = self.entity.kind();
        let mut out: Vec<Outgoing<'_>> = ready
            .iter()
            .map(|&(at, d)| {
                let draft = &items[at].mapped.drafts[d];
                let external_id = match self.twin(&items[at].id) {
                    Some(customer) => self.company.external_id(Kind::Customer, customer, ""),
                    None => self.company.external_id(kind, &items[at].id, draft.part),
                };
                Outgoing { draft, external_id, outcome: None }
            })
            .collect();
        masters::load(self.tools, self.company, known, &mut out).await?;
        let mut outcomes = Vec::new();
        for one in out {
            outcomes.push(match one.outcome {
                Some(Ok(id)) => {
                    let mut parts = masters::made(self.company, known, one.draft, id).await?;
                    parts.insert(one.draft.part.to_owned(), id);
                    Ok(parts)
                }
                Some(Err(why)) => Err(why),
                None => Err("Odoo said nothing about it.".to_owned()),
            });
        }
        Ok(outcomes)
    }
}
