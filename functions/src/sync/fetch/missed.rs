//! Records that pages missed, as one that moved up while they were read. Those that
//! were moved once are known by their links, and asked for by their ids.

use q2o_domain::{
    AnyEntity, Kind, QboId, Result,
    ports::{QuickBooks, Select},
    records::IdLink,
};

use super::extract;
use crate::{
    app::Tools,
    store::{Read, Tenant, collection, fetched_key, kind_key},
    sync::company::Task,
};

/// Ids asked for in one query.
const ASKED: usize = 200;

/// A record's id, the key of its link, and the link.
pub type Linked = (QboId, String, IdLink);

/// Stages what QuickBooks has of a kind and its pages missed; says how many there
/// are, and how many that it could not read.
pub async fn stage(
    tools: &Tools,
    task: &Task,
    entity: &dyn AnyEntity,
    quickbooks: &dyn QuickBooks,
) -> Result<(u64, u64)> {
    let tenant = tools.store.tenant(task.tenant);
    let (kind, now, mut documents) = (entity.kind(), tools.clock.now(), Vec::new());
    let (mut found, mut unread) = (0, 0);
    for some in links(&tenant, task, kind).await?.chunks(ASKED) {
        let ids: Vec<String> = some.iter().map(|(id, _, _)| format!("'{}'", id.as_str())).collect();
        let only = format!("Id IN ({})", ids.join(", "));
        let page = quickbooks.page(kind, Some(&only), 1, 1000).await?;
        for record in page.records {
            found += 1;
            documents.push(extract::staged(task, entity, record, now)?.0);
        }
        for (position, id, why) in page.poison {
            unread += 1;
            documents.push(extract::poisoned(tools, task, kind, position, id, &why)?);
        }
    }
    tenant.put_all(documents).await?;
    Ok((found, unread))
}

/// Links of a kind whose record this job did not fetch.
pub async fn links(tenant: &Tenant, task: &Task, kind: Kind) -> Result<Vec<Linked>> {
    let key = Select::Key(kind_key(&task.link, kind));
    let fetched = fetched_key(&task.job, kind);
    let (mut after, mut missed) = (None, Vec::new());
    loop {
        let page: Vec<Read<IdLink>> =
            tenant.list(collection::ID_LINKS, key.clone(), after, 500).await?;
        let Some(last) = page.last() else { return Ok(missed) };
        after = Some((last.sort.clone().unwrap_or_default(), last.id.clone()));
        let keys = page.iter().map(|read| read.id.clone()).collect();
        let staged = tenant.keys_of(collection::STAGED, keys).await?;
        let here = |id: &String| staged.get(id).is_some_and(|key| key.as_ref() == Some(&fetched));
        let of_page = page.into_iter().filter(|read| !here(&read.id));
        missed.extend(of_page.map(|read| {
            let id = read.id.rsplit('/').next().unwrap_or_default().into();
            (id, read.id, read.value)
        }));
    }
}
