//! Odoo's side and QuickBooks' own ledger compared, on five levels.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use q2o_domain::{
    Facts, Kind, Money, Partner, QboId, Result, Sums, Txn, Write,
    ledger::{Level, Months, debits, month_ends},
    ports::Select,
    records::{Difference, IdLink, LedgerTxn, Proof, Staged},
};

use super::{
    company::{Company, Task},
    odoo_ledger::OdooLedger,
    opening,
};
use crate::{
    entities::ENTITIES,
    store::{Read, collection, fetched_key, record_key},
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
    let theirs = quickbooks_ledger(company, task, facts).await?;
    let mut proof = Proof::default();
    let mut told = Vec::new();
    let (l0, l1) = documents(company, task, facts, side, &mut told).await?;
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
    let (owed, owed_in_odoo) = theirs.owed(facts, &odoo.owed);
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

/// QuickBooks' side, as its reports gave it.
#[derive(Default)]
struct Theirs {
    by_txn: BTreeMap<(Txn, QboId), Money>,
    months: Months,
    /// By account and partner.
    partners: BTreeMap<(QboId, Partner), Money>,
    /// Accounts on which a posting names no partner.
    partnerless: BTreeSet<QboId>,
}

/// What stands with partners, by control account and the partner's name.
type Owed = BTreeMap<(QboId, String), Money>;

impl Theirs {
    /// What stands with each partner, QuickBooks' side and Odoo's, on those
    /// control accounts where QuickBooks' ledger names everybody. Sub-customers
    /// count to the customer on top.
    fn owed(&self, facts: &Facts, odoo: &BTreeMap<(QboId, Partner), Money>) -> (Owed, Owed) {
        let roll = |amounts: &BTreeMap<(QboId, Partner), Money>| {
            let mut owed = Owed::new();
            for ((account, partner), amount) in amounts {
                let of = facts.account_type(account);
                let control = matches!(of, "Accounts Receivable" | "Accounts Payable");
                if control && !self.partnerless.contains(account) {
                    let id = match partner.kind {
                        Kind::Customer => facts.root_customer(&partner.id),
                        _ => &partner.id,
                    };
                    let name = format!("{} {id}", partner.kind);
                    *owed.entry((account.clone(), name)).or_default() += *amount;
                }
            }
            owed
        };
        (roll(&self.partners), roll(odoo))
    }
}

async fn quickbooks_ledger(company: &Company, task: &Task, facts: &Facts) -> Result<Theirs> {
    let mut theirs = Theirs::default();
    let key = Select::Key(task.job.0.clone());
    let see = |read: Read<LedgerTxn>| {
        let LedgerTxn { txn, postings, date, .. } = read.value;
        let before = date < task.cut;
        let txn = if before { opening::txn() } else { txn };
        for mut posting in postings {
            if before {
                opening::roll(&mut posting, task.cut, facts);
            }
            let cell = (txn.clone(), posting.account.clone());
            *theirs.by_txn.entry(cell).or_default() += posting.amount;
            theirs.months.book(&posting.account, posting.date, posting.amount);
            match posting.partner {
                Some(partner) => {
                    let cell = (posting.account, partner);
                    *theirs.partners.entry(cell).or_default() += posting.amount;
                }
                None => {
                    theirs.partnerless.insert(posting.account);
                }
            }
        }
    };
    company.tenant.each(collection::LEDGER, key, see).await?;
    Ok(theirs)
}

/// L0: every kind's count and sum. L1: every document's total, tax, open
/// balance.
async fn documents(
    company: &Company,
    task: &Task,
    facts: &Facts,
    side: &OdooSide,
    told: &mut Vec<Difference>,
) -> Result<(Level, Level)> {
    let odoo = &side.ledger;
    let (mut l0, mut l1) = (Level::default(), Level::default());
    let none = BTreeMap::new();
    for entity in ENTITIES.iter().filter(|e| e.write() != Write::Nothing) {
        let kind = entity.kind();
        let fetched = Select::Key(fetched_key(&task.job, kind));
        let links = side.links.get(&kind).unwrap_or(&none);
        let (mut here, mut there) = (0u32, 0u32);
        let (mut total, mut total_odoo) = (Money::ZERO, Money::ZERO);
        let see = |read: Read<Staged>| {
            let id = read.value.id;
            let key = record_key(&company.link.id, kind, &id);
            if side.unmoved.contains(&key) {
                return;
            }
            let link = links.get(&key);
            let sums = entity
                .read(&read.value.record)
                .ok()
                .and_then(|record| record.sums(facts))
                .filter(|_| entity.write() == Write::Document);
            if sums.as_ref().is_some_and(|sums| sums.date < task.cut) {
                // before the cut only what is still open is there
                if let Some((open, in_odoo)) = sums.zip(link).and_then(|(s, l)| odoo.opened(l, &s))
                    && !l1.amount(in_odoo, open)
                {
                    told.push(Difference {
                        level: "L1".to_owned(),
                        what: format!("{kind} {id}, open balance"),
                        quickbooks: open.to_string(),
                        odoo: in_odoo.to_string(),
                    });
                }
                return;
            }
            here += 1;
            there += u32::from(link.is_some());
            if let (Some(sums), Some(link)) = (sums, link) {
                let checks = odoo.checks(link, &sums);
                for (what, quickbooks, in_odoo) in checks {
                    if what == "total" {
                        total += quickbooks;
                        total_odoo += in_odoo;
                    }
                    if !l1.amount(in_odoo, quickbooks) {
                        told.push(Difference {
                            level: "L1".to_owned(),
                            what: format!("{kind} {id}, {what}"),
                            quickbooks: quickbooks.to_string(),
                            odoo: in_odoo.to_string(),
                        });
                    }
                }
                if let Some(same) = odoo.same_currency(link, &sums, facts) {
                    l1.fact(same);
                }
            }
        };
        company.tenant.each(collection::STAGED, fetched, see).await?;
        if !l0.fact(here == there) {
            told.push(Difference {
                level: "L0".to_owned(),
                what: format!("number of {kind}"),
                quickbooks: here.to_string(),
                odoo: there.to_string(),
            });
        }
        l0.amount(total_odoo, total);
    }
    Ok((l0, l1))
}

/// Checks of one document: what, QuickBooks' amount, Odoo's.
pub type Check = (&'static str, Money, Money);

impl OdooLedger {
    fn checks(&self, link: &IdLink, sums: &Sums) -> Vec<Check> {
        let Some(own) = link.odoo.get("").and_then(|id| self.moves.get(id)) else {
            return Vec::new();
        };
        let mut checks = Vec::new();
        if own.is_invoice {
            checks.push(("total", sums.total.abs(), own.total));
            if let Some(tax) = sums.tax {
                checks.push(("tax", tax.abs(), own.tax));
            }
        }
        if let Some(open) = sums.open {
            checks.push(("open balance", open.abs(), own.open.abs()));
        }
        checks
    }

    /// What is open of a document from before the cut: QuickBooks' amount, Odoo's.
    fn opened(&self, link: &IdLink, sums: &Sums) -> Option<(Money, Money)> {
        let own = link.odoo.get(opening::PART).and_then(|id| self.moves.get(id))?;
        Some((sums.open?.abs(), own.open.abs()))
    }

    fn same_currency(&self, link: &IdLink, sums: &Sums, facts: &Facts) -> Option<bool> {
        let own = link.odoo.get("").and_then(|id| self.moves.get(id))?;
        let expected = sums.currency.as_ref().or(facts.home.as_ref())?;
        Some(own.currency == *expected)
    }
}
