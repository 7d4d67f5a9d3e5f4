//! A file on its way: fetched to this machine's disk, looked for in Odoo by its
//! checksum, and sent from there while it is read, so that its length takes no memory.

use std::{collections::BTreeMap, path::Path, pin::pin, time::Duration};

use q2o_domain::{Failure, Field, OdooId, Remedy, Result, ports::Content};
use q2o_durable::Attempt;
use serde_json::{Value, json};

use super::{
    Batch, Item,
    load_files::{FILE, Hanging, On, problem, table, texts},
};
use crate::{
    entities::attachable::SIZE,
    sync::{company::id_of, unsorted},
};

/// Odoo takes calls of 128 MiB, and a file's bytes grow by a third on their way.
const MOST: u64 = 95 * 1024 * 1024;

/// A transfer may take longer than a lease: so often it says that it goes on.
const SIGN: Duration = Duration::from_secs(20);

impl Batch<'_> {
    /// Fetches a file and hangs it on its records; says what was sent.
    pub(super) async fn file(
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

    /// What Odoo holds is what was fetched, or it is told.
    pub(super) async fn check_bytes(
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

/// Waits for a transfer, and keeps the lease meanwhile.
async fn alive<T>(attempt: &Attempt, work: impl Future<Output = T>) -> Result<T> {
    let mut work = pin!(work);
    loop {
        match tokio::time::timeout(SIGN, &mut work).await {
            Ok(done) => return Ok(done),
            Err(_) => attempt.renew().await.map_err(unsorted)?,
        }
    }
}
