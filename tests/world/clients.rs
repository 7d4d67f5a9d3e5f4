//! Independent QuickBooks clients against the simulator: what they read must be
//! what the company has.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::{company, demo::Failed, qbo};

#[derive(Debug, Args)]
pub struct Options {
    /// The company that is read. Default: a made-up one.
    #[arg(long)]
    company: Option<PathBuf>,
    /// Only these clients: python, tap, node.
    clients: Vec<String>,
}

pub async fn run(options: &Options) -> Result<(), Failed> {
    let made_up = tempfile::tempdir()?;
    let folder = match &options.company {
        Some(folder) => folder.clone(),
        None => {
            company::generate(&company::Plan::sized(400)).write(made_up.path())?;
            made_up.path().to_owned()
        }
    };
    let sim = qbo::QboSim::load(&folder, qbo::Options::default())?.serve(0).await?;
    let control = sim.control();
    let tokens = control.tokens();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("world/qbo/clients/run");
    let defaults = qbo::Options::default();
    let counts: serde_json::Map<String, serde_json::Value> = control
        .record_counts()
        .into_iter()
        .map(|(entity, count)| (entity.clone(), json!(count)))
        .collect();
    let counts = json!(counts);
    let status = tokio::process::Command::new(script)
        .args(&options.clients)
        .env("BASE_URL", sim.base_url())
        .env("REALM", control.realm())
        .env("REFRESH_TOKEN", tokens.refresh)
        .env("ACCESS_TOKEN", tokens.access)
        .env("CLIENT_ID", defaults.client_id)
        .env("CLIENT_SECRET", defaults.client_secret)
        .env("COUNTS", counts.to_string())
        .status()
        .await?;
    if status.success() { Ok(()) } else { Err("a client read something else".into()) }
}
