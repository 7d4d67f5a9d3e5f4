//! The company's records by entity, in every order a query has asked for so far.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::catalogue::{self, Class, ENTITIES};
use super::condition::{SortKey, sort_key};
use super::held;
use super::ledger::Ledger;
use super::query::Order;
use super::record::{Record, touched};

/// All records of one entity.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Arc<Record>>,
    by_id: HashMap<String, usize>,
    /// Every queryable property: lower case to its real spelling.
    properties: HashMap<String, String>,
    /// Row numbers by order, forgotten at each change.
    orders: Mutex<HashMap<String, Arc<Vec<usize>>>>,
}

impl Table {
    fn new(class: Class) -> Self {
        let mut table = Self::default();
        for property in catalogue::properties(class) {
            table.properties.insert(property.to_lowercase(), (*property).to_owned());
        }
        table
    }

    pub fn rows(&self) -> &[Arc<Record>] {
        &self.rows
    }

    pub fn get(&self, id: &str) -> Option<&Arc<Record>> {
        self.rows.get(*self.by_id.get(id)?)
    }

    /// The real spelling of a property, or none if the entity has no such property.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(&name.to_lowercase()).map(String::as_str)
    }

    fn put(&mut self, record: Record) {
        if let Value::Object(fields) = record.object() {
            for (name, value) in fields {
                self.properties.entry(name.to_lowercase()).or_insert_with(|| name.clone());
                if let (Value::Object(inner), true) = (value, name.ends_with("Addr")) {
                    for below in inner.keys() {
                        let path = format!("{name}.{below}");
                        self.properties.entry(path.to_lowercase()).or_insert(path);
                    }
                }
            }
        }
        let record = Arc::new(record);
        if let Some(&row) = self.by_id.get(&record.id) {
            self.rows[row] = record;
        } else {
            self.by_id.insert(record.id.clone(), self.rows.len());
            self.rows.push(record);
        }
        held(&self.orders).clear();
    }

    fn remove(&mut self, id: &str) -> Option<Arc<Record>> {
        let row = self.by_id.remove(id)?;
        let gone = self.rows.remove(row);
        for (row, record) in self.rows.iter().enumerate().skip(row) {
            self.by_id.insert(record.id.clone(), row);
        }
        held(&self.orders).clear();
        Some(gone)
    }

    /// The row numbers in the asked order, or in the entity's own if none is asked.
    pub fn ordered(&self, class: Class, order: &[Order]) -> Arc<Vec<usize>> {
        let name = format!("{order:?}");
        if let Some(known) = held(&self.orders).get(&name) {
            return Arc::clone(known);
        }
        let mut keyed: Vec<(Vec<SortKey>, usize)> = (0..self.rows.len())
            .map(|row| (self.keys(&self.rows[row], class, order), row))
            .collect();
        keyed.sort_by(|(left, left_row), (right, right_row)| {
            compare(left, right, class, order).then(left_row.cmp(right_row))
        });
        let rows = Arc::new(keyed.into_iter().map(|(_, row)| row).collect::<Vec<_>>());
        held(&self.orders).insert(name, Arc::clone(&rows));
        rows
    }

    fn keys(&self, record: &Record, class: Class, order: &[Order]) -> Vec<SortKey> {
        if !order.is_empty() {
            return order
                .iter()
                .map(|order| {
                    let path = self.property(&order.property).unwrap_or(&order.property);
                    sort_key(record, path)
                })
                .collect();
        }
        match class {
            Class::Transaction => vec![SortKey::Number(record.updated.as_second().into())],
            Class::List => {
                let name = ["DisplayName", "FullyQualifiedName", "Name"]
                    .iter()
                    .find_map(|name| record.object()[*name].as_str());
                vec![SortKey::Text(name.unwrap_or_default().to_lowercase())]
            }
            Class::Other => Vec::new(),
        }
    }
}

fn compare(left: &[SortKey], right: &[SortKey], class: Class, order: &[Order]) -> Ordering {
    if order.is_empty() {
        let ordering = left.cmp(right);
        return if class == Class::Transaction { ordering.reverse() } else { ordering };
    }
    for ((left, right), order) in left.iter().zip(right).zip(order) {
        let ordering = if order.descending { right.cmp(left) } else { left.cmp(right) };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}

/// A record that is no more, which only change data capture still tells of.
#[derive(Debug, Clone)]
pub struct Tombstone {
    pub entity: String,
    pub id: String,
    pub at: Timestamp,
}

/// The whole company: records by entity, what was deleted, and the ledger.
#[derive(Debug)]
pub struct Store {
    tables: BTreeMap<String, Table>,
    pub deleted: Vec<Tombstone>,
    pub ledger: Ledger,
    latest: Timestamp,
}

impl Default for Store {
    fn default() -> Self {
        let table = |entity: &catalogue::Entity| (entity.name.to_owned(), Table::new(entity.class));
        Self {
            tables: ENTITIES.iter().map(table).collect(),
            deleted: Vec::new(),
            ledger: Ledger::default(),
            latest: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Store {
    /// The table of an entity named in any case, with its proper name.
    pub fn table(&self, entity: &str) -> Option<(&str, &Table)> {
        let name = catalogue::find(entity).map_or(entity, |entity| entity.name);
        let (name, table) = self.tables.get_key_value(name)?;
        Some((name, table))
    }

    pub fn tables(&self) -> impl Iterator<Item = (&str, &Table)> {
        self.tables.iter().map(|(name, table)| (name.as_str(), table))
    }

    pub fn rows(&self, entity: &str) -> &[Arc<Record>] {
        self.tables.get(entity).map_or(&[], Table::rows)
    }

    pub fn get(&self, entity: &str, id: &str) -> Option<&Arc<Record>> {
        self.table(entity)?.1.get(id)
    }

    /// Takes a record as it is; its time counts as known.
    pub fn load(&mut self, entity: &str, record: Record) {
        self.latest = self.latest.max(record.updated);
        let table = self.tables.entry(entity.to_owned());
        table.or_insert_with(|| Table::new(Class::Other)).put(record);
    }

    /// Adds or replaces a record as a change made now; a change is never older
    /// than what is already there, whatever the clock says.
    pub fn change(&mut self, entity: &str, value: Value, now: Timestamp) -> serde_json::Result<()> {
        let at = self.next_moment(now);
        let id = Record::new(value.clone())?.id;
        let value = touched(value, self.get(entity, &id).map(AsRef::as_ref), at);
        self.load(entity, Record::new(value)?);
        Ok(())
    }

    /// Deletes a record for good; `false` if there was none.
    pub fn remove(&mut self, entity: &str, id: &str, now: Timestamp) -> bool {
        let at = self.next_moment(now);
        let Some(table) = self.tables.get_mut(entity) else { return false };
        let gone = table.remove(id).is_some();
        if gone {
            self.deleted.push(Tombstone { entity: entity.to_owned(), id: id.to_owned(), at });
        }
        gone
    }

    fn next_moment(&mut self, now: Timestamp) -> Timestamp {
        self.latest = now.max(self.latest + SignedDuration::from_secs(1));
        self.latest
    }

    /// The server's time, never before the newest change.
    pub fn time(&self, now: Timestamp) -> Timestamp {
        now.max(self.latest)
    }
}
