//! Every orchestration and activity this program can run, by name.

use std::{
    any::Any,
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use crate::{Activity, Attempt, Context, Failure, Halt, Orchestration, Retry, Turn, value};

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, Failure>> + Send + 'a>>;
type RunActivity = dyn for<'a> Fn(Value, &'a Attempt) -> Answer<'a> + Send + Sync;
type RunOrchestration = fn(&mut Context<'_>, Value) -> Turn<Value>;

/// Build it once with all of a program's orchestrations and activities.
#[derive(Default, Clone)]
pub struct Registry {
    activities: HashMap<&'static str, Known>,
    orchestrations: HashMap<&'static str, RunOrchestration>,
}

/// An activity, its types forgotten.
#[derive(Clone)]
pub(crate) struct Known {
    pub retry: Retry,
    pub lease: Duration,
    run: Arc<RunActivity>,
}

impl Known {
    pub fn run<'a>(&self, input: Value, attempt: &'a Attempt) -> Answer<'a> {
        (self.run)(input, attempt)
    }
}

impl Registry {
    #[must_use]
    pub fn orchestration<O: Orchestration>(mut self) -> Self {
        self.orchestrations.insert(O::NAME, |cx, input| {
            let output = O::run(cx, value::decode(input)?)?;
            Ok(value::encode(&output)?)
        });
        self
    }

    #[must_use]
    pub fn activity<A: Activity>(mut self, activity: A) -> Self {
        let activity = Arc::new(activity);
        let run: Arc<RunActivity> = Arc::new(move |input, attempt| {
            let activity = Arc::clone(&activity);
            Box::pin(async move {
                let output = activity.run(value::decode(input)?, attempt).await?;
                value::encode(&output)
            })
        });
        self.activities.insert(A::NAME, Known { retry: A::RETRY, lease: A::LEASE, run });
        self
    }

    pub(crate) fn find(&self, activity: &str) -> Option<&Known> {
        self.activities.get(activity)
    }

    /// Replays an orchestration, or `None` if nothing here has this name.
    pub(crate) fn replay(
        &self,
        orchestration: &str,
        cx: &mut Context<'_>,
        input: Value,
    ) -> Option<Turn<Value>> {
        let run = self.orchestrations.get(orchestration)?;
        let turn = catch_unwind(AssertUnwindSafe(|| run(cx, input)));
        Some(turn.unwrap_or_else(|panic| Err(Halt::Failed(Failure::bug(said(&*panic))))))
    }
}

/// What a panic said.
pub(crate) fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without words"))
}
