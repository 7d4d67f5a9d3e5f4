//! Documents that were deleted in QuickBooks after they had been moved.

use std::collections::BTreeSet;

use q2o_domain::{
    QboId, RealmId, Remedy, Result, Write,
    ports::Select,
    records::{ErrorEntry, IdLink, Staged},
};

use super::{
    load::{Batch, Problem},
    replace,
    rollback::Unit,
};
use crate::store::{Read, collection, kind_key};

/// Ids asked for in one query.
const ASKED: usize = 200;

impl Batch<'_> {
    /// Takes out of Odoo what QuickBooks has no more.
    pub(super) async fn drop_gone(&self, realm: &RealmId) -> Result<()> {
        if self.entity.write() != Write::Document {
            return Ok(());
        }
        let gone = self.deleted(self.missing().await?, realm).await?;
        let mut units: Vec<Unit> = gone
            .iter()
            .map(|(id, key, link)| {
                let mut unit =
                    Unit::new(self.entity.kind().to_string(), Some(self.entity.kind()), id.clone());
                unit.add(key.clone(), link, self.entity.kind());
                unit
            })
            .collect();
        let stay = replace::take_out(self.tools, self.company, self.task, &mut units).await?;
        let mut errors = Vec::new();
        for (at, (_, why)) in stay {
            let (id, _, _) = &gone[at];
            let kind = self.entity.kind();
            let problem = Problem {
                class: "deleted",
                why: format!("It was deleted in QuickBooks after it had been moved. {why}"),
                remedy: Some(Remedy::FixRecord { kind, id: id.clone() }),
                waits_for: Vec::new(),
            };
            errors.push(super::error_document(&self.company.link.id, &self.entry(id, &problem))?);
        }
        self.company.tenant.put_all(errors).await
    }

    /// Links of this kind whose record this job did not fetch.
    async fn missing(&self) -> Result<Vec<(QboId, String, IdLink)>> {
        let (tenant, kind) = (&self.company.tenant, self.entity.kind());
        let key = Select::Key(kind_key(&self.company.link.id, kind));
        let mut after = None;
        let mut missing = Vec::new();
        loop {
            let page: Vec<Read<IdLink>> =
                tenant.list(collection::ID_LINKS, key.clone(), after, 500).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.sort.clone().unwrap_or_default(), last.id.clone()));
            let keys = page.iter().map(|read| read.id.clone()).collect();
            let staged: Vec<Read<Staged>> = tenant.list_ids(collection::STAGED, keys).await?;
            let here: BTreeSet<String> = staged
                .into_iter()
                .filter(|read| read.value.job == self.task.job)
                .map(|read| read.id)
                .collect();
            let of_page = page.into_iter().filter(|read| !here.contains(&read.id));
            missing.extend(of_page.map(|read| {
                let id = read.id.rsplit('/').next().unwrap_or_default().into();
                (id, read.id, read.value)
            }));
        }
        if missing.is_empty() {
            return Ok(missing);
        }
        // a record that QuickBooks could not read is not gone, and nobody may know which it was
        let prefix = Select::Prefix(format!("{}/", kind_key(&self.company.link.id, kind)));
        let errors = tenant.list_all::<ErrorEntry>(collection::ERRORS, prefix).await?;
        if errors.iter().any(|error| error.value.class == "unreadable") {
            missing.clear();
        }
        Ok(missing)
    }

    /// Those that QuickBooks really does not have: a page can miss a record that
    /// moved up while pages were read.
    async fn deleted(
        &self,
        missing: Vec<(QboId, String, IdLink)>,
        realm: &RealmId,
    ) -> Result<Vec<(QboId, String, IdLink)>> {
        let quickbooks = self.tools.connect.quickbooks(&self.company.tenant, realm);
        let mut there = BTreeSet::new();
        for some in missing.chunks(ASKED) {
            let ids: Vec<String> =
                some.iter().map(|(id, _, _)| format!("'{}'", id.as_str())).collect();
            let only = format!("Id IN ({})", ids.join(", "));
            let page = quickbooks.page(self.entity.kind(), Some(&only), 1, 1000).await?;
            there.extend(page.records.iter().filter_map(|record| q2o_domain::record_id(record)));
            // what cannot be read is there, whichever it is
            if page.poison.is_empty() {
                continue;
            }
            there.extend(some.iter().map(|(id, _, _)| id.clone()));
        }
        Ok(missing.into_iter().filter(|(id, _, _)| !there.contains(id)).collect())
    }
}
