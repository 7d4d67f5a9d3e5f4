//! Calls of trigger functions: an envelope in, a judgement out.

use std::{sync::Arc, time::Duration};

use axum::body::{Body, to_bytes};
use http::{Method, Request, header};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::{
    Client, PATIENCE,
    envelope::{Reply, reply},
    local_uri,
    package::{Function, Package},
    process::Worker,
};

/// Calls the program on behalf of triggers.
#[derive(Clone)]
pub struct Invoker {
    pub package: Arc<Package>,
    worker: Arc<Worker>,
    client: Client,
}

/// Longer than this nobody waits in tests; Azure's own limit is set in `host.json`.
const UNBOUNDED: Duration = Duration::from_hours(24);

impl Invoker {
    pub fn new(package: Arc<Package>, worker: Arc<Worker>, client: Client) -> Self {
        Self { package, worker, client }
    }

    /// Whether the function says it is done.
    pub async fn call(&self, function: &Function, envelope: &Value) -> bool {
        let Some(endpoint) = self.worker.endpoint(PATIENCE).await else { return false };
        let limit = self.package.host.function_timeout.unwrap_or(UNBOUNDED);
        let outcome = timeout(limit, self.post(endpoint.port, function, envelope)).await;
        let Ok(outcome) = outcome else {
            tracing::error!(function.name, "it ran out of time: the program is killed");
            self.worker.restart(endpoint.generation);
            return false;
        };
        match outcome {
            Ok(Reply::Done(lines)) => {
                for line in lines {
                    tracing::info!(function.name, "{line}");
                }
                true
            }
            Ok(Reply::Nothing) => {
                // the real host reads no result, waits for one, and then kills the program
                tracing::error!(function.name, "an empty reply: the host hangs on it");
                sleep(limit).await;
                self.worker.restart(endpoint.generation);
                false
            }
            Ok(Reply::Invalid(why)) | Err(why) => {
                tracing::warn!(function.name, why, "a call failed");
                false
            }
        }
    }

    async fn post(
        &self,
        port: u16,
        function: &Function,
        envelope: &Value,
    ) -> Result<Reply, String> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(local_uri(port, &format!("/{}", function.name)))
            .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
            .header(header::USER_AGENT, "Azure-Functions-Host/4.1052.200")
            .header("X-Azure-Functions-HostVersion", "4.1052.200")
            .header("X-Azure-Functions-InvocationId", uuid::Uuid::new_v4().to_string())
            // without a length, as in Azure
            .body(Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>(
                envelope.to_string(),
            )])))
            .map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let kind = response.headers().get(header::CONTENT_TYPE).cloned();
        let body = to_bytes(Body::new(response.into_body()), usize::MAX)
            .await
            .map_err(|error| error.to_string())?;
        if !status.is_success() {
            return Err(format!("it answered {status}: {}", String::from_utf8_lossy(&body)));
        }
        Ok(reply(kind.as_ref().and_then(|kind| kind.to_str().ok()), &body))
    }
}
