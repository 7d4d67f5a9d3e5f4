//! QuickBooks' ledger held against its documents, transaction by transaction:
//! what each document posts by itself, what it lacks, and what nobody explains.
//! Nothing is written here: a migration completes by it, a rehearsal foretells.

use std::collections::BTreeMap;

use q2o_domain::{
    Books, Facts, Kind, MapError, Mapped, Net, Result, Txn, Write,
    ledger::{self, Level},
    ports::Select,
    records::{Completion, Difference, LedgerTxn, Staged},
};
use serde::{Deserialize, Serialize};

use super::completion::{booked, class_of_rest, class_of_type};
use crate::{
    entities::{ENTITIES, entity, heed::moves_stock},
    store::{Read, collection, fetched_key, record_key},
    sync::company::{Company, Task},
};

const BATCH: u32 = 500;

/// How far it is: first along the ledger, then along the documents, for those
/// that the ledger does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    Ledger(Option<(String, String)>),
    Documents(Kind, Option<(String, String)>),
}

impl At {
    /// What is before the cut is in the opening balances.
    pub fn first(task: &Task) -> Self {
        Self::Ledger(Some(task.beginning()))
    }
}

/// Some transactions explained.
#[derive(Default)]
pub struct Explained {
    pub next: Option<At>,
    /// What documents post by themselves, against the ledger.
    pub by_documents: Level,
    /// Transactions that need an entry: what it has to hold, and its class.
    pub entries: Vec<(LedgerTxn, Net, &'static str)>,
    /// Lines that went from the ledger into the document itself.
    pub in_documents: Vec<(LedgerTxn, Completion)>,
    pub unexplained: Vec<Difference>,
}

/// Whose books.
pub struct Explain<'a> {
    pub company: &'a Company,
    pub facts: &'a Facts,
    pub task: &'a Task,
}

/// What stands on the documents' side of a transaction.
enum Side {
    /// No document at all.
    Nothing,
    /// What it posts by its own rules, and what its drafts book.
    Document { posts: Net, mapped: Mapped },
    /// A document that could not be moved.
    Unmoved(String),
}

impl Explain<'_> {
    pub async fn at(&self, at: At) -> Result<Explained> {
        match at {
            At::Ledger(after) => self.ledger(after).await,
            At::Documents(kind, after) => self.documents(kind, after).await,
        }
    }

    async fn ledger(&self, after: Option<(String, String)>) -> Result<Explained> {
        let tenant = &self.company.tenant;
        let key = Select::Key(self.task.job.0.clone());
        let page: Vec<Read<LedgerTxn>> = tenant.list(collection::LEDGER, key, after, BATCH).await?;
        let next = match page.last().filter(|_| page.len() == BATCH as usize) {
            Some(last) => {
                Some(At::Ledger(Some((last.sort.clone().unwrap_or_default(), last.id.clone()))))
            }
            None => documents_of(None, self.task),
        };
        let sides = self.sides(page.iter().map(|read| &read.value)).await?;
        let mut explained = Explained { next, ..Explained::default() };
        for (read, side) in page.into_iter().zip(sides) {
            self.transaction(read.value, &side, &mut explained);
        }
        Ok(explained)
    }

    fn transaction(&self, txn: LedgerTxn, side: &Side, explained: &mut Explained) {
        let theirs = ledger::net(&txn.postings);
        let posts =
            if let Side::Document { posts, .. } = side { posts.clone() } else { Net::new() };
        count(&mut explained.by_documents, &posts, &theirs);
        let (rest, class) = match side {
            Side::Nothing => (theirs.clone(), Some(class_of_type(&txn.reported_as))),
            Side::Document { mapped, .. } => {
                if let Some(completion) = in_document(&txn, &posts, mapped, self.facts) {
                    explained.in_documents.push((txn.clone(), completion));
                }
                let rest = ledger::residue(&booked(mapped), &theirs);
                let class = class_of_rest(&rest, &txn, self.facts);
                (rest, class)
            }
            Side::Unmoved(why) => {
                let unmoved = difference(&txn.txn, &Net::new(), &theirs, Some(why));
                explained.unexplained.push(unmoved);
                return;
            }
        };
        if rest.is_empty() {
            return;
        }
        if let Some(class) = class {
            explained.entries.push((txn, rest, class));
        } else {
            let ours = ledger::residue(&rest, &theirs);
            explained.unexplained.push(difference(&txn.txn, &ours, &theirs, None));
        }
    }

    /// Documents that post something which the ledger does not have.
    async fn documents(&self, kind: Kind, after: Option<(String, String)>) -> Result<Explained> {
        let tenant = &self.company.tenant;
        let key = Select::Key(fetched_key(&self.task.job, kind));
        let page = tenant.list_heads(collection::STAGED, key, after, BATCH).await?;
        let next = match page.last().filter(|_| page.len() == BATCH as usize) {
            Some(last) => Some(At::Documents(kind, Some(last.clone()))),
            None => documents_of(Some(kind), self.task),
        };
        // a document and its transaction have the same key
        let records: Vec<String> = page.into_iter().map(|(_, record)| record).collect();
        let there = tenant.keys_of(collection::LEDGER, records.clone()).await?;
        let job = Some(self.task.job.as_str());
        let alone = records
            .into_iter()
            .filter(|record| there.get(record).is_none_or(|of| of.as_deref() != job));
        let alone = tenant.list_ids::<Staged>(collection::STAGED, alone.collect()).await?;
        let mut explained = Explained { next, ..Explained::default() };
        for Read { value: staged, .. } in &alone {
            if let Side::Document { posts, mapped } = self.side(staged, &[]) {
                let nothing = Net::new();
                if !posts.is_empty() {
                    count(&mut explained.by_documents, &posts, &nothing);
                }
                let ours = booked(&mapped);
                if !ours.is_empty() {
                    let txn = Txn::new(kind, staged.id.clone());
                    explained.unexplained.push(difference(&txn, &ours, &nothing, None));
                }
            }
        }
        Ok(explained)
    }

    async fn sides<'a>(
        &self,
        txns: impl Iterator<Item = &'a LedgerTxn> + Clone,
    ) -> Result<Vec<Side>> {
        let link = &self.company.link.id;
        let key = |txn: &LedgerTxn| Some(record_key(link, txn.txn.kind()?, &txn.txn.id));
        let keys = txns.clone().filter_map(key).collect();
        let staged: BTreeMap<String, Staged> = self
            .company
            .tenant
            .list_ids::<Staged>(collection::STAGED, keys)
            .await?
            .into_iter()
            .filter(|read| read.value.job == self.task.job)
            .map(|read| (read.id, read.value))
            .collect();
        Ok(txns
            .map(|txn| match key(txn).and_then(|key| staged.get(&key)) {
                Some(staged) => self.side(staged, &txn.postings),
                None => Side::Nothing,
            })
            .collect())
    }

    fn side(&self, staged: &Staged, ledger: &[q2o_domain::Posting]) -> Side {
        let Some(entity) = entity(staged.kind) else {
            return Side::Nothing;
        };
        let books = Books { facts: self.facts, ledger };
        let both = entity.read(&staged.record).and_then(|record| {
            let posts = record.post(&books)?;
            let mapped = match record.map(&books) {
                // what is deliberately not moved must post nothing; the ledger tells
                Err(MapError::NotMoved(_)) => Mapped::default(),
                other => other?,
            };
            Ok((ledger::net(&posts), mapped))
        });
        match both {
            Ok((posts, mapped)) => Side::Document { posts, mapped },
            Err(error) => Side::Unmoved(error.to_string()),
        }
    }
}

/// The next kind of documents to go through, after `done`.
fn documents_of(done: Option<Kind>, task: &Task) -> Option<At> {
    let mut kinds = ENTITIES.iter().filter(|e| e.write() == Write::Document).map(|e| e.kind());
    if let Some(done) = done {
        kinds.find(|kind| *kind == done);
    }
    kinds.next().map(|kind| At::Documents(kind, Some(task.beginning())))
}

/// One transaction more, and whether it differs.
fn count(level: &mut Level, ours: &Net, theirs: &Net) {
    let rest = ledger::residue(ours, theirs);
    level.checked += 1;
    level.different += u64::from(!rest.is_empty());
    let most = rest.values().map(|amount| amount.abs()).max().unwrap_or_default();
    level.max_abs_difference = level.max_abs_difference.max(most);
}

/// A line taken from the ledger into the document itself.
fn in_document(txn: &LedgerTxn, posts: &Net, mapped: &Mapped, facts: &Facts) -> Option<Completion> {
    let taken: Net = ledger::residue(posts, &booked(mapped));
    // its record has no amounts at all
    if txn.txn.kind() == Some(Kind::InventoryAdjustment) && !taken.is_empty() {
        return Some(completion(txn, &taken, "inventory_adjustment", true));
    }
    let of_stock = taken.keys().all(|account| moves_stock(account, facts));
    // documents that balance by themselves take no line from the ledger
    let unbalanced = !ledger::balanced(posts);
    (unbalanced && !taken.is_empty() && !of_stock).then(|| Completion {
        amount: taken.values().copied().map(q2o_domain::Money::abs).sum(),
        ..completion(txn, &taken, "statement_charge", true)
    })
}

pub fn completion(txn: &LedgerTxn, rest: &Net, class: &str, in_document: bool) -> Completion {
    Completion {
        class: class.to_owned(),
        txn_type: txn.txn.txn_type.to_string(),
        txn_id: txn.txn.id.clone(),
        date: txn.date,
        amount: ledger::debits(rest),
        in_document,
    }
}

pub fn difference(txn: &Txn, ours: &Net, theirs: &Net, why: Option<&str>) -> Difference {
    let side = |net: &Net| {
        let lines: Vec<String> =
            net.iter().map(|(account, amount)| format!("{account}: {amount}")).collect();
        lines.join("; ")
    };
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    Difference {
        level: "L2".to_owned(),
        what: txn.to_string(),
        quickbooks: side(theirs),
        odoo: format!("{}{why}", side(ours)),
        reason: "unexplained".to_owned(),
        because_of: vec![txn.to_string()],
    }
}
