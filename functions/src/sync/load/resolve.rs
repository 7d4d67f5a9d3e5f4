//! References of drafts turned into Odoo's ids.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{Field, Fields, LinkId, Mapped, OdooId, Ref, Result, records::IdLink};
use serde_json::{Map, Value, json};

use crate::{
    store::{Tenant, collection, record_key},
    sync::company::Company,
};

/// What is known of the records that a batch points at.
#[derive(Default)]
pub struct Known {
    links: BTreeMap<String, IdLink>,
    found: BTreeMap<(&'static str, &'static str, String), OdooId>,
    link: Option<LinkId>,
}

impl Known {
    /// Reads what the drafts point at, in as few reads as there are kinds of them.
    pub async fn read<'a>(
        company: &Company,
        own: impl Iterator<Item = String>,
        mapped: impl Iterator<Item = &'a Mapped> + Clone,
    ) -> Result<Self> {
        let link = &company.link.id;
        let drafts = mapped.clone().flat_map(|m| &m.drafts);
        let refs = drafts.clone().flat_map(|draft| draft.refs());
        let allocated = mapped.flat_map(|m| &m.allocations).flat_map(|allocation| {
            let account = Ref::new(q2o_domain::Kind::Account, allocation.account.clone());
            [Some(account), allocation.from.clone(), allocation.to.clone()].into_iter().flatten()
        });
        let keys: BTreeSet<String> = own
            .chain(refs.map(|r| record_key(link, r.kind, &r.id)))
            .chain(allocated.map(|r| record_key(link, r.kind, &r.id)))
            .collect();
        let mut known = Self { link: Some(link.clone()), ..Self::default() };
        known.learn(&company.tenant, keys.into_iter().collect()).await?;
        let mut wanted: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
        for draft in drafts {
            lookups(&draft.fields, &mut |model, by, value| {
                wanted.entry((model, by)).or_default().insert(value.to_owned());
            });
        }
        for ((model, by), values) in wanted {
            let values: Vec<String> = values.into_iter().collect();
            for (value, id) in company.find(model, by, &values).await? {
                known.found.insert((model, by, value), id);
            }
            if model == "res.currency" {
                company.use_currencies(&values).await?;
            }
        }
        Ok(known)
    }

    async fn learn(&mut self, tenant: &Tenant, keys: Vec<String>) -> Result<()> {
        for read in tenant.list_ids::<IdLink>(collection::ID_LINKS, keys).await? {
            self.links.insert(read.id, read.value);
        }
        Ok(())
    }

    pub fn link(&self, key: &str) -> Option<&IdLink> {
        self.links.get(key)
    }

    /// What was just written is known from now on.
    pub fn add(&mut self, key: String, link: IdLink) {
        self.links.insert(key, link);
    }

    pub fn id(&self, to: &Ref) -> Option<OdooId> {
        let key = record_key(self.link.as_ref()?, to.kind, &to.id);
        self.links.get(&key)?.odoo.get(to.part).copied()
    }

    /// All records that a QuickBooks record became, whatever their parts.
    pub fn all(&self, to: &Ref) -> Vec<OdooId> {
        let key = self.link.as_ref().map(|link| record_key(link, to.kind, &to.id));
        let link = key.and_then(|key| self.links.get(&key));
        link.map(|link| link.odoo.values().copied().collect()).unwrap_or_default()
    }

    /// What a draft points at and nobody knows (yet).
    pub fn missing<'a>(&self, refs: impl IntoIterator<Item = &'a Ref>) -> Vec<String> {
        let missing: BTreeSet<String> = refs
            .into_iter()
            .filter(|r| self.id(r).is_none())
            .map(|r| format!("{} {}", r.kind, r.id))
            .collect();
        missing.into_iter().collect()
    }

    pub fn found(&self, model: &'static str, by: &'static str, value: &str) -> Option<OdooId> {
        self.found.get(&(model, by, value.to_owned())).copied()
    }

    /// The values that `create()` and `write()` take.
    pub fn values(&self, fields: &Fields) -> Value {
        let pairs = fields.iter().map(|(name, field)| ((*name).to_owned(), self.value(field)));
        Value::Object(pairs.collect::<Map<_, _>>())
    }

    fn value(&self, field: &Field) -> Value {
        let id = |id: Option<OdooId>| id.map_or(Value::Bool(false), |id| json!(id.0));
        match field {
            Field::Nothing => Value::Bool(false),
            Field::Flag(flag) => json!(flag),
            Field::Whole(whole) => json!(whole),
            Field::Text(text) => json!(text),
            Field::Choice(of) => json!(of.last()),
            Field::Day(day) => json!(day.to_string()),
            Field::Amount(amount) => number(&amount.to_string()),
            Field::Number(number_) => number(&number_.normalize().to_string()),
            Field::Ref(to) => id(self.id(to)),
            Field::Refs(many) => {
                let ids: Vec<i64> = many.iter().filter_map(|r| self.id(r)).map(|id| id.0).collect();
                json!([[6, 0, ids]])
            }
            Field::Found { model, by, value } => id(self.found(model, by, value)),
            Field::Lines(lines) => {
                lines.iter().map(|line| json!([0, 0, self.values(line)])).collect()
            }
            Field::Analytic(many) => {
                let ids: Vec<String> =
                    many.iter().filter_map(|r| self.id(r)).map(|id| id.0.to_string()).collect();
                if ids.is_empty() { Value::Bool(false) } else { json!({ ids.join(","): 100 }) }
            }
        }
    }

    /// The columns and cells that `load()` takes. Everything is text there, and
    /// lines are columns of their own, with ids that make a repetition harmless.
    pub fn cells(&self, fields: &Fields, external_id: &str) -> Vec<Vec<(String, String)>> {
        let mut first = vec![("id".to_owned(), external_id.to_owned())];
        let mut more = Vec::new();
        for (name, field) in fields {
            if let Field::Lines(lines) = field {
                for (at, line) in lines.iter().enumerate() {
                    let mut cells = vec![(format!("{name}/id"), format!("{external_id}.line{at}"))];
                    for (inner, field) in line {
                        let (column, cell) = self.cell(inner, field);
                        cells.push((format!("{name}/{column}"), cell));
                    }
                    if at == 0 { first.extend(cells) } else { more.push(cells) }
                }
            } else {
                first.push(self.cell(name, field));
            }
        }
        std::iter::once(first).chain(more).collect()
    }

    fn cell(&self, name: &str, field: &Field) -> (String, String) {
        let by_id = || format!("{name}/.id");
        let id = |id: Option<OdooId>| id.map_or(String::new(), |id| id.0.to_string());
        match field {
            Field::Nothing | Field::Lines(_) | Field::Analytic(_) => {
                (name.to_owned(), String::new())
            }
            Field::Flag(flag) => (name.to_owned(), if *flag { "1" } else { "0" }.to_owned()),
            Field::Whole(whole) => (name.to_owned(), whole.to_string()),
            Field::Text(text) => (name.to_owned(), text.clone()),
            Field::Choice(of) => {
                (name.to_owned(), of.last().copied().unwrap_or_default().to_owned())
            }
            Field::Day(day) => (name.to_owned(), day.to_string()),
            Field::Amount(amount) => (name.to_owned(), amount.to_string()),
            Field::Number(number) => (name.to_owned(), number.normalize().to_string()),
            Field::Ref(to) => (by_id(), id(self.id(to))),
            Field::Refs(many) => {
                let ids: Vec<String> = many.iter().map(|r| id(self.id(r))).collect();
                (by_id(), ids.join(","))
            }
            Field::Found { model, by, value } => (by_id(), id(self.found(model, by, value))),
        }
    }
}

/// A number as written: no float in between.
fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn lookups(fields: &Fields, each: &mut impl FnMut(&'static str, &'static str, &str)) {
    for field in fields.values() {
        match field {
            Field::Found { model, by, value } => each(model, by, value),
            Field::Lines(lines) => lines.iter().for_each(|line| lookups(line, each)),
            _ => {}
        }
    }
}
