//! Documents that were deleted in QuickBooks after they had been moved.

use q2o_domain::{Remedy, Result, Write, ports::Select, records::ErrorEntry};

use super::{Batch, Problem, replace};
use crate::{
    store::{collection, kind_key},
    sync::{error_document, fetch::missed, rollback::Unit},
};

impl Batch<'_> {
    /// Takes out of Odoo what QuickBooks has no more: what this job did not fetch,
    /// not even when it asked for it by its id.
    pub(super) async fn drop_gone(&self) -> Result<()> {
        if self.entity.write() != Write::Document {
            return Ok(());
        }
        let gone = missed::links(&self.company.tenant, self.task, self.entity.kind()).await?;
        if gone.is_empty() || self.may_be_unreadable().await? {
            return Ok(());
        }
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
            errors.push(error_document(&self.company.link.id, &self.entry(id, &problem))?);
        }
        self.company.tenant.put_all(errors).await
    }

    /// A record that QuickBooks could not read is not gone, and nobody may know which
    /// it was.
    async fn may_be_unreadable(&self) -> Result<bool> {
        let prefix = format!("{}/", kind_key(&self.company.link.id, self.entity.kind()));
        let prefix = Select::Prefix(prefix);
        let errors = self.company.tenant.list_all::<ErrorEntry>(collection::ERRORS, prefix).await?;
        Ok(errors.iter().any(|error| error.value.class == "unreadable"))
    }
}
