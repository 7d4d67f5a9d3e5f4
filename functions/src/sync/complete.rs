//! `complete`: holds QuickBooks' ledger against its documents, transaction by
//! transaction, and brings over what no document explains: exactly one entry
//! for each such transaction.

use std::{collections::BTreeMap, sync::Arc};

use q2o_domain::{
    Books, Facts, Failure, JobId, Kind, MapError, Mapped, Net, Result, Txn, Write,
    ledger::{self, Level},
    ports::Select,
    records::{Completion, Difference, IdLink, LedgerTxn, Staged},
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};

use super::{
    company::{Company, Task},
    completion::{booked, class_of_rest, class_of_type, entry},
    documents::{self, Move},
    progress::Progress,
    resolve::Known,
    sorted,
};
use crate::{
    app::Tools,
    entities::{ENTITIES, entity, heed::moves_stock},
    store::{Read, collection, document, fetched_key, record_key, txn_key},
};

const BATCH: u32 = 500;

pub struct Complete(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub at: At,
}

/// How far it is: first along the ledger, then along the documents, for those
/// that the ledger does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    Ledger(Option<(String, String)>),
    Documents(Kind, Option<(String, String)>),
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Completed {
    pub next: Option<At>,
    /// What documents post by themselves, against the ledger.
    pub by_documents: Level,
}

/// One transaction's completion as kept: what, and the entry it became.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    pub completion: Completion,
    pub link: Option<IdLink>,
}

impl Activity for Complete {
    const NAME: &'static str = "complete";
    type Input = Input;
    type Output = Completed;

    fn lane(input: &Input) -> Option<std::borrow::Cow<'_, str>> {
        Some(format!("odoo-{}", input.task.link).into())
    }

    async fn run(
        &self,
        input: Input,
        attempt: &Attempt,
    ) -> Result<Completed, q2o_durable::Failure> {
        complete(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn complete(tools: &Tools, input: Input, attempt: &Attempt) -> Result<Completed> {
    let Input { task, at } = input;
    let company = Company::open(tools, &task).await?;
    company.check().await?;
    let facts = tools.facts.of(&company.tenant, &task.job).await?;
    let pass = Pass { company: &company, facts: &facts, job: &task.job };
    let completed = match at {
        At::Ledger(after) => pass.ledger(after).await?,
        At::Documents(kind, after) => pass.documents(kind, after).await?,
    };
    let what = "ledger completed";
    attempt.ride(
        Progress::new(&company.tenant, &tools.clock, &task.job, what)
            .calls(tools.connect.http.take_calls())
            .phase("complete"),
    );
    Ok(completed)
}

struct Pass<'a> {
    company: &'a Company,
    facts: &'a Facts,
    job: &'a JobId,
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

impl Pass<'_> {
    async fn ledger(&self, after: Option<(String, String)>) -> Result<Completed> {
        let tenant = &self.company.tenant;
        let key = Select::Key(self.job.0.clone());
        let page: Vec<Read<LedgerTxn>> = tenant.list(collection::LEDGER, key, after, BATCH).await?;
        let next = match page.last().filter(|_| page.len() == BATCH as usize) {
            Some(last) => {
                Some(At::Ledger(Some((last.sort.clone().unwrap_or_default(), last.id.clone()))))
            }
            None => documents_of(None),
        };
        let sides = self.sides(page.iter().map(|read| &read.value)).await?;
        let mut completed = Completed { next, ..Completed::default() };
        let (mut entries, mut kept, mut unexplained) = (Vec::new(), Vec::new(), Vec::new());
        for (txn, side) in page.iter().map(|read| &read.value).zip(sides) {
            let theirs = ledger::net(&txn.postings);
            let posts =
                if let Side::Document { posts, .. } = &side { posts.clone() } else { Net::new() };
            count(&mut completed.by_documents, &posts, &theirs);
            let (rest, class) = match &side {
                Side::Nothing => (theirs.clone(), Some(class_of_type(&txn.reported_as))),
                Side::Document { mapped, .. } => {
                    if let Some(completion) = in_document(txn, &posts, mapped, self.facts) {
                        kept.push((txn, completion));
                    }
                    let rest = ledger::residue(&booked(mapped), &theirs);
                    let class = class_of_rest(&rest, txn, self.facts);
                    (rest, class)
                }
                Side::Unmoved(why) => {
                    unexplained.push(difference(&txn.txn, &Net::new(), &theirs, Some(why)));
                    continue;
                }
            };
            if rest.is_empty() {
                continue;
            }
            if let Some(class) = class {
                entries.push((txn, rest, class));
            } else {
                let ours = ledger::residue(&rest, &theirs);
                unexplained.push(difference(&txn.txn, &ours, &theirs, None));
            }
        }
        self.write(&entries, &mut unexplained).await?;
        self.keep(kept).await?;
        self.say(unexplained).await?;
        Ok(completed)
    }

    /// Documents that post something which the ledger does not have.
    async fn documents(&self, kind: Kind, after: Option<(String, String)>) -> Result<Completed> {
        let (tenant, link) = (&self.company.tenant, &self.company.link.id);
        let key = Select::Key(fetched_key(self.job, kind));
        let page: Vec<Read<Staged>> = tenant.list(collection::STAGED, key, after, BATCH).await?;
        let next = match page.last().filter(|_| page.len() == BATCH as usize) {
            Some(last) => Some(At::Documents(
                kind,
                Some((last.sort.clone().unwrap_or_default(), last.id.clone())),
            )),
            None => documents_of(Some(kind)),
        };
        let txns: BTreeMap<String, &Staged> = page
            .iter()
            .map(|read| (txn_key(link, &Txn::new(kind, read.value.id.clone())), &read.value))
            .collect();
        let there = tenant
            .list_ids::<LedgerTxn>(collection::LEDGER, txns.keys().cloned().collect())
            .await?;
        let mut completed = Completed { next, ..Completed::default() };
        let mut unexplained = Vec::new();
        for (key, staged) in txns {
            if there.iter().any(|read| read.id == key && read.value.job == *self.job) {
                continue;
            }
            if let Side::Document { posts, mapped } = self.side(staged, &[]) {
                let nothing = Net::new();
                if !posts.is_empty() {
                    count(&mut completed.by_documents, &posts, &nothing);
                }
                let ours = booked(&mapped);
                if !ours.is_empty() {
                    let txn = Txn::new(kind, staged.id.clone());
                    unexplained.push(difference(&txn, &ours, &nothing, None));
                }
            }
        }
        self.say(unexplained).await?;
        Ok(completed)
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
            .filter(|read| read.value.job == *self.job)
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

    /// Creates and posts the entries, and keeps what they are.
    async fn write(
        &self,
        entries: &[(&LedgerTxn, Net, &'static str)],
        unexplained: &mut Vec<Difference>,
    ) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let mapped: Vec<Mapped> =
            entries.iter().map(|(txn, rest, class)| entry(txn, rest, class).into()).collect();
        let known = Known::read(self.company, std::iter::empty(), mapped.iter()).await?;
        let mut moves: Vec<Move> = entries
            .iter()
            .zip(&mapped)
            .map(|((txn, _, _), mapped)| {
                let word = format!("ledger_{}", plain(&txn.txn.txn_type));
                let key = self.company.key(&word, &txn.txn.id, "");
                let mut values = known.values(&mapped.drafts[0].fields);
                values[documents::KEY] = key.clone().into();
                values["company_id"] = self.company.odoo_company.0.into();
                Move { key, values, outcome: None }
            })
            .collect();
        documents::write(self.company, &mut moves).await?;
        let mut kept = Vec::new();
        for ((txn, rest, class), written) in entries.iter().zip(moves) {
            match written.outcome {
                Some(Ok(id)) => kept.push(self.document(
                    txn,
                    &Kept {
                        completion: completion(txn, rest, class, false),
                        link: Some(IdLink {
                            odoo: BTreeMap::from([(String::new(), id)]),
                            hash: String::new(),
                            adopted: false,
                        }),
                    },
                )?),
                Some(Err(why)) => {
                    let nothing = Net::new();
                    unexplained.push(difference(&txn.txn, &nothing, rest, Some(&why)));
                }
                None => return Err(Failure::retry("Odoo said nothing about an entry")),
            }
        }
        self.company.tenant.put_all(kept).await
    }

    async fn keep(&self, kept: Vec<(&LedgerTxn, Completion)>) -> Result<()> {
        let documents = kept
            .into_iter()
            .map(|(txn, completion)| self.document(txn, &Kept { completion, link: None }));
        self.company.tenant.put_all(documents.collect::<Result<_>>()?).await
    }

    fn document(&self, txn: &LedgerTxn, kept: &Kept) -> Result<q2o_domain::ports::Document> {
        let link = &self.company.link.id;
        Ok(document(collection::COMPLETIONS, txn_key(link, &txn.txn), kept)?
            .key(link.as_str())
            .sort(txn.date.to_string()))
    }

    async fn say(&self, unexplained: Vec<Difference>) -> Result<()> {
        let documents = unexplained.into_iter().map(|difference| {
            let id = format!("{}/{}", self.job, difference.what);
            Ok(document(collection::UNEXPLAINED, id, &difference)?.key(self.job.as_str()))
        });
        self.company.tenant.put_all(documents.collect::<Result<_>>()?).await
    }
}

/// The next kind of documents to go through, after `done`.
fn documents_of(done: Option<Kind>) -> Option<At> {
    let mut kinds = ENTITIES.iter().filter(|e| e.write() == Write::Document).map(|e| e.kind());
    if let Some(done) = done {
        kinds.find(|kind| *kind == done);
    }
    kinds.next().map(|kind| At::Documents(kind, None))
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
    let of_stock = taken.keys().all(|account| moves_stock(account, facts));
    // documents that balance by themselves take no line from the ledger
    let unbalanced = !ledger::balanced(posts);
    (unbalanced && !taken.is_empty() && !of_stock).then(|| Completion {
        amount: taken.values().copied().map(q2o_domain::Money::abs).sum(),
        ..completion(txn, &taken, "statement_charge", true)
    })
}

fn completion(txn: &LedgerTxn, rest: &Net, class: &str, in_document: bool) -> Completion {
    Completion {
        class: class.to_owned(),
        txn_type: txn.txn.txn_type.clone(),
        txn_id: txn.txn.id.clone(),
        date: txn.date,
        amount: ledger::debits(rest),
        in_document,
    }
}

fn difference(txn: &Txn, ours: &Net, theirs: &Net, why: Option<&str>) -> Difference {
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
    }
}

/// Letters and digits only, as an external id may hold.
fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}
