//! The Azure Functions host imitated: it reads the emitted `function.json` files,
//! runs the program, proxies HTTP, listens on queues, keeps timers.

mod envelope;
mod host_json;
mod invoke;
mod package;
mod process;
mod proxy;
mod pump;
mod queue_source;
mod routes;
mod schedule;
mod settings;
mod timers;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use hyper_util::{
    client::legacy::{Client as HyperClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use jiff::Timestamp;
use tokio::{net::TcpListener, task::JoinSet};

use invoke::Invoker;
use package::Package;
pub use process::{Console, Level};
use process::{Spec, State, Worker};
pub use queue_source::{MemoryQueues, Message, QueueError, QueueSource};
use settings::Settings;

type Client = HyperClient<HttpConnector, Body>;

/// What to run.
pub struct Options {
    /// The folder of a function app: `host.json`, and a folder a function.
    pub root: PathBuf,
    /// A free one if `None`.
    pub port: Option<u16>,
    /// App settings, handed on to the program.
    pub env: Vec<(String, String)>,
    pub queues: Arc<dyn QueueSource>,
    /// Where the program's lines go.
    pub console: Console,
    /// Errors within half an hour at which the host gives up; Azure's is 3.
    pub max_errors: u32,
}

impl Options {
    /// With queues in memory and the program's lines in the log.
    pub fn new(root: PathBuf) -> Self {
        Self {
            root,
            port: None,
            env: Vec::new(),
            queues: Arc::new(MemoryQueues::default()),
            console: Arc::new(process::trace),
            max_errors: 3,
        }
    }
}

/// Starts hosts.
pub struct Host;

/// A host at work. Dropping it ends the program, the hard way.
pub struct Running {
    address: SocketAddr,
    worker: Arc<Worker>,
    _tasks: JoinSet<()>,
}

/// How long a call waits for the program to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(2);

impl Host {
    /// Loads the package, starts the program, and listens.
    pub async fn start(
        options: Options,
    ) -> Result<Running, Box<dyn std::error::Error + Send + Sync>> {
        let settings = Settings(options.env.clone());
        let package = Arc::new(Package::load(&options.root, &settings)?);
        let client: Client = HyperClient::builder(TokioExecutor::new()).build_http();
        let spec = Spec {
            program: package.host.program.clone(),
            arguments: package.host.arguments.clone(),
            root: options.root.clone(),
            working_directory: package.host.working_directory.clone(),
            env: options.env,
            port: package.host.port,
            initialization_timeout: package.host.initialization_timeout,
            max_errors: options.max_errors,
            console: options.console,
        };
        let (worker, supervise) = Worker::new(spec, client.clone());
        let worker = Arc::new(worker);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port.unwrap_or(0))).await?;
        let address = listener.local_addr()?;
        let invoker = Invoker::new(Arc::clone(&package), Arc::clone(&worker), client.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(supervise);
        let router =
            proxy::router(Arc::clone(&package), Arc::clone(&worker), client, invoker.clone());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(%error, "the host listens no more");
            }
        });
        tasks.spawn(pump::run(Arc::clone(&package), invoker.clone(), options.queues));
        tasks.spawn(timers::run(package, invoker, options.root.join(".timers")));
        if worker.endpoint(PATIENCE).await.is_none() {
            return Err("the program did not start; its own lines say why".into());
        }
        Ok(Running { address, worker, _tasks: tasks })
    }
}

impl Running {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The program's process.
    pub fn child_pid(&self) -> Option<u32> {
        match self.worker.state() {
            State::Ready(endpoint) => Some(endpoint.pid),
            _ => None,
        }
    }

    /// Kills the program as a crash would; the host starts it again by its rules.
    pub fn kill_child(&self) {
        self.worker.kill();
    }

    pub async fn stop(&self) {
        self.worker.stop().await;
    }
}

fn local_uri(port: u16, path_and_query: &str) -> http::Uri {
    http::Uri::builder()
        .scheme("http")
        .authority(format!("127.0.0.1:{port}"))
        .path_and_query(path_and_query)
        .build()
        .unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "the host has a clock of its own")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A client for tests of the host.
#[expect(clippy::disallowed_methods, reason = "a caller from outside")]
pub fn http_client() -> reqwest::Client {
    reqwest::Client::new()
}
