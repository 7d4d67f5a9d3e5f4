//! A batch of files and notes: each goes to what it hangs on became. A file is
//! fetched to this machine's disk, looked for in Odoo by its checksum, and sent
//! from there while it is read, so that its length takes no memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    pin::pin,
    time::Duration,
};

use q2o_domain::{
    Draft, Failure, Field, OdooId, Ref, Remedy, Result,
    ports::{Content, Loaded, OdooError},
    records::ErrorEntry,
};
use q2o_durable::{Attempt, Retry};
use serde_json::{Value, json};

use super::{
    company::{id_of, many2one},
    hanging::{Hung, before_cut, hangs_on},
    load::{Batch, Item, Problem},
    resolve::Known,
};
use crate::{
    entities::{
        attachable::{NOTE, SIZE},
        entity,
    },
    store::{collection, record_key},
};

const FILE: &str = "ir.attachment";

/// Odoo takes calls of 128 MiB, and a file's bytes grow by a third on their way.
const MOST: u64 = 95 * 1024 * 1024;

/// Tries after which a file that does not come through is told, and the others go on:
/// few where others do come through, all but the last where nothing does.
const FEW: u32 = 3;
const MOST_TRIES: u32 = Retry::STANDARD.attempts - 1;

/// A transfer may take longer than a lease: so often it says that it goes on.
const SIGN: Duration = Duration::from_secs(20);

/// A record of Odoo's that something hangs on.
type On = (String, i64);

/// One draft of an item on its way: which, and what it hangs on.
struct Hanging {
    item: usize,
    draft: usize,
    on: On,
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

    /// Fetches a file and hangs it on its records; says what was sent.
    async fn file(
        &self,
        item: &mut Item,
        hanging: &[&Hanging],
        tries: u32,
    ) -> Result<BTreeMap<OdooId, Content>> {
        let draft = &item.mapped.drafts[0];
        let name =
            texts(draft, &["name"]).into_iter().next().map(|(_, name)| name).unwrap_or_default();
        if let Some(Field::Whole(bytes)) = draft.fields.get(SIZE)
            && u64::try_from(*bytes).is_ok_and(|bytes| bytes > MOST)
        {
            let why = format!(
                "{name} has {} MB, and {} MB are the most that Odoo takes. Download it from \
                 QuickBooks (Attachments) before you leave it.",
                bytes / 1_000_000,
                MOST / 1_000_000
            );
            item.error = Some(problem("not_moved", why, None));
            return Ok(BTreeMap::new());
        }
        let kept = tempfile::NamedTempFile::new()
            .map_err(|error| Failure::retry(format!("no file can be kept here: {error}")))?
            .into_temp_path();
        let quickbooks = self.tools.connect.quickbooks(&self.company.tenant, self.company.realm());
        let fetched = quickbooks.download(&item.id, MOST, &kept);
        let unavailable = match alive(self.attempt, fetched).await? {
            Ok(Ok(content)) => return self.hang_all(item, hanging, (&content, &kept), tries).await,
            Ok(Err(unavailable)) => unavailable.0,
            Err(failure) => self.given_up(failure, tries)?,
        };
        let why = format!("QuickBooks does not give {name}: {unavailable}.");
        let fix = Remedy::FixRecord { kind: self.entity.kind(), id: item.id.clone() };
        item.error = Some(problem("unreadable", why, Some(fix)));
        Ok(BTreeMap::new())
    }

    /// What a transfer failed with, once it has failed often enough.
    fn given_up(&self, failure: Failure, tries: u32) -> Result<String> {
        match failure {
            Failure::Retry { why, after: None } if self.attempt.number >= tries => {
                Ok(format!("{why} (tried {} times)", self.attempt.number))
            }
            other => Err(other),
        }
    }

    /// Hangs a file that was fetched on its records; says what was sent.
    async fn hang_all(
        &self,
        item: &mut Item,
        hanging: &[&Hanging],
        (content, kept): (&Content, &Path),
        tries: u32,
    ) -> Result<BTreeMap<OdooId, Content>> {
        let mut sent = BTreeMap::new();
        for one in hanging {
            let part = item.mapped.drafts[one.draft].part;
            match self.hang(item, one, content, kept).await {
                Ok(id) => sent.extend(id.map(|id| (id, content.clone()))),
                Err(failure) => {
                    let why = self.given_up(failure, tries)?;
                    item.error = Some(self.refused(&item.id, part, &why));
                }
            }
            if item.error.is_none() {
                item.sent.insert(part.to_owned(), content.checksum.clone());
            }
        }
        Ok(sent)
    }

    /// Hangs a file on one record; its id, if its bytes had to be sent.
    async fn hang(
        &self,
        item: &mut Item,
        one: &Hanging,
        content: &Content,
        kept: &Path,
    ) -> Result<Option<OdooId>> {
        let draft = &item.mapped.drafts[one.draft];
        let part = draft.part;
        let own = self.company.external_id(self.entity.kind(), &item.id, part);
        let (model, on) = &one.on;
        let there = self.same_bytes(&one.on, content).await?;
        let mut cells =
            vec![("id", own.clone()), ("res_model", model.clone()), ("res_id", on.to_string())];
        cells.extend(texts(draft, &["name", "mimetype", "description"]));
        let (columns, row) = table(cells);
        if there.iter().any(|(_, name)| *name == own) {
            // sent by an earlier try: only what it is called may be new
            let answer = self.company.odoo.load(FILE, &columns, vec![row]).await;
            self.took(item, part, answer)?;
            return Ok(None);
        }
        if let Some((id, _)) = there.first() {
            // the same file on the same record, once is enough
            item.odoo.insert(part.to_owned(), *id);
            item.adopted.insert(part.to_owned());
            return Ok(None);
        }
        let sending = self.company.odoo.load_with_file(FILE, &columns, row, "datas", kept);
        let answer = alive(self.attempt, sending).await?;
        self.took(item, part, answer)
    }

    /// The attachments of a record that have the same bytes, with their external ids.
    async fn same_bytes(&self, on: &On, content: &Content) -> Result<Vec<(OdooId, String)>> {
        let domain = json!([
            ["res_model", "=", on.0],
            ["res_id", "=", on.1],
            ["checksum", "=", content.checksum]
        ]);
        let odoo = &self.company.odoo;
        let rows = odoo.search_read(FILE, domain, &["file_size"], "id", 0, 0).await?;
        let same = rows.iter().filter(|row| row["file_size"].as_u64() == Some(content.bytes));
        let ids: Vec<OdooId> = same.filter_map(id_of).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let plain: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let names = odoo.call(FILE, "get_external_id", json!([plain]), json!({})).await?;
        let name = |id: &OdooId| names[id.to_string()].as_str().unwrap_or_default().to_owned();
        Ok(ids.into_iter().map(|id| (id, name(&id))).collect())
    }

    /// Takes Odoo's answer about one record.
    fn took(
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

    /// What Odoo holds is what was fetched, or it is told.
    async fn check_bytes(
        &self,
        items: &mut [Item],
        sent: &BTreeMap<OdooId, (usize, Content)>,
    ) -> Result<()> {
        let ids: Vec<i64> = sent.keys().map(|id| id.0).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let domain = json!([["id", "in", ids]]);
        let fields = ["checksum", "file_size"];
        let rows = self.company.odoo.search_read(FILE, domain, &fields, "id", 0, 0).await?;
        let held: BTreeMap<OdooId, &Value> =
            rows.iter().filter_map(|row| Some((id_of(row)?, row))).collect();
        for (id, (at, content)) in sent {
            let same = held.get(id).is_some_and(|row| {
                // of no bytes, Odoo keeps no checksum
                let same = row["checksum"] == content.checksum || content.bytes == 0;
                same && row["file_size"] == content.bytes
            });
            if !same {
                let why = "what it holds is not what was sent.";
                items[*at].error = Some(self.refused(&items[*at].id, "", why));
            }
        }
        Ok(())
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

/// Waits for a transfer, and keeps the lease meanwhile.
async fn alive<T>(attempt: &Attempt, work: impl Future<Output = T>) -> Result<T> {
    let mut work = pin!(work);
    loop {
        match tokio::time::timeout(SIGN, &mut work).await {
            Ok(done) => return Ok(done),
            Err(_) => attempt.renew().await.map_err(super::unsorted)?,
        }
    }
}

/// A draft's texts that say anything, by their columns.
fn texts(draft: &Draft, names: &[&'static str]) -> Vec<(&'static str, String)> {
    let text = |name: &&'static str| match draft.fields.get(name) {
        Some(Field::Text(text)) => Some((*name, text.clone())),
        _ => None,
    };
    names.iter().filter_map(text).collect()
}

fn table(cells: Vec<(&str, String)>) -> (Vec<String>, Vec<String>) {
    cells.into_iter().map(|(column, cell)| (column.to_owned(), cell)).unzip()
}

fn problem(class: &'static str, why: String, remedy: Option<Remedy>) -> Problem {
    Problem { class, why, remedy, waits_for: Vec::new() }
}
