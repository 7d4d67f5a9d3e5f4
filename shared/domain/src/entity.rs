//! One kind of QuickBooks record and what it becomes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::{Books, Currency, Facts, Kind, Mapped, Money, Posting, QboId};

/// One kind of QuickBooks record and the Odoo record it becomes.
///
/// To add one: write a file beside the others, name it in the list.
pub trait Entity: Send + Sync + 'static {
    const KIND: Kind;
    /// The Odoo model, as in `account.move`.
    const MODEL: &'static str;
    /// Kinds whose records this one points at; they are loaded first. A kind
    /// that names itself has records that point at each other.
    const AFTER: &'static [Kind] = &[];
    /// `WHERE` of the QuickBooks query. Lists hide inactive records unless asked.
    const ONLY: Option<&'static str> = None;
    /// Field by which a record already in Odoo is recognised, and the field that
    /// has to be the same for it to be adopted.
    const KEY: Option<(&'static str, &'static str)> = None;
    const WRITE: Write = Write::Master;
    /// The Odoo application that its records go into; without it they stay out.
    const APP: Option<App> = None;

    /// The QuickBooks record, as much of it as we read.
    type Source: DeserializeOwned + Send + Sync;

    /// Where this record stands among its kind: smaller is loaded first.
    fn order(_source: &Self::Source) -> String {
        String::new()
    }

    /// Adds what other records' mapping needs to know of this one.
    fn inform(_source: &Self::Source, _facts: &mut Facts) {}

    /// Pure: same record and books in, same drafts out.
    fn map(source: &Self::Source, books: &Books<'_>) -> Result<Mapped, MapError>;

    /// Pure: the journal lines this record must produce, by QuickBooks' rules.
    fn post(_source: &Self::Source, _books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(Vec::new())
    }

    /// What the document says of itself; `None` for what is no document.
    fn sums(_source: &Self::Source, _facts: &Facts) -> Option<Sums> {
        None
    }
}

/// How a kind's records get into Odoo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// By `load()` under an external id: idempotent by construction.
    Master,
    /// By `load()` as well, but dated: from the first day of history on, and an
    /// order is put into its state once its lines are there.
    NonPosting,
    /// By `create()` as a draft with a searchable key, then `action_post`.
    Document,
    /// By `load()` as well, one by one: its file is fetched from QuickBooks and goes
    /// along, and hangs on what other records became.
    File,
    /// Not at all; it only informs the others.
    Nothing,
}

impl Write {
    /// Whether the kind's records are moved from the first day of history on only.
    pub fn dated(self) -> bool {
        matches!(self, Self::NonPosting | Self::Document)
    }
}

/// An Odoo application, told by a field that comes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct App {
    /// As Odoo's list of applications calls it.
    pub name: &'static str,
    pub model: &'static str,
    pub field: &'static str,
}

/// What a document says of itself, in its own currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    pub date: Date,
    pub total: Money,
    /// The sum of its debits, where it is an entry in Odoo and not a document of sale
    /// or purchase.
    pub debits: Option<Money>,
    /// Where the document has tax.
    pub tax: Option<Money>,
    /// Where the document can stay open.
    pub open: Option<Money>,
    /// When it is due, where it says so.
    pub due: Option<Date>,
    pub currency: Option<Currency>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// Not readable as QuickBooks documents it.
    #[error("unreadable record: {0}")]
    Unreadable(String),
    /// Deliberately not moved; listed with this reason.
    #[error("{0}")]
    NotMoved(String),
    /// Something it needs is missing; a person can help.
    #[error("{0}")]
    Missing(String),
}

/// An [`Entity`] without its types, so that all of them fit in one list.
pub trait AnyEntity: Send + Sync {
    fn kind(&self) -> Kind;
    fn model(&self) -> &'static str;
    fn after(&self) -> &'static [Kind];
    fn only(&self) -> Option<&'static str>;
    fn key(&self) -> Option<(&'static str, &'static str)>;
    fn write(&self) -> Write;
    fn app(&self) -> Option<App>;
    /// Reads one record of this kind.
    fn read(&self, record: &RawValue) -> Result<Box<dyn Record>, MapError>;
    /// Reads one that was taken apart already.
    fn read_value(&self, record: &Value) -> Result<Box<dyn Record>, MapError>;
}

/// A record that has been read.
pub trait Record: Send + Sync {
    fn order(&self) -> String;
    fn inform(&self, facts: &mut Facts);
    fn map(&self, books: &Books<'_>) -> Result<Mapped, MapError>;
    fn post(&self, books: &Books<'_>) -> Result<Vec<Posting>, MapError>;
    fn sums(&self, facts: &Facts) -> Option<Sums>;
}

struct Source<E: Entity>(E::Source);

impl<E: Entity> Record for Source<E> {
    fn order(&self) -> String {
        E::order(&self.0)
    }
    fn inform(&self, facts: &mut Facts) {
        E::inform(&self.0, facts);
    }
    fn map(&self, books: &Books<'_>) -> Result<Mapped, MapError> {
        E::map(&self.0, books)
    }
    fn post(&self, books: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        E::post(&self.0, books)
    }
    fn sums(&self, facts: &Facts) -> Option<Sums> {
        E::sums(&self.0, facts)
    }
}

impl<E: Entity> AnyEntity for E {
    fn kind(&self) -> Kind {
        E::KIND
    }
    fn model(&self) -> &'static str {
        E::MODEL
    }
    fn after(&self) -> &'static [Kind] {
        E::AFTER
    }
    fn only(&self) -> Option<&'static str> {
        E::ONLY
    }
    fn key(&self) -> Option<(&'static str, &'static str)> {
        E::KEY
    }
    fn write(&self) -> Write {
        E::WRITE
    }
    fn app(&self) -> Option<App> {
        E::APP
    }
    fn read(&self, record: &RawValue) -> Result<Box<dyn Record>, MapError> {
        record_of::<E>(serde_json::from_str(record.get()))
    }
    fn read_value(&self, record: &Value) -> Result<Box<dyn Record>, MapError> {
        record_of::<E>(E::Source::deserialize(record))
    }
}

fn record_of<E: Entity>(
    source: serde_json::Result<E::Source>,
) -> Result<Box<dyn Record>, MapError> {
    source
        .map(|source| Box::new(Source::<E>(source)) as Box<dyn Record>)
        .map_err(|error| MapError::Unreadable(error.to_string()))
}

/// The id of a QuickBooks record; `None` for those that have none.
pub fn record_id(record: &RawValue) -> Option<QboId> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Told {
        id: Option<QboId>,
        source_currency_code: Option<String>,
        as_of_date: Option<String>,
    }
    let Told { id, source_currency_code, as_of_date } = serde_json::from_str(record.get()).ok()?;
    // rates are told by currency and day
    let rate = source_currency_code.zip(as_of_date).map(|(of, day)| format!("{of}-{day}").into());
    // templates are wrapped in what they are templates of
    let wrapped = || {
        let fields: BTreeMap<String, Told> = serde_json::from_str(record.get()).ok()?;
        let mut fields = fields.into_values();
        fields.next().filter(|_| fields.next().is_none())?.id
    };
    id.or(rate).or_else(wrapped)
}

/// The order to load kinds in: each wave points only at earlier ones.
/// `None` if the kinds point at each other in a circle.
pub fn waves(
    entities: &[&'static dyn AnyEntity],
    wanted: &BTreeSet<Kind>,
) -> Option<Vec<Vec<Kind>>> {
    let mut left: Vec<&dyn AnyEntity> =
        entities.iter().copied().filter(|e| wanted.contains(&e.kind())).collect();
    let mut waves = Vec::new();
    while !left.is_empty() {
        let waiting: BTreeSet<Kind> = left.iter().map(|e| e.kind()).collect();
        let (now, later): (Vec<&dyn AnyEntity>, Vec<_>) = left
            .into_iter()
            .partition(|e| e.after().iter().all(|k| *k == e.kind() || !waiting.contains(k)));
        if now.is_empty() {
            return None;
        }
        waves.push(now.iter().map(|e| e.kind()).collect());
        left = later;
    }
    Some(waves)
}
