//! What the demo shows: a bar for every kind of records, then the proof.

use std::{collections::BTreeMap, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::Value;

use super::{Failed, api::Api, assessment, outcome::Outcome};

pub fn line(text: &str) {
    println!("{text}");
}

/// Follows a job until it ends or needs a person; gives it as it then is.
pub async fn progress(api: &Api, job: &str) -> Result<Value, Failed> {
    let bars = MultiProgress::new();
    let style = ProgressStyle::with_template(
        "{prefix:16} {bar:28} {pos:>6}/{len:<6} {msg:28} {per_sec:>12} ETA {eta}",
    )?;
    let mut shown: BTreeMap<String, ProgressBar> = BTreeMap::new();
    let head = bars.add(ProgressBar::new_spinner());
    loop {
        let now = api.patient(&format!("/api/ops/jobs/{job}")).await?;
        head.set_message(format!(
            "{} (QuickBooks calls {}, Odoo calls {})",
            now["phase"].as_str().unwrap_or_default(),
            now["calls"][0],
            now["calls"][1]
        ));
        head.tick();
        for (kind, counts) in now["counts"].as_object().into_iter().flatten() {
            let of = |name: &str| counts[name].as_u64().unwrap_or(0);
            if of("source") == 0 && of("fetched") == 0 {
                continue;
            }
            let bar = shown.entry(kind.clone()).or_insert_with(|| {
                let bar = bars.add(ProgressBar::new(of("source")));
                bar.set_style(style.clone());
                bar.set_prefix(kind.clone());
                bar
            });
            bar.set_length(of("source").max(of("fetched")));
            bar.set_position(
                of("loaded")
                    + of("skipped")
                    + of("not_moved")
                    + of("before")
                    + of("errors")
                    + of("removed")
                    + of("kept")
                    + of("refused"),
            );
            if now["plan"]["purpose"] == "roll_back" {
                let refused = match of("refused") {
                    0 => String::new(),
                    refused => format!(", {refused} REFUSED"),
                };
                bar.set_message(format!("removed {}{refused}", of("removed")));
                continue;
            }
            let errors = match of("errors") {
                0 => String::new(),
                errors => format!(", {errors} ERRORS"),
            };
            bar.set_message(format!("fetched {}, loaded {}{errors}", of("fetched"), of("loaded")));
        }
        match now["state"].as_str() {
            Some("running" | "paused") => tokio::time::sleep(Duration::from_millis(150)).await,
            _ => {
                shown.values().for_each(ProgressBar::abandon);
                head.finish_and_clear();
                return Ok(now);
            }
        }
    }
}

/// What a rollback took, kind by kind, and what it left and why.
fn rollback(report: &Value, seconds: f64) {
    let preview = report["scope"]["preview"] == true;
    line("");
    line(&format!(
        "{:28} {:>13} {:>7} {:>8}",
        "ROLLBACK",
        if preview { "would remove" } else { "removed" },
        "kept",
        "refused"
    ));
    let mut removed = 0;
    for (what, taken) in report["kinds"].as_object().into_iter().flatten() {
        removed += taken["removed"].as_u64().unwrap_or(0);
        line(&format!(
            "{what:28} {:>13} {:>7} {:>8}",
            taken["removed"], taken["kept"], taken["refused"]
        ));
    }
    let refused = report["refused"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for one in refused.iter().take(20) {
        let (what, id, why) = (text(&one["what"]), text(&one["id"]), text(&one["why"]));
        line(&format!("REFUSED {what} {id}: {why}"));
    }
    if report["forgotten"] == true {
        line("Nothing of the migration is left: it may begin anew.");
    }
    let did = if preview { "would go" } else { "gone" };
    line(&format!("{removed} {did}, {} refused, in {seconds:.1} s.", refused.len()));
}

/// The proof as a table, and what it means.
pub fn outcome(outcome: &Outcome) {
    if outcome.assessment.is_object() {
        return assessment::show(&outcome.assessment);
    }
    if outcome.rollback.is_object() {
        rollback(&outcome.rollback, outcome.seconds.as_secs_f64());
        return;
    }
    let proof = &outcome.proof;
    if proof.is_object() {
        line("");
        line("PROOF                                   checked  different   largest difference");
        let levels = [
            ("L0", "counts and sums of each kind"),
            ("L1", "total, tax, open balance of documents"),
            ("L2", "each transaction on each account"),
            ("L3", "each account in each month"),
            ("L4", "each account at each month end"),
        ];
        for (level, what) in levels {
            let of = &proof["levels"][level];
            line(&format!(
                "{level} {what:37} {:>6} {:>10} {:>20}",
                of["checked"],
                of["different"],
                of["max_abs_difference"].as_str().unwrap_or_default()
            ));
        }
        line(&format!(
            "Trial balance {}; documents alone differ in {} of {} transactions.",
            proof["trial_balance_total"].as_str().unwrap_or_default(),
            proof["by_documents"]["different"],
            proof["by_documents"]["checked"]
        ));
        let entries = proof["completion_entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in entries {
            *classes.entry(entry["class"].as_str().unwrap_or_default()).or_default() += 1;
        }
        let classes: Vec<String> = classes.iter().map(|(c, n)| format!("{n} {c}")).collect();
        line(&format!("Completion entries: {}.", classes.join(", ")));
        for group in proof["groups"].as_array().into_iter().flatten() {
            let accounts = group["accounts"].as_array().map_or(0, Vec::len);
            line(&format!("{accounts} accounts are {} in Odoo, proved together.", group["odoo"]));
        }
        for foreign in proof["foreign"].as_array().into_iter().flatten() {
            line(&format!(
                "{} of others stand on {}, not compared.",
                foreign["amount"].as_str().unwrap_or_default(),
                foreign["account"]
            ));
        }
        for difference in proof["unexplained"].as_array().into_iter().flatten().take(20) {
            line(&format!("UNEXPLAINED {difference}"));
        }
        for difference in proof["differences"].as_array().into_iter().flatten().take(20) {
            line(&format!("DIFFERS {difference}"));
        }
    }
    for error in outcome.errors.iter().take(20) {
        line(&format!("ERROR {} {}: {}", error["kind"], error["id"], error["why"]));
    }
    line(&format!(
        "{} in {:.1} s.",
        if outcome.clean() { "Nothing differs" } else { "NOT PROVED" },
        outcome.seconds.as_secs_f64()
    ));
}
