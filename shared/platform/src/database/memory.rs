//! Documents in memory, for tests; the plainest statement of what a store does.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use q2o_domain::{
    Result,
    ports::{Address, Body, Change, CommitError, Database, Query, Scope, Select, Stored},
};

use super::rows::{self, Row, Write};

/// Ends with the process.
#[derive(Default)]
pub struct Memory {
    state: Mutex<State>,
}

/// Rows and their versions, by id.
type Versions = BTreeMap<String, (Row, u64)>;

#[derive(Default)]
struct State {
    /// By collection and partition.
    rows: BTreeMap<Cow<'static, str>, BTreeMap<String, Versions>>,
    /// Counts commits, and never back: a version is not used twice.
    version: u64,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&self, partition: &str, collection: &str, id: &str) -> Option<&(Row, u64)> {
        self.rows.get(collection)?.get(partition)?.get(id)
    }

    fn set(
        &mut self,
        partition: &str,
        collection: Cow<'static, str>,
        id: String,
        row: Option<(Row, u64)>,
    ) -> Option<(Row, u64)> {
        let ids = self.rows.entry(collection).or_default().entry(partition.to_owned()).or_default();
        match row {
            Some(row) => ids.insert(id, row),
            None => ids.remove(&id),
        }
    }
}

#[async_trait]
impl Database for Memory {
    async fn get(&self, at: &Address) -> Result<Option<Stored>> {
        let state = self.state();
        state
            .find(&at.partition, at.collection, &at.id)
            .map(|found| stored(&at.partition, found))
            .transpose()
    }

    async fn list(&self, query: &Query) -> Result<Vec<Stored>> {
        rows::check(query)?;
        let state = self.state();
        let Some(partitions) = state.rows.get(query.collection) else { return Ok(Vec::new()) };
        let mut found: Vec<(&str, &(Row, u64))> = partitions
            .iter()
            .filter(|(partition, _)| match &query.scope {
                Scope::Partition(only) => *partition == only,
                Scope::Everywhere => true,
            })
            .flat_map(|(partition, ids)| ids.values().map(|row| (partition.as_str(), row)))
            .filter(|(_, (row, _))| selected(row, &query.select) && behind(row, query))
            .collect();
        found.sort_by(|(_, (a, _)), (_, (b, _))| {
            let order = place(a, &query.select).cmp(&place(b, &query.select));
            if query.descending { order.reverse() } else { order }
        });
        let most = usize::try_from(query.most).unwrap_or(usize::MAX);
        found
            .into_iter()
            .take(most)
            .map(|(partition, row)| {
                let mut stored = stored(partition, row)?;
                if query.heads {
                    stored.body = Body::of(&())?;
                }
                Ok(stored)
            })
            .collect()
    }

    async fn commit(&self, partition: &str, changes: Vec<Change>) -> Result<(), CommitError> {
        let writes = rows::writes(changes)?;
        let mut state = self.state();
        state.version += 1;
        let version = state.version;
        let mut before = Vec::new();
        let mut conflict = false;
        for write in writes {
            let (collection, id, row) = match write {
                Write::Insert(row) => {
                    conflict = state.find(partition, &row.collection, &row.id).is_some();
                    (row.collection.clone(), row.id.clone(), Some((row, version)))
                }
                Write::Replace(row, wanted) => {
                    let found = state.find(partition, &row.collection, &row.id);
                    conflict = found.is_none_or(|(_, version)| version.to_string() != wanted);
                    (row.collection.clone(), row.id.clone(), Some((row, version)))
                }
                Write::Put(row) => (row.collection.clone(), row.id.clone(), Some((row, version))),
                Write::Delete { collection, id } => (collection, id, None),
            };
            if conflict {
                break;
            }
            let old = state.set(partition, collection.clone(), id.clone(), row);
            before.push((collection, id, old));
        }
        if conflict {
            for (collection, id, row) in before.into_iter().rev() {
                state.set(partition, collection, id, row);
            }
            return Err(CommitError::Conflict);
        }
        Ok(())
    }
}

fn selected(row: &Row, select: &Select) -> bool {
    match select {
        Select::All => true,
        Select::Prefix(prefix) => row.id.starts_with(prefix),
        Select::Ids(ids) => ids.contains(&row.id),
        Select::Key(key) => row.key.as_ref() == Some(key),
        Select::Due(at) => row.due.is_some_and(|due| due <= at.as_millisecond()),
        Select::Expired(at) => row.expires.is_some_and(|expires| expires <= at.as_millisecond()),
    }
}

/// What a selection is ordered by.
fn place<'a>(row: &'a Row, select: &Select) -> (Option<i64>, &'a str, &'a str) {
    match select {
        Select::All | Select::Prefix(_) | Select::Ids(_) => (None, "", &row.id),
        Select::Key(_) => (None, &row.sort, &row.id),
        Select::Due(_) => (row.due, "", &row.id),
        Select::Expired(_) => (row.expires, "", &row.id),
    }
}

fn behind(row: &Row, query: &Query) -> bool {
    let Some((sort, id)) = &query.after else { return true };
    let sort = if matches!(query.select, Select::Key(_)) { sort.as_str() } else { "" };
    let (place, after) = (place(row, &query.select), (None, sort, id.as_str()));
    if query.descending { place < after } else { place > after }
}

fn stored(partition: &str, (row, version): &(Row, u64)) -> Result<Stored> {
    Ok(Stored {
        partition: partition.to_owned(),
        id: row.id.clone(),
        version: version.to_string(),
        body: row.body.clone(),
        key: row.key.clone(),
        sort: rows::sort(row.sort.clone()),
        due: rows::due(&row.id, row.due)?,
    })
}
