//! Inventory adjustment → an entry. The record has quantities only; what they
//! were worth (by FIFO) nobody but QuickBooks' ledger says.

use q2o_domain::{Books, Entity, Facts, Kind, MapError, Mapped, Posting, Sums, Write, ledger::net};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{
    document::{Document, Journal, Line},
    sales::dimensions,
    wire::{Head, Reference, id},
};

pub struct InventoryAdjustment;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(flatten)]
    head: Head,
    #[serde(default)]
    line: Vec<Adjusted>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Adjusted {
    item_adjustment_line_detail: Option<Detail>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    item_ref: Option<Reference>,
    qty_diff: Option<Decimal>,
}

impl Entity for InventoryAdjustment {
    const KIND: Kind = Kind::InventoryAdjustment;
    const MODEL: &'static str = "account.move";
    const AFTER: &'static [Kind] = &[Kind::Account, Kind::Item, Kind::Class, Kind::Department];
    const WRITE: Write = Write::Document;
    type Source = Source;

    fn order(adjustment: &Source) -> String {
        adjustment.head.order()
    }

    fn map(adjustment: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let head = &adjustment.head;
        let what = quantities(adjustment, books.facts);
        let worth = net(books.ledger);
        if worth.is_empty() {
            return Err(MapError::NotMoved(format!("{what}: worth nothing in the ledger.")));
        }
        let lines = worth.into_iter().map(|(account, amount)| {
            Line::from_ledger(account, amount, amount)
                .name(Some(what.clone()))
                .analytic(dimensions(None, head))
        });
        let document = Document {
            move_type: "entry",
            journal: Journal::Entries,
            head,
            due: None,
            partner: None,
            lines: lines.collect(),
        };
        Ok(document.draft(books)?.into())
    }

    /// Nothing that could be told without the ledger.
    fn post(_: &Source, _: &Books<'_>) -> Result<Vec<Posting>, MapError> {
        Ok(Vec::new())
    }

    fn sums(adjustment: &Source, _: &Facts) -> Option<Sums> {
        Some(Sums {
            date: adjustment.head.txn_date,
            total: adjustment.head.total_amt,
            debits: None,
            tax: None,
            open: None,
            due: None,
            currency: None,
        })
    }
}

/// As in `Pump -2, Fountain +1`.
fn quantities(adjustment: &Source, facts: &Facts) -> String {
    let details = adjustment.line.iter().filter_map(|l| l.item_adjustment_line_detail.as_ref());
    let told = details.map(|detail| {
        let item = id(detail.item_ref.as_ref());
        let name = item.and_then(|item| facts.items.get(item)).map_or("an item", |i| &i.name);
        format!("{name} {:+}", detail.qty_diff.unwrap_or_default().normalize())
    });
    let told = told.collect::<Vec<_>>().join(", ");
    if told.is_empty() { "Inventory adjustment".to_owned() } else { told }
}
