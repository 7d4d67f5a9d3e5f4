//! A proof as it is kept: its head, its long lists in pages, since one document
//! holds only so much, and a trial balance a document.

use q2o_domain::{
    JobId, Result,
    ports::Select,
    records::{BothBalances, Completion, ErrorEntry, Proof},
};
use serde::{Deserialize, Serialize};

use crate::store::{Tenant, collection, document};

/// Entries of a page.
const PAGE: usize = 500;

/// Some of one of a proof's lists.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Page {
    Completions(Vec<Completion>),
    NotLoaded(Vec<ErrorEntry>),
}

/// Keeps a proof in place of what an earlier round of the job kept.
pub async fn keep(
    tenant: &Tenant,
    job: &JobId,
    mut proof: Proof,
    balances: &[BothBalances],
) -> Result<()> {
    for stale in [collection::PROOF_PAGES, collection::BALANCES] {
        let key = Select::Key(job.0.clone());
        let ids = tenant.list_all::<serde_json::Value>(stale, key).await?;
        tenant.delete_all(stale, ids.into_iter().map(|read| read.id).collect()).await?;
    }
    let completions = std::mem::take(&mut proof.completion_entries);
    let not_loaded = std::mem::take(&mut proof.not_loaded);
    let pages = completions.chunks(PAGE).map(|some| Page::Completions(some.to_vec()));
    let pages = pages.chain(not_loaded.chunks(PAGE).map(|some| Page::NotLoaded(some.to_vec())));
    let mut kept = Vec::new();
    for (number, page) in pages.enumerate() {
        let page = document(collection::PROOF_PAGES, format!("{job}/{number:06}"), &page)?;
        kept.push(page.key(job.as_str()).sort(format!("{number:06}")));
    }
    for both in balances {
        let of_day = document(collection::BALANCES, format!("{job}/{}", both.day), both)?;
        kept.push(of_day.key(job.as_str()).sort(both.day.to_string()));
    }
    // the head comes last: whoever finds it finds all
    tenant.put_all(kept).await?;
    tenant.put_all(vec![document(collection::PROOFS, job.as_str(), &proof)?]).await
}

/// The proof of a job, whole.
pub async fn read(tenant: &Tenant, job: &JobId) -> Result<Option<Proof>> {
    let Some(head) = tenant.get::<Proof>(collection::PROOFS, job.as_str()).await? else {
        return Ok(None);
    };
    let mut proof = head.value;
    let key = Select::Key(job.0.clone());
    for page in tenant.list_all::<Page>(collection::PROOF_PAGES, key).await? {
        match page.value {
            Page::Completions(some) => proof.completion_entries.extend(some),
            Page::NotLoaded(some) => proof.not_loaded.extend(some),
        }
    }
    Ok(Some(proof))
}

/// The trial balances that a proof is about, by day.
pub async fn balances(tenant: &Tenant, job: &JobId) -> Result<Vec<BothBalances>> {
    let key = Select::Key(job.0.clone());
    let all = tenant.list_all::<BothBalances>(collection::BALANCES, key).await?;
    Ok(all.into_iter().map(|read| read.value).collect())
}
