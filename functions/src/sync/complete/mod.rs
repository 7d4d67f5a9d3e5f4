//! `complete`: brings over what no document explains: exactly one entry for
//! each such transaction.

pub mod complete_all;
pub mod completion;
pub mod explain;

use std::{collections::BTreeMap, sync::Arc};

use q2o_domain::{
    Failure, JobId, Mapped, Net, Result, Txn,
    ledger::Level,
    ports::Select,
    records::{Completion, Difference, IdLink, LedgerTxn},
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};

use crate::{
    app::Tools,
    store::{Read, collection, document, txn_key},
    sync::{
        company::{Company, Task},
        load::{
            documents::{self, Move},
            replace,
            resolve::Known,
        },
        progress::Progress,
        rollback::Unit,
        sorted,
    },
};
use completion::entry;
use explain::{At, Explain, completion, difference};

pub struct Complete(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub at: At,
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
    /// The last job that found it needed.
    #[serde(default)]
    pub seen: Option<JobId>,
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
    let explain = Explain { company: &company, facts: &facts, task: &task };
    let mut explained = explain.at(at).await?;
    let pass = Pass { tools, company: &company, task: &task };
    pass.write(&explained.entries, &mut explained.unexplained).await?;
    pass.keep(explained.in_documents).await?;
    if explained.next.is_none() {
        pass.drop_needless(&mut explained.unexplained).await?;
    }
    pass.say(explained.unexplained).await?;
    attempt.ride(
        Progress::new(&company.tenant, &tools.clock, &task.job, "ledger completed")
            .calls(tools.connect.http.take_calls())
            .phase("complete"),
    );
    Ok(Completed { next: explained.next, by_documents: explained.by_documents })
}

struct Pass<'a> {
    tools: &'a Tools,
    company: &'a Company,
    task: &'a Task,
}

impl Pass<'_> {
    /// Creates and posts the entries, and keeps what they are.
    async fn write(
        &self,
        entries: &[(LedgerTxn, Net, &'static str)],
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
                Move { key, values, cancelled: false, outcome: None }
            })
            .collect();
        let link = &self.company.link.id;
        let keys = entries.iter().map(|(txn, _, _)| txn_key(link, &txn.txn)).collect();
        let before = self.company.tenant.list_ids::<Kept>(collection::COMPLETIONS, keys).await?;
        let mut before: BTreeMap<String, Kept> =
            before.into_iter().map(|read| (read.id, read.value)).collect();
        self.replace(entries, &mut moves, &mut before).await?;
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
                            sent: BTreeMap::from([(String::new(), written.print())]),
                            // the job that made it stays the one that did
                            job: match before.remove(&txn_key(link, &txn.txn)) {
                                Some(Kept { link: Some(before), .. }) => before.job,
                                _ => Some(self.task.job.clone()),
                            },
                            ..IdLink::default()
                        }),
                        seen: Some(self.task.job.clone()),
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

    /// An entry that says something else by now is taken out, to be written anew.
    async fn replace(
        &self,
        entries: &[(LedgerTxn, Net, &'static str)],
        moves: &mut [Move],
        before: &mut BTreeMap<String, Kept>,
    ) -> Result<()> {
        let link = &self.company.link.id;
        let mut outdated = Vec::new();
        for (at, (txn, _, _)) in entries.iter().enumerate() {
            let key = txn_key(link, &txn.txn);
            let sent = before.get(&key).and_then(|kept| kept.link.as_ref()?.sent.get(""));
            if sent.is_some_and(|sent| *sent != moves[at].print()) {
                outdated.push((at, key));
            }
        }
        let unit = |(_, key): &(usize, String)| unit(key, &before[key]);
        let mut units: Vec<Unit> = outdated.iter().map(unit).collect();
        let stay = replace::take_out(self.tools, self.company, self.task, &mut units).await?;
        for (number, (at, key)) in outdated.iter().enumerate() {
            match stay.get(&number) {
                Some((_, why)) => moves[*at].outcome = Some(Err(why.clone())),
                None => {
                    before.remove(key);
                }
            }
        }
        Ok(())
    }

    /// Takes out the entries whose transactions need none any more.
    async fn drop_needless(&self, unexplained: &mut Vec<Difference>) -> Result<()> {
        let key = Select::Key(self.company.link.id.0.clone());
        let mut needless: Vec<(String, Kept)> = Vec::new();
        let see = |read: Read<Kept>| {
            if read.value.seen.as_ref() != Some(&self.task.job) {
                needless.push((read.id, read.value));
            }
        };
        self.company.tenant.each(collection::COMPLETIONS, key, see).await?;
        let mut units: Vec<Unit> = needless.iter().map(|(key, kept)| unit(key, kept)).collect();
        let stay = replace::take_out(self.tools, self.company, self.task, &mut units).await?;
        for (at, (_, why)) in stay {
            let Completion { txn_type, txn_id, .. } = needless[at].1.completion.clone();
            let txn = Txn { txn_type: txn_type.into(), id: txn_id };
            let nothing = Net::new();
            unexplained.push(difference(&txn, &nothing, &nothing, Some(&why)));
        }
        Ok(())
    }

    async fn keep(&self, kept: Vec<(LedgerTxn, Completion)>) -> Result<()> {
        let seen = Some(self.task.job.clone());
        let documents = kept.into_iter().map(|(txn, completion)| {
            self.document(&txn, &Kept { completion, link: None, seen: seen.clone() })
        });
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
            let id = format!("{}/{}", self.task.job, difference.what);
            Ok(document(collection::UNEXPLAINED, id, &difference)?.key(self.task.job.as_str()))
        });
        self.company.tenant.put_all(documents.collect::<Result<_>>()?).await
    }
}

/// A completion as what a rollback takes.
fn unit(key: &str, kept: &Kept) -> Unit {
    let mut unit = Unit::new("Ledger completion", None, kept.completion.txn_id.clone());
    unit.complete(key.to_owned(), kept);
    unit
}

/// Letters and digits only, as an external id may hold.
fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}
