//! Vendors that look like customers: who they are, and why. Pure. QuickBooks
//! forces two records with two names on a company that one both sells to and
//! buys from, as `Acme` and `Acme (V)`; Odoo has one partner for both.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{Kind, QboId, Result, ports::QuickBooks, record_id};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use super::source::records;

/// Somebody, as far as it tells them apart.
#[derive(Debug, Clone)]
pub struct Party {
    pub id: QboId,
    pub name: String,
    /// Whatever the record is known by: what it is, and its value made comparable.
    marks: BTreeMap<&'static str, BTreeSet<String>>,
}

/// A vendor that may be a customer, too.
#[derive(Debug, Clone, Serialize)]
pub struct Pair {
    pub vendor: QboId,
    pub vendor_name: String,
    pub customer: QboId,
    pub customer_name: String,
    /// From 0 to 1.
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub confidence: Decimal,
    pub reasons: Vec<String>,
    /// Whether somebody has confirmed it.
    pub confirmed: bool,
}

/// What two records can have in common, and how much it says.
const MARKS: [(&str, i64); 4] =
    [("tax id", 95), ("e-mail address", 75), ("phone number", 60), ("name", 70)];

/// Customers and vendors of a company.
pub async fn parties(quickbooks: &dyn QuickBooks) -> Result<(Vec<Party>, Vec<Party>)> {
    let mut both = Vec::new();
    for kind in [Kind::Customer, Kind::Vendor] {
        let records = records(quickbooks, kind).await?;
        both.push(records.iter().filter_map(|record| Party::of(record)).collect());
    }
    let vendors = both.pop().unwrap_or_default();
    Ok((both.pop().unwrap_or_default(), vendors))
}

/// Who could be whom, the surest first.
pub fn pairs(customers: &[Party], vendors: &[Party]) -> Vec<Pair> {
    let mut by_mark: BTreeMap<(&str, &str), Vec<&Party>> = BTreeMap::new();
    for customer in customers {
        for (what, values) in &customer.marks {
            for value in values {
                by_mark.entry((what, value)).or_default().push(customer);
            }
        }
    }
    let mut found = Vec::new();
    for vendor in vendors {
        let mut alike: BTreeMap<&QboId, (&Party, Vec<&str>)> = BTreeMap::new();
        for (what, values) in &vendor.marks {
            for value in values {
                for customer in by_mark.get(&(*what, value.as_str())).into_iter().flatten() {
                    let (_, common) =
                        alike.entry(&customer.id).or_insert_with(|| (customer, Vec::new()));
                    if !common.contains(what) {
                        common.push(what);
                    }
                }
            }
        }
        found.extend(alike.into_values().map(|(customer, common)| pair(vendor, customer, &common)));
    }
    found.sort_by(|a, b| {
        b.confidence.cmp(&a.confidence).then_with(|| a.vendor_name.cmp(&b.vendor_name))
    });
    found
}

fn pair(vendor: &Party, customer: &Party, common: &[&str]) -> Pair {
    let says = |mark: &&str| MARKS.iter().find(|(of, _)| of == mark).map_or(0, |(_, says)| *says);
    // each sign leaves so much doubt
    let doubt = common
        .iter()
        .map(says)
        .fold(Decimal::ONE, |doubt, says| doubt * (Decimal::ONE - Decimal::new(says, 2)));
    Pair {
        vendor: vendor.id.clone(),
        vendor_name: vendor.name.clone(),
        customer: customer.id.clone(),
        customer_name: customer.name.clone(),
        confidence: (Decimal::ONE - doubt).round_dp(2),
        reasons: common.iter().map(|what| format!("same {what}")).collect(),
        confirmed: false,
    }
}

impl Party {
    fn of(record: &RawValue) -> Option<Self> {
        let fields: Value = serde_json::from_str(record.get()).ok()?;
        let text = |pointer: &str| fields.pointer(pointer).and_then(Value::as_str);
        let name = text("/DisplayName")?.to_owned();
        let mut marks: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        let mut mark = |what, value: Option<String>| {
            if let Some(value) = value {
                marks.entry(what).or_default().insert(value);
            }
        };
        for pointer in ["/TaxIdentifier", "/PrimaryTaxIdentifier", "/ResaleNum"] {
            mark("tax id", text(pointer).and_then(tax_id));
        }
        mark("e-mail address", text("/PrimaryEmailAddr/Address").and_then(email));
        for pointer in ["/PrimaryPhone/FreeFormNumber", "/Mobile/FreeFormNumber"] {
            mark("phone number", text(pointer).and_then(phone));
        }
        for pointer in ["/DisplayName", "/CompanyName"] {
            mark("name", text(pointer).and_then(plain_name));
        }
        Some(Self { id: record_id(record)?, name, marks })
    }
}

/// QuickBooks shows some numbers masked: those say nothing.
fn tax_id(text: &str) -> Option<String> {
    let plain: String =
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
    (plain.len() >= 6 && !plain.contains("XXX")).then_some(plain)
}

fn email(text: &str) -> Option<String> {
    let first = text.split(',').next()?.trim().to_lowercase();
    first.contains('@').then_some(first)
}

/// The last digits: the rest is area and country, written in many ways.
fn phone(text: &str) -> Option<String> {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 7).then(|| digits[digits.len().saturating_sub(10)..].iter().collect())
}

/// Without what only tells a vendor from a customer, and without legal forms.
fn plain_name(text: &str) -> Option<String> {
    const SAY_NOTHING: [&str; 16] = [
        "v", "c", "vendor", "customer", "supplier", "client", "inc", "llc", "ltd", "limited",
        "corp", "co", "company", "gmbh", "sa", "the",
    ];
    let lower = text.to_lowercase().replace(['\'', '’', '.'], "");
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !SAY_NOTHING.contains(word))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}
