//! `prove`: reads Odoo's ledger back and holds it against QuickBooks' own, on
//! five levels.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;
use q2o_domain::{
    Facts, JobId, Kind, Money, OdooId, Partner, QboId, Result, Sums, Txn, Write,
    ledger::{Level, Months, debits, month_ends},
    ports::Select,
    records::{Difference, IdLink, LedgerTxn, Proof, Staged},
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};

use super::{
    company::{Company, Task},
    complete::Kept,
    odoo_ledger::{self, OdooLedger},
    progress::Progress,
    sorted,
};
use crate::{
    app::Tools,
    entities::ENTITIES,
    store::{Read, collection, document, fetched_key, kind_key, record_key},
};

pub struct Prove(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub by_documents: Level,
    pub until: Date,
}

/// Differences told one by one; more are only counted.
const TOLD: usize = 200;

impl Activity for Prove {
    const NAME: &'static str = "prove";
    type Input = Input;
    /// Whether nothing differs.
    type Output = bool;

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<bool, q2o_durable::Failure> {
        prove(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn prove(tools: &Tools, input: Input, attempt: &Attempt) -> Result<bool> {
    let Input { task, by_documents, until } = input;
    let company = Company::open(tools, &task).await?;
    let facts = tools.facts.of(&company.tenant, &task.job).await?;
    let accounts = account_links(&company).await?;
    let moves = document_links(&company).await?;
    let odoo = odoo_ledger::read(&company, &accounts, &moves, attempt).await?;
    let theirs = quickbooks_ledger(&company, &task.job).await?;

    let mut proof = Proof { by_documents, ..Proof::default() };
    let mut told = Vec::new();
    let (l0, l1) = documents(&company, &task.job, &facts, &odoo, &mut told).await?;
    let mut l2 = Level::default();
    told.extend(differ("L2", l2.table(&odoo.by_txn, &theirs.by_txn), |(txn, account)| {
        format!("{txn}, account {account}")
    }));
    let mut l3 = Level::default();
    told.extend(differ(
        "L3",
        l3.table(odoo.months.moved(), theirs.months.moved()),
        |(account, month)| format!("account {account} in the month to {month}"),
    ));
    let mut l4 = Level::default();
    let ends = ends(&[&odoo.months, &theirs.months], until);
    let standing = odoo.months.standing(&ends);
    told.extend(differ(
        "L4",
        l4.table(&standing, &theirs.months.standing(&ends)),
        |(account, day)| format!("account {account} on {day}"),
    ));
    let (owed, owed_in_odoo) = theirs.owed(&facts, &odoo.owed);
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
    let key = Select::Key(task.link.0.clone());
    let kept: Vec<_> = company.tenant.list_all::<Kept>(collection::COMPLETIONS, key).await?;
    proof.completion_entries = kept.into_iter().map(|read| read.value.completion).collect();
    let of_job = Select::Key(task.job.0.clone());
    let unexplained =
        company.tenant.list_all::<Difference>(collection::UNEXPLAINED, of_job).await?;
    proof.unexplained = unexplained.into_iter().map(|read| read.value).collect();
    told.truncate(TOLD);
    proof.differences = told;

    let clean = proof.clean();
    let kept = document(collection::PROOFS, task.job.as_str(), &proof)?;
    company.tenant.put_all(vec![kept]).await?;
    let what = if clean { "proved: nothing differs" } else { "proved: something differs" };
    attempt.ride(
        Progress::new(&company.tenant, &tools.clock, &task.job, what)
            .calls(tools.connect.http.take_calls())
            .phase("prove"),
    );
    Ok(clean)
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

/// Odoo's account to QuickBooks' account.
async fn account_links(company: &Company) -> Result<BTreeMap<OdooId, QboId>> {
    let key = kind_key(&company.link.id, Kind::Account);
    let links = company.tenant.list_all::<IdLink>(collection::ID_LINKS, Select::Key(key)).await?;
    let own = links.into_iter().filter_map(|read| {
        let id = read.id.rsplit('/').next()?.into();
        Some((*read.value.odoo.get("")?, id))
    });
    Ok(own.collect())
}

/// Odoo's move to the transaction it (or a part of it) stands for.
async fn document_links(company: &Company) -> Result<BTreeMap<OdooId, Txn>> {
    let mut moves = BTreeMap::new();
    for entity in ENTITIES.iter().filter(|e| e.write() == Write::Document) {
        let key = Select::Key(kind_key(&company.link.id, entity.kind()));
        for read in company.tenant.list_all::<IdLink>(collection::ID_LINKS, key).await? {
            let id = read.id.rsplit('/').next().unwrap_or_default().to_owned();
            for odoo in read.value.odoo.values() {
                moves.insert(*odoo, Txn::new(entity.kind(), id.clone()));
            }
        }
    }
    let key = Select::Key(company.link.id.0.clone());
    for read in company.tenant.list_all::<Kept>(collection::COMPLETIONS, key).await? {
        let Kept { completion, link } = read.value;
        let txn = Txn { txn_type: completion.txn_type, id: completion.txn_id };
        for odoo in link.iter().flat_map(|link| link.odoo.values()) {
            moves.insert(*odoo, txn.clone());
        }
    }
    Ok(moves)
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

async fn quickbooks_ledger(company: &Company, job: &JobId) -> Result<Theirs> {
    let mut theirs = Theirs::default();
    let key = Select::Key(job.0.clone());
    let see = |read: Read<LedgerTxn>| {
        let LedgerTxn { txn, postings, .. } = read.value;
        for posting in postings {
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
    job: &JobId,
    facts: &Facts,
    odoo: &OdooLedger,
    told: &mut Vec<Difference>,
) -> Result<(Level, Level)> {
    let (mut l0, mut l1) = (Level::default(), Level::default());
    for entity in ENTITIES.iter().filter(|e| e.write() != Write::Nothing) {
        let kind = entity.kind();
        let key = Select::Key(kind_key(&company.link.id, kind));
        let fetched = Select::Key(fetched_key(job, kind));
        let links: BTreeMap<String, IdLink> = company
            .tenant
            .list_all::<IdLink>(collection::ID_LINKS, key)
            .await?
            .into_iter()
            .map(|read| (read.id, read.value))
            .collect();
        let unmoved = unmoved(company, kind).await?;
        let (mut here, mut there) = (0u32, 0u32);
        let (mut total, mut total_odoo) = (Money::ZERO, Money::ZERO);
        let see = |read: Read<Staged>| {
            let id = read.value.id;
            let key = record_key(&company.link.id, kind, &id);
            if unmoved.contains(&key) {
                return;
            }
            here += 1;
            let link = links.get(&key);
            there += u32::from(link.is_some());
            let sums = entity
                .read(&read.value.record)
                .ok()
                .and_then(|record| record.sums(facts))
                .filter(|_| entity.write() == Write::Document);
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

/// Records of a kind that are deliberately not in Odoo.
async fn unmoved(company: &Company, kind: Kind) -> Result<BTreeSet<String>> {
    let prefix = Select::Prefix(format!("{}/", kind_key(&company.link.id, kind)));
    let errors = company
        .tenant
        .list_all::<q2o_domain::records::ErrorEntry>(collection::ERRORS, prefix)
        .await?;
    Ok(errors.into_iter().filter(|e| e.value.class == "not_moved").map(|e| e.id).collect())
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

    fn same_currency(&self, link: &IdLink, sums: &Sums, facts: &Facts) -> Option<bool> {
        let own = link.odoo.get("").and_then(|id| self.moves.get(id))?;
        let expected = sums.currency.as_ref().or(facts.home.as_ref())?;
        Some(own.currency == *expected)
    }
}
