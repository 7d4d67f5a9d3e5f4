//! Tables of records, with the few indexes that searches need, and a journal to
//! undo a call that raised.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use q2o_domain::ports::Clock;
use q2o_platform::clock::SystemClock;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A record, less its id: many-to-one is an id, x-to-many a list of ids,
/// nothing is `false`.
pub type Record = Map<String, Value>;

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Table {
    rows: BTreeMap<i64, Record>,
    next: i64,
    /// Field, then value, then the ids that have it.
    #[serde(skip)]
    index: HashMap<&'static str, HashMap<String, BTreeSet<i64>>>,
}

/// The fields that searches go by.
const INDEXED: [&str; 10] = [
    "code",
    "name",
    "move_id",
    "account_id",
    "invoice_origin",
    "debit_move_id",
    "credit_move_id",
    "parent_id",
    "journal_id",
    "partner_id",
];

impl Table {
    pub fn get(&self, id: i64) -> Option<&Record> {
        self.rows.get(&id)
    }

    pub fn ids(&self) -> impl Iterator<Item = i64> + '_ {
        self.rows.keys().copied()
    }

    pub fn ids_from(&self, first: i64) -> impl Iterator<Item = i64> + '_ {
        self.rows.range(first..).map(|(id, _)| *id)
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Ids whose indexed `field` is one of `values`; `None` if it has no index.
    pub fn among(&self, field: &str, values: &[Value]) -> Option<BTreeSet<i64>> {
        if field == "id" {
            return Some(values.iter().filter_map(Value::as_i64).collect());
        }
        let field = INDEXED.iter().find(|known| **known == field)?;
        let index = self.index.get(field);
        let found = values.iter().filter_map(|value| index?.get(&key(value)));
        Some(found.flatten().copied().collect())
    }

    fn put(&mut self, id: i64, record: Record) -> Option<Record> {
        let before = self.take(id);
        for field in INDEXED {
            if let Some(value) = record.get(field) {
                let index = self.index.entry(field).or_default();
                index.entry(key(value)).or_default().insert(id);
            }
        }
        self.rows.insert(id, record);
        before
    }

    /// Sets one field (or takes it away); gives what it was.
    fn set(&mut self, id: i64, field: &str, value: Option<&Value>) -> Option<Value> {
        let record = self.rows.get_mut(&id)?;
        let before = match value {
            Some(value) => record.insert(field.to_owned(), value.clone()),
            None => record.remove(field),
        };
        if let Some(indexed) = INDEXED.iter().find(|known| **known == field)
            && before.as_ref() != value
        {
            let index = self.index.entry(indexed).or_default();
            if let Some(ids) = before.as_ref().and_then(|before| index.get_mut(&key(before))) {
                ids.remove(&id);
            }
            if let Some(value) = value {
                index.entry(key(value)).or_default().insert(id);
            }
        }
        before
    }

    fn take(&mut self, id: i64) -> Option<Record> {
        let record = self.rows.remove(&id)?;
        for field in INDEXED {
            if let Some(value) = record.get(field)
                && let Some(ids) = self.index.get_mut(field).and_then(|i| i.get_mut(&key(value)))
            {
                ids.remove(&id);
            }
        }
        Some(record)
    }
}

fn key(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The company that a database is made with.
pub const FIRST_COMPANY: i64 = 1;

/// A database.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub struct Store {
    tables: BTreeMap<String, Table>,
    /// External ids: to model and id.
    names: BTreeMap<String, (String, i64)>,
    /// Last number of each journal's sequence, by its prefix.
    pub sequences: BTreeMap<String, i64>,
    /// Applications beside accounting.
    pub apps: BTreeSet<String>,
    /// Whether the call at hand is to begin no deliveries.
    #[serde(skip)]
    pub skips_procurement: bool,
    /// The company that the call at hand works in; the first if it names none.
    #[serde(skip)]
    company: Option<i64>,
    /// Who is calling, as records remember it.
    #[serde(skip)]
    pub user: i64,
    #[serde(skip)]
    undo: Vec<Undo>,
}

#[derive(Debug, Clone)]
enum Undo {
    Row(String, i64, Option<Record>),
    Field(String, i64, String, Option<Value>),
    Name(String, Option<(String, i64)>),
    Sequence(String, Option<i64>),
}

impl Store {
    /// The company that new records belong to, and whose are seen.
    pub fn company(&self) -> i64 {
        self.company.unwrap_or(FIRST_COMPANY)
    }

    pub fn work_in(&mut self, company: Option<i64>) {
        self.company = company;
    }

    pub fn installed(&self, app: &str) -> bool {
        self.apps.contains(app)
    }

    /// What belongs to another company is not there.
    pub fn sees(&self, model: &str, id: i64) -> bool {
        match (self.field(model, id, "company_ids"), self.field(model, id, "company_id")) {
            (Value::Array(companies), _) => {
                companies.iter().any(|one| one.as_i64() == Some(self.company()))
            }
            (_, Value::Number(of)) => of.as_i64() == Some(self.company()),
            _ => true,
        }
    }

    pub fn table(&self, model: &str) -> Option<&Table> {
        self.tables.get(model)
    }

    pub fn get(&self, model: &str, id: i64) -> Option<&Record> {
        self.tables.get(model)?.get(id)
    }

    /// A field of a record; `false` where there is nothing.
    pub fn field(&self, model: &str, id: i64, field: &str) -> &Value {
        const NOTHING: &Value = &Value::Bool(false);
        self.get(model, id).and_then(|record| record.get(field)).unwrap_or(NOTHING)
    }

    pub fn text(&self, model: &str, id: i64, field: &str) -> &str {
        self.field(model, id, field).as_str().unwrap_or_default()
    }

    pub fn insert(&mut self, model: &str, mut record: Record) -> i64 {
        let (user, now) = self.stamp();
        for (name, value) in [
            ("create_uid", &user),
            ("create_date", &now),
            ("write_uid", &user),
            ("write_date", &now),
        ] {
            record.entry(name.to_owned()).or_insert(value.clone());
        }
        let table = self.tables.entry(model.to_owned()).or_default();
        // numbers are never used twice, as with a sequence
        table.next += 1;
        let id = table.next;
        table.put(id, record);
        self.undo.push(Undo::Row(model.to_owned(), id, None));
        id
    }

    pub fn set(&mut self, model: &str, id: i64, field: &str, value: impl Into<Value>) {
        let value = value.into();
        if let Some(table) = self.tables.get_mut(model).filter(|table| table.get(id).is_some()) {
            let before = table.set(id, field, Some(&value));
            self.undo.push(Undo::Field(model.to_owned(), id, field.to_owned(), before));
        }
    }

    /// Who writes, and when; Odoo itself if nobody called.
    fn stamp(&self) -> (Value, Value) {
        let now = SystemClock.now().to_string();
        let now = now.get(..19).unwrap_or_default().replace('T', " ");
        (json!(self.user.max(1)), json!(now))
    }

    /// What is computed leaves no trace; what is written does.
    pub fn touch(&mut self, model: &str, id: i64) {
        let (user, now) = self.stamp();
        self.set(model, id, "write_uid", user);
        self.set(model, id, "write_date", now);
    }

    pub fn replace(&mut self, model: &str, id: i64, mut record: Record) {
        let (user, now) = self.stamp();
        record.insert("write_uid".to_owned(), user);
        record.insert("write_date".to_owned(), now);
        if let Some(table) = self.tables.get_mut(model) {
            let before = table.put(id, record);
            self.undo.push(Undo::Row(model.to_owned(), id, before));
        }
    }

    pub fn remove(&mut self, model: &str, id: i64) {
        if let Some(before) = self.tables.get_mut(model).and_then(|table| table.take(id)) {
            self.undo.push(Undo::Row(model.to_owned(), id, Some(before)));
        }
        let names: Vec<String> = self
            .names
            .iter()
            .filter(|(_, (of, at))| of == model && *at == id)
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            let before = self.names.remove(&name);
            self.undo.push(Undo::Name(name, before));
        }
    }

    /// The external id of a record.
    pub fn name_of(&self, model: &str, id: i64) -> &str {
        let of = self.names.iter().find(|(_, (of, at))| of == model && *at == id);
        of.map_or("", |(name, _)| name)
    }

    /// All external ids of a module, as `ir.model.data` has them.
    pub fn names_of(&self, module: &str) -> Value {
        let of = self.names.iter().filter_map(|(whole, (model, id))| {
            let name = whole.strip_prefix(module)?.strip_prefix('.')?;
            Some(json!({
                "id": id, "module": module, "name": name, "model": model, "res_id": id,
                "create_date": self.field(model, *id, "create_date"),
            }))
        });
        of.collect()
    }

    /// The record behind an external id.
    pub fn named(&self, name: &str) -> Option<&(String, i64)> {
        self.names.get(name)
    }

    pub fn name(&mut self, name: &str, model: &str, id: i64) {
        let before = self.names.insert(name.to_owned(), (model.to_owned(), id));
        self.undo.push(Undo::Name(name.to_owned(), before));
    }

    pub fn next(&mut self, prefix: &str) -> i64 {
        let before = self.sequences.get(prefix).copied();
        let next = before.unwrap_or(0) + 1;
        self.sequences.insert(prefix.to_owned(), next);
        self.undo.push(Undo::Sequence(prefix.to_owned(), before));
        next
    }

    pub fn begin(&mut self) {
        self.undo.clear();
    }

    pub fn commit(&mut self) {
        self.undo.clear();
    }

    pub fn rollback(&mut self) {
        for undo in std::mem::take(&mut self.undo).into_iter().rev() {
            match undo {
                Undo::Row(model, id, Some(record)) => {
                    self.tables.entry(model).or_default().put(id, record);
                }
                Undo::Row(model, id, None) => {
                    self.tables.entry(model).or_default().take(id);
                }
                Undo::Field(model, id, field, before) => {
                    self.tables.entry(model).or_default().set(id, &field, before.as_ref());
                }
                Undo::Name(name, Some(of)) => {
                    self.names.insert(name, of);
                }
                Undo::Name(name, None) => {
                    self.names.remove(&name);
                }
                Undo::Sequence(prefix, Some(at)) => {
                    self.sequences.insert(prefix, at);
                }
                Undo::Sequence(prefix, None) => {
                    self.sequences.remove(&prefix);
                }
            }
        }
    }

    /// Rebuilds the indexes after reading.
    pub fn index(&mut self) {
        for table in self.tables.values_mut() {
            for (id, record) in std::mem::take(&mut table.rows) {
                table.put(id, record);
            }
        }
    }
}
