//! What each kind of records becomes, as data: the first records of a made-up
//! company that look different, their drafts and their postings.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{Books, Facts, Kind, Money, Posting};
use q2o_functions::entities::ENTITIES;
use q2o_tests::company;
use rust_decimal::Decimal;
use serde_json::{Value, json, value::to_raw_value};

/// Records a kind.
const MOST: usize = 3;

#[test]
fn every_kind_maps_and_posts_as_it_did() {
    let mut company = company::generate(&company::Plan::sized(300));
    company.records.extend(elsewhere());
    let mut facts = Facts::default();
    for entity in ENTITIES {
        for record in company.records.get(entity.kind().to_string().as_str()).into_iter().flatten()
        {
            entity.read(&to_raw_value(record).unwrap()).unwrap().inform(&mut facts);
        }
    }
    for entity in ENTITIES {
        let kind = entity.kind().to_string();
        let records = company.records.get(kind.as_str()).into_iter().flatten();
        let mut shapes = BTreeSet::new();
        let shown: Vec<Value> = records
            .filter(|record| shapes.insert(shape(record)) || record.get("Rate").is_some())
            .take(MOST)
            .map(|record| {
                let raw = to_raw_value(record).unwrap();
                let read = entity.read(&raw).unwrap();
                let ledger = worth(&company, entity.kind(), record);
                let books = Books { facts: &facts, ledger: &ledger };
                let text = |error: q2o_domain::MapError| json!(error.to_string());
                json!({
                    "record": q2o_domain::record_id(&raw),
                    "becomes": read.map(&books).map_or_else(text, |mapped| json!(mapped)),
                    "posts": read.post(&books).map_or_else(text, |postings| json!(postings)),
                })
            })
            .collect();
        assert!(!shown.is_empty(), "the made-up company has no {kind}");
        insta::assert_json_snapshot!(kind, shown);
    }
}

/// What the ledger says of a record that has no amounts of its own.
fn worth(company: &company::Company, kind: Kind, record: &Value) -> Vec<Posting> {
    let own = company.postings.iter().filter(|posting| {
        kind == Kind::InventoryAdjustment
            && posting.txn_type == "InventoryAdjustment"
            && record["Id"] == posting.txn_id.as_str()
    });
    let posting = |posting: &company::Posting| Posting {
        date: posting.date,
        account: posting.account.as_str().into(),
        amount: Money(Decimal::new(posting.cents, 2)),
        partner: None,
        foreign: None,
    };
    own.map(posting).collect()
}

/// Kinds that a company of one currency in the US has none of.
fn elsewhere() -> BTreeMap<&'static str, Vec<Value>> {
    let rate = |of: &str, rate: &str| {
        let rate: Value = serde_json::from_str(rate).unwrap();
        json!({ "SourceCurrencyCode": of, "TargetCurrencyCode": "USD", "Rate": rate,
                "AsOfDate": "2026-01-05" })
    };
    BTreeMap::from([
        ("CompanyCurrency", vec![json!({ "Id": "2", "Code": "EUR", "Name": "Euro" })]),
        ("ExchangeRate", vec![rate("EUR", "1.310264"), rate("USD", "1"), rate("XAF", "0.0018")]),
        ("TaxPayment", vec![json!({ "Id": "8", "PaymentAmount": "10.00" })]),
        ("Attachable", vec![json!({ "Id": "1", "FileName": "receipt.png", "Size": 1614 })]),
        ("JournalCode", vec![json!({ "Id": "1", "Name": "VT", "Type": "Sales" })]),
    ])
}

/// Records with the same fields and lines of the same kinds look the same.
fn shape(record: &Value) -> String {
    let fields: Vec<&String> = record.as_object().unwrap().keys().collect();
    let lines = record["Line"].as_array().map(Vec::as_slice).unwrap_or_default();
    let kinds: BTreeSet<&str> = lines.iter().filter_map(|l| l["DetailType"].as_str()).collect();
    format!("{fields:?} {kinds:?} {}", record["Type"])
}
