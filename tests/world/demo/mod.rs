//! The whole journey on one machine: the local host runs the program, the
//! simulators play QuickBooks and Odoo, and the proof stands at the end.

mod api;
mod assessment;
mod outcome;
mod queues;
mod show;
mod stage;

use std::{path::PathBuf, process::ExitCode, time::Instant};

use clap::Args;
use outcome::Outcome;
use stage::Stage;

use crate::company;

/// Whatever ends a demo.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Options {
    /// A company: a folder of one .jsonl file an entity and `golden_postings.csv`. Default: a generated one.
    #[arg(long)]
    company: Option<PathBuf>,
    #[command(flatten)]
    size: company::Size,
    /// A real Odoo instead of the simulator: its address.
    #[arg(long, requires_all = ["odoo_db", "odoo_user", "odoo_key"])]
    odoo: Option<String>,
    #[arg(long)]
    odoo_db: Option<String>,
    #[arg(long)]
    odoo_user: Option<String>,
    /// An API key of that user.
    #[arg(long, hide_env_values = true)]
    odoo_key: Option<String>,
    /// Id of the company there, where that user sees more than one.
    #[arg(long)]
    odoo_company: Option<i64>,
    /// The plan: freebie, starter, half or full.
    #[arg(long, default_value = "full")]
    plan: String,
    /// Only foretell what would come of it: nothing is written to Odoo.
    #[arg(long)]
    rehearse: bool,
    /// What becomes what in Odoo: a table as `--export-map` writes it.
    #[arg(long)]
    map: Option<PathBuf>,
    /// Write everything that can be decided, and what is suggested, into this table.
    #[arg(long)]
    export_map: Option<PathBuf>,
    /// Only look at both companies: what there is, whether it is ready, what it will take.
    #[arg(long, conflicts_with = "rehearse")]
    assess: bool,
    /// Take out of Odoo again what this job moved; `last` is the last that moved something.
    #[arg(long, value_name = "JOB", conflicts_with = "rehearse")]
    rollback: Option<String>,
    /// With --rollback: only say what would be taken.
    #[arg(long, requires = "rollback")]
    preview: bool,
    /// Write the result here as JSON, also when something failed.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Write the migration's certificate here: as PDF if the name ends so, else as JSON.
    #[arg(long, conflicts_with = "rehearse")]
    certificate: Option<PathBuf>,
    /// Where database, secrets and simulators keep what they know. Default: in the user's cache.
    #[arg(long)]
    state: Option<PathBuf>,
    /// Start over.
    #[arg(long)]
    fresh: bool,
    /// Stay, and keep answering, when done.
    #[arg(long)]
    serve: bool,
}

/// Runs the demo. Success only if nothing differs and nothing failed; of an
/// assessment, only if nothing blocks.
pub async fn run(options: Options) -> ExitCode {
    let started = Instant::now();
    let json = options.json.clone();
    let serve = options.serve;
    let mut outcome = Outcome::default();
    let staged = Stage::set(options).await;
    let code = match staged {
        Ok(stage) => {
            let ended = tokio::select! {
                ended = journey(&stage, &mut outcome) => ended,
                signal = tokio::signal::ctrl_c() => Err(match signal {
                    Ok(()) => "interrupted".into(),
                    Err(error) => error.into(),
                }),
            };
            if let Err(error) = &ended {
                show::line(&format!("FAILED: {error}"));
                outcome.failed = Some(error.to_string());
            }
            outcome.seconds = started.elapsed();
            show::outcome(&outcome);
            if serve && ended.is_ok() {
                show::line(&format!("Serving at {} (Ctrl-C ends it)", stage.url()));
                if let Err(error) = tokio::signal::ctrl_c().await {
                    show::line(&format!("cannot wait: {error}"));
                }
            }
            if let Err(error) = stage.strike().await {
                outcome.failed = Some(error.to_string());
            }
            outcome.exit_code()
        }
        Err(error) => {
            show::line(&format!("FAILED: {error}"));
            outcome.failed = Some(error.to_string());
            ExitCode::FAILURE
        }
    };
    if let Some(path) = json
        && let Err(error) = std::fs::write(&path, format!("{:#}\n", outcome.json()))
    {
        show::line(&format!("cannot write {}: {error}", path.display()));
        return ExitCode::FAILURE;
    }
    code
}

async fn journey(stage: &Stage, outcome: &mut Outcome) -> Result<(), Failed> {
    let api = stage.api();
    let link = stage.connect(&api).await?;
    if let Some((of, preview)) = stage.rollback() {
        let job = api.rollback(&link, of, preview).await?;
        let ended = show::progress(&api, &job).await?;
        return outcome.read_rollback(&api, &job, &ended).await;
    }
    stage.map(&api, &link).await?;
    let job = api.job(&link, stage.plan(), stage.until(), stage.purpose()).await?;
    let ended = show::progress(&api, &job).await?;
    outcome.read(&api, &link, &job, &ended, stage).await?;
    if let Some(path) = stage.certificate() {
        let pdf = path.extension().is_some_and(|extension| extension == "pdf");
        let format = if pdf { "pdf" } else { "json" };
        let asked = format!("/api/reports/certificate/{job}?format={format}");
        tokio::fs::write(path, api.bytes(&asked).await?).await?;
        show::line(&format!("Certificate: {}", path.display()));
    }
    Ok(())
}
