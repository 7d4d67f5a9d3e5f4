//! The posting rules against the golden company's ledger, transaction by transaction.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use q2o_domain::{Books, Facts, Kind, Money, QboId, Record, Write, ledger};
use q2o_functions::entities::ENTITIES;

/// The recorded company, where this machine has it. It is not ours to copy.
fn craig() -> Option<PathBuf> {
    let up = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    up.map(|dir| dir.join("shared/data/craig")).find(|dir| dir.is_dir())
}

type Ledger = BTreeMap<(String, QboId), ledger::Net>;

#[test]
fn documents_post_what_quickbooks_posts() {
    let Some(folder) = craig() else {
        eprintln!("SKIPPED: no recorded company beside the project");
        return;
    };
    let mut facts = Facts { home: Some("USD".into()), ..Facts::default() };
    let mut documents: Vec<(Kind, QboId, Box<dyn Record>)> = Vec::new();
    for entity in ENTITIES {
        let Ok(text) = std::fs::read_to_string(folder.join(format!("{}.jsonl", entity.kind())))
        else {
            continue;
        };
        for line in text.lines() {
            let value = serde_json::from_str(line).unwrap();
            let record = entity.read(value).unwrap_or_else(|e| panic!("{e}: {line}"));
            record.inform(&mut facts);
            if entity.write() == Write::Document {
                documents.push((entity.kind(), q2o_domain::record_id(value).unwrap(), record));
            }
        }
    }
    let mut ours = Ledger::new();
    for (kind, id, record) in &documents {
        let postings = record.post(&Books { facts: &facts, ledger: &[] }).unwrap();
        let net = ledger::net(&postings);
        if !net.is_empty() {
            ours.insert((kind.to_string(), id.clone()), net);
        }
    }
    let mut golden = Ledger::new();
    for row in std::fs::read_to_string(folder.join("golden_postings.csv")).unwrap().lines().skip(1)
    {
        // the account's name may be quoted and hold commas: count from both ends
        let cells: Vec<&str> = row.split(',').collect();
        let amount = Money(cells[cells.len() - 2].parse().unwrap());
        let net = golden.entry((cells[0].into(), cells[1].into())).or_default();
        *net.entry(cells[3].into()).or_default() += amount;
    }
    for net in golden.values_mut() {
        net.retain(|_, amount| !amount.is_zero());
    }
    golden.retain(|_, net| !net.is_empty());

    let keys: std::collections::BTreeSet<_> = ours.keys().chain(golden.keys()).collect();
    let different: Vec<String> = keys
        .into_iter()
        .filter(|key| ours.get(*key) != golden.get(*key))
        .map(|(kind, id)| format!("{kind} {id}"))
        .collect();
    assert_eq!(
        different,
        [
            "COGS(FIFO) hidden-cogs",
            "InventoryStartingValue hidden-inventory-start",
            "Invoice 42",
            "SalesTaxPayment hidden-tax-payment",
        ]
    );
}
