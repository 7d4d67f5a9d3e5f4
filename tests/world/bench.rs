//! Measurements, each beside a peer or a limit in the same run.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use q2o_durable::{
    Activity, Attempt, Context, Engine, Failure, InstanceId, Orchestration, Registry, Turn,
};
use q2o_platform::{
    clock::SystemClock,
    database::{self, DatabaseJournals, EngineClock},
};
use serde_json::Value;
use sqlx::Connection;

use crate::{company, demo::Failed};

#[derive(Debug, Args)]
pub struct Options {
    /// Size of the made-up company, in transactions.
    #[arg(long, default_value_t = 10_000)]
    documents: usize,
}

pub async fn run(options: &Options) -> Result<(), Failed> {
    let program = std::env::current_exe()?.with_file_name("q2o");
    println!("== q2o serve");
    serve(&program)?;
    println!("== engine");
    engine().await?;
    println!("== backfill of {} transactions, simulators without latency", options.documents);
    backfill(options).await
}

/// From process start to the first answer; memory when idle; size.
fn serve(program: &Path) -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let started = Instant::now();
    let mut child = Command::new(program)
        .arg("serve")
        .env("Q2O_HOME", home.path())
        .env("Q2O_LOG", "warn")
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
        .stdout(Stdio::null())
        .spawn()?;
    let answered = loop {
        if answers(port) {
            break started.elapsed();
        }
        if started.elapsed() > Duration::from_secs(30) {
            return Err("q2o serve does not answer".into());
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    std::thread::sleep(Duration::from_millis(500));
    let resident = memory(child.id(), "VmRSS");
    child.kill()?;
    child.wait()?;
    let size = std::fs::metadata(program)?.len();
    println!(
        "first answer after      {:>8.1} ms  (the host allows 30,000)",
        answered.as_secs_f64() * 1e3
    );
    println!("resident when idle      {:>8.1} MB", megabytes(resident));
    println!("size of the program     {:>8.1} MB", megabytes(size / 1024));
    Ok(())
}

fn answers(port: u16) -> bool {
    use std::io::{Read, Write};
    let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) else { return false };
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = [0; 12];
    stream.write_all(request.as_bytes()).is_ok() && stream.read_exact(&mut answer).is_ok()
}

/// In kilobytes, as the kernel says.
fn memory(pid: u32, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn megabytes(kilobytes: u64) -> f64 {
    kilobytes as f64 / 1024.0
}

struct Nothing;

impl Activity for Nothing {
    const NAME: &'static str = "nothing";
    type Input = u32;
    type Output = u32;
    async fn run(&self, input: u32, _: &Attempt) -> Result<u32, Failure> {
        Ok(input)
    }
}

/// One hundred steps, one after the other.
struct Steps;

impl Orchestration for Steps {
    const NAME: &'static str = "steps";
    type Input = ();
    type Output = ();
    fn run(cx: &mut Context<'_>, (): ()) -> Turn<()> {
        for step in 0..100 {
            cx.call::<Nothing>(&step)?;
        }
        Ok(())
    }
}

/// Activities a second on SQLite, beside a bare loop that claims a row and
/// completes it, with the same pragmas on the same kind of file.
async fn engine() -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    let database =
        database::open(&format!("sqlite://{}", home.path().join("e.db").display())).await?;
    let clock = Arc::new(SystemClock);
    let hints = Arc::new(q2o_durable::MemoryQueue::new(Arc::new(EngineClock(clock.clone()))));
    let engine = Engine::new(
        Registry::default().orchestration::<Steps>().activity(Nothing),
        Arc::new(DatabaseJournals::new(database)),
        hints.clone(),
        Arc::new(EngineClock(clock)),
    );
    let (instances, steps) = (20, 100);
    let started = Instant::now();
    for at in 0..instances {
        engine.start::<Steps>(&InstanceId::new("bench", format!("i{at}")), &(), Vec::new()).await?;
    }
    while let Some(message) = hints.take(0) {
        engine.handle(&message).await?;
    }
    let ours = f64::from(instances * steps) / started.elapsed().as_secs_f64();
    let bare = bare(&home.path().join("bare.db"), instances * steps).await?;
    println!("engine, sequential      {ours:>8.0} activities/s");
    println!("bare claim and complete {bare:>8.0} rows/s");
    println!("ratio                   {:>8.2}", ours / bare);
    Ok(())
}

async fn bare(file: &Path, rows: u32) -> Result<f64, Failed> {
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let mut db = sqlx::SqliteConnection::connect(&url).await?;
    for statement in [
        "pragma journal_mode = wal",
        "pragma synchronous = normal",
        "create table work (id integer primary key, state int not null, body text not null)",
    ] {
        sqlx::query(statement).execute(&mut db).await?;
    }
    for id in 0..rows {
        sqlx::query("insert into work values ($1, 0, '{}')").bind(id).execute(&mut db).await?;
    }
    let started = Instant::now();
    for id in 0..rows {
        for (from, to) in [(0, 1), (1, 2)] {
            sqlx::query("begin immediate").execute(&mut db).await?;
            sqlx::query("update work set state = $1 where id = $2 and state = $3")
                .bind(to)
                .bind(id)
                .bind(from)
                .execute(&mut db)
                .await?;
            sqlx::query("commit").execute(&mut db).await?;
        }
    }
    Ok(f64::from(rows) / started.elapsed().as_secs_f64())
}

/// The demo's own journey, measured.
async fn backfill(options: &Options) -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("company");
    std::fs::create_dir_all(&folder)?;
    let company = company::generate(&company::Plan::sized(options.documents));
    company.write(&folder)?;
    let result = home.path().join("result.json");
    let mut child = tokio::process::Command::new(std::env::current_exe()?)
        .args(["demo", "--company"])
        .arg(&folder)
        .arg("--state")
        .arg(home.path().join("state"))
        .arg("--json")
        .arg(&result)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut peak = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if let Some(pid) = worker() {
            peak = peak.max(memory(pid, "VmHWM"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let result: Value = serde_json::from_str(&std::fs::read_to_string(&result)?)?;
    if !status.success() {
        return Err(format!("the backfill was not clean: {}", result["failed"]).into());
    }
    let records = company.len();
    let of = |path: [&str; 2]| result[path[0]][path[1]].as_u64().unwrap_or(0);
    let (qbo, odoo) = (of(["calls", "qbo"]), of(["calls", "odoo"]));
    let floor: usize = company.records.values().map(|of| of.len().div_ceil(1000).max(1)).sum();
    let reports = months(&company);
    let seconds = result["job_seconds"].as_f64().unwrap_or(1.0);
    println!("records                 {records:>8}");
    println!("records/s               {:>8.0}  (aim 2,000)", ratio(records, 1) / seconds);
    println!("QuickBooks calls        {qbo:>8}  of them reports {reports}");
    println!(
        "  beside one a page     {:>8.2}  (aim at most 1.10)",
        ratio(usize::try_from(qbo)?.saturating_sub(reports), floor)
    );
    println!(
        "Odoo calls a record     {:>8.3}  (aim at most 0.1)",
        ratio(usize::try_from(odoo)?, records)
    );
    println!("peak memory of the worker {:>6.1} MB  (aim under 150)", megabytes(peak));
    for (phase, spent) in result["phases"].as_object().into_iter().flatten() {
        println!("  {phase:22}{:>8.2} s", spent.as_f64().unwrap_or(0.0));
    }
    Ok(())
}

/// Reports the ledger is read by: one a month, and one for all before.
fn months(company: &company::Company) -> usize {
    let months = q2o_domain::ledger::month_ends(company.start, company.end);
    months.len() + 1
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn ratio(ours: usize, other: usize) -> f64 {
    ours as f64 / other.max(1) as f64
}

/// The process that the demo's host runs.
fn worker() -> Option<u32> {
    std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (line.contains("package/q2o") && line.contains("serve")).then_some(pid)
    })
}
