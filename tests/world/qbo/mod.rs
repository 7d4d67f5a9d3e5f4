//! QuickBooks Online imitated: a company's folder served as Intuit's API would serve it.
//!
//! The simulator shares no code with the client it tests. It answers queries, batches,
//! change data capture, reports and sign-in, keeps a log of the calls, and fails on demand.
//! It reads only: writes are refused. The books are kept on the accrual basis alone.

mod batch;
mod call_log;
mod catalogue;
mod cdc;
mod clock;
mod company;
mod condition;
mod control;
mod faults;
mod files;
mod folder;
mod http;
mod ledger;
mod oauth;
mod plan;
mod query;
mod reads;
mod record;
mod reports;
mod select;
mod serve;
mod sign_in;
mod store;
mod throttle;
mod txn_names;
mod webhooks;
mod wire;
mod words;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use jiff::SignedDuration;

pub use call_log::{Call, CallKind};
pub use clock::Clock;
pub use control::Control;
pub use files::content as file_content;
pub use folder::LoadError;
pub use ledger::Posting;
pub use oauth::{OAuth, TokenPair};
pub use plan::{Incoming, PlannedFault};
pub use serve::Running;
pub use throttle::Limits;
pub use webhooks::{Change, SignedEvent};

/// How a simulated company behaves.
#[derive(Clone)]
pub struct Options {
    pub client_id: String,
    pub client_secret: String,
    pub clock: Clock,
    /// How long a refresh token keeps its value.
    pub rotate_refresh_every: SignedDuration,
    /// None lets everything through at once.
    pub limits: Option<Limits>,
    /// Waited before each answer.
    pub latency: Duration,
    /// Reports of more rows fail with 10100.
    pub report_row_limit: Option<usize>,
    /// Whether answers are packed for clients that take gzip.
    pub gzip: bool,
    /// Tokens of an earlier run, from [`Control::oauth`].
    pub oauth: OAuth,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            client_id: "client-id".into(),
            client_secret: "client-secret".into(),
            clock: Clock::real(),
            rotate_refresh_every: SignedDuration::from_hours(24),
            limits: None,
            latency: Duration::ZERO,
            report_row_limit: None,
            gzip: true,
            oauth: OAuth::default(),
        }
    }
}

/// One simulated company.
pub struct QboSim {
    world: Arc<World>,
}

impl QboSim {
    /// Loads `<Entity>.jsonl`, `golden_postings.csv` and `manifest.json` of a folder.
    pub fn load(dir: &Path, options: Options) -> Result<Self, LoadError> {
        let (company, store) = folder::load(dir)?;
        Ok(Self { world: Arc::new(World::new(company, store, options)) })
    }

    /// The hand on the simulator; stays good once it is being served.
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.world))
    }

    /// All routes, for use without a socket.
    pub fn router(&self) -> axum::Router {
        http::router(Arc::clone(&self.world))
    }

    /// Serves this company and another at one address, as Intuit does; gives the
    /// hand on the other.
    pub async fn serve_beside(self, other: Self) -> std::io::Result<(Running, Control)> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let control = other.control();
        let routers = (self.router(), other.router());
        let realm = format!("/v3/company/{}/", control.realm());
        let both = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let (own, other) = routers.clone();
            let router = if request.uri().path().starts_with(&realm) { other } else { own };
            tower::ServiceExt::oneshot(router, request)
        });
        Ok((serve::serve(both, self.control(), listener)?, control))
    }

    /// Serves on a port of the loopback; 0 takes a free one.
    pub async fn serve(self, port: u16) -> std::io::Result<Running> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        self.serve_on(listener)
    }

    /// Serves on a listener that is already bound.
    pub fn serve_on(self, listener: tokio::net::TcpListener) -> std::io::Result<Running> {
        serve::serve(self.router(), self.control(), listener)
    }
}

/// Everything the routes share.
struct World {
    options: Options,
    clock: Clock,
    company: company::Company,
    store: RwLock<store::Store>,
    oauth: Mutex<OAuth>,
    plan: Mutex<plan::Plan>,
    throttle: Mutex<throttle::Throttle>,
    log: Mutex<call_log::CallLog>,
    knobs: Mutex<Knobs>,
}

/// What a test may turn while the simulator runs.
struct Knobs {
    latency: Duration,
    report_row_limit: Option<usize>,
    /// Entities that the company's plan does not have.
    withheld: HashSet<String>,
    /// Reports name accounts without their ids, as in some countries.
    accounts_by_name: bool,
    /// Attachables whose file the file server does not have.
    lost_files: HashSet<String>,
    /// Rows that do not come as they should.
    odd: select::OddRows,
}

impl World {
    fn new(company: company::Company, store: store::Store, options: Options) -> Self {
        let knobs = Knobs {
            latency: options.latency,
            report_row_limit: options.report_row_limit,
            withheld: HashSet::new(),
            accounts_by_name: false,
            lost_files: HashSet::new(),
            odd: select::OddRows::default(),
        };
        Self {
            clock: options.clock.clone(),
            company,
            store: RwLock::new(store),
            oauth: Mutex::new(options.oauth.clone()),
            plan: Mutex::default(),
            throttle: Mutex::new(throttle::Throttle::new(options.limits)),
            log: Mutex::default(),
            knobs: Mutex::new(knobs),
            options,
        }
    }

    fn store(&self) -> std::sync::RwLockReadGuard<'_, store::Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn store_mut(&self) -> std::sync::RwLockWriteGuard<'_, store::Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server's time, which no change is ahead of.
    fn now(&self) -> jiff::Timestamp {
        self.store().time(self.clock.now())
    }

    /// The day that counts as today: the manifest's, or the clock's.
    fn today(&self) -> jiff::civil::Date {
        self.company.today.unwrap_or_else(|| clock::pacific_day(self.clock.now()))
    }

    /// Whether the call carries a living access token.
    fn admitted(&self, headers: &HeaderMap) -> bool {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        bearer.is_some_and(|token| held(&self.oauth).admits(token, self.clock.now()))
    }
}

/// Locks, and goes on after a panic elsewhere: a failing test must not hang the others.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
