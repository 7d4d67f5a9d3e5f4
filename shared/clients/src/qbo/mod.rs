//! QuickBooks Online: queries, batches, reports, tokens.

mod batch;
mod download;
mod fault;
mod notices;
mod oauth;
mod query;
mod report;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use q2o_domain::{
    Failure, Kind, QboId, RealmId, Remedy, Result,
    ports::{Answer, Budget, Clock, Content, Page, QuickBooks, Report, TokenStore, Unavailable},
};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{http::Http, pace};
use fault::Fault;
pub use notices::{Refused, notices};

/// Where and as whom.
#[derive(Debug, Clone)]
pub struct QboConfig {
    /// As in `https://quickbooks.api.intuit.com`.
    pub base_url: String,
    pub token_url: String,
    pub client_id: String,
    pub client_secret: SecretString,
    pub realm: RealmId,
}

/// One QuickBooks company.
pub struct QboClient {
    config: QboConfig,
    http: Http,
    tokens: Arc<dyn TokenStore>,
    budget: Arc<dyn Budget>,
    clock: Arc<dyn Clock>,
}

/// What is asked of a company.
pub(crate) enum Ask<'a> {
    /// A path below the company, and its parameters.
    Get(&'a str, Vec<(&'a str, String)>),
    /// A query statement.
    Query(&'a str),
    /// Several at once.
    Batch(&'a Value),
    /// Where the file of an attachable is.
    File(&'a QboId),
}

impl QboClient {
    pub fn new(
        config: QboConfig,
        http: Http,
        tokens: Arc<dyn TokenStore>,
        budget: Arc<dyn Budget>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { config, http, tokens, budget, clock }
    }

    /// Asks, and reads the answer.
    async fn ask<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, Fault> {
        fault::read(&self.text(&ask).await?)
    }

    /// Asks, with a valid token and within the budget.
    async fn text(&self, ask: &Ask<'_>) -> Result<String, Fault> {
        let token = self.access().await?;
        match self.send(ask, &token).await {
            // a token can die early; a fresh one settles whether it was that
            Err(Fault::TokenRefused { .. }) => {
                let token = self.refresh(&token).await?;
                self.send(ask, &token).await.map_err(|fault| match fault {
                    Fault::TokenRefused { why } => Fault::Failed(Failure::needs(
                        Remedy::ReconnectQuickBooks,
                        format!("QuickBooks does not accept our sign-in any more: {why}"),
                    )),
                    other => other,
                })
            }
            other => other,
        }
    }

    async fn send(&self, ask: &Ask<'_>, token: &SecretString) -> Result<String, Fault> {
        let lane = format!("qbo:{}", self.config.realm);
        pace::take(self.budget.as_ref(), &lane).await?;
        let company = format!("{}/v3/company/{}", self.config.base_url, self.config.realm);
        let client = self.http.client();
        let request = match ask {
            Ask::File(id) => client.get(format!("{company}/download/{id}")),
            Ask::Get(path, params) => client.get(format!("{company}/{path}")).query(params),
            Ask::Query(statement) => client
                .post(format!("{company}/query"))
                .header("content-type", "application/text")
                .body((*statement).to_owned()),
            Ask::Batch(items) => client.post(format!("{company}/batch")).json(items),
        };
        // where a file is comes as plain text
        let accept =
            if matches!(ask, Ask::File(_)) { "text/plain, */*" } else { "application/json" };
        self.http.count_qbo();
        let response = request
            .query(&[("minorversion", "75")])
            .header("accept", accept)
            .bearer_auth(token.expose_secret())
            .send()
            .await
            .map_err(|error| gone(&error))?;
        let status = response.status().as_u16();
        let after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let body = response.text().await.map_err(|error| gone(&error))?;
        let answer = fault::sorted(status, after, &body);
        if let Err(Fault::Failed(Failure::Retry { after: Some(pause), .. })) = &answer
            && status == 429
        {
            self.budget.block(&lane, *pause).await?;
        }
        answer.map(|()| body)
    }
}

/// The connection broke, or nobody answered. Reads can simply be repeated.
fn gone(error: &reqwest::Error) -> Fault {
    Fault::Failed(Failure::retry(format!(
        "QuickBooks did not answer: {}",
        error.without_url_text()
    )))
}

trait WithoutUrl {
    /// The error without the address, which holds the company's id.
    fn without_url_text(&self) -> String;
}

impl WithoutUrl for reqwest::Error {
    fn without_url_text(&self) -> String {
        if self.is_timeout() {
            "no answer in time".to_owned()
        } else if self.is_connect() {
            "cannot connect".to_owned()
        } else {
            "the connection broke".to_owned()
        }
    }
}

#[async_trait]
impl QuickBooks for QboClient {
    fn realm(&self) -> &RealmId {
        &self.config.realm
    }

    async fn company(&self) -> Result<Value> {
        let path = format!("companyinfo/{}", self.config.realm);
        let mut answer: Value = self.ask(Ask::Get(&path, Vec::new())).await?;
        Ok(answer["CompanyInfo"].take())
    }

    async fn preferences(&self) -> Result<Value> {
        let mut answer: Value = self.ask(Ask::Get("preferences", Vec::new())).await?;
        Ok(answer["Preferences"].take())
    }

    async fn page(&self, kind: Kind, only: Option<&str>, start: u32, most: u32) -> Result<Page> {
        query::page(self, kind, only, start, most).await
    }

    async fn counts(
        &self,
        kinds: &[(Kind, Option<&str>)],
    ) -> Result<Vec<Result<u64, Unavailable>>> {
        batch::counts(self, kinds).await
    }

    async fn queries(&self, statements: &[String]) -> Result<Vec<Answer>> {
        batch::queries(self, statements).await
    }

    async fn report(&self, name: &str, params: &[(&str, &str)]) -> Result<Report> {
        report::report(self, name, params).await
    }

    async fn download(
        &self,
        attachable: &QboId,
        most: u64,
        to: &Path,
    ) -> Result<Result<Content, Unavailable>> {
        download::download(self, attachable, most, to).await
    }
}
