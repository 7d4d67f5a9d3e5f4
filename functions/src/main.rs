//! `q2o`: the program that the Azure Functions host runs, and its tools.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};
use q2o_clients::http::Http;
use q2o_domain::{Failure, Result, Tier, ports::Clock};
use q2o_functions::{
    access::Claims,
    all,
    compose::{self, Ground},
    function::router,
};
use q2o_platform::{
    clock::SystemClock, config::Config, database, queue::EmbeddedQueue, secrets, telemetry,
};
use serde_json::json;
use tokio::net::TcpListener;
use uuid::Uuid;

/// Quick2Odoo Online: a company's books from QuickBooks into Odoo, proved to the cent.
#[derive(Parser)]
#[command(name = "q2o", version)]
struct Cli {
    #[command(flatten)]
    config: Config,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer the Functions host's calls.
    Serve,
    /// List the functions, or write a function.json for each.
    Functions {
        /// Folder to write to, one folder a function.
        #[arg(long)]
        emit: Option<PathBuf>,
        /// The list as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Look whether everything needed is there, and say what to do about what is not.
    Doctor,
    /// Make a session token for local use, good for a day.
    Token {
        /// The tenant, as a UUID.
        #[arg(long)]
        tenant: Uuid,
        /// Who it is for.
        #[arg(long, default_value = "local")]
        actor: String,
        /// What the tenant has bought: freebie, starter, half or full.
        #[arg(long, default_value = "full")]
        plan: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Err(error) = Config::check_environment() {
        eprintln!("{error}");
        return ExitCode::from(2);
    }
    let cli = Cli::parse();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("q2o: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<()> {
    let Cli { config, command } = cli;
    match command {
        Command::Serve => serve(&config).await,
        Command::Functions { emit, json } => functions(emit, json),
        Command::Doctor => doctor(&config).await,
        Command::Token { tenant, actor, plan } => {
            let secrets = secrets::open(config.secrets()).await?;
            let secret = compose::session_secret(&config, secrets.as_ref()).await?;
            let plan: Tier = serde_json::from_value(json!(plan))
                .map_err(|_| Failure::bug("--plan has to be freebie, starter, half or full"))?;
            let claims = Claims { sub: actor, tenant, admin: true, plan, exp: 0 };
            print(&compose::local_token(claims, &secret, &SystemClock)?);
            Ok(())
        }
    }
}

async fn ground(config: &Config) -> Result<Ground> {
    let database = database::open(&config.database_url()).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Ok(Ground {
        queue: Arc::new(EmbeddedQueue::new(Arc::clone(&database), Arc::clone(&clock))),
        database,
        secrets: secrets::open(config.secrets()).await?,
        clock,
        http: Http::new()?,
    })
}

/// The host takes exit code 0 for a wish to stay down; serving never ends well.
async fn serve(config: &Config) -> Result<()> {
    telemetry::init(&config.log, config.log_format)?;
    for warning in config.check()? {
        tracing::warn!("{warning}");
    }
    let app = compose::app(config, ground(config).await?).await?;
    let address = ("127.0.0.1", config.port);
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| Failure::bug(format!("cannot listen on port {}: {error}", config.port)))?;
    tracing::info!(port = config.port, "serving");
    let router =
        router(&all(), app).fallback(|| async { q2o_functions::problem::Problem::not_found() });
    axum::serve(listener, router)
        .await
        .map_err(|error| Failure::bug(format!("serving ended: {error}")))?;
    Err(Failure::bug("serving ended"))
}

fn functions(emit: Option<PathBuf>, as_json: bool) -> Result<()> {
    let functions = all();
    if let Some(folder) = emit {
        for function in &functions {
            let folder = folder.join(function.name.as_ref());
            let text = format!("{:#}\n", function.json());
            std::fs::create_dir_all(&folder)
                .and_then(|()| std::fs::write(folder.join("function.json"), text))
                .map_err(|error| Failure::bug(format!("{}: {error}", folder.display())))?;
        }
    } else if as_json {
        let list: Vec<_> = functions
            .iter()
            .map(|f| json!({ "name": f.name, "path": f.path(), "function": f.json() }))
            .collect();
        print(&format!("{:#}", json!(list)));
    } else {
        for function in &functions {
            print(&format!("{:32} {}", function.name, function.path()));
        }
    }
    Ok(())
}

async fn doctor(config: &Config) -> Result<()> {
    let mut sick = false;
    let mut say = |what: &str, found: Result<String>| match found {
        Ok(text) => print(&format!("ok    {what}: {text}")),
        Err(failure) => {
            sick = true;
            print(&format!("FAIL  {what}: {failure}"));
        }
    };
    match config.check() {
        Ok(warnings) if warnings.is_empty() => say("settings", Ok("nothing to object to".into())),
        Ok(warnings) => warnings.into_iter().for_each(|warning| print(&format!("warn  {warning}"))),
        Err(error) => say("settings", Err(error.into())),
    }
    let opened = database::open(&config.database_url()).await;
    say("database", opened.map(|_| "opens".to_owned()).map_err(Failure::from));
    let secrets = secrets::open(config.secrets()).await;
    say("secrets", secrets.map(|_| "open".to_owned()).map_err(Failure::from));
    let client = config.qbo_client_id.as_ref().map(|_| "set".to_owned());
    say(
        "QuickBooks app",
        client.ok_or_else(|| {
            Failure::bug("set QBO_CLIENT_ID and QBO_CLIENT_SECRET, from Intuit's developer portal")
        }),
    );
    say("functions", Ok(format!("{} listed", all().len())));
    if sick { Err(Failure::bug("something is missing, see above")) } else { Ok(()) }
}

fn print(line: &str) {
    println!("{line}");
}
