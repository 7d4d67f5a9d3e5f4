//! Odoo records as mapped, before their references are known.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::{Kind, Money, QboId};

/// Field names of an Odoo model and what goes into them.
pub type Fields = BTreeMap<&'static str, Field>;

/// Everything one QuickBooks record becomes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Mapped {
    /// The first is the record itself; the others are its parts.
    pub drafts: Vec<Draft>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allocations: Vec<Allocation>,
    /// Where the record itself is an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
}

/// What becomes of an order once its lines are there: Odoo begins deliveries and
/// receipts for lines that a confirmed order gets, so it is confirmed last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Odoo's word, as in `sale`.
    pub state: &'static str,
    /// Nothing is left to be billed, whatever Odoo makes of quantities.
    pub closed: bool,
    /// What billed it.
    pub billed_by: Vec<Ref>,
}

/// One Odoo record. Plain data: compare it, print it, snapshot it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Draft {
    /// As in `account.move`.
    pub model: &'static str,
    /// `""` for the record itself, else what part of it this is, as in `journal`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub part: &'static str,
    pub fields: Fields,
    /// A move that is not to be posted but cancelled: only its number is kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
    /// Records that Odoo makes by itself beside this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Made>,
}

/// A record that Odoo makes by itself: found in a list field of the draft's
/// record, linked as a part of it, and completed with `fields`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    pub part: &'static str,
    /// The list field, as in `invoice_repartition_line_ids`, and which of it.
    pub field: &'static str,
    pub index: usize,
    pub model: &'static str,
    pub fields: Fields,
}

/// The Odoo record that a QuickBooks record (or a part of it) became.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ref {
    pub kind: Kind,
    pub id: QboId,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub part: &'static str,
}

impl Ref {
    pub fn new(kind: Kind, id: impl Into<QboId>) -> Self {
        Self { kind, id: id.into(), part: "" }
    }

    pub fn part(kind: Kind, id: impl Into<QboId>, part: &'static str) -> Self {
        Self { kind, id: id.into(), part }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Odoo's `false`: nothing here.
    Nothing,
    Flag(bool),
    Whole(i64),
    Text(String),
    /// The first of these that the field's selection has; the last is everywhere.
    Choice(&'static [&'static str]),
    Day(Date),
    Amount(Money),
    Number(Decimal),
    Ref(Ref),
    /// Exactly these records (many to many).
    Refs(Vec<Ref>),
    /// A record of Odoo's own, looked up by one of its fields, as a country by its code.
    Found {
        model: &'static str,
        by: &'static str,
        value: String,
    },
    /// Records of this one, made with it.
    Lines(Vec<Fields>),
    /// An analytic distribution: every dimension's account at 100 %.
    Analytic(Vec<Ref>),
}

impl Field {
    /// A reference to the record itself.
    pub fn to(kind: Kind, id: &QboId) -> Self {
        Self::Ref(Ref::new(kind, id.clone()))
    }
}

impl From<String> for Field {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<bool> for Field {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}
impl From<i64> for Field {
    fn from(whole: i64) -> Self {
        Self::Whole(whole)
    }
}
impl From<Date> for Field {
    fn from(day: Date) -> Self {
        Self::Day(day)
    }
}
impl From<Money> for Field {
    fn from(amount: Money) -> Self {
        Self::Amount(amount)
    }
}
impl From<Decimal> for Field {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}
impl From<Ref> for Field {
    fn from(reference: Ref) -> Self {
        Self::Ref(reference)
    }
}
impl<T: Into<Field>> From<Option<T>> for Field {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Nothing, Into::into)
    }
}

/// This much of one record's line on `account` is set against a line on the
/// same account of another record (or of another part of the same).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Allocation {
    pub account: QboId,
    /// `None` is the record at hand. Parts are not looked at: whichever has an
    /// open line on the account.
    pub from: Option<Ref>,
    /// `None` is the record at hand.
    pub to: Option<Ref>,
    /// Above zero, in the currency of the record at hand.
    pub amount: Money,
}

impl Draft {
    pub fn new(model: &'static str, fields: impl Into<Fields>) -> Self {
        Self { model, part: "", fields: fields.into(), cancelled: false, made: Vec::new() }
    }

    #[must_use]
    pub fn as_part(mut self, part: &'static str) -> Self {
        self.part = part;
        self
    }

    /// Every record this one points at.
    pub fn refs(&self) -> Vec<&Ref> {
        fn walk<'a>(fields: &'a Fields, found: &mut Vec<&'a Ref>) {
            for field in fields.values() {
                match field {
                    Field::Ref(one) => found.push(one),
                    Field::Refs(many) | Field::Analytic(many) => found.extend(many),
                    Field::Lines(lines) => lines.iter().for_each(|line| walk(line, found)),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.fields, &mut found);
        self.made.iter().for_each(|made| walk(&made.fields, &mut found));
        found
    }
}

impl From<Draft> for Mapped {
    fn from(draft: Draft) -> Self {
        Self { drafts: vec![draft], ..Self::default() }
    }
}
