//! The one HTTP client: its timeouts, our name, and what it counts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use q2o_domain::{Failure, Result};

/// Longer than QuickBooks lets a request take (120 s); Odoo's batches stay far below.
const TIMEOUT: Duration = Duration::from_secs(125);
const CONNECT: Duration = Duration::from_secs(10);

/// A client to share; cloning it shares its connections and its counts.
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
    calls: Arc<Calls>,
}

/// Calls made and not yet accounted for.
#[derive(Debug, Default)]
pub struct Calls {
    qbo: AtomicU64,
    odoo: AtomicU64,
}

impl Http {
    /// # Errors
    /// When TLS cannot be set up.
    #[expect(clippy::disallowed_methods, reason = "the one place that makes a client")]
    pub fn new() -> Result<Self> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("Quick2Odoo/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::bug(format!("no HTTP client: {error}")))?;
        Ok(Self { client, calls: Arc::default() })
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub(crate) fn count_qbo(&self) {
        self.calls.qbo.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_odoo(&self) {
        self.calls.odoo.fetch_add(1, Ordering::Relaxed);
    }

    /// Calls to QuickBooks and to Odoo since this was last asked, retries included.
    pub fn take_calls(&self) -> (u64, u64) {
        let take = |calls: &AtomicU64| calls.swap(0, Ordering::Relaxed);
        (take(&self.calls.qbo), take(&self.calls.odoo))
    }
}

/// Whether nothing can have reached the other side.
pub(crate) fn never_sent(error: &reqwest::Error) -> bool {
    error.is_connect() || error.is_builder()
}
