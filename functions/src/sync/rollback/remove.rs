//! `remove`: takes one batch of a rollback out of Odoo, and then our rows of it.
//!
//! What is about to go is marked first: whoever comes after a crash knows that it
//! was us who took it half way.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use q2o_domain::{
    Failure, Kind, OdooId, Result,
    ports::{Change, OdooError},
    records::{Counts, IdLink, Left, RolledBack},
};
use q2o_durable::{Activity, Attempt, Rider};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    MOVE, Unit,
    editors::Editors,
    standing,
    uses::BESIDE,
    weigh::{Why, jobs_of, read_report},
};
use crate::{
    app::Tools,
    store::{Read, collection, document, rollback_key},
    sync::{
        company::{Company, Task, id_of},
        complete::Kept,
        progress::Progress,
        sorted,
    },
};

pub struct Remove(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub batch: u32,
}

impl Activity for Remove {
    const NAME: &'static str = "remove";
    type Input = Input;
    type Output = ();

    fn lane(input: &Input) -> Option<std::borrow::Cow<'_, str>> {
        Some(format!("odoo-{}", input.task.link).into())
    }

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<(), q2o_durable::Failure> {
        remove(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn remove(tools: &Tools, input: Input, attempt: &Attempt) -> Result<()> {
    let Input { task, batch } = input;
    let company = Company::open(tools, &task).await?;
    company.check().await?;
    let key = rollback_key(&task.job, batch);
    let units = company.tenant.get::<Vec<Unit>>(collection::ROLLBACKS, key).await?;
    let units = units.ok_or_else(|| Failure::bug("there is no such batch"))?.value;
    let editors = Editors::of(&company, &jobs_of(&company, &task).await?).await?.under_way();
    let mut refused = take_out(tools, &company, &editors, &units, Refused::new()).await?;
    attempt.ride(Removed {
        progress: Progress::new(&company.tenant, &tools.clock, &task.job, "removed")
            .calls(tools.connect.http.take_calls())
            .phase("remove"),
        units: units.into_iter().enumerate().map(|(at, u)| (u, refused.remove(&at))).collect(),
    });
    Ok(())
}

/// Reasons to stay, by the place of their unit.
pub type Refused<R> = BTreeMap<usize, R>;

/// Takes units out of Odoo and then our rows of them, but for those that are
/// refused already; says of all that stay why.
pub async fn take_out(
    tools: &Tools,
    company: &Company,
    editors: &Editors,
    units: &[Unit],
    mut refused: Refused<Why>,
) -> Result<Refused<Why>> {
    let rows = Rows::read(company, units).await?;
    begin(tools, company, editors, units, &rows, &mut refused).await?;
    let going: Vec<usize> = (0..units.len()).filter(|at| !refused.contains_key(at)).collect();
    for (at, why) in take(company, units, &going).await? {
        rows.mark(company, &units[at], false).await?;
        refused.insert(at, ("refused", why));
    }
    let gone: Vec<&Unit> =
        (0..units.len()).filter(|at| !refused.contains_key(at)).map(|at| &units[at]).collect();
    forget(company, &gone).await?;
    Ok(refused)
}

/// Our rows of a batch.
struct Rows {
    links: BTreeMap<String, IdLink>,
    completions: BTreeMap<String, Kept>,
}

impl Rows {
    async fn read(company: &Company, units: &[Unit]) -> Result<Self> {
        let links = units.iter().flat_map(|unit| unit.links.clone()).collect();
        let completions = units.iter().filter_map(|unit| unit.completion.clone()).collect();
        let links = company.tenant.list_ids(collection::ID_LINKS, links).await?;
        let completions = company.tenant.list_ids(collection::COMPLETIONS, completions).await?;
        let pair = |read: Read<Kept>| (read.id, read.value);
        Ok(Self {
            links: links.into_iter().map(|read: Read<IdLink>| (read.id, read.value)).collect(),
            completions: completions.into_iter().map(pair).collect(),
        })
    }

    /// Whether its removal had begun: every row of it says so, or is gone already.
    fn leaving(&self, unit: &Unit) -> bool {
        let links = unit.links.iter().filter_map(|key| self.links.get(key));
        let completion = unit.completion.iter().filter_map(|key| self.completions.get(key));
        links.chain(completion.filter_map(|kept| kept.link.as_ref())).all(|link| link.leaving)
    }

    async fn mark(&self, company: &Company, unit: &Unit, leaving: bool) -> Result<()> {
        let mut documents = Vec::new();
        for (key, link) in unit.links.iter().filter_map(|key| Some((key, self.links.get(key)?))) {
            let mut link = IdLink { leaving, ..link.clone() };
            if !leaving && !unit.is_document() {
                // some of its parts may be gone: the next migration loads it anew
                link.hash.clear();
            }
            let of_kind = key.rsplit_once('/').map_or("", |(of_kind, _)| of_kind);
            documents.push(document(collection::ID_LINKS, key, &link)?.key(of_kind));
        }
        let completion = unit.completion.as_ref().and_then(|key| {
            let kept = self.completions.get(key)?;
            Some((key, &kept.completion, kept.link.as_ref()?))
        });
        if let Some((key, completion, link)) = completion {
            let link = Some(IdLink { leaving, ..link.clone() });
            let kept = Kept { completion: completion.clone(), link, seen: None };
            documents.push(
                document(collection::COMPLETIONS, key, &kept)?
                    .key(company.link.id.as_str())
                    .sort(kept.completion.date.to_string()),
            );
        }
        company.tenant.put_all(documents).await
    }
}

/// Looks once more whether somebody was quicker, and marks the rest as leaving.
async fn begin(
    tools: &Tools,
    company: &Company,
    editors: &Editors,
    units: &[Unit],
    rows: &Rows,
    refused: &mut Refused<Why>,
) -> Result<()> {
    let fresh: Vec<usize> = (0..units.len())
        .filter(|at| !refused.contains_key(at) && !rows.leaving(&units[*at]))
        .collect();
    let looked_at: Vec<&Unit> = fresh.iter().map(|at| &units[*at]).collect();
    let since = standing::changed_since(tools, company, editors, &looked_at).await?;
    for (at, since) in fresh.into_iter().zip(since) {
        match since {
            Some(why) => {
                refused.insert(at, ("edited", why));
            }
            None => rows.mark(company, &units[at], true).await?,
        }
    }
    Ok(())
}

/// Takes the units out of Odoo; says which of them Odoo keeps, and why.
async fn take(company: &Company, units: &[Unit], going: &[usize]) -> Result<Refused<String>> {
    let mut refused = Refused::new();
    let (documents, masters): (Vec<usize>, Vec<usize>) =
        going.iter().partition(|at| units[**at].is_document());
    if !documents.is_empty() {
        refused.extend(take_documents(company, units, &documents).await?);
        let gone = documents.iter().filter(|at| !refused.contains_key(at));
        let settled = gone.flat_map(|at| &units[*at].settled).map(|id| id.0).collect();
        loosen(company, settled).await?;
    }
    let mut models: Vec<&str> = Vec::new();
    for record in masters.iter().flat_map(|at| &units[*at].records) {
        if !models.contains(&record.model.as_str()) {
            models.push(&record.model);
        }
    }
    // a bank's journal is on its account
    models.sort_by_key(|model| *model != "account.journal");
    for model in models {
        let records: Vec<(usize, OdooId)> = masters
            .iter()
            .filter(|at| !refused.contains_key(at))
            .flat_map(|at| units[*at].records.iter().map(move |record| (*at, record)))
            .filter(|(_, record)| record.model == model)
            .map(|(at, record)| (at, record.id))
            .collect();
        refused.extend(unlink(company, model, &records).await?);
    }
    Ok(refused)
}

/// Reconciliations that do not touch the documents of the record that asked for
/// them, as those of a payment of nothing.
async fn loosen(company: &Company, settled: Vec<i64>) -> Result<()> {
    const PARTIAL: &str = "account.partial.reconcile";
    if settled.is_empty() {
        return Ok(());
    }
    let domain = json!([["id", "in", settled]]);
    let rows = company.odoo.search_read(PARTIAL, domain, &["amount"], "id", 0, 0).await?;
    let left: Vec<i64> = rows.iter().filter_map(id_of).map(|id| id.0).collect();
    if !left.is_empty() {
        company.odoo.call(PARTIAL, "unlink", json!([left]), json!({})).await?;
    }
    Ok(())
}

/// Back to drafts, which undoes what they are reconciled by, then deleted. Odoo
/// refuses a call as a whole, so it is halved until the unit stands alone.
async fn take_documents(
    company: &Company,
    units: &[Unit],
    going: &[usize],
) -> Result<Refused<String>> {
    let ids: Vec<i64> =
        going.iter().flat_map(|at| units[*at].moves()).map(|record| record.id.0).collect();
    let domain = json!([["id", "in", ids]]);
    let rows = company.odoo.search_read(MOVE, domain, &["state"], "id", 0, 0).await?;
    let there: Vec<i64> = rows.iter().filter_map(id_of).map(|id| id.0).collect();
    let booked = rows.iter().filter(|row| row["state"] != "draft").filter_map(id_of);
    let booked: Vec<i64> = booked.map(|id| id.0).collect();
    if there.is_empty() {
        return Ok(Refused::new());
    }
    // or amounts and taxes would be computed anew on the way
    let context = json!({ "context": { "skip_invoice_sync": true } });
    for (method, ids) in [("button_draft", &booked), ("unlink", &there)] {
        if ids.is_empty() {
            continue;
        }
        match company.odoo.call(MOVE, method, json!([ids]), context.clone()).await {
            Ok(_) => {}
            Err(OdooError::Refused { message } | OdooError::Missing { message }) => {
                if let [one] = going {
                    if method == "unlink" {
                        // as it was; a migration sets it against the others again
                        let cancelled = rows.iter().any(|row| row["state"] == "cancel");
                        let back = if cancelled { "button_cancel" } else { "action_post" };
                        company.odoo.call(MOVE, back, json!([there]), context).await?;
                    }
                    return Ok(Refused::from([(*one, format!("Odoo keeps it: {message}"))]));
                }
                let (left, right) = going.split_at(going.len() / 2);
                let mut refused = Box::pin(take_documents(company, units, left)).await?;
                refused.extend(Box::pin(take_documents(company, units, right)).await?);
                return Ok(refused);
            }
            // no answer: the next try looks first
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Refused::new())
}

/// Deletes master records of one model.
async fn unlink(
    company: &Company,
    model: &str,
    records: &[(usize, OdooId)],
) -> Result<Refused<String>> {
    if records.is_empty() {
        return Ok(Refused::new());
    }
    let ids: Vec<i64> = records.iter().map(|(_, id)| id.0).collect();
    let kwargs = json!({ "context": { "active_test": false } });
    let domain = json!([["id", "in", ids]]);
    let there = company.odoo.call(model, "search", json!([domain]), kwargs).await?;
    let there: Vec<i64> =
        there.as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    if there.is_empty() {
        return Ok(Refused::new());
    }
    if matches!(model, "sale.order" | "purchase.order") {
        // Odoo deletes orders that are cancelled; nothing hangs on their state here
        let ids: Vec<OdooId> = there.iter().map(|id| OdooId(*id)).collect();
        company.odoo.write(model, &ids, json!({ "state": "cancel" })).await?;
    }
    let beside = beside(company, model, &there).await?;
    match company.odoo.call(model, "unlink", json!([there]), json!({})).await {
        Ok(_) => {
            if !beside.is_empty() {
                company.odoo.call(BESIDE.0, "unlink", json!([beside]), json!({})).await?;
            }
            Ok(Refused::new())
        }
        Err(OdooError::Refused { message } | OdooError::Missing { message }) => {
            if let [(at, _)] = records {
                return Ok(Refused::from([(*at, format!("Odoo keeps it: {message}"))]));
            }
            let (left, right) = records.split_at(records.len() / 2);
            let mut refused = Box::pin(unlink(company, model, left)).await?;
            refused.extend(Box::pin(unlink(company, model, right)).await?);
            Ok(refused)
        }
        Err(error) => Err(error.into()),
    }
}

/// What Odoo made beside records of this model.
async fn beside(company: &Company, of: &str, records: &[i64]) -> Result<Vec<i64>> {
    let (model, field, owner) = BESIDE;
    if of != owner {
        return Ok(Vec::new());
    }
    let domain = json!([[field, "in", records]]);
    match company.odoo.search_read(model, domain, &[field], "id", 0, 0).await {
        Ok(rows) => Ok(rows.iter().filter_map(id_of).map(|id| id.0).collect()),
        // an Odoo that has none
        Err(OdooError::NotInstalled { .. } | OdooError::Failed(Failure::NeedsUser { .. })) => {
            Ok(Vec::new())
        }
        Err(error) => Err(error.into()),
    }
}

/// Our rows of what is gone: what it became, what went wrong with it, what
/// completed it.
async fn forget(company: &Company, gone: &[&Unit]) -> Result<()> {
    let links: Vec<String> = gone.iter().flat_map(|unit| unit.links.clone()).collect();
    let completions = gone.iter().filter_map(|unit| unit.completion.clone()).collect();
    company.tenant.delete_all(collection::ERRORS, links.clone()).await?;
    company.tenant.delete_all(collection::COMPLETIONS, completions).await?;
    company.tenant.delete_all(collection::ID_LINKS, links).await
}

/// The job's counters and its report, in one commit with the end of the batch.
struct Removed {
    progress: Progress,
    units: Vec<(Unit, Option<(&'static str, String)>)>,
}

#[async_trait]
impl Rider for Removed {
    async fn changes(&self) -> Result<Vec<Value>, q2o_durable::Failure> {
        let mut counts: BTreeMap<Kind, Counts> = BTreeMap::new();
        let mut report: RolledBack = read_report(&self.progress.tenant, &self.progress.job)
            .await
            .map_err(sorted)?
            .unwrap_or_default();
        for (unit, refused) in &self.units {
            let taken = report.kinds.entry(unit.what.clone()).or_default();
            let mut count = Counts::default();
            match refused {
                None => (taken.removed, count.removed) = (taken.removed + 1, 1),
                Some((class, why)) => {
                    (taken.refused, count.refused) = (taken.refused + 1, 1);
                    report.refused.push(Left {
                        what: unit.what.clone(),
                        id: unit.id.clone(),
                        class: (*class).to_owned(),
                        why: why.clone(),
                    });
                }
            }
            if let Some(kind) = unit.kind {
                counts.entry(kind).or_default().add(count);
            }
        }
        let progress = self.progress.clone().of_all(counts);
        let mut changes = progress.written().await.map_err(sorted)?;
        let key = self.progress.job.as_str();
        let kept = document(collection::ROLLBACKS, key, &report).map_err(sorted)?;
        changes.push(Change::Put(kept));
        let changes = changes.iter().map(serde_json::to_value).collect::<Result<_, _>>();
        changes.map_err(|error| q2o_durable::Failure::bug(error.to_string()))
    }
}
