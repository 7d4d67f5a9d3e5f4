//! A company's facts, gathered from its staged master records.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use q2o_domain::{Facts, JobId, Result, Write, ports::Select, records::Staged};

use crate::{
    entities::ENTITIES,
    store::{Tenant, collection, fetched_key},
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
    for entity in ENTITIES.iter().filter(|e| e.write() != Write::Document) {
        let key = Select::Key(fetched_key(job, entity.kind()));
        for staged in tenant.list_all::<Staged>(collection::STAGED, key).await? {
            // an unreadable record is reported where it is loaded
            if let Ok(record) = entity.read(&staged.value.record) {
                record.inform(&mut facts);
            }
        }
    }
    Ok(facts)
}
