//! QuickBooks' side of a mapping, read live: accounts and tax rates.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{
    Facts, Failure, Kind, Money, QboId, Result, mapping::TaxUse, ports::QuickBooks, record_id,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::entities::{account_types::account_type, entity};

/// What there is to be mapped.
#[derive(Default)]
pub struct Source {
    pub facts: Facts,
    pub balances: BTreeMap<QboId, Money>,
    pub rates: BTreeMap<QboId, Rate>,
}

#[derive(Deserialize)]
struct Balance {
    #[serde(rename = "CurrentBalance")]
    balance: Option<Money>,
}

/// A tax rate.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rate {
    pub name: String,
    #[serde(default, rename = "RateValue")]
    pub percent: Decimal,
}

const PAGE: u32 = 1000;

impl Source {
    pub async fn read(quickbooks: &dyn QuickBooks) -> Result<Self> {
        let mut source = Self::default();
        for kind in [Kind::Account, Kind::TaxAgency, Kind::TaxRate, Kind::TaxCode] {
            for record in records(quickbooks, kind).await? {
                source.see(kind, &record);
            }
        }
        Ok(source)
    }

    fn see(&mut self, kind: Kind, record: &RawValue) {
        // a record that cannot be read is told where it is loaded
        if let Some(Ok(read)) = entity(kind).map(|entity| entity.read(record)) {
            read.inform(&mut self.facts);
        }
        let Some(id) = record_id(record) else { return };
        match kind {
            Kind::Account => {
                let told: Option<Balance> = serde_json::from_str(record.get()).ok();
                if let Some(balance) = told.and_then(|told| told.balance) {
                    self.balances.insert(id, balance);
                }
            }
            Kind::TaxRate => {
                if let Ok(rate) = serde_json::from_str(record.get()) {
                    self.rates.insert(id, rate);
                }
            }
            _ => {}
        }
    }

    /// The accounts that are moved: those that can post.
    pub fn accounts(&self) -> impl Iterator<Item = (&QboId, &q2o_domain::AccountFacts)> {
        let moved =
            |of: &q2o_domain::AccountFacts| account_type(&of.account_type, &of.sub_type).is_some();
        self.facts.accounts.iter().filter(move |(_, account)| moved(account))
    }

    /// Rates with what they are levied on. One that no code names is levied on sales.
    pub fn taxes(&self) -> impl Iterator<Item = (&QboId, &Rate, TaxUse)> {
        let mut used: [BTreeSet<&QboId>; 2] = Default::default();
        for (sale, purchase) in self.facts.tax_codes.values() {
            used[0].extend(sale);
            used[1].extend(purchase);
        }
        self.rates.iter().flat_map(move |(id, rate)| {
            let on = [used[0].contains(id) || !used[1].contains(id), used[1].contains(id)];
            let uses = TaxUse::ALL.into_iter().zip(on).filter(|(_, on)| *on);
            uses.map(move |(of, _)| (id, rate, of)).collect::<Vec<_>>()
        })
    }

    /// As people know it: its number, if it has one, and its name.
    pub fn shown(&self, account: &QboId) -> String {
        let Some(known) = self.facts.accounts.get(account) else { return account.to_string() };
        match &known.number {
            Some(number) => format!("{number} {}", known.full_name),
            None => known.full_name.clone(),
        }
    }
}

/// All records of a kind.
pub async fn records(quickbooks: &dyn QuickBooks, kind: Kind) -> Result<Vec<Box<RawValue>>> {
    let entity =
        entity(kind).ok_or_else(|| Failure::bug(format!("no entity is listed for {kind}")))?;
    let mut all = Vec::new();
    loop {
        let start = u32::try_from(all.len()).unwrap_or(u32::MAX).saturating_add(1);
        let page = quickbooks.page(kind, entity.only(), start, PAGE).await?;
        // unreadable rows take positions, too
        let gaps = page.poison.len();
        all.extend(page.records.into_iter().map(Some));
        all.extend(std::iter::repeat_with(|| None).take(gaps));
        if !page.more {
            return Ok(all.into_iter().flatten().collect());
        }
    }
}
