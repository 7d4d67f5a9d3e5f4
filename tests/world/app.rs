//! The whole app in one process, with simulators on free ports: queues are
//! drained by [`TestApp::run`], so that a test decides when work happens.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use base64::prelude::*;
use clap::Parser;
use jiff::{SignedDuration, Timestamp};
use q2o_clients::http::Http;
use q2o_domain::{Tier, ports::Clock};
use q2o_functions::{
    access::Claims,
    all,
    app::App,
    compose::{self, Ground},
    function::{Trigger, router},
};
use q2o_platform::{clock::SystemClock, config::Config, database, queue::EmbeddedQueue, secrets};
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::{
    odoo::{OdooSim, Options as OdooOptions},
    qbo::{self, QboSim, SignedEvent},
};

/// What the QuickBooks application of tests signs its notices with.
pub const VERIFIER: &str = "a verifier of tests";

/// Signs the sessions of tests.
const SECRET: &str = "a secret of tests that is long enough to be one";

/// The secret that tests sign with.
pub fn secret() -> SecretString {
    SecretString::from(SECRET)
}

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    config: Config,
}

/// The machine's time, and how far a test has moved on.
#[derive(Default)]
pub struct Ahead(AtomicI64);

impl Ahead {
    pub fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

/// The app, its simulators, and a member of one tenant.
pub struct TestApp {
    pub app: App,
    pub router: Router,
    pub queue: EmbeddedQueue,
    pub odoo: OdooSim,
    pub odoo_url: String,
    pub qbo: qbo::Running,
    pub http: Http,
    pub tenant: Uuid,
    /// The app's own time.
    pub clock: Arc<Ahead>,
    queues: Vec<String>,
    _home: tempfile::TempDir,
}

impl TestApp {
    /// With the company in this folder, and an empty Odoo.
    pub async fn with(company: &Path) -> Self {
        Self::over(company, "memory://").await
    }

    /// The same over any database.
    pub async fn over(company: &Path, database_url: &str) -> Self {
        let sim = QboSim::load(company, qbo::Options::default()).expect("the company loads");
        Self::beside(sim.serve(0).await.expect("a free port"), database_url).await
    }

    /// The same beside a QuickBooks that runs.
    pub async fn beside(qbo: qbo::Running, database_url: &str) -> Self {
        let odoo = OdooSim::new(OdooOptions::default());
        let odoo_url = format!("http://{}", odoo.serve().await.expect("a free port"));
        let home = tempfile::tempdir().expect("a temporary folder");
        let arguments = [
            "q2o",
            "--qbo-base-url",
            &qbo.base_url(),
            "--qbo-token-url",
            &format!("{}/oauth2/v1/tokens/bearer", qbo.base_url()),
            "--qbo-client-id",
            "client-id",
            "--qbo-client-secret",
            "client-secret",
            "--qbo-rps",
            "100000",
            "--qbo-burst",
            "200000",
            "--qbo-webhook-verifier",
            VERIFIER,
            "--nextauth-secret",
            SECRET,
            "--home",
            &home.path().display().to_string(),
        ]
        .map(str::to_owned);
        let config = Settings::parse_from(arguments).config;
        let database = database::open(database_url).await.expect("a database");
        let ahead = Arc::new(Ahead::default());
        let clock: Arc<dyn Clock> = Arc::clone(&ahead) as Arc<dyn Clock>;
        let queue = EmbeddedQueue::new(Arc::clone(&database), Arc::clone(&clock));
        let http = Http::new().expect("a client");
        let ground = Ground {
            database: Arc::clone(&database),
            queue: Arc::new(EmbeddedQueue::new(database, Arc::clone(&clock))),
            secrets: secrets::open(config.secrets()).await.expect("secrets"),
            clock,
            http: http.clone(),
        };
        let app = compose::app(&config, ground).await.expect("the app");
        let functions = all();
        let queues = functions
            .iter()
            .filter(|f| f.trigger == Trigger::Queue)
            .map(|f| f.name.to_string())
            .collect();
        let tenant = Uuid::new_v4();
        let router = router(&functions, app.clone());
        let clock = ahead;
        Self { app, router, queue, odoo, odoo_url, qbo, http, tenant, clock, queues, _home: home }
    }

    /// A token of this tenant.
    pub fn token(&self) -> String {
        let claims = Claims {
            sub: "tester".into(),
            tenant: self.tenant,
            admin: true,
            plan: Tier::Full,
            exp: 0,
        };
        compose::local_token(claims, &secret(), self.clock.as_ref()).expect("a token")
    }

    /// Asks as a member of the tenant.
    pub async fn ask(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask_as(&self.token(), method, path, body).await
    }

    /// A file, as it comes.
    pub async fn file(&self, path: &str) -> (StatusCode, Vec<u8>) {
        let request = Request::get(path)
            .header("authorization", format!("Bearer {}", self.token()))
            .body(Body::empty())
            .expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        (status, to_bytes(response.into_body(), usize::MAX).await.expect("a body").to_vec())
    }

    pub async fn ask_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let json = ("application/json", body.to_string());
        let (status, text) = self.send(token, method, path, json).await;
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Sends any text as a member, and gets the answer's.
    pub async fn exchange(&self, method: &str, path: &str, text: String) -> (StatusCode, String) {
        self.send(&self.token(), method, path, ("text/csv", text)).await
    }

    async fn send(
        &self,
        token: &str,
        method: &str,
        path: &str,
        (of, text): (&str, String),
    ) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", of)
            .body(Body::from(text))
            .expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    /// QuickBooks calls with a notice of changes.
    pub async fn notify(&self, event: &SignedEvent) -> (StatusCode, Value) {
        let request = Request::post("/api/hooks/quickbooks")
            .header("content-type", event.content_type)
            .header("intuit-signature", &event.signature)
            .body(Body::from(event.body.clone()))
            .expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Connects both simulators and ties them; gives the link.
    pub async fn connect(&self) -> String {
        self.connect_to(self.connection()).await
    }

    /// What connecting to the simulated Odoo takes.
    pub fn connection(&self) -> Value {
        let options = self.odoo.options();
        json!({
            "url": self.odoo_url,
            "database": options.database,
            "login": options.login,
            "api_key": options.key,
        })
    }

    /// Connects the QuickBooks simulator and this Odoo, and ties them.
    pub async fn connect_to(&self, odoo: Value) -> String {
        let (status, answer) = self.tie(self.qbo.control(), odoo).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["link"].as_str().expect("a link").to_owned()
    }

    /// Connects a QuickBooks company and an Odoo company, and asks to tie them.
    pub async fn tie(&self, qbo: &qbo::Control, odoo: Value) -> (StatusCode, Value) {
        let tokens = qbo.tokens();
        let (status, answer) = self
            .ask(
                "POST",
                "/api/connect/quickbooks/save",
                json!({
                    "realm": qbo.realm(),
                    "access_token": tokens.access,
                    "refresh_token": tokens.refresh,
                    "expires_in": 3600,
                }),
            )
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let (status, odoo) = self.ask("POST", "/api/connect/odoo/save", odoo).await;
        assert_eq!(status, StatusCode::OK, "{odoo}");
        let body = json!({ "realm": qbo.realm(), "odoo": odoo["id"] });
        self.ask("POST", "/api/connect/link", body).await
    }

    /// Starts a backfill of everything; gives the job.
    pub async fn start(&self, link: &str) -> String {
        let body = json!({ "link": link });
        let (status, answer) = self.ask("POST", "/api/entities/backfill", body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer["job"].as_str().expect("a job").to_owned()
    }

    /// Calls functions with the messages of their queues until there are none.
    /// What is to come later is waited for a little.
    pub async fn run(&self) {
        let mut idle = 0;
        while idle < 20 {
            if self.step().await == 0 {
                idle += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            } else {
                idle = 0;
            }
        }
    }

    /// One round over all queues; says how many messages there were.
    pub async fn step(&self) -> usize {
        let names: Vec<&str> = self.queues.iter().map(String::as_str).collect();
        let ready = self.queue.ready(&names).await.expect("the queue");
        let mut taken = 0;
        for queue in ready {
            let messages =
                self.queue.receive(queue, 32, Duration::from_mins(10)).await.expect("the queue");
            taken += messages.len();
            let calls = messages.iter().map(|message| self.call(queue, &message.text));
            for (message, status) in messages.iter().zip(futures::future::join_all(calls).await) {
                if status.is_success() {
                    self.queue.delete(message).await.expect("the queue");
                } else {
                    let soon = Duration::from_millis(20);
                    self.queue.update_visibility(message, soon).await.expect("the queue");
                }
            }
        }
        taken
    }

    /// Calls a queue function as the host does.
    pub async fn call(&self, function: &str, text: &str) -> StatusCode {
        let envelope =
            json!({ "Data": { "message": BASE64_STANDARD.encode(text) }, "Metadata": {} });
        let request = Request::post(format!("/{function}"))
            .header("content-type", "application/json")
            .header("x-azure-functions-invocationid", Uuid::new_v4().to_string())
            .body(Body::from(envelope.to_string()))
            .expect("a request");
        self.router.clone().oneshot(request).await.expect("an answer").status()
    }
}
