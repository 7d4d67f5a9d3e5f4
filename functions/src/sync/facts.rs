//! A company's facts, gathered from its staged master records.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use q2o_domain::{AnyEntity, Facts, JobId, Result, Write, ports::Select, records::Staged};

use crate::{
    entities::ENTITIES,
    store::{Read, Tenant, collection, fetched_key},
};

/// Facts of the jobs at work here. Only a shortcut: whoever does not find them
/// gathers them again.
#[derive(Default)]
pub struct FactsCache {
    known: Mutex<HashMap<JobId, Arc<Facts>>>,
}

/// More jobs than this are not at work on one instance.
const MOST: usize = 32;

impl FactsCache {
    /// The facts that a job's records are mapped by.
    pub async fn of(&self, tenant: &Tenant, job: &JobId) -> Result<Arc<Facts>> {
        if let Some(facts) = self.lock().get(job) {
            return Ok(Arc::clone(facts));
        }
        let facts = Arc::new(gather(tenant, job).await?);
        let mut known = self.lock();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(job.clone(), Arc::clone(&facts));
        Ok(facts)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Arc<Facts>>> {
        // what a panicking holder left behind is still only a cache
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn gather(tenant: &Tenant, job: &JobId) -> Result<Facts> {
    let mut facts = Facts::default();
    let (documents, others): (Vec<&dyn AnyEntity>, Vec<_>) =
        ENTITIES.iter().copied().partition(|entity| entity.write() == Write::Document);
    for entity in others {
        inform(tenant, job, entity, &mut facts).await?;
    }
    // documents have only their exchange rates to tell
    if facts.multi_currency {
        for entity in documents {
            inform(tenant, job, entity, &mut facts).await?;
        }
    }
    Ok(facts)
}

async fn inform(
    tenant: &Tenant,
    job: &JobId,
    entity: &dyn AnyEntity,
    facts: &mut Facts,
) -> Result<()> {
    let key = Select::Key(fetched_key(job, entity.kind()));
    let see = |staged: Read<Staged>| {
        // an unreadable record is reported where it is loaded
        if let Ok(record) = entity.read(&staged.value.record) {
            record.inform(facts);
        }
    };
    tenant.each(collection::STAGED, key, see).await
}
