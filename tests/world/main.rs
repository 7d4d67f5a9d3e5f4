//! `q2o-world`: the demo, and the world around the program for development.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use q2o_tests::{bench, clients, company, demo};

#[derive(Parser)]
#[command(name = "q2o-world", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A company's books go from QuickBooks into Odoo, ending in the proof.
    Demo(Box<demo::Options>),
    /// Measurements, each beside a peer or a limit.
    Bench(bench::Options),
    /// Independent QuickBooks clients read the simulator.
    Clients(clients::Options),
    /// Write a made-up company into a folder.
    Company {
        folder: PathBuf,
        #[command(flatten)]
        size: company::Size,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Demo(options) => demo::run(*options).await,
        Command::Bench(options) => said(bench::run(&options).await),
        Command::Clients(options) => said(clients::run(&options).await),
        Command::Company { folder, size } => {
            let made = std::fs::create_dir_all(&folder)
                .map_err(Into::into)
                .and_then(|()| company::generate(&size.plan(2000)).write(&folder));
            said(made)
        }
    }
}

fn said(outcome: Result<(), demo::Failed>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("q2o-world: {error}");
            ExitCode::FAILURE
        }
    }
}
