//! A real Odoo server to check against: every check gets a company of its own in
//! it, so that none finds what another left.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use q2o_clients::{
    http::Http,
    odoo::{OdooClient, OdooConfig},
};
use q2o_domain::{
    Failure, OdooId, Result,
    ports::{Budget, Odoo, OdooError},
};
use q2o_platform::clock::SystemClock;
use serde_json::{Value, json};

/// Where it is, and as whom.
#[derive(Debug, Clone)]
pub struct Server {
    pub url: String,
    pub database: String,
    pub login: String,
    pub key: String,
}

impl Server {
    /// A client of one company; of the user's own where none is named.
    pub fn client(&self, company: Option<i64>) -> Result<OdooClient> {
        let config = OdooConfig {
            url: self.url.clone(),
            db: self.database.clone(),
            login: self.login.clone(),
            key: self.key.as_str().into(),
            company,
        };
        Ok(OdooClient::new(config, Http::new()?, Arc::new(Unlimited), Arc::new(SystemClock)))
    }

    /// Makes a company with the generic chart, in US dollars.
    pub async fn found_company(&self, name: &str) -> Result<i64> {
        let named = vec![json!({ "name": name })];
        let mut tries = 0;
        let company = loop {
            match self.client(None)?.create("res.company", named.clone(), json!({})).await {
                Ok(made) => break made[0].0,
                // where several are founded at once, Odoo trips over itself
                Err(_) if tries < 20 => tokio::time::sleep(Duration::from_millis(500)).await,
                Err(error) => return Err(error.into()),
            }
            tries += 1;
        };
        // (a method of a record set, though it looks at none)
        let chart = json!([[], "generic_coa", company]);
        let odoo = self.client(Some(company))?;
        for _ in 0..50 {
            let loaded = odoo
                .call("account.chart.template", "try_loading", chart.clone(), json!({}))
                .await
                .map_err(Failure::from);
            match loaded {
                Ok(_) => {
                    warehouse(&odoo, company).await?;
                    return Ok(company);
                }
                // a transaction that began before this company was there keeps the user's
                // rights as they were in mind for all; writing them again ends that
                Err(Failure::NeedsUser { why, .. }) if why.contains("invalid companies") => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    self.let_in(company).await?;
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(Failure::retry("Odoo does not let its user into the new company"))
    }

    async fn let_in(&self, company: i64) -> Result<()> {
        let odoo = self.client(None)?;
        let own = json!([["login", "=", self.login]]);
        let users = odoo.search_read("res.users", own, &["id"], "id", 0, 1).await?;
        let users: Vec<OdooId> =
            users.iter().filter_map(|user| user["id"].as_i64()).map(OdooId).collect();
        odoo.write("res.users", &users, json!({ "company_ids": [[4, company]] })).await?;
        Ok(())
    }

    /// The server that such a connection leads to.
    pub fn behind(connection: &Value) -> Self {
        let text = |name: &str| connection[name].as_str().unwrap_or_default().to_owned();
        Self {
            url: text("url"),
            database: text("database"),
            login: text("login"),
            key: text("api_key"),
        }
    }

    /// What connecting to one of its companies takes.
    pub fn connection(&self, company: i64) -> Value {
        json!({
            "url": self.url,
            "database": self.database,
            "login": self.login,
            "api_key": self.key,
            "company": company,
        })
    }
}

/// One's own server may be asked as often as it answers.
struct Unlimited;

#[async_trait]
impl Budget for Unlimited {
    async fn take(&self, _: &str, _: u32) -> Result<Duration> {
        Ok(Duration::ZERO)
    }
    async fn block(&self, _: &str, _: Duration) -> Result<()> {
        Ok(())
    }
}

/// A company that is made by RPC gets none, and orders of goods ask for one.
async fn warehouse(odoo: &OdooClient, company: i64) -> Result<()> {
    let warehouse = json!({ "name": format!("Warehouse {company}"), "code": company.to_string() });
    match odoo.create("stock.warehouse", vec![warehouse], json!({})).await {
        Ok(_) | Err(OdooError::NotInstalled { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
