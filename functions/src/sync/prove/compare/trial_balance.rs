//! QuickBooks' own trial balances beside Odoo's figures, with the results of
//! earlier years rolled into retained earnings as QuickBooks shows them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use q2o_domain::{
    Facts, Kind, Money, OdooId, QboId,
    ledger::{Level, Months},
    records::{BothBalance, BothBalances},
};

use super::{Cells, Links};
use crate::sync::fetch::read_balances::RETAINED;

/// A trial balance as QuickBooks would show it, of the movements until `day`,
/// which is the last of a month.
pub fn rolled(months: &Months, day: Date, facts: &Facts) -> BTreeMap<QboId, Money> {
    let (start, retained) = (facts.year_start(day), retained(facts));
    let mut balances: BTreeMap<QboId, Money> = BTreeMap::new();
    for ((account, month), amount) in months.moved() {
        if *month > day {
            continue;
        }
        let earlier = *month < start && facts.is_result(account);
        let account = if earlier { &retained } else { account };
        *balances.entry(account.clone()).or_default() += *amount;
    }
    balances.retain(|_, amount| !amount.is_zero());
    balances
}

fn retained(facts: &Facts) -> QboId {
    facts.retained_earnings().cloned().unwrap_or_else(|| RETAINED.into())
}

/// Both sides of a day, account by account.
pub fn both(
    day: Date,
    quickbooks: &BTreeMap<QboId, Money>,
    odoo: &BTreeMap<QboId, Money>,
    facts: &Facts,
    links: &Links,
) -> BothBalances {
    let became: BTreeMap<&str, OdooId> = links
        .get(&Kind::Account)
        .into_iter()
        .flatten()
        .filter_map(|(key, link)| Some((key.rsplit('/').next()?, *link.odoo.get("")?)))
        .collect();
    let ids: BTreeSet<&QboId> = quickbooks.keys().chain(odoo.keys()).collect();
    let of = |balances: &BTreeMap<QboId, Money>, id: &QboId| {
        balances.get(id).copied().unwrap_or_default()
    };
    let mut accounts: Vec<BothBalance> = ids
        .into_iter()
        .map(|id| BothBalance {
            account: id.clone(),
            name: name(id, facts),
            odoo_account: became.get(id.as_str()).copied(),
            result: facts.is_result(id),
            quickbooks: of(quickbooks, id),
            odoo: of(odoo, id),
        })
        .collect();
    // as a chart of accounts stands: what there is, what is owed, what was earned
    accounts.sort_by_cached_key(|one| (place(&one.account, facts), one.name.to_lowercase()));
    let year_start = facts.year_start(day);
    BothBalances { day, year_start, retained_earnings: retained(facts), accounts }
}

/// The lines that differ.
pub fn compare<'a>(
    balances: &'a [BothBalances],
    level: &mut Level,
) -> Cells<(&'a BothBalances, &'a QboId)> {
    let mut differing = Vec::new();
    for both in balances {
        for one in &both.accounts {
            if !level.amount(one.odoo, one.quickbooks) {
                differing.push(((both, &one.account), one.odoo, one.quickbooks));
            }
        }
    }
    differing
}

fn name(id: &QboId, facts: &Facts) -> String {
    match facts.accounts.get(id) {
        Some(account) => {
            let number = account.number.iter().map(|number| format!("{number} "));
            format!("{}{}", number.collect::<String>(), account.full_name)
        }
        None => id.to_string(),
    }
}

fn place(id: &QboId, facts: &Facts) -> usize {
    const ORDER: [&str; 15] = [
        "Bank",
        "Accounts Receivable",
        "Other Current Asset",
        "Fixed Asset",
        "Other Asset",
        "Accounts Payable",
        "Credit Card",
        "Other Current Liability",
        "Long Term Liability",
        "Equity",
        "Income",
        "Cost of Goods Sold",
        "Expense",
        "Other Income",
        "Other Expense",
    ];
    let of = facts.account_type(id);
    ORDER.iter().position(|name| *name == of).unwrap_or(ORDER.len())
}
