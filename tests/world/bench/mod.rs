//! Measurements, each beside a peer or a limit in the same run.

mod backfill;
mod engine;
mod odoo;
mod process;
mod serve;

use clap::Args;

use crate::{company, demo::Failed};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    size: company::Size,
    #[command(flatten)]
    odoo: odoo::Options,
}

pub async fn run(options: &Options) -> Result<(), Failed> {
    if let Some(server) = options.odoo.server() {
        let plan = options.size.plan(2000);
        println!("== load of {} transactions into a real Odoo", plan.documents);
        return odoo::compare(&server, &plan).await;
    }
    let program = std::env::current_exe()?.with_file_name("q2o");
    println!("== q2o serve");
    serve::serve(&program)?;
    println!("== engine");
    engine::engine().await?;
    let plan = options.size.plan(10_000);
    println!("== backfill of {} transactions, simulators without latency", plan.documents);
    backfill::backfill(&plan).await
}
