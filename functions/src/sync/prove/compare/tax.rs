//! Tax by rate and month, as QuickBooks' documents say it, for comparison with the
//! tax lines that Odoo holds. What is owed to each agency is its account's balance,
//! which the trial balance compares.

use std::collections::BTreeMap;

use jiff::civil::Date;
use q2o_domain::{Currency, Kind, Money, QboId, ledger::Level};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::telling::{Telling, Told};
use crate::entities::wire::{TxnTaxDetail, id};

/// By rate, month and currency; debit positive.
pub type Taxes = BTreeMap<(QboId, Date, Currency), Money>;

/// A rate that a document names, and the amount of its tax.
pub fn levied(kind: Kind, record: &RawValue) -> Vec<(QboId, Money)> {
    #[derive(Deserialize)]
    struct Taxed {
        #[serde(rename = "TxnTaxDetail")]
        detail: Option<TxnTaxDetail>,
    }
    let sign = match kind {
        Kind::Invoice | Kind::SalesReceipt | Kind::VendorCredit => -1,
        _ => 1,
    };
    let taxed: Option<Taxed> = serde_json::from_str(record.get()).ok();
    let Some(detail) = taxed.and_then(|taxed| taxed.detail) else { return Vec::new() };
    let lines = detail.tax_line.into_iter().filter(|line| !line.amount.is_zero());
    lines
        .filter_map(|line| {
            let rate = id(line.tax_line_detail?.tax_rate_ref.as_ref()).cloned()?;
            Some((rate, line.amount * sign.into()))
        })
        .collect()
}

/// Compares both sides; of some documents Odoo holds the tax on an account only.
pub fn compare(
    odoo: &Taxes,
    quickbooks: &Taxes,
    untaxed: u64,
    level: &mut Level,
    telling: &mut Telling,
) {
    for ((rate, month, currency), odoo, quickbooks) in level.table(odoo, quickbooks) {
        let what = format!("tax of rate {rate} in the month to {month}, {currency}");
        telling.tell(Told::new("tax_differs", what).of("L4", &quickbooks, &odoo));
    }
    if untaxed > 0 {
        telling.not_compared(format!(
            "Tax by rate of {untaxed} documents that are plain entries in Odoo: their tax stands \
             on the agency's account, which is compared."
        ));
    }
}
