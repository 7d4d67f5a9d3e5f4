//! Keeping to a budget of calls.

use std::time::Duration;

use q2o_domain::{Failure, Result, ports::Budget};

/// Waits this long in place; a longer wait is the engine's business.
const PATIENCE: Duration = Duration::from_secs(2);

/// Takes the right to one call, waiting a little for it.
pub async fn take(budget: &dyn Budget, lane: &str) -> Result<()> {
    let mut waited = Duration::ZERO;
    loop {
        let wait = budget.take(lane, 1).await?;
        if wait.is_zero() {
            return Ok(());
        }
        if waited + wait > PATIENCE {
            return Err(Failure::Retry {
                why: "the call budget is used up for now".to_owned(),
                after: Some(wait),
            });
        }
        tokio::time::sleep(wait).await;
        waited += wait;
    }
}
