//! QuickBooks' side of the comparison: its own ledger and reports.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{
    Currency, Facts, Money, Partner, Posting, QboId, Result, Txn,
    ledger::Months,
    ports::Select,
    records::{LedgerTxn, Reported},
};

use crate::{
    store::{Read, collection},
    sync::{
        company::{Company, Task},
        load::opening,
        prove::groups::Groups,
    },
};

/// What QuickBooks' ledger holds, as the books moved have it.
#[derive(Default)]
pub struct Theirs {
    pub by_txn: BTreeMap<(Txn, QboId), Money>,
    pub months: Months,
    /// By control account and partner.
    pub owed: BTreeMap<(QboId, Partner), Money>,
    /// The same of what is foreign, in its currency.
    pub owed_foreign: BTreeMap<(QboId, Partner, Currency), Money>,
    /// Control accounts on which a posting names no partner.
    pub partnerless: BTreeSet<QboId>,
    pub reported: Vec<Reported>,
}

impl Theirs {
    pub async fn read(
        company: &Company,
        task: &Task,
        facts: &Facts,
        groups: &Groups,
    ) -> Result<Self> {
        let mut theirs = Self::default();
        let see = |read: Read<LedgerTxn>| {
            let LedgerTxn { txn, postings, date, .. } = read.value;
            let before = date < task.cut;
            let txn = if before { opening::txn() } else { txn };
            for mut posting in postings {
                if before {
                    opening::roll(&mut posting, task.cut, facts);
                }
                posting.account = groups.account(posting.account);
                posting.partner = posting.partner.map(|partner| groups.partner(partner));
                theirs.post(&txn, posting, facts);
            }
        };
        let key = Select::Key(task.job.0.clone());
        company.tenant.each(collection::LEDGER, key.clone(), see).await?;
        let see = |read: Read<Reported>| {
            theirs.reported.push(match read.value {
                Reported::TrialBalance { day, balances } => {
                    Reported::TrialBalance { day, balances: groups.balances(balances) }
                }
                stock @ Reported::Stock { .. } => stock,
            });
        };
        company.tenant.each(collection::REPORTED, key, see).await?;
        Ok(theirs)
    }

    fn post(&mut self, txn: &Txn, posting: Posting, facts: &Facts) {
        let Posting { account, amount, date, partner, foreign } = posting;
        *self.by_txn.entry((txn.clone(), account.clone())).or_default() += amount;
        self.months.book(&account, date, amount);
        if !facts.is_control(&account) {
            return;
        }
        match partner {
            Some(partner) => {
                if let Some((currency, amount)) = foreign {
                    let cell = (account.clone(), partner.clone(), currency);
                    *self.owed_foreign.entry(cell).or_default() += amount;
                }
                *self.owed.entry((account, partner)).or_default() += amount;
            }
            None => {
                self.partnerless.insert(account);
            }
        }
    }
}
