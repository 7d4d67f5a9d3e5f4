//! A whole backfill on simulators without latency: the demo's own journey, measured.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::process::Process;
use crate::{
    company::{self, Company},
    demo::Failed,
};

/// What the two processes of a demo took.
#[derive(Debug, Default)]
struct Taken {
    /// The program that is measured.
    worker: Duration,
    /// The simulators, and the host that runs the program.
    world: Duration,
    peak: f64,
}

pub async fn backfill(plan: &company::Plan) -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("company");
    std::fs::create_dir_all(&folder)?;
    let company = company::generate(plan);
    company.write(&folder)?;
    let result = home.path().join("result.json");
    let state = home.path().join("state");
    let mut demo = tokio::process::Command::new(std::env::current_exe()?)
        .args(["demo", "--company"])
        .arg(&folder)
        .arg("--state")
        .arg(&state)
        .arg("--json")
        .arg(&result)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let taken = watch(&mut demo, &state).await?;
    let result: Value = serde_json::from_str(&std::fs::read_to_string(&result)?)?;
    if result["clean"] != true {
        return Err(format!("the backfill was not clean: {}", result["failed"]).into());
    }
    tell(&company, &result, &taken)
}

/// Looks at both processes until the demo ends. What it does before its worker
/// is there (reading the company) does not count.
async fn watch(demo: &mut tokio::process::Child, state: &Path) -> Result<Taken, Failed> {
    let world = Process(demo.id().ok_or("the demo has ended at once")?);
    let (mut taken, mut before, mut looked) = (Taken::default(), None, Instant::now());
    let mut worker = None;
    while demo.try_wait()?.is_none() {
        if worker.is_none() && looked.elapsed() > Duration::from_millis(50) {
            worker = Process::of(&state.display().to_string(), "serve");
            looked = Instant::now();
        }
        if let Some(worker) = worker {
            let spent = world.cpu().unwrap_or_default();
            taken.world = taken.world.max(spent.saturating_sub(*before.get_or_insert(spent)));
            taken.worker = taken.worker.max(worker.cpu().unwrap_or_default());
            taken.peak = worker.megabytes("VmHWM").max(taken.peak);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(taken)
}

fn tell(company: &Company, result: &Value, taken: &Taken) -> Result<(), Failed> {
    let records = company.len();
    let of = |path: [&str; 2]| result[path[0]][path[1]].as_u64().unwrap_or(0);
    let (qbo, odoo) = (of(["calls", "qbo"]), of(["calls", "odoo"]));
    let floor: usize = company.records.values().map(|of| of.len().div_ceil(1000).max(1)).sum();
    let reports = reports(company);
    let seconds = result["job_seconds"].as_f64().unwrap_or(1.0);
    println!("records                 {records:>8}");
    println!("records/s               {:>8.0}  (aim 2,000)", ratio(records, 1) / seconds);
    println!(
        "processor, worker       {:>8.2} s  {:.0} records/s",
        taken.worker.as_secs_f64(),
        ratio(records, 1) / taken.worker.as_secs_f64()
    );
    println!("processor, simulators   {:>8.2} s", taken.world.as_secs_f64());
    let files = files(company);
    println!("QuickBooks calls        {qbo:>8}  of them reports {reports}, files {files}");
    println!(
        "  beside one a page     {:>8.2}  (aim at most 1.10)",
        ratio(usize::try_from(qbo)?.saturating_sub(reports + files), floor)
    );
    println!(
        "Odoo calls a record     {:>8.3}  (aim at most 0.1)",
        ratio(usize::try_from(odoo)?, records)
    );
    println!("peak memory of the worker {:>6.1} MB  (aim under 150)", taken.peak);
    for (phase, spent) in result["phases"].as_object().into_iter().flatten() {
        println!("  {phase:22}{:>8.2} s", spent.as_f64().unwrap_or(0.0));
    }
    Ok(())
}

/// Reports are counted apart: the ledger's, one a month and one for all before; a
/// trial balance for each end of a (calendar) fiscal year and for the last day; the
/// stock's value.
fn reports(company: &Company) -> usize {
    let months = q2o_domain::ledger::month_ends(company.start, company.end);
    let last = months.last().copied();
    let balances = months.iter().filter(|end| end.month() == 12 || Some(**end) == last).count();
    months.len() + 1 + balances + 1
}

/// Each file is asked for by itself, unless it hangs on what is not moved.
fn files(company: &Company) -> usize {
    let all = company.records.get("Attachable").into_iter().flatten();
    let budget = |on: &Value| on["EntityRef"]["type"] == "Budget";
    let moved = |file: &&Value| {
        let on = file["AttachableRef"].as_array().map(Vec::as_slice).unwrap_or_default();
        file.get("FileName").is_some() && (on.is_empty() || !on.iter().all(budget))
    };
    all.filter(moved).count()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn ratio(ours: usize, other: usize) -> f64 {
    ours as f64 / other.max(1) as f64
}
