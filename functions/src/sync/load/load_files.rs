//! A batch of files and notes: each goes to what the record that it hangs on became.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{
    Draft, Failure, Field, OdooId, Ref, Remedy, Result,
    ports::{Content, Loaded, OdooError},
    records::ErrorEntry,
};
use q2o_durable::Retry;
use serde_json::json;

use super::{
    Batch, Item, Problem,
    hanging::{Hung, before_cut, hangs_on},
    resolve::Known,
};
use crate::{
    entities::{attachable::NOTE, entity},
    store::{collection, record_key},
    sync::company::{id_of, many2one},
};

pub(super) const FILE: &str = "ir.attachment";

/// Tries after which a file that does not come through is told, and the others go on:
/// few where others do come through, all but the last where nothing does.
const FEW: u32 = 3;
const MOST_TRIES: u32 = Retry::STANDARD.attempts - 1;

/// A record of Odoo's that something hangs on.
pub(super) type On = (String, i64);

/// One draft of an item on its way: which, and what it hangs on.
pub(super) struct Hanging {
    item: usize,
    pub draft: usize,
    pub on: On,
}

impl Batch<'_> {
    pub(super) async fn files(&self, items: &mut [Item], known: &Known) -> Result<()> {
        let hanging = self.hanging(items, known).await?;
        let standing = self.standing(items).await?;
        let mut sent: BTreeMap<OdooId, (usize, Content)> = BTreeMap::new();
        let mut came = false;
        for (at, item) in items.iter_mut().enumerate() {
            let of_item: Vec<&Hanging> = hanging.iter().filter(|one| one.item == at).collect();
            let stands = |one: &Hanging| {
                let Draft { model, part, .. } = item.mapped.drafts[one.draft];
                let id = item.odoo.get(part);
                id.is_some_and(|id| standing.get(&(model, *id)) == Some(&one.on))
            };
            if of_item.is_empty() || (item.unchanged && of_item.iter().all(|one| stands(one))) {
                continue;
            }
            item.unchanged = false;
            let before = item.made();
            if item.mapped.drafts[0].model == NOTE {
                self.note(item, &of_item).await?;
            } else {
                let tries = if came { FEW } else { MOST_TRIES };
                let uploaded = self.file(item, &of_item, tries).await?;
                sent.extend(uploaded.into_iter().map(|(id, content)| (id, (at, content))));
                came |= item.error.is_none();
            }
            if item.error.is_none() {
                self.leave_others(item, &of_item, before).await?;
            }
        }
        self.check_bytes(items, &sent).await
    }

    /// Takes an item from records that it does not hang on any more.
    async fn leave_others(
        &self,
        item: &mut Item,
        hanging: &[&Hanging],
        before: BTreeSet<OdooId>,
    ) -> Result<()> {
        let parts: BTreeSet<&str> =
            hanging.iter().map(|one| item.mapped.drafts[one.draft].part).collect();
        item.odoo.retain(|part, _| parts.contains(part.as_str()));
        item.sent.retain(|part, _| parts.contains(part.as_str()));
        // what was ours is ours, whichever part it is by now
        item.adopted.retain(|part| item.odoo.get(part).is_some_and(|id| !before.contains(id)));
        let now: BTreeSet<OdooId> = item.odoo.values().copied().collect();
        let gone: Vec<i64> = before.difference(&now).map(|id| id.0).collect();
        let model = item.mapped.drafts[0].model;
        if gone.is_empty() {
            return Ok(());
        }
        let domain = json!([["id", "in", gone]]);
        let there = self.company.odoo.search_read(model, domain, &["id"], "id", 0, 0).await?;
        let there: Vec<i64> = there.iter().filter_map(id_of).map(|id| id.0).collect();
        if !there.is_empty() {
            self.company.odoo.call(model, "unlink", json!([there]), json!({})).await?;
        }
        Ok(())
    }

    /// What the items hang on; those that hang on nothing get their error.
    async fn hanging(&self, items: &mut [Item], known: &Known) -> Result<Vec<Hanging>> {
        let refs = items.iter().flat_map(|item| &item.mapped.drafts).filter_map(hangs_on);
        let key = |to: &Ref| record_key(self.link(), to.kind, &to.id);
        let missing: BTreeSet<String> =
            refs.filter(|to| known.all(to).is_empty()).map(key).collect();
        let missing: Vec<String> = missing.into_iter().collect();
        let mut never = before_cut(self.company, self.task, missing.clone()).await?;
        let errors = self.company.tenant.list_ids::<ErrorEntry>(collection::ERRORS, missing);
        let unmoved = errors.await?.into_iter().filter(|read| read.value.class == "not_moved");
        never.extend(unmoved.map(|read| read.id));
        let (mut hanging, mut own_contact) = (Vec::new(), None);
        for (at, item) in items.iter_mut().enumerate().filter(|(_, item)| item.error.is_none()) {
            let there = |to: &Ref| !known.all(to).is_empty();
            match Hung::of(&item.mapped, there, |to| never.contains(&key(to))) {
                Hung::On(drafts) => {
                    for draft in drafts {
                        let on = match hangs_on(&item.mapped.drafts[draft]) {
                            Some(to) => on(known, &key(to), to)?,
                            // nothing: then on the company itself
                            None => match own_contact.clone() {
                                Some(on) => on,
                                None => own_contact.insert(self.own_contact().await?).clone(),
                            },
                        };
                        hanging.push(Hanging { item: at, draft, on });
                    }
                }
                Hung::Nowhere(why) => item.error = Some(problem("not_moved", why, None)),
                Hung::Waits(waits) => item.error = Some(self.parked(waits)),
            }
        }
        Ok(hanging)
    }

    async fn own_contact(&self) -> Result<On> {
        let domain = json!([["id", "=", self.company.odoo_company.0]]);
        let odoo = &self.company.odoo;
        let rows = odoo.search_read("res.company", domain, &["partner_id"], "id", 0, 1).await?;
        let partner = rows.first().and_then(|row| many2one(&row["partner_id"]));
        let partner = partner.ok_or_else(|| Failure::bug("a company of Odoo's has no contact"))?;
        Ok(("res.partner".to_owned(), partner.0))
    }

    /// What hangs where by now: a document that was written anew took its files along.
    async fn standing(&self, items: &[Item]) -> Result<BTreeMap<(&'static str, OdooId), On>> {
        let mut standing = BTreeMap::new();
        for (model, named) in [(FILE, "res_model"), (NOTE, "model")] {
            let of_model =
                |item: &&Item| item.mapped.drafts.first().is_some_and(|d| d.model == model);
            let there = items.iter().filter(of_model).flat_map(|item| item.odoo.values());
            let ids: Vec<i64> = there.map(|id| id.0).collect();
            if ids.is_empty() {
                continue;
            }
            let domain = json!([["id", "in", ids]]);
            let (odoo, fields) = (&self.company.odoo, [named, "res_id"]);
            let rows = odoo.search_read(model, domain, &fields, "id", 0, 0).await?;
            standing.extend(rows.iter().filter_map(|row| {
                let on = (row[named].as_str()?.to_owned(), row["res_id"].as_i64()?);
                Some(((model, id_of(row)?), on))
            }));
        }
        Ok(standing)
    }

    /// Writes a note into the conversations of what it hangs on.
    async fn note(&self, item: &mut Item, hanging: &[&Hanging]) -> Result<()> {
        for one in hanging {
            let draft = &item.mapped.drafts[one.draft];
            let (model, id) = &one.on;
            let mut cells = vec![
                ("id", self.company.external_id(self.entity.kind(), &item.id, draft.part)),
                ("model", model.clone()),
                ("res_id", id.to_string()),
                ("message_type", "comment".to_owned()),
                // seen by those who work here, sent to nobody
                ("subtype_id/id", "mail.mt_note".to_owned()),
            ];
            cells.extend(texts(draft, &["body", "date"]));
            let part = draft.part;
            let (columns, row) = table(cells);
            let answer = self.company.odoo.load(NOTE, &columns, vec![row]).await;
            self.took(item, part, answer)?;
        }
        Ok(())
    }

    /// Takes Odoo's answer about one record.
    pub(super) fn took(
        &self,
        item: &mut Item,
        part: &'static str,
        answer: Result<Loaded, OdooError>,
    ) -> Result<Option<OdooId>> {
        let refused = match answer {
            Ok(Loaded::Done(ids)) if ids.len() == 1 => {
                item.odoo.insert(part.to_owned(), ids[0]);
                item.adopted.remove(part);
                return Ok(Some(ids[0]));
            }
            Ok(Loaded::Done(ids)) => format!("it answered {} ids for one record", ids.len()),
            Ok(Loaded::Refused(errors)) => {
                errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join(" ")
            }
            Err(OdooError::Refused { message }) => message,
            Err(error) => return Err(error.into()),
        };
        item.error = Some(self.refused(&item.id, part, &refused));
        Ok(None)
    }
}

/// The record in Odoo behind a reference that is known.
fn on(known: &Known, key: &str, to: &Ref) -> Result<On> {
    let gone = || Failure::bug(format!("{} {} is known and is not", to.kind, to.id));
    let link = known.link(key).ok_or_else(gone)?;
    // the record itself, or what stands for it
    let (part, id) = link.odoo.iter().next().ok_or_else(gone)?;
    let own = entity(to.kind).map(q2o_domain::AnyEntity::model).ok_or_else(gone)?;
    Ok((link.models.get(part).map_or(own, String::as_str).to_owned(), id.0))
}

/// A draft's texts that say anything, by their columns.
pub(super) fn texts(draft: &Draft, names: &[&'static str]) -> Vec<(&'static str, String)> {
    let text = |name: &&'static str| match draft.fields.get(name) {
        Some(Field::Text(text)) => Some((*name, text.clone())),
        _ => None,
    };
    names.iter().filter_map(text).collect()
}

pub(super) fn table(cells: Vec<(&str, String)>) -> (Vec<String>, Vec<String>) {
    cells.into_iter().map(|(column, cell)| (column.to_owned(), cell)).unzip()
}

pub(super) fn problem(class: &'static str, why: String, remedy: Option<Remedy>) -> Problem {
    Problem { class, why, remedy, waits_for: Vec::new() }
}
