//! Stands between the program and Odoo, and writes down what passes.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{Router, body::Bytes, extract::State, routing::post};
use q2o_domain::OdooId;
use serde_json::Value;

use crate::demo::Failed;

/// A call that made something, and its answer.
#[derive(Debug, Clone)]
pub struct Passed {
    pub model: String,
    pub method: String,
    pub args: Value,
    /// What it made, in the order it was asked for.
    pub made: Vec<OdooId>,
    pub began: Instant,
    pub ended: Instant,
}

impl Passed {
    /// Whether it only completes records that are there, and makes none.
    pub fn completes(&self) -> bool {
        self.method == "load"
            && self.args[0].as_array().is_some_and(|all| all.contains(&".id".into()))
    }
}

#[derive(Clone)]
pub struct Tap {
    odoo: String,
    client: reqwest::Client,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Tap {
    #[expect(clippy::disallowed_methods, reason = "a client of its own")]
    pub fn new(odoo: &str) -> Self {
        let odoo = odoo.trim_end_matches('/').to_owned();
        Self { odoo, client: reqwest::Client::new(), passed: Arc::default() }
    }

    /// Answers on a free port of the loopback; gives its address.
    #[expect(clippy::disallowed_methods, reason = "a server of its own")]
    pub async fn serve(&self) -> std::io::Result<String> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let router = Router::new()
            .route("/jsonrpc", post(pass))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(format!("http://{address}"))
    }

    /// What has passed so far, in the order it was answered.
    pub fn passed(&self) -> Vec<Passed> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn answer(&self, body: Bytes) -> Result<Bytes, Failed> {
        let began = Instant::now();
        let url = format!("{}/jsonrpc", self.odoo);
        let request = self.client.post(url).header("content-type", "application/json");
        let answer = request.body(body.clone()).send().await?.bytes().await?;
        if let Some(passed) = passed(&body, &answer, began) {
            self.passed.lock().unwrap_or_else(PoisonError::into_inner).push(passed);
        }
        Ok(answer)
    }
}

async fn pass(State(tap): State<Tap>, body: Bytes) -> Result<Bytes, String> {
    tap.answer(body).await.map_err(|error| error.to_string())
}

/// The call, if it made something.
fn passed(asked: &[u8], answered: &[u8], began: Instant) -> Option<Passed> {
    let ended = Instant::now();
    let mut asked: Value = serde_json::from_slice(asked).ok()?;
    let call = asked["params"]["args"].as_array_mut()?;
    let text = |at: usize| call.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (model, method) = (text(3), text(4));
    if !matches!(method.as_str(), "create" | "load" | "action_post") {
        return None;
    }
    let answered: Value = serde_json::from_slice(answered).ok()?;
    let result = answered.get("result")?;
    let ids = if method == "load" { &result["ids"] } else { result };
    let made = ids.as_array().into_iter().flatten().filter_map(Value::as_i64).map(OdooId);
    let made: Vec<OdooId> = made.collect();
    if made.is_empty() && method != "action_post" {
        return None;
    }
    let args = call.get_mut(5)?.take();
    Some(Passed { model, method, args, made, began, ended })
}
