//! QuickBooks' side of the comparison: its own ledger, as its reports gave it.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{
    Facts, Money, Partner, QboId, Result, Txn, ledger::Months, ports::Select, records::LedgerTxn,
};

use crate::{
    store::{Read, collection},
    sync::{
        company::{Company, Task},
        opening,
    },
};

/// What QuickBooks' ledger holds, as the books moved have it.
#[derive(Default)]
pub struct Theirs {
    pub by_txn: BTreeMap<(Txn, QboId), Money>,
    pub months: Months,
    /// By account and partner.
    pub partners: BTreeMap<(QboId, Partner), Money>,
    /// Accounts on which a posting names no partner.
    pub partnerless: BTreeSet<QboId>,
}

pub async fn ledger(company: &Company, task: &Task, facts: &Facts) -> Result<Theirs> {
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
