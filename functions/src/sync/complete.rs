//! `complete`: brings over what no document explains: exactly one entry for
//! each such transaction.

use std::{collections::BTreeMap, sync::Arc};

use q2o_domain::{
    Failure, Mapped, Net, Result,
    ledger::Level,
    records::{Completion, Difference, IdLink, LedgerTxn},
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};

use super::{
    company::{Company, Task},
    completion::entry,
    documents::{self, Move},
    explain::{At, Explain, completion, difference},
    progress::Progress,
    resolve::Known,
    sorted,
};
use crate::{
    app::Tools,
    store::{collection, document, txn_key},
};

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
    let pass = Pass { company: &company, task: &task };
    pass.write(&explained.entries, &mut explained.unexplained).await?;
    pass.keep(explained.in_documents).await?;
    pass.say(explained.unexplained).await?;
    attempt.ride(
        Progress::new(&company.tenant, &tools.clock, &task.job, "ledger completed")
            .calls(tools.connect.http.take_calls())
            .phase("complete"),
    );
    Ok(Completed { next: explained.next, by_documents: explained.by_documents })
}

struct Pass<'a> {
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
        documents::write(self.company, &mut moves).await?;
        let link = &self.company.link.id;
        let keys = entries.iter().map(|(txn, _, _)| txn_key(link, &txn.txn)).collect();
        let before = self.company.tenant.list_ids::<Kept>(collection::COMPLETIONS, keys).await?;
        let before: BTreeMap<String, Option<IdLink>> =
            before.into_iter().map(|read| (read.id, read.value.link)).collect();
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
                            job: match before.get(&txn_key(link, &txn.txn)) {
                                Some(Some(before)) => before.job.clone(),
                                _ => Some(self.task.job.clone()),
                            },
                            ..IdLink::default()
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

    async fn keep(&self, kept: Vec<(LedgerTxn, Completion)>) -> Result<()> {
        let documents = kept
            .into_iter()
            .map(|(txn, completion)| self.document(&txn, &Kept { completion, link: None }));
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

/// Letters and digits only, as an external id may hold.
fn plain(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}
