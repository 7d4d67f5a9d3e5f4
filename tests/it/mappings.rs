//! What each kind of records becomes, as data: the first records of a made-up
//! company that look different, their drafts and their postings.

use std::collections::BTreeSet;

use q2o_domain::{Books, Facts};
use q2o_functions::entities::ENTITIES;
use q2o_tests::company;
use serde_json::{Value, json};

/// Records a kind.
const MOST: usize = 3;

#[test]
fn every_kind_maps_and_posts_as_it_did() {
    let company = company::generate(&company::Plan::sized(300));
    let mut facts = Facts::default();
    for entity in ENTITIES {
        for record in company.records.get(entity.kind().to_string().as_str()).into_iter().flatten()
        {
            entity.read(record).unwrap().inform(&mut facts);
        }
    }
    let books = Books { facts: &facts, ledger: &[] };
    for entity in ENTITIES {
        let kind = entity.kind().to_string();
        let records = company.records.get(kind.as_str()).into_iter().flatten();
        let mut shapes = BTreeSet::new();
        let shown: Vec<Value> = records
            .filter(|record| shapes.insert(shape(record)))
            .take(MOST)
            .map(|record| {
                let read = entity.read(record).unwrap();
                let text = |error: q2o_domain::MapError| json!(error.to_string());
                json!({
                    "record": record["Id"],
                    "becomes": read.map(&books).map_or_else(text, |mapped| json!(mapped)),
                    "posts": read.post(&books).map_or_else(text, |postings| json!(postings)),
                })
            })
            .collect();
        assert!(!shown.is_empty(), "the made-up company has no {kind}");
        insta::assert_json_snapshot!(kind, shown);
    }
}

/// Records with the same fields and lines of the same kinds look the same.
fn shape(record: &Value) -> String {
    let fields: Vec<&String> = record.as_object().unwrap().keys().collect();
    let lines = record["Line"].as_array().map(Vec::as_slice).unwrap_or_default();
    let kinds: BTreeSet<&str> = lines.iter().filter_map(|l| l["DetailType"].as_str()).collect();
    format!("{fields:?} {kinds:?} {}", record["Type"])
}
