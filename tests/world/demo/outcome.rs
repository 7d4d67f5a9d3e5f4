//! What came of a run, for people and for programs.

use std::{collections::BTreeMap, path::Path, process::ExitCode, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Failed, api::Api, stage::Stage};

#[derive(Default)]
pub struct Outcome {
    pub failed: Option<String>,
    pub seconds: Duration,
    pub proof: Value,
    /// Of an assessment, which has no proof.
    pub assessment: Value,
    pub errors: Vec<Value>,
    /// What a rollback took and left.
    pub rollback: Value,
    entities: Map<String, Value>,
    not_loaded: Vec<Value>,
    calls: Value,
    account_map: Value,
    records: u64,
    /// From the job's start to its end, and by phase.
    job_seconds: f64,
    phases: Map<String, Value>,
}

impl Outcome {
    /// Reads everything that the API says of an ended job.
    pub async fn read(
        &mut self,
        api: &Api,
        link: &str,
        job: &str,
        ended: &Value,
        stage: &Stage,
    ) -> Result<(), Failed> {
        self.calls = json!({ "qbo": ended["calls"][0], "odoo": ended["calls"][1] });
        let done = ended["state"] == "done";
        if done && stage.purpose() == "assess" {
            self.assessment = api.get(&format!("/api/reports/assessment/{job}")).await?;
            return Ok(());
        }
        for (kind, counts) in ended["counts"].as_object().into_iter().flatten() {
            // what the simulator made up is no record of the company
            let made_up = matches!(kind.as_str(), "CompanyInfo" | "Preferences");
            if made_up && !stage.company().join(format!("{kind}.jsonl")).exists() {
                continue;
            }
            let of = |name: &str| counts[name].as_u64().unwrap_or(0);
            self.records += of("loaded") + of("skipped") + of("not_moved") + of("errors");
            self.entities.insert(
                kind.clone(),
                json!({
                    "source": of("source"),
                    "loaded": of("loaded"),
                    "skipped": of("skipped"),
                    "errors": of("errors"),
                }),
            );
        }
        self.phases(api, job, ended).await?;
        self.account_map = api.get(&format!("/api/reports/accounts?link={link}")).await?;
        if done {
            self.proof = api.get(&format!("/api/reports/proof/{job}")).await?;
        }
        let errors = if stage.purpose() == "rehearse" {
            self.proof["not_loaded"].clone()
        } else {
            api.get(&format!("/api/ops/errors?link={link}")).await?
        };
        for error in errors.as_array().into_iter().flatten() {
            self.not_loaded.push(json!({
                "kind": error["kind"], "id": error["id"], "reason": error["why"],
            }));
            if error["class"] != "not_moved" {
                self.errors.push(error.clone());
            }
        }
        if !done {
            let why = ended["why"].as_str().unwrap_or("no reason given");
            return Err(format!("the job ended as {}: {why}", ended["state"]).into());
        }
        let words = words(stage.company());
        if let Some(Value::Array(entries)) = self.proof.get_mut("completion_entries") {
            for entry in entries {
                let id = entry["txn_id"].as_str().unwrap_or_default();
                if let Some(word) = words.get(id) {
                    entry["txn_type"] = json!(word);
                }
            }
        }
        Ok(())
    }

    /// Reads what came of a rollback.
    pub async fn read_rollback(
        &mut self,
        api: &Api,
        job: &str,
        ended: &Value,
    ) -> Result<(), Failed> {
        self.calls = json!({ "qbo": ended["calls"][0], "odoo": ended["calls"][1] });
        self.phases(api, job, ended).await?;
        if ended["state"] != "done" {
            let why = ended["why"].as_str().unwrap_or("no reason given");
            return Err(format!("the job ended as {}: {why}", ended["state"]).into());
        }
        self.rollback = api.get(&format!("/api/reports/rollback/{job}")).await?;
        Ok(())
    }

    /// How long each phase took: its events, each since the event before.
    async fn phases(&mut self, api: &Api, job: &str, ended: &Value) -> Result<(), Failed> {
        let at = |value: &Value| value.as_str().and_then(|t| t.parse::<Timestamp>().ok());
        let Some(started) = at(&ended["started"]) else { return Ok(()) };
        let (mut after, mut before) = (0, started);
        let mut spent: Vec<(String, f64)> = Vec::new();
        loop {
            let events = api.get(&format!("/api/ops/jobs/{job}/events?after={after}")).await?;
            let Some(last) = events.as_array().and_then(|events| events.last()) else { break };
            after = last["number"].as_u64().unwrap_or(u64::MAX);
            for event in events.as_array().into_iter().flatten() {
                let what = event["what"].as_str().unwrap_or_default();
                let phase = what.split(" to ").next().unwrap_or(what).to_owned();
                let Some(at) = at(&event["at"]) else { continue };
                let seconds = at.duration_since(before).as_secs_f64();
                before = at;
                match spent.iter_mut().find(|(name, _)| *name == phase) {
                    Some((_, sum)) => *sum += seconds,
                    None => spent.push((phase, seconds)),
                }
            }
        }
        for (phase, seconds) in spent {
            self.phases.insert(phase, json!((seconds * 1000.0).round() / 1000.0));
        }
        self.job_seconds = before.duration_since(started).as_secs_f64();
        Ok(())
    }

    pub fn clean(&self) -> bool {
        if self.assessment.is_object() {
            return self.failed.is_none() && self.assessment["state"] != "blocked";
        }
        if self.rollback.is_object() {
            return self.failed.is_none() && self.rollback["refused"] == json!([]);
        }
        let levels = self.proof["levels"].as_object();
        self.failed.is_none()
            && self.errors.is_empty()
            && levels.is_some_and(|levels| levels.values().all(|level| level["different"] == 0))
            && self.proof["unexplained"].as_array().is_some_and(Vec::is_empty)
    }

    pub fn exit_code(&self) -> ExitCode {
        if self.clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// The result, for programs.
    pub fn json(&self) -> Value {
        let mut proof = Map::new();
        for name in [
            "levels",
            "by_documents",
            "trial_balance_total",
            "completion_entries",
            "unexplained",
            "differences",
            "groups",
            "foreign",
        ] {
            proof.insert(name.to_owned(), self.proof[name].clone());
        }
        let seconds = self.seconds.as_secs_f64();
        json!({
            "clean": self.clean(),
            "failed": self.failed,
            "assessment": self.assessment,
            "entities": self.entities,
            "not_loaded": self.not_loaded,
            "proof": proof,
            "rollback": self.rollback,
            "calls": self.calls,
            "seconds": (seconds * 1000.0).round() / 1000.0,
            "records_per_second": per_second(self.records, self.job_seconds),
            "job_seconds": (self.job_seconds * 1000.0).round() / 1000.0,
            "phases": self.phases,
            "account_map": self.account_map,
        })
    }
}

fn per_second(records: u64, seconds: f64) -> u64 {
    let millis = Duration::from_secs_f64(seconds.max(0.0)).as_millis().max(1);
    u64::try_from(u128::from(records) * 1000 / millis).unwrap_or(u64::MAX)
}

/// The folder's own word for each transaction's type.
fn words(company: &Path) -> BTreeMap<String, String> {
    let reader = csv::Reader::from_path(company.join("golden_postings.csv"));
    let rows =
        reader.into_iter().flat_map(|mut reader| reader.records().flatten().collect::<Vec<_>>());
    rows.filter_map(|row| Some((row.get(1)?.to_owned(), row.get(0)?.to_owned()))).collect()
}
