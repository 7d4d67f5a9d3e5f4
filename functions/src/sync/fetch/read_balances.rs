//! `read-balances`: reads what QuickBooks says stood on each account at the end of
//! every fiscal year and on the last day, and its valuation of the stock. The
//! ledger could be summed up to the same; that QuickBooks sums it up by itself is
//! the point.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use q2o_domain::{
    Facts, Failure, Money, QboId, RealmId, Result,
    ledger::month_ends,
    ports::{QuickBooks, Report, ReportRow, Select},
    records::{InStock, Reported},
};
use q2o_durable::{Activity, Attempt};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    app::Tools,
    store::{collection, document, payload_expires},
    sync::{company::Task, progress::Progress, sorted, unsorted},
};

pub struct ReadBalances(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub realm: RealmId,
    /// The first day on which anything can stand.
    pub from: Date,
    /// In the last month.
    pub until: Date,
}

/// Stands for retained earnings where QuickBooks has no account for them.
pub const RETAINED: &str = "Retained Earnings";

impl Activity for ReadBalances {
    const NAME: &'static str = "read-balances";
    type Input = Input;
    type Output = u64;

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<u64, q2o_durable::Failure> {
        read_balances(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn read_balances(tools: &Tools, input: Input, attempt: &Attempt) -> Result<u64> {
    let Input { task, realm, from, until } = input;
    let tenant = tools.store.tenant(task.tenant);
    let quickbooks = tools.connect.quickbooks(&tenant, &realm);
    let facts = tools.facts.of(&tenant, &task.job).await?;
    let last = until.last_of_month();
    let mut read = Vec::new();
    for day in days(from, last, &facts) {
        attempt.checkpoint(&day).await.map_err(unsorted)?;
        read.push((
            format!("trial-balance-{day}"),
            trial_balance(&*quickbooks, day, &facts).await?,
        ));
    }
    if facts.items.values().any(|item| item.item_type == "Inventory") {
        read.push((format!("stock-{last}"), stock(&*quickbooks, last).await?));
    }
    // what an earlier round of the job read may have been of other days
    let key = Select::Key(task.job.0.clone());
    let stale = tenant.list_all::<Reported>(collection::REPORTED, key).await?;
    let stale = stale.into_iter().map(|read| read.id).collect();
    tenant.delete_all(collection::REPORTED, stale).await?;
    let expires = payload_expires(tools.clock.now());
    let documents = read.iter().map(|(name, reported)| {
        Ok(document(collection::REPORTED, format!("{}/{name}", task.job), reported)?
            .key(task.job.as_str())
            .sort(name.as_str())
            .expires(expires))
    });
    tenant.put_all(documents.collect::<Result<_>>()?).await?;
    attempt.ride(
        Progress::new(&tenant, &tools.clock, &task.job, "trial balances read")
            .calls(tools.connect.http.take_calls())
            .phase("ledger"),
    );
    Ok(read.len() as u64)
}

/// The last days of fiscal years, and the last day of all.
pub fn days(from: Date, last: Date, facts: &Facts) -> Vec<Date> {
    let ends = month_ends(from, last).into_iter();
    ends.filter(|end| {
        *end == last || end.tomorrow().is_ok_and(|next| facts.year_start(next) == next)
    })
    .collect()
}

async fn trial_balance(quickbooks: &dyn QuickBooks, day: Date, facts: &Facts) -> Result<Reported> {
    let (from, to) = (facts.year_start(day).to_string(), day.to_string());
    let params = [
        ("start_date", from.as_str()),
        ("end_date", to.as_str()),
        ("accounting_method", "Accrual"),
    ];
    let report = quickbooks.report("TrialBalance", &params).await?;
    let named: BTreeMap<&str, &QboId> =
        facts.accounts.iter().map(|(id, a)| (a.full_name.as_str(), id)).collect();
    let [account, debit, credit] = columns(&report)?;
    let mut balances = BTreeMap::new();
    for row in report.rows.iter().filter(|row| !row.summary) {
        let cell = row.cell(account).cloned().unwrap_or_default();
        let amount = amount(row, debit)? - amount(row, credit)?;
        let id = match cell.id {
            Some(id) => id.into(),
            None => match named.get(cell.value.as_str()) {
                Some(id) => (*id).clone(),
                // where there is no account for retained earnings, the report still has the line
                None if facts.retained_earnings().is_none() => RETAINED.into(),
                None => cell.value.into(),
            },
        };
        *balances.entry(id).or_default() += amount;
    }
    balances.retain(|_, amount: &mut Money| !amount.is_zero());
    Ok(Reported::TrialBalance { day, balances })
}

/// The keys of the account's column and of the two amounts'. QuickBooks does not
/// give keys to all columns of this report; their order is always the same.
fn columns(report: &Report) -> Result<[&str; 3]> {
    match &report.columns[..] {
        [account, debit, credit, ..] => Ok([account, debit, credit]),
        _ => Err(Failure::retry("QuickBooks' trial balance has fewer columns than it should")),
    }
}

async fn stock(quickbooks: &dyn QuickBooks, day: Date) -> Result<Reported> {
    let on = day.to_string();
    let report = quickbooks.report("InventoryValuationSummary", &[("report_date", &on)]).await?;
    let [item, _, quantity, value, ..] = &report.columns[..] else {
        return Err(Failure::retry("QuickBooks' stock valuation has fewer columns than it should"));
    };
    let mut items = BTreeMap::new();
    for row in report.rows.iter().filter(|row| !row.summary) {
        // what has no id is the total
        let Some(id) = row.cell(item).and_then(|cell| cell.id.clone()) else { continue };
        let in_stock = InStock {
            name: row.cell(item).map(|cell| cell.value.clone()).unwrap_or_default(),
            quantity: amount(row, quantity)?.0,
            value: amount(row, value)?,
        };
        items.insert(id.into(), in_stock);
    }
    items.retain(|_, item| item.quantity != Decimal::ZERO || !item.value.is_zero());
    Ok(Reported::Stock { day, items })
}

fn amount(row: &ReportRow, column: &str) -> Result<Money> {
    let text = row.cell(column).map_or("", |cell| cell.value.trim()).replace(',', "");
    if text.is_empty() {
        return Ok(Money::ZERO);
    }
    text.parse()
        .map(Money)
        .map_err(|_| Failure::bug(format!("an amount of QuickBooks' reports reads {text}")))
}
