//! What will not be in Odoo, or not as it is: listed before anything is moved,
//! each with its reason.

use std::collections::BTreeMap;

use q2o_domain::{AnyEntity, Books, Kind, MapError, assessment::LeftBehind};
use serde_json::Value;

use super::books::{BooksSeen, List};
use crate::entities::entity;

/// Kinds of QuickBooks that no entity moves, and what becomes of them.
pub const NO_ENTITY: [(&str, &str); 1] =
    [("TaxClassification", "Odoo taxes by its own tax records; classifications are not moved.")];

pub fn left_behind(seen: &BooksSeen) -> Vec<LeftBehind> {
    let books = Books { facts: &seen.facts, ledger: &[] };
    let mut left = Vec::new();
    for (name, why) in NO_ENTITY {
        // a kind that has become an entity speaks for itself
        let records = seen.count(name);
        if records > 0 && Kind::named(name).is_none() {
            left.push(LeftBehind { what: name.to_owned(), records, why: why.to_owned() });
        }
    }
    for (kind, sample) in &seen.samples {
        if let Some(why) = entity(*kind).and_then(|entity| reason(entity, sample, &books)) {
            let what = kind.to_string();
            left.push(LeftBehind { records: seen.count(&what), what, why });
        }
    }
    for list in [List::Accounts, List::Items, List::TaxRates, List::TaxCodes] {
        let Some(entity) = list.kind().and_then(entity) else { continue };
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        for row in seen.rows(list) {
            if let Some(why) = reason(entity, row, &books) {
                *reasons.entry(why).or_default() += 1;
            }
        }
        let what = entity.kind().to_string();
        left.extend(reasons.into_iter().map(|(why, records)| LeftBehind {
            what: what.clone(),
            records,
            why,
        }));
    }
    left.sort_by(|a, b| a.what.cmp(&b.what));
    left
}

/// Why a record is deliberately not moved, if it is not.
fn reason(entity: &dyn AnyEntity, row: &Value, books: &Books<'_>) -> Option<String> {
    match entity.read_value(row).and_then(|record| record.map(books)) {
        Err(MapError::NotMoved(why)) => Some(why),
        _ => None,
    }
}
