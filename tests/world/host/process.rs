//! Spawns the custom handler, waits until it answers, and starts it again by the host's rules.

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Client;

const PING_EVERY: Duration = Duration::from_millis(25);
/// Errors further apart than this are not counted together.
const ERRORS_FORGOTTEN_AFTER: Duration = Duration::from_mins(30);

/// How to start the handler.
pub struct Spec {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub root: PathBuf,
    pub working_directory: PathBuf,
    pub env: Vec<(String, String)>,
    pub port: Option<u16>,
    pub initialization_timeout: Duration,
    /// The host stops at this error.
    pub max_errors: u32,
    pub console: Console,
}

/// Where the handler's lines go.
pub type Console = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// The level the host gives to a line of the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Information,
    Warning,
    Error,
}

/// What the handler is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Starting,
    Ready(Endpoint),
    /// It left with 0, which the host takes for intended: nothing listens any more.
    Exited(Endpoint),
    /// The host gave up, or was stopped.
    Stopped,
}

/// One start of the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    pub port: u16,
    pub pid: u32,
    /// Counts the starts.
    pub generation: u32,
}

/// The hand on the handler.
pub struct Worker {
    state: watch::Receiver<State>,
    orders: mpsc::UnboundedSender<Order>,
}

enum Order {
    /// As if it had crashed.
    Kill,
    /// The host's own doing, no error: an invocation of this generation ran out of time.
    Restart(u32),
    Stop,
}

/// Why one start of the handler is over.
enum End {
    Exit(ExitStatus, Endpoint),
    Failed(String),
    Restart,
    Stop,
}

impl Worker {
    /// The worker, and the task that has to be run for it.
    pub fn new(spec: Spec, client: Client) -> (Self, impl Future<Output = ()> + Send) {
        let (show, state) = watch::channel(State::Starting);
        let (orders, taken) = mpsc::unbounded_channel();
        (Self { state, orders }, supervise(spec, client, show, taken))
    }

    pub fn state(&self) -> State {
        *self.state.borrow()
    }

    /// Where to call, once the handler answers; None after `patience` or when the host stopped.
    pub async fn endpoint(&self, patience: Duration) -> Option<Endpoint> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|s| *s != State::Starting);
        match *timeout(patience, settled).await.ok()?.ok()? {
            State::Ready(endpoint) | State::Exited(endpoint) => Some(endpoint),
            State::Starting | State::Stopped => None,
        }
    }

    /// Resolves when the handler will not come back.
    pub async fn over(&self) {
        let mut state = self.state.clone();
        // An error means that the supervisor is gone, which is an end too.
        drop(state.wait_for(|s| *s == State::Stopped).await);
    }

    pub fn kill(&self) {
        self.order(Order::Kill);
    }

    pub fn restart(&self, generation: u32) {
        self.order(Order::Restart(generation));
    }

    pub async fn stop(&self) {
        self.order(Order::Stop);
        self.over().await;
    }

    fn order(&self, order: Order) {
        // Nobody listens where there is nothing left to kill.
        drop(self.orders.send(order));
    }
}

async fn supervise(
    spec: Spec,
    client: Client,
    show: watch::Sender<State>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let mut errors: Vec<Instant> = Vec::new();
    for generation in 1.. {
        show.send_replace(State::Starting);
        let reason = match run_once(&spec, &client, generation, &show, &mut orders).await {
            End::Stop => break,
            End::Restart => continue,
            End::Exit(status, endpoint) => match status.code() {
                Some(0) => {
                    tracing::error!("the handler left with 0: it is not started again");
                    show.send_replace(State::Exited(endpoint));
                    while !matches!(orders.recv().await, None | Some(Order::Stop)) {}
                    break;
                }
                Some(200) => {
                    tracing::info!("the handler left with 200: it is started again");
                    continue;
                }
                _ => status.to_string(),
            },
            End::Failed(reason) => reason,
        };
        if errors.last().is_some_and(|last| last.elapsed() > ERRORS_FORGOTTEN_AFTER) {
            errors.clear();
        }
        errors.push(Instant::now());
        tracing::error!(reason, errors = errors.len(), "the handler failed");
        if errors.len() >= spec.max_errors as usize {
            tracing::error!("the handler failed too often: the host stops");
            break;
        }
    }
    show.send_replace(State::Stopped);
}

async fn run_once(
    spec: &Spec,
    client: &Client,
    generation: u32,
    show: &watch::Sender<State>,
    orders: &mut mpsc::UnboundedReceiver<Order>,
) -> End {
    let (mut child, port) = match spawn(spec) {
        Ok(spawned) => spawned,
        Err(error) => {
            return End::Failed(format!("cannot start {}: {error}", spec.program.display()));
        }
    };
    let Some(pid) = child.id() else { return End::Failed("it ended at once".into()) };
    let endpoint = Endpoint { port, pid, generation };
    let mut readers = listen(&mut child, &spec.console);
    let mut ready = Box::pin(timeout(spec.initialization_timeout, answers(client, port)));
    let mut waiting = true;
    let end = loop {
        tokio::select! {
            status = child.wait() => break match status {
                Ok(status) => End::Exit(status, endpoint),
                Err(error) => End::Failed(error.to_string()),
            },
            outcome = &mut ready, if waiting => {
                if outcome.is_err() {
                    break End::Failed("it did not answer in time".into());
                }
                waiting = false;
                show.send_replace(State::Ready(endpoint));
            }
            order = orders.recv() => match order {
                Some(Order::Kill) => break End::Failed("it was killed".into()),
                Some(Order::Restart(meant)) if meant == generation => break End::Restart,
                Some(Order::Restart(_)) => {}
                Some(Order::Stop) | None => break End::Stop,
            },
        }
    };
    show.send_replace(State::Starting);
    // SIGKILL: there is no other way in which the host ends a handler.
    if let Err(error) = child.kill().await {
        tracing::debug!(%error, "the handler is gone already");
    }
    // Its last lines explain its death; a grandchild holding the pipe must not delay us.
    let drained = async { while readers.join_next().await.is_some() {} };
    drop(timeout(Duration::from_millis(200), drained).await);
    end
}

fn spawn(spec: &Spec) -> std::io::Result<(Child, u16)> {
    let port = match spec.port {
        Some(port) => port,
        None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port(),
    };
    let id = uuid::Uuid::new_v4().to_string();
    let child = Command::new(&spec.program)
        .args(&spec.arguments)
        .current_dir(&spec.working_directory)
        .envs(spec.env.iter().map(|(name, value)| (name, value)))
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
        .env("FUNCTIONS_HTTPWORKER_PORT", port.to_string())
        .env("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", &id)
        .env("FUNCTIONS_HTTPWORKER_ID", &id)
        .env("FUNCTIONS_APP_ROOT_PATH", &spec.root)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    Ok((child, port))
}

/// Resolves at the first answer of any kind to `GET /`.
async fn answers(client: &Client, port: u16) {
    while client.request(ping(port)).await.is_err() {
        sleep(PING_EVERY).await;
    }
}

fn ping(port: u16) -> http::Request<Body> {
    let mut request = http::Request::new(Body::empty());
    *request.uri_mut() = super::local_uri(port, "/");
    request
}

fn listen(child: &mut Child, console: &Console) -> JoinSet<()> {
    let mut readers = JoinSet::new();
    if let Some(out) = child.stdout.take() {
        readers.spawn(read(out, Arc::clone(console), |_| Level::Information));
    }
    if let Some(err) = child.stderr.take() {
        readers.spawn(read(err, Arc::clone(console), stderr_level));
    }
    readers
}

async fn read(stream: impl AsyncRead + Unpin, console: Console, level: fn(&str) -> Level) {
    let mut lines = BufReader::new(stream).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\r');
        console(level(line), line);
    }
}

/// The error stream is taken for errors, whatever is said there.
fn stderr_level(line: &str) -> Level {
    if line.to_lowercase().contains("warn") { Level::Warning } else { Level::Error }
}

/// Sends the handler's lines to the log of this process.
pub fn trace(level: Level, line: &str) {
    match level {
        Level::Information => tracing::info!(target: "Host.Function.Console", "{line}"),
        Level::Warning => tracing::warn!(target: "Host.Function.Console", "{line}"),
        Level::Error => tracing::error!(target: "Host.Function.Console", "{line}"),
    }
}
