//! The program put together from its settings.

use std::sync::Arc;

use jiff::{ToSpan, tz::TimeZone};
use q2o_clients::http::Http;
use q2o_domain::{
    Failure, Result,
    ports::{Clock, Database, Secrets},
};
use q2o_durable::Engine;
use q2o_platform::{
    budget::{Buckets, Pace},
    config::Config,
    database::{DatabaseJournals, EngineClock},
    secrets::Sealer,
};
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    access::{Claims, token},
    app::{App, Settings, Tools},
    connect::{Connect, QuickBooksApp},
    store::Store,
    sync::{facts::FactsCache, registry},
};

/// What a program stands on.
pub struct Ground {
    pub database: Arc<dyn Database>,
    pub queue: Arc<dyn q2o_durable::Queue>,
    pub secrets: Arc<dyn Secrets>,
    pub clock: Arc<dyn Clock>,
    pub http: Http,
}

/// Calls of one Odoo at once: its posting does not get faster by more.
const ODOO_AT_ONCE: usize = 2;

/// Name of the kept secret that session tokens are signed with.
const SESSION_SECRET: &str = "session-secret";

/// The program on its ground.
pub async fn app(config: &Config, ground: Ground) -> Result<App> {
    let Ground { database, queue, secrets, clock, http } = ground;
    let pace = Pace { rate: config.qbo_rps, burst: config.qbo_burst };
    let buckets = Buckets::new(Arc::clone(&database), Arc::clone(&clock), pace);
    let quickbooks = QuickBooksApp {
        base_url: config.qbo_base_url.trim_end_matches('/').to_owned(),
        token_url: config.qbo_token_url.clone(),
        client_id: config.qbo_client_id.clone().unwrap_or_default(),
        client_secret: config.qbo_client_secret.clone().unwrap_or_default(),
        calls_per_second: config.qbo_rps,
    };
    let sealer = Arc::new(Sealer::new(Arc::clone(&secrets)));
    let session_secret = session_secret(config, secrets.as_ref()).await?;
    let connect = Connect::new(sealer, http, Arc::new(buckets), Arc::clone(&clock), quickbooks);
    let tools = Arc::new(Tools {
        store: Store::new(Arc::clone(&database)),
        connect,
        clock: Arc::clone(&clock),
        settings: Settings {
            port: config.port,
            session_secret,
            qbo_webhook_verifier: config.qbo_webhook_verifier.clone(),
            strict: config.reconcile_strict,
        },
        facts: FactsCache::default(),
    });
    let engine = Engine::new(
        registry(&tools),
        Arc::new(DatabaseJournals::new(database)),
        queue,
        Arc::new(EngineClock(clock)),
    )
    .admission(|_, lane| lane.starts_with("odoo-").then_some(ODOO_AT_ONCE));
    Ok(App::new(Arc::new(engine), tools))
}

/// The secret from the settings, or one of our own, made at the first start.
pub async fn session_secret(config: &Config, secrets: &dyn Secrets) -> Result<SecretString> {
    if let Some(secret) = &config.nextauth_secret {
        return Ok(secret.clone());
    }
    if let Some(kept) = secrets.get(SESSION_SECRET).await? {
        return Ok(kept);
    }
    let made: String = (0..2).map(|_| Uuid::new_v4().simple().to_string()).collect();
    let made = SecretString::from(made);
    secrets.set(SESSION_SECRET, made.clone()).await.map_err(|failure| {
        Failure::bug(format!("set NEXTAUTH_SECRET, or let secrets be kept: {failure}"))
    })?;
    Ok(made)
}

/// A token for local use, good for a day.
pub fn local_token(mut claims: Claims, secret: &SecretString, clock: &dyn Clock) -> Result<String> {
    let tomorrow = clock.now().to_zoned(TimeZone::UTC).saturating_add(1.day());
    claims.exp = tomorrow.timestamp().as_second();
    token(&claims, secret)
}
