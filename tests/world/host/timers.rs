//! Timer triggers: never two runs at once, and a missed run is made good.

use std::{path::PathBuf, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use super::{
    envelope,
    invoke::Invoker,
    package::{Function, Package, Trigger},
};

/// Keeps all timers until dropped. `folder` holds what is known of their last runs.
pub async fn run(package: Arc<Package>, invoker: Invoker, folder: PathBuf) {
    let mut timers = JoinSet::new();
    for at in 0..package.functions.len() {
        let (package, invoker, folder) = (Arc::clone(&package), invoker.clone(), folder.clone());
        timers.spawn(async move {
            let function = &package.functions[at];
            if matches!(function.trigger, Trigger::Timer { .. }) {
                keep(function, &invoker, folder.join(format!("{}.json", function.name))).await;
            }
        });
    }
    while timers.join_next().await.is_some() {}
}

async fn keep(function: &Function, invoker: &Invoker, file: PathBuf) {
    let Trigger::Timer { schedule, run_on_startup, use_monitor } = &function.trigger else {
        return;
    };
    let monitored = *use_monitor && !schedule.is_sub_minute(super::now());
    let known = if monitored { read(&file) } else { None };
    let missed = known.as_ref().is_some_and(|(_, next)| *next < super::now());
    if missed || *run_on_startup {
        invoker
            .call(function, &envelope::timer(function, status(known.as_ref()).as_ref(), missed))
            .await;
    }
    let mut last = super::now();
    loop {
        let Some(next) = schedule.after(super::now()) else { return };
        let wait = Duration::try_from(next.duration_since(super::now())).unwrap_or_default();
        sleep(wait).await;
        let told = monitored.then_some((last, next));
        if !invoker
            .call(function, &envelope::timer(function, status(told.as_ref()).as_ref(), false))
            .await
        {
            tracing::warn!(function.name, "a timer's run failed");
        }
        last = next;
        if monitored
            && let Some(after) = schedule.after(super::now())
            && let Err(error) = write(&file, last, after)
        {
            tracing::warn!(function.name, %error, "its last run is not written down");
        }
    }
}

fn status(known: Option<&(Timestamp, Timestamp)>) -> Option<Value> {
    known.map(|(last, next)| json!({ "Last": last, "Next": next, "LastUpdated": last }))
}

fn read(file: &std::path::Path) -> Option<(Timestamp, Timestamp)> {
    let status: Value = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    let of = |name: &str| status[name].as_str()?.parse().ok();
    Some((of("Last")?, of("Next")?))
}

fn write(file: &std::path::Path, last: Timestamp, next: Timestamp) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let status = json!({ "Last": last, "Next": next, "LastUpdated": last });
    std::fs::write(file, status.to_string())
}
