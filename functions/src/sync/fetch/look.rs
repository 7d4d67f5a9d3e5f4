//! `look`: whether QuickBooks has changed since a run read it through, for a handful of
//! calls: what was written since then, and whether there are as many records as there were.
//! What only the ledger has does not show.

use std::sync::Arc;

use jiff::SignedDuration;
use q2o_domain::{
    JobId, Kind, Result,
    ports::{QuickBooks, Unavailable},
    records::Job,
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};

use crate::{
    app::Tools,
    entities::entity,
    store::collection,
    sync::{
        company::{Company, Task},
        progress::Progress,
        sorted,
        survey::SETTINGS,
    },
};

/// Clocks differ, and what was written while it was read may have been missed.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);

pub struct Look(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    /// The job that read it through.
    pub since: JobId,
}

impl Activity for Look {
    const NAME: &'static str = "look";
    type Input = Input;
    type Output = bool;

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<bool, q2o_durable::Failure> {
        look(&self.0, &input, attempt).await.map_err(sorted)
    }
}

async fn look(tools: &Tools, input: &Input, attempt: &Attempt) -> Result<bool> {
    let company = Company::open(tools, &input.task).await?;
    let last = company.tenant.get::<Job>(collection::JOBS, input.since.as_str()).await?;
    let quickbooks = tools.connect.quickbooks(&company.tenant, company.realm());
    let changed = match last {
        Some(last) => changed(quickbooks.as_ref(), &last.value).await?,
        None => true,
    };
    let what =
        if changed { "looked: QuickBooks has changed" } else { "looked: nothing has changed" };
    let mut progress = Progress::new(&company.tenant, &tools.clock, &input.task.job, what)
        .calls(tools.connect.http.take_calls())
        .phase("look");
    progress.unchanged = !changed;
    attempt.ride(progress);
    Ok(changed)
}

async fn changed(quickbooks: &dyn QuickBooks, last: &Job) -> Result<bool> {
    let since = last.started.saturating_sub(OVERLAP).unwrap_or(last.started);
    let since = since.strftime("%Y-%m-%dT%H:%M:%S+00:00");
    let counted = last.counts.iter().filter(|(kind, _)| !SETTINGS.contains(kind));
    let kinds: Vec<(Kind, u64)> = counted.map(|(kind, counts)| (*kind, counts.source)).collect();
    let only = |kind: Kind| entity(kind).and_then(q2o_domain::AnyEntity::only);
    let written = |kind: Kind| {
        let all = only(kind).map(|only| format!("{only} AND ")).unwrap_or_default();
        format!("{all}MetaData.LastUpdatedTime >= '{since}'")
    };
    let written: Vec<String> = kinds.iter().map(|(kind, _)| written(*kind)).collect();
    let written = kinds.iter().zip(&written).map(|((kind, _), only)| (*kind, Some(only.as_str())));
    let all = kinds.iter().map(|(kind, _)| (*kind, only(*kind)));
    let asked: Vec<_> = written.chain(all).collect();
    let mut answers = quickbooks.counts(&asked).await?.into_iter();
    // what a kind cannot be asked by shows when the books are read through again
    let more = answers.by_ref().take(kinds.len()).any(|some| some.is_ok_and(|some| some > 0));
    let other = |(number, (_, before)): (Result<u64, Unavailable>, &(Kind, u64))| {
        number.is_ok_and(|number| number != *before)
    };
    Ok(more || answers.zip(&kinds).any(other))
}
