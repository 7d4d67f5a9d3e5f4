//! The rollback as one orchestration: weigh what goes and what has to stay, take
//! it out of Odoo batch by batch, forget what is gone. A preview ends after the
//! weighing.

pub mod editors;
pub mod files_of_others;
pub mod forget;
pub mod left_over;
pub mod locks;
pub mod reconciled;
pub mod remove;
pub mod standing;
pub mod uses;
pub mod weigh;

use std::collections::BTreeSet;

use q2o_domain::{
    Kind, OdooId, QboId,
    records::{JobState, Scope},
};
use q2o_durable::{Context, Failure, Orchestration, Turn};
use serde::{Deserialize, Serialize};

use crate::sync::{
    backfill::Resume,
    company::Task,
    mark::{self, Mark},
};
use forget::Forget;
use remove::Remove;
use weigh::Weigh;

pub struct Rollback;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub scope: Scope,
    /// The batch that is next, once it is weighed.
    #[serde(default)]
    pub at: Option<(u32, u32)>,
}

/// What goes or stays as a whole: a record with its parts, a document with the
/// entry that completes it, all opening balances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its kind's name, or what it is where it has none.
    pub what: String,
    pub kind: Option<Kind>,
    pub id: QboId,
    /// The keys of its id links.
    pub links: Vec<String>,
    /// The key of its completion.
    pub completion: Option<String>,
    pub records: Vec<Record>,
    /// The partial reconciliations that it asked for.
    pub settled: BTreeSet<OdooId>,
    /// All that its lines were reconciled by when it was weighed.
    pub partials: BTreeSet<OdooId>,
    /// Its removal had begun before it was weighed.
    pub leaving: bool,
}

/// One record in Odoo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub model: String,
    pub id: OdooId,
    /// Of a document: what was sent, in short.
    pub sent: Option<String>,
}

/// The model of documents.
pub const MOVE: &str = "account.move";

impl Unit {
    pub fn new(what: impl Into<String>, kind: Option<Kind>, id: impl Into<QboId>) -> Self {
        Self {
            what: what.into(),
            kind,
            id: id.into(),
            links: Vec::new(),
            completion: None,
            records: Vec::new(),
            settled: BTreeSet::new(),
            partials: BTreeSet::new(),
            leaving: false,
        }
    }

    pub fn moves(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.model == MOVE)
    }

    /// Opening balances and completions are documents too.
    pub fn is_document(&self) -> bool {
        self.kind.and_then(crate::entities::entity).is_none_or(|e| e.model() == MOVE)
    }
}

impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.what, self.id)
    }
}

/// Slots after which a journal begins anew.
const LONG: usize = 150;

impl Orchestration for Rollback {
    const NAME: &'static str = "rollback";
    type Input = Input;
    type Output = ();

    fn run(cx: &mut Context<'_>, mut input: Input) -> Turn<()> {
        let outcome = loop {
            let (at, batches) = match input.at {
                Some(at) => at,
                None => {
                    let Input { task, scope, .. } = input.clone();
                    match cx.attempt::<Weigh>(&weigh::Input { task, scope })? {
                        Ok(batches) => (0, batches),
                        Err(failure) => break Err(failure),
                    }
                }
            };
            if input.scope.preview {
                break Ok(());
            }
            if at >= batches {
                let forget = crate::sync::rollback::forget::Input {
                    task: input.task.clone(),
                    of: input.scope.job.clone(),
                };
                break cx.attempt::<Forget>(&forget)?;
            }
            let step = remove::Input { task: input.task.clone(), batch: at };
            if let Err(failure) = cx.attempt::<Remove>(&step)? {
                break Err(failure);
            }
            input.at = Some((at + 1, batches));
            if cx.length() > LONG {
                return cx.restart(&input);
            }
        };
        let (state, failure) = match outcome {
            Ok(()) => (JobState::Done, None),
            Err(failure @ Failure::NeedsUser { .. }) => (JobState::NeedsUser, Some(failure)),
            Err(failure) => (JobState::Failed, Some(failure)),
        };
        cx.call::<Mark>(&mark::Input { task: input.task.clone(), state, failure })?;
        if state != JobState::NeedsUser {
            return Ok(());
        }
        cx.wait_for::<Resume>()?;
        // what is gone is found gone; what somebody did meanwhile is weighed anew
        input.at = None;
        cx.restart(&input)
    }
}
