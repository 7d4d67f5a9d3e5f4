//! Odoo's side and QuickBooks' own ledger compared, on five levels.

mod causes;
mod documents;
mod partners;
mod quickbooks;
mod stock;
mod tax;
mod telling;
mod trial_balance;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use q2o_domain::{
    Facts, Kind, Money, OdooId, QboId, Result, Txn,
    ledger::{Level, Months, debits, month_ends},
    records::{BothBalances, IdLink, Proof, Reported},
};

use self::{
    causes::Causes,
    documents::Documents,
    quickbooks::Theirs,
    telling::{Telling, Told},
};
use crate::sync::{
    company::{Company, Task},
    load::opening,
    prove::{groups::Groups, odoo_ledger::OdooLedger},
};

pub use self::tax::Taxes;

/// What records became, by kind and the record's key.
pub type Links = BTreeMap<Kind, BTreeMap<String, IdLink>>;

/// What Odoo holds, or would hold.
#[derive(Default)]
pub struct OdooSide {
    pub ledger: OdooLedger,
    pub links: Links,
    /// Keys of the records that are deliberately not in Odoo.
    pub unmoved: BTreeSet<String>,
    /// Odoo's move to the transaction it (or a part of it) stands for.
    pub moves: BTreeMap<OdooId, Txn>,
}

/// The proof, and both trial balances that it is about.
pub struct Compared {
    pub proof: Proof,
    pub balances: Vec<BothBalances>,
}

/// Compares both sides. Completion entries and what is unexplained are for the
/// caller to add.
pub async fn compare(
    company: &Company,
    task: &Task,
    facts: &Facts,
    side: &OdooSide,
    until: Date,
) -> Result<Compared> {
    let odoo = &side.ledger;
    let groups = Groups::of(&side.links);
    let theirs = Theirs::read(company, task, facts, &groups).await?;
    let mut telling = Telling::default();
    let Documents { l0, l1, taxes, untaxed } =
        documents::compare(company, task, facts, side, &mut telling).await?;
    // open documents keep their own dates; together they stand the day before the cut
    let months = odoo.months.fold_before(opening::day(task.cut));
    let ends = ends(&[&months, &theirs.months], until);
    let standing = months.standing(&ends);
    let balances = balances(&theirs, &months, facts, (side, &groups));
    let (owed_in_odoo, owed) = partners::owed(odoo, &theirs, facts);
    let (mut l2, mut l3, mut l4) = (Level::default(), Level::default(), Level::default());
    let differing = Differing {
        by_txn: l2.table(&odoo.by_txn, &theirs.by_txn),
        by_month: l3.table(months.moved(), theirs.months.moved()),
        by_end: l4.table(&standing, &theirs.months.standing(&ends)),
        rolled: trial_balance::compare(&balances, &mut l4),
        by_partner: l4.table(&owed_in_odoo, &owed),
    };
    let causes = if differing.nothing() {
        Causes::default()
    } else {
        let txns = differing.by_txn.iter().map(|(cell, ..)| cell.clone()).collect();
        Causes::find(company, task, side, &txns).await?
    };
    partners::unnamed(&theirs, &mut telling);
    tax::compare(&odoo.taxes, &groups.taxes(taxes), untaxed, &mut l4, &mut telling);
    for reported in &theirs.reported {
        if let Reported::Stock { day, items } = reported {
            let both = stock::Both { day: *day, items, theirs: &theirs, odoo, months: &months };
            both.compare(facts, &groups, &mut l4, &mut telling);
        }
    }
    differing.tell(&causes, (&theirs, side, &groups), facts, &mut telling);
    let last = ends.last().copied();
    let at_last = standing.into_iter().filter(|((_, day), _)| Some(*day) == last);
    let at_last = at_last.map(|((account, _), balance)| (account, balance)).collect();
    let proof = Proof {
        levels: [("L0", l0), ("L1", l1), ("L2", l2), ("L3", l3), ("L4", l4)]
            .map(|(name, level)| (name.to_owned(), level))
            .into(),
        trial_balance_total: debits(&at_last),
        differences: telling.differences,
        not_compared: telling.not_compared,
        groups: groups.told(facts, &company.decisions),
        foreign: odoo.foreign(),
        ..Proof::default()
    };
    Ok(Compared { proof, balances })
}

/// Cells of a table that differ: Odoo's amount, then QuickBooks'.
type Cells<K> = Vec<(K, Money, Money)>;

/// What differs of the two ledgers.
struct Differing<'a> {
    by_txn: Cells<(Txn, QboId)>,
    by_month: Cells<(QboId, Date)>,
    by_end: Cells<(QboId, Date)>,
    rolled: Cells<(&'a BothBalances, &'a QboId)>,
    by_partner: Cells<(QboId, String)>,
}

impl Differing<'_> {
    fn nothing(&self) -> bool {
        self.by_txn.is_empty()
            && self.by_month.is_empty()
            && self.by_end.is_empty()
            && self.rolled.is_empty()
            && self.by_partner.is_empty()
    }

    fn tell(
        self,
        causes: &Causes,
        (theirs, side, groups): (&Theirs, &OdooSide, &Groups),
        facts: &Facts,
        telling: &mut Telling,
    ) {
        for ((txn, account), odoo, quickbooks) in self.by_txn {
            let reason = causes::reason(&txn, side, theirs);
            let told = Told::new(reason, format!("{txn}, {}", groups.shown(&account)));
            telling.tell(told.because_of(vec![txn.to_string()]).of("L2", &quickbooks, &odoo));
        }
        for ((account, month), odoo, quickbooks) in self.by_month {
            let what = format!("{} in the month to {month}", groups.shown(&account));
            let told = causes.in_month(&account, month, what);
            telling.tell(told.of("L3", &quickbooks, &odoo));
        }
        for ((both, account), odoo, quickbooks) in self.rolled {
            let what = format!("{} in the trial balance of {}", groups.shown(account), both.day);
            let told = causes.rolled(both, account, facts, what);
            telling.tell(told.of("L4", &quickbooks, &odoo));
        }
        for ((account, partner), odoo, quickbooks) in self.by_partner {
            let told =
                causes.with_partner(&account, format!("{}, {partner}", groups.shown(&account)));
            telling.tell(told.of("L4", &quickbooks, &odoo));
        }
        // last: one difference shows at every month end after it
        for ((account, day), odoo, quickbooks) in self.by_end {
            let told = causes.until(&account, day, format!("{} on {day}", groups.shown(&account)));
            telling.tell(told.of("L4", &quickbooks, &odoo));
        }
    }
}

/// QuickBooks' trial balances beside Odoo's.
fn balances(
    theirs: &Theirs,
    months: &Months,
    facts: &Facts,
    (side, groups): (&OdooSide, &Groups),
) -> Vec<BothBalances> {
    let balances = theirs.reported.iter().filter_map(|reported| match reported {
        Reported::TrialBalance { day, balances } => {
            let odoo = groups.balances(trial_balance::rolled(months, *day, facts));
            let mut both = trial_balance::both(*day, balances, &odoo, facts, &side.links);
            both.retained_earnings = groups.account(both.retained_earnings);
            for one in &mut both.accounts {
                let others = groups.others(&one.account);
                if others > 0 {
                    one.name = format!("{} and {others} more", one.name);
                }
            }
            Some(both)
        }
        Reported::Stock { .. } => None,
    });
    balances.collect()
}

/// Every month end from the first movement to today or the last movement.
fn ends(both: &[&Months], until: Date) -> Vec<Date> {
    let all = || both.iter().flat_map(|months| months.moved().keys()).map(|(_, month)| *month);
    match (all().min(), all().max()) {
        (Some(first), Some(last)) => month_ends(first, last.max(until)),
        _ => Vec::new(),
    }
}
