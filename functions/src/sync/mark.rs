//! `mark`: writes down that a job ended, or what it needs a person for.

use std::sync::Arc;

use q2o_domain::{Remedy, records::JobState};
use q2o_durable::{Activity, Attempt, Failure};
use serde::{Deserialize, Serialize};

use crate::{
    app::Tools,
    sync::{company::Task, progress::Progress},
};

pub struct Mark(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub state: JobState,
    pub failure: Option<Failure>,
}

impl Activity for Mark {
    const NAME: &'static str = "mark";
    type Input = Input;
    type Output = ();

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<(), Failure> {
        let tenant = self.0.store.tenant(input.task.tenant);
        let what = match input.state {
            JobState::Done => "done",
            JobState::NeedsUser => "needs a person",
            _ => "failed",
        };
        let mut progress =
            Progress::new(&tenant, &self.0.clock, &input.task.job, what).state(input.state);
        progress.why = input.failure.map(|failure| {
            let why = failure.to_string();
            match failure {
                Failure::NeedsUser { remedy, .. } => {
                    (why, serde_json::from_value::<Remedy>(remedy).ok())
                }
                // what is our mistake is not shown as it is
                Failure::Bug { .. } => {
                    tracing::error!(job.id = %input.task.job, "{why}");
                    (why, None)
                }
                _ => (why, None),
            }
        });
        attempt.ride(progress);
        Ok(())
    }
}
