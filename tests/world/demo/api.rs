//! The app's API, as its own front end would call it.

use std::time::Duration;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::Failed;

pub struct Api {
    pub url: String,
    pub token: String,
    client: reqwest::Client,
}

impl Api {
    #[expect(clippy::disallowed_methods, reason = "the demo is a client of its own")]
    pub fn new(url: String, token: String) -> Self {
        Self { url, token, client: reqwest::Client::new() }
    }

    pub async fn get(&self, path: &str) -> Result<Value, Failed> {
        self.send(self.client.get(format!("{}{path}", self.url))).await
    }

    /// A file, as it comes.
    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>, Failed> {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
        let response = request.send().await?.error_for_status()?;
        Ok(response.bytes().await?.to_vec())
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        self.send(self.client.post(format!("{}{path}", self.url)).json(body)).await
    }

    /// What is no JSON: a table.
    pub async fn text(&self, path: &str) -> Result<String, Failed> {
        self.answer(self.client.get(format!("{}{path}", self.url))).await
    }

    pub async fn post_text(&self, path: &str, text: String) -> Result<Value, Failed> {
        self.send(self.client.post(format!("{}{path}", self.url)).body(text)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, Failed> {
        Ok(serde_json::from_str(&self.answer(request).await?).unwrap_or_default())
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<String, Failed> {
        let response = request.bearer_auth(&self.token).send().await?;
        let status = response.status();
        let text = response.text().await?;
        if status.is_success() {
            return Ok(text);
        }
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let detail = body["detail"].as_str().unwrap_or("no reason given");
        let mut said = format!("{status}: {detail} (remedy: {})", body["remedy"]["remedy"]);
        for error in body["errors"].as_array().into_iter().flatten() {
            let of = |name: &str| error[name].as_str().unwrap_or_default();
            said.extend(["\n  ", of("row"), ": ", of("why")]);
        }
        Err(said.into())
    }

    /// The job that is not done yet, if a run before this one left one.
    pub async fn open_job(&self, link: &str, purpose: &str) -> Result<Option<Value>, Failed> {
        let jobs = self.get("/api/ops/jobs").await?;
        let open = jobs.as_array().into_iter().flatten().find(|job| {
            job["plan"]["link"] == link
                && job["plan"]["purpose"] == purpose
                && matches!(job["state"].as_str(), Some("running" | "paused" | "needs_user"))
        });
        Ok(open.cloned())
    }

    /// That one, or a new one.
    pub async fn job(
        &self,
        link: &str,
        plan: &str,
        until: Option<Date>,
        purpose: &str,
    ) -> Result<String, Failed> {
        if let Some(id) = self.go_on(link, purpose).await? {
            return Ok(id);
        }
        let mut asked = json!({ "link": link, "plan": plan });
        if let Some(until) = until {
            asked["until"] = json!(until);
        }
        let started = self.post(&format!("/api/entities/{purpose}"), &asked).await?;
        Ok(started["job"].as_str().unwrap_or_default().to_owned())
    }

    /// The job of this purpose that is not done yet; one that waits goes on.
    async fn go_on(&self, link: &str, purpose: &str) -> Result<Option<String>, Failed> {
        let Some(job) = self.open_job(link, purpose).await? else { return Ok(None) };
        let id = job["id"].as_str().unwrap_or_default().to_owned();
        if job["state"] != "running" {
            self.post(&format!("/api/entities/backfill/{id}/resume"), &json!({})).await?;
        }
        Ok(Some(id))
    }

    /// Rolls a job back: the one that a run before this one left, if it did.
    pub async fn rollback(&self, link: &str, of: &str, preview: bool) -> Result<String, Failed> {
        if let Some(id) = self.go_on(link, "roll_back").await? {
            return Ok(id);
        }
        let of = if of == "last" { self.last(link).await? } else { of.to_owned() };
        let asked = json!({ "link": link, "job": of, "preview": preview });
        let started = self.post("/api/entities/rollback", &asked).await?;
        Ok(started["job"].as_str().unwrap_or_default().to_owned())
    }

    /// The last job that moved something.
    async fn last(&self, link: &str) -> Result<String, Failed> {
        let jobs = self.get("/api/ops/jobs").await?;
        let moved = |job: &&Value| {
            let counts = job["counts"].as_object().into_iter().flatten();
            let loaded = counts.map(|(_, of)| of["loaded"].as_u64().unwrap_or(0)).sum::<u64>();
            job["plan"]["link"] == link && job["plan"]["purpose"] == "backfill" && loaded > 0
        };
        let last = jobs.as_array().into_iter().flatten().find(moved);
        let last = last.and_then(|job| job["id"].as_str());
        last.map(str::to_owned).ok_or_else(|| "no job has moved anything yet".into())
    }

    /// Answers while the worker is being restarted are waited for.
    pub async fn patient(&self, path: &str) -> Result<Value, Failed> {
        let mut last = None;
        for _ in 0..100 {
            match self.get(path).await {
                Ok(value) => return Ok(value),
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Err(last.unwrap_or_else(|| "no answer".into()))
    }
}
