//! Odoo's side and QuickBooks' own ledger compared, on five levels.

mod documents;
mod partners;
mod quickbooks;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use q2o_domain::{
    Facts, Kind, Money, Result,
    ledger::{Level, Months, debits, month_ends},
    records::{Difference, IdLink, Proof},
};

use super::{
    company::{Company, Task},
    odoo_ledger::OdooLedger,
    opening,
};

/// Differences told one by one; more are only counted.
const TOLD: usize = 200;

/// What records became, by kind and the record's key.
pub type Links = BTreeMap<Kind, BTreeMap<String, IdLink>>;

/// What Odoo holds, or would hold.
#[derive(Default)]
pub struct OdooSide {
    pub ledger: OdooLedger,
    pub links: Links,
    /// Keys of the records that are deliberately not in Odoo.
    pub unmoved: BTreeSet<String>,
}

/// Compares both sides. Completion entries and what is unexplained are for the
/// caller to add.
pub async fn compare(
    company: &Company,
    task: &Task,
    facts: &Facts,
    side: &OdooSide,
    until: Date,
) -> Result<Proof> {
    let odoo = &side.ledger;
    let theirs = quickbooks::ledger(company, task, facts).await?;
    let mut proof = Proof::default();
    let mut told = Vec::new();
    let (l0, l1) = documents::documents(company, task, facts, side, &mut told).await?;
    // open documents keep their own dates; together they stand the day before the cut
    let months = odoo.months.fold_before(opening::day(task.cut));
    let mut l2 = Level::default();
    told.extend(differ("L2", l2.table(&odoo.by_txn, &theirs.by_txn), |(txn, account)| {
        format!("{txn}, account {account}")
    }));
    let mut l3 = Level::default();
    told.extend(differ(
        "L3",
        l3.table(months.moved(), theirs.months.moved()),
        |(account, month)| format!("account {account} in the month to {month}"),
    ));
    let mut l4 = Level::default();
    let ends = ends(&[&months, &theirs.months], until);
    let standing = months.standing(&ends);
    told.extend(differ(
        "L4",
        l4.table(&standing, &theirs.months.standing(&ends)),
        |(account, day)| format!("account {account} on {day}"),
    ));
    let (owed, owed_in_odoo) = partners::owed(&theirs, &odoo.owed, facts);
    told.extend(differ("L4", l4.table(&owed_in_odoo, &owed), |(account, partner)| {
        format!("account {account}, {partner}")
    }));
    proof.levels = [("L0", l0), ("L1", l1), ("L2", l2), ("L3", l3), ("L4", l4)]
        .map(|(name, level)| (name.to_owned(), level))
        .into();
    let last = ends.last().copied();
    proof.trial_balance_total = debits(
        &standing
            .into_iter()
            .filter(|((_, day), _)| Some(*day) == last)
            .map(|((account, _), balance)| (account, balance))
            .collect(),
    );
    told.truncate(TOLD);
    proof.differences = told;
    Ok(proof)
}

/// The differences of one comparison, told.
fn differ<K>(
    level: &str,
    cells: Vec<(K, Money, Money)>,
    what: impl Fn(&K) -> String,
) -> Vec<Difference> {
    let told = cells.into_iter().take(TOLD).map(|(key, odoo, quickbooks)| Difference {
        level: level.to_owned(),
        what: what(&key),
        quickbooks: quickbooks.to_string(),
        odoo: odoo.to_string(),
    });
    told.collect()
}

/// Every month end from the first movement to today or the last movement.
fn ends(both: &[&Months], until: Date) -> Vec<Date> {
    let all = || both.iter().flat_map(|months| months.moved().keys()).map(|(_, month)| *month);
    match (all().min(), all().max()) {
        (Some(first), Some(last)) => month_ends(first, last.max(until)),
        _ => Vec::new(),
    }
}
