//! `seal`: hashes all that was read from QuickBooks, before the first record is
//! loaded. Whoever holds the same snapshot can tell that it is this one.

use std::{fmt::Write, sync::Arc};

use q2o_domain::{RealmId, Result, records::Snapshot};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::snapshot::Pages;
use crate::{
    app::Tools,
    sync::{company::Task, progress::Progress, sorted, unsorted},
};

pub struct Seal(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub realm: RealmId,
}

impl Activity for Seal {
    const NAME: &'static str = "seal";
    type Input = Input;
    type Output = Snapshot;

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<Snapshot, q2o_durable::Failure> {
        seal(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn seal(tools: &Tools, input: Input, attempt: &Attempt) -> Result<Snapshot> {
    let Input { task, realm } = input;
    let tenant = tools.store.tenant(task.tenant);
    let mut pages = Pages::new(&tenant, &task.job, &realm);
    let mut digest = Sha256::new();
    while let Some(lines) = pages.next().await? {
        digest.update(lines);
        attempt.checkpoint(&(pages.records, pages.transactions)).await.map_err(unsorted)?;
    }
    let sha256 = digest.finalize().iter().fold(String::new(), |mut text, byte| {
        // writing to a string cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    });
    attempt
        .ride(Progress::new(&tenant, &tools.clock, &task.job, "snapshot sealed").phase("ledger"));
    Ok(Snapshot {
        sha256,
        records: pages.records,
        transactions: pages.transactions,
        reports: pages.reports,
        taken: tools.clock.now(),
    })
}
