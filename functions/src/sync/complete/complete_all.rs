//! The whole ledger completed, some of its transactions at a time.

use q2o_domain::ledger::Level;
use q2o_durable::{Context, Orchestration, Turn};
use serde::{Deserialize, Serialize};

use super::{Complete, explain::At};
use crate::sync::company::Task;

/// Steps after which a journal begins anew.
const LONG: usize = 150;

pub struct CompleteAll;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Input {
    task: Task,
    at: At,
    /// What documents post by themselves, against the ledger so far.
    by_documents: Level,
}

impl Input {
    pub fn first(task: &Task) -> Self {
        Self { task: task.clone(), at: At::first(task), by_documents: Level::default() }
    }
}

impl Orchestration for CompleteAll {
    const NAME: &'static str = "complete-all";
    type Input = Input;
    type Output = Level;

    fn run(cx: &mut Context<'_>, mut input: Input) -> Turn<Level> {
        loop {
            let step = super::Input { task: input.task.clone(), at: input.at.clone() };
            let done = cx.call::<Complete>(&step)?;
            input.by_documents.merge(&done.by_documents);
            match done.next {
                Some(next) => input.at = next,
                None => return Ok(input.by_documents),
            }
            if cx.length() > LONG {
                return cx.restart(&input);
            }
        }
    }
}
