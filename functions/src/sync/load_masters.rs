//! A batch of master records: adopted where Odoo has them, else loaded, those
//! that others wait for first.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{Field, OdooId, Result};
use serde_json::{Value, json};

use super::{
    company::id_of,
    load::{Batch, Item},
    masters::{self, Outgoing},
    resolve::Known,
};

impl Batch<'_> {
    /// Drafts whose references are all known go out; what they became may be
    /// what others wait for, so as long as something goes, there is another round.
    pub(super) async fn masters(&self, items: &mut [Item], known: &mut Known) -> Result<()> {
        self.adopt(items, known).await?;
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
                        let link = Self::linked(&items[at]);
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
        let text = |item: &Item, field: &str| match item.mapped.drafts.first()?.fields.get(field) {
            Some(Field::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let is = |item: &Item, row: &Value| {
            let wanted = item.mapped.drafts.first().and_then(|draft| draft.fields.get(same));
            match (wanted, row[same].as_str()) {
                (Some(Field::Text(text)), Some(there)) => text == there,
                (Some(Field::Choice(of)), Some(there)) => of.contains(&there),
                _ => false,
            }
        };
        let fresh = |item: &Item| item.error.is_none() && item.odoo.is_empty();
        let wanted: Vec<String> =
            items.iter().filter(|item| fresh(item)).filter_map(|item| text(item, key)).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let domain = json!([[key, "in", wanted]]);
        let (model, odoo) = (self.entity.model(), &self.company.odoo);
        let there = odoo.search_read(model, domain, &[key, same], "id", 0, 0).await?;
        for item in items.iter_mut().filter(|item| fresh(item)) {
            let code = text(item, key);
            let own =
                there.iter().find(|row| row[key].as_str() == code.as_deref() && is(item, row));
            if let Some(id) = own.and_then(id_of) {
                item.odoo.insert(String::new(), id);
                item.adopted.insert(String::new());
                known.add(self.key(&item.id), Self::linked(item));
            }
        }
        Ok(())
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
                let external_id = self.company.external_id(kind, &items[at].id, draft.part);
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
