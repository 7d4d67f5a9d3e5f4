//! One kind of records, page by page: each page is one activity.

use jiff::civil::Date;
use q2o_domain::{Kind, RealmId};
use q2o_durable::{Context, Orchestration, Turn};
use serde::{Deserialize, Serialize};

use crate::{
    entities::entity,
    sync::{
        company::Task,
        fetch::extract::{self, Extract},
        load::{self, Load},
    },
};

/// Slots after which a journal begins anew, so that it stays quick to read.
const LONG: usize = 150;

/// How far a kind is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Moving {
    pub task: Task,
    pub realm: RealmId,
    pub kind: Kind,
    pub start: u32,
    pub after: Option<(String, String)>,
    pub dates: Option<(Date, Date)>,
}

impl Moving {
    pub fn first(task: &Task, realm: &RealmId, kind: Kind) -> Self {
        let (task, realm) = (task.clone(), realm.clone());
        Self { task, realm, kind, start: 1, after: None, dates: None }
    }
}

/// Fetches a kind; answers from when to when its documents are.
pub struct ExtractKind;

impl Orchestration for ExtractKind {
    const NAME: &'static str = "extract-kind";
    type Input = Moving;
    type Output = Option<(Date, Date)>;

    fn run(cx: &mut Context<'_>, mut at: Moving) -> Turn<Self::Output> {
        loop {
            let page = cx.call::<Extract>(&extract::Input {
                task: at.task.clone(),
                realm: at.realm.clone(),
                kind: at.kind,
                start: at.start,
            })?;
            at.dates = match (at.dates, page.dates) {
                (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
                (one, other) => one.or(other),
            };
            let Some(next) = page.next else {
                return Ok(at.dates);
            };
            at.start = next;
            if cx.length() > LONG {
                return cx.restart(&at);
            }
        }
    }
}

/// Loads a kind in its order.
pub struct LoadKind;

impl Orchestration for LoadKind {
    const NAME: &'static str = "load-kind";
    type Input = Moving;
    type Output = ();

    fn run(cx: &mut Context<'_>, mut at: Moving) -> Turn<()> {
        // documents before the cut are in the opening balances, and orders of then are done
        let dated = entity(at.kind).is_some_and(|e| e.write().dated());
        if at.after.is_none() && dated {
            at.after = Some(at.task.beginning());
        }
        loop {
            let done = cx.call::<Load>(&load::Input {
                task: at.task.clone(),
                kind: at.kind,
                after: at.after.clone(),
            })?;
            if done.next.is_none() {
                return Ok(());
            }
            at.after = done.next;
            if cx.length() > LONG {
                return cx.restart(&at);
            }
        }
    }
}
