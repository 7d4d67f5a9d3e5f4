//! Our load into a real Odoo, beside two others of the same records into the same
//! server: one call each, the way store connectors work, and the raw limit.

mod copy;
mod replay;
mod tap;

use std::{
    collections::HashSet,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use clap::Args;
use copy::Copy;
use q2o_domain::OdooId;
use serde_json::Value;
use tap::{Passed, Tap};

use crate::{
    company::{self, Company},
    demo::Failed,
    odoo::Server,
};

#[derive(Debug, Args)]
#[group(id = "odoo-to-measure")]
pub struct Options {
    /// A real Odoo, whose user may make companies: measures the load into it,
    /// beside one call a record and beside the raw limit.
    #[arg(long, requires_all = ["odoo_db", "odoo_user", "odoo_key"])]
    odoo: Option<String>,
    #[arg(long, requires = "odoo")]
    odoo_db: Option<String>,
    #[arg(long, requires = "odoo")]
    odoo_user: Option<String>,
    /// An API key of that user.
    #[arg(long, requires = "odoo", hide_env_values = true)]
    odoo_key: Option<String>,
}

impl Options {
    pub fn server(&self) -> Option<Server> {
        Some(Server {
            url: self.odoo.clone()?,
            database: self.odoo_db.clone()?,
            login: self.odoo_user.clone()?,
            key: self.odoo_key.clone()?,
        })
    }
}

/// Everything our load made in Odoo.
struct Made {
    /// Calls that made or posted something, in their order.
    calls: Vec<Passed>,
    took: Duration,
}

/// A handful of files and notes hang on documents, and are not compared.
const HANGING: [&str; 2] = ["ir.attachment", "mail.message"];

impl Made {
    fn new(mut calls: Vec<Passed>) -> Self {
        calls.retain(|call| !HANGING.contains(&call.model.as_str()) && !call.completes());
        let began = calls.iter().map(|call| call.began).min();
        let ended = calls.iter().map(|call| call.ended).max();
        let took = began.zip(ended).map_or(Duration::ZERO, |(began, ended)| ended - began);
        Self { calls, took }
    }

    /// What was created of a model: the values, and the id it got.
    fn created<'a>(&'a self, model: &'a str) -> impl Iterator<Item = (&'a Value, OdooId)> {
        let calls = self.calls.iter();
        let calls = calls.filter(move |call| call.model == model && call.method == "create");
        calls.flat_map(|call| {
            call.args[0].as_array().into_iter().flatten().zip(call.made.iter().copied())
        })
    }

    /// The documents that were posted, and not cancelled.
    fn moves(&self) -> impl Iterator<Item = (&Value, OdooId)> {
        let calls = self.calls.iter().filter(|call| call.method == "action_post");
        let ids = calls.flat_map(|call| call.args[0].as_array().into_iter().flatten());
        let posted: HashSet<i64> = ids.filter_map(Value::as_i64).collect();
        self.created("account.move").filter(move |(_, id)| posted.contains(&id.0))
    }

    /// Rows of master records.
    fn masters(&self) -> usize {
        let loads = self.calls.iter().filter(|call| call.method == "load");
        loads.map(|call| call.made.len()).sum()
    }
}

pub async fn compare(server: &Server, plan: &company::Plan) -> Result<(), Failed> {
    let stamp = uuid::Uuid::new_v4().simple().to_string();
    let name = |what: &str| format!("Bench {what} {}", &stamp[..8]);
    let first = server.found_company(&name("ours")).await?;
    let tap = Tap::new(&server.url);
    let company = company::generate(plan);
    let result = migrate(server, &tap, first, &company).await?;
    if result["clean"] != true {
        return Err(format!("the backfill was not clean: {}", result["failed"]).into());
    }
    let made = Made::new(tap.passed());
    let (masters, moves) = (made.masters(), made.moves().count());
    let partials = made.created("account.partial.reconcile").count();
    println!(
        "made in Odoo            {masters:>8} master records, {moves} moves, {partials} partial reconciliations"
    );
    let ours = rate(masters + moves, made.took);
    println!("ours, records/s         {ours:>8.1}");
    let waited: Duration = made.calls.iter().map(|call| call.ended - call.began).sum();
    println!("  its calls that write  {:>8.1} s of {:.1} s", secs(waited), secs(made.took));
    println!("  whole job             {:>8.1} s", result["job_seconds"].as_f64().unwrap_or(0.0));

    let mut other = Copy::found(server, &name("raw"), first).await?;
    let (took, left) = replay::raw(&mut other, &made).await?;
    let raw = rate(masters + moves, took);
    println!("raw limit, records/s    {raw:>8.1}  batches without any product around");
    println!("  ours beside it        {:>8.2}  (aim at least 0.8)", ours / raw);

    let mut copy = Copy::found(server, &name("one by one"), first).await?;
    let took = replay::one_by_one(&mut copy, &made, (&other, &left)).await?;
    let single = rate(masters + moves, took);
    println!("one call each, records/s{single:>8.1}  a sample, extrapolated");
    println!("  ours beside it        {:>8.1}  (aim at least 8)", ours / single);
    Ok(())
}

/// The demo's journey into that company, through the tap.
async fn migrate(
    server: &Server,
    tap: &Tap,
    into: i64,
    company: &Company,
) -> Result<Value, Failed> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("company");
    std::fs::create_dir_all(&folder)?;
    company.write(&folder)?;
    let result = home.path().join("result.json");
    let began = Instant::now();
    tokio::process::Command::new(std::env::current_exe()?)
        .args(["demo", "--company"])
        .arg(&folder)
        .arg("--state")
        .arg(home.path().join("state"))
        .args(["--odoo", &tap.serve().await?, "--odoo-company", &into.to_string()])
        .args(["--odoo-db", &server.database, "--odoo-user", &server.login])
        .args(["--odoo-key", &server.key])
        .arg("--json")
        .arg(&result)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await?;
    println!("demo                    {:>8.1} s", secs(began.elapsed()));
    read(&result)
}

fn read(result: &Path) -> Result<Value, Failed> {
    Ok(serde_json::from_str(&std::fs::read_to_string(result)?)?)
}

fn secs(span: Duration) -> f64 {
    span.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn rate(records: usize, took: Duration) -> f64 {
    records as f64 / took.as_secs_f64()
}
