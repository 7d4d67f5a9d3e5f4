//! One stored object, kept both as a value to search and as the text that goes out.

use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use super::clock::{instant, stamp};

/// An object of the company, ready to be sent.
#[derive(Debug)]
pub struct Record {
    pub id: String,
    pub value: Value,
    /// The object as it goes over the wire.
    pub text: Box<[u8]>,
    pub updated: Timestamp,
    pub active: bool,
}

impl Record {
    /// Takes an object in; amounts get the two decimals QuickBooks writes.
    pub fn new(mut value: Value) -> serde_json::Result<Self> {
        two_decimals(&mut value);
        let text = serde_json::to_vec(&value)?.into_boxed_slice();
        let inner = unwrapped(&value);
        let updated = inner["MetaData"]["LastUpdatedTime"].as_str().and_then(instant);
        Ok(Self {
            id: identity(inner),
            updated: updated.unwrap_or(Timestamp::UNIX_EPOCH),
            active: inner["Active"].as_bool().unwrap_or(true),
            text,
            value,
        })
    }

    /// The object itself, out of the wrapper a recurring transaction comes in.
    pub fn object(&self) -> &Value {
        unwrapped(&self.value)
    }
}

/// Stamps an object as changed at `at`, its token one higher than `before`'s.
pub fn touched(mut value: Value, before: Option<&Record>, at: Timestamp) -> Value {
    if let Value::Object(fields) = &mut value {
        let token = before
            .and_then(|before| before.object()["SyncToken"].as_str()?.parse::<u64>().ok())
            .map_or(0, |token| token + 1);
        fields.insert("SyncToken".into(), token.to_string().into());
        fields.entry("domain").or_insert("QBO".into());
        fields.entry("sparse").or_insert(false.into());
        let meta = fields.entry("MetaData").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(meta) = meta {
            meta.entry("CreateTime").or_insert_with(|| stamp(at).into());
            meta.insert("LastUpdatedTime".into(), stamp(at).into());
        }
    }
    value
}

fn unwrapped(value: &Value) -> &Value {
    match value {
        Value::Object(fields) if fields.len() == 1 && value.get("Id").is_none() => {
            fields.values().next().unwrap_or(value)
        }
        _ => value,
    }
}

/// The `Id`, or for exchange rates, which have none, what tells them apart.
fn identity(value: &Value) -> String {
    match &value["Id"] {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => format!(
            "{}/{}",
            value["SourceCurrencyCode"].as_str().unwrap_or_default(),
            value["AsOfDate"].as_str().unwrap_or_default()
        ),
    }
}

const AMOUNTS: &[&str] = &[
    "Amount",
    "TotalAmt",
    "TotalTax",
    "Balance",
    "BalanceWithJobs",
    "CurrentBalance",
    "CurrentBalanceWithSubAccounts",
    "HomeTotalAmt",
    "HomeBalance",
    "HomeAmount",
    "UnappliedAmt",
    "RemainingCredit",
    "NetAmountTaxable",
    "TaxInclusiveAmt",
    "Deposit",
    "OpenBalance",
    "DiscountAmt",
];

fn two_decimals(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::Number(number) if AMOUNTS.contains(&name.as_str()) => {
                        if let Some(padded) = padded(number) {
                            *number = padded;
                        }
                    }
                    other => two_decimals(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(two_decimals),
        _ => {}
    }
}

/// `239` and `239.0` as `239.00`; what has more decimals stays as it is.
fn padded(number: &Number) -> Option<Number> {
    let amount: rust_decimal::Decimal = number.to_string().parse().ok()?;
    let amount = amount.normalize();
    (amount.scale() <= 2).then(|| format!("{amount:.2}").parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_go_out_with_two_decimals_and_quantities_bare() {
        let record = Record::new(serde_json::json!({
            "Id": "1", "TotalAmt": 239, "Line": [{"Amount": 1.5, "Qty": 4.5}], "ExchangeRate": 1.2345
        }));
        let record = record.unwrap();
        let text = std::str::from_utf8(&record.text).unwrap();
        assert!(text.contains(r#""TotalAmt":239.00"#), "{text}");
        assert!(text.contains(r#""Amount":1.50"#), "{text}");
        assert!(text.contains(r#""Qty":4.5}"#), "{text}");
        assert!(text.contains(r#""ExchangeRate":1.2345"#), "{text}");
    }
}
