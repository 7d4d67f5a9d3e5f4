//! Odoo over JSON-RPC: works with every edition, and needs no module installed.

mod fault;
mod upload;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use q2o_domain::{
    Failure, OdooId, Remedy,
    ports::{Budget, Clock, Loaded, Odoo, OdooError, RowError},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;

use crate::{
    http::{Http, never_sent},
    pace,
};

/// Where and as whom.
#[derive(Debug, Clone)]
pub struct OdooConfig {
    pub url: String,
    pub db: String,
    pub login: String,
    /// An API key (or a password).
    pub key: SecretString,
    /// Records are read and made in this company.
    pub company: Option<i64>,
}

/// One Odoo database.
pub struct OdooClient {
    config: OdooConfig,
    http: Http,
    budget: Arc<dyn Budget>,
    /// Signing in costs Odoo most of a second; once is enough.
    uid: OnceCell<i64>,
}

/// A call as it is sent: written down once, however much it holds.
#[derive(Serialize)]
struct Call<'a, T> {
    jsonrpc: &'a str,
    method: &'a str,
    id: u32,
    params: Params<'a, T>,
}

#[derive(Serialize)]
struct Params<'a, T> {
    service: &'a str,
    method: &'a str,
    args: &'a T,
}

/// More than this in one call is refused before a proxy does.
const MOST_BYTES: usize = 20 * 1024 * 1024;

/// What a call does to Odoo, should no answer come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Nothing, or the same again.
    None,
    /// Something that must not be done twice.
    Once,
}

impl OdooClient {
    pub fn new(
        config: OdooConfig,
        http: Http,
        budget: Arc<dyn Budget>,
        _clock: Arc<dyn Clock>,
    ) -> Self {
        Self { config, http, budget, uid: OnceCell::new() }
    }

    async fn uid(&self) -> Result<i64, OdooError> {
        self.uid
            .get_or_try_init(|| async {
                let OdooConfig { db, login, key, .. } = &self.config;
                let args = (db, login, key.expose_secret(), json!({}));
                let uid = self.service("common", "authenticate", &args, None, Effect::None).await?;
                uid.as_i64().ok_or_else(|| {
                    OdooError::Failed(Failure::needs(
                        Remedy::CheckOdoo,
                        "Odoo does not know this user, or its key is wrong or has expired.",
                    ))
                })
            })
            .await
            .copied()
    }

    /// `execute_kw`, in our company's context.
    async fn execute(
        &self,
        model: &str,
        method: &str,
        args: Value,
        mut kwargs: Value,
        file: Option<&Path>,
        effect: Effect,
    ) -> Result<Value, OdooError> {
        let uid = self.uid().await?;
        if !kwargs.is_object() {
            kwargs = Value::Object(Map::new());
        }
        // what we bring is history: nobody is told, and no goods are sent for it
        let mut context = json!({
            "lang": "en_US",
            "tz": "UTC",
            "tracking_disable": true,
            "skip_procurement": true,
        });
        if let Some(company) = self.config.company {
            context["allowed_company_ids"] = json!([company]);
        }
        if let (Some(ours), Some(theirs)) = (context.as_object_mut(), kwargs["context"].as_object())
        {
            ours.extend(theirs.clone());
        }
        kwargs["context"] = context;
        let OdooConfig { db, key, .. } = &self.config;
        let args = (db, uid, key.expose_secret(), model, method, args, kwargs);
        let answer = self.service("object", "execute_kw", &args, file, effect).await;
        answer.inspect_err(|error| {
            tracing::debug!(odoo.model = model, odoo.method = method, %error, "a call failed");
        })
    }

    async fn service(
        &self,
        service: &str,
        method: &str,
        args: &impl Serialize,
        file: Option<&Path>,
        effect: Effect,
    ) -> Result<Value, OdooError> {
        let lane = format!("odoo:{}/{}", self.config.url, self.config.db);
        pace::take(self.budget.as_ref(), &lane).await?;
        let params = Params { service, method, args };
        let body = serde_json::to_vec(&Call { jsonrpc: "2.0", method: "call", id: 1, params })
            .map_err(|error| Failure::bug(format!("cannot write a call: {error}")))?;
        if body.len() > MOST_BYTES {
            return Err(Failure::bug(format!("a call of {} bytes", body.len())).into());
        }
        let (length, body) = match file {
            None => (body.len() as u64, body.into()),
            Some(file) => upload::body(&body, file).await?,
        };
        self.http.count_odoo();
        let response = self
            .http
            .client()
            .post(format!("{}/jsonrpc", self.config.url))
            .header("content-type", "application/json")
            // Odoo's own server reads no body whose length it is not told
            .header("content-length", length)
            .body::<reqwest::Body>(body)
            .send()
            .await
            .map_err(|error| lost(&error, effect))?;
        let status = response.status().as_u16();
        let body = response.bytes().await.map_err(|error| lost(&error, effect))?;
        fault::sorted(status, &body, effect)
    }
}

/// No answer. Whether the call was done, nobody can say, unless it never left.
fn lost(error: &reqwest::Error, effect: Effect) -> OdooError {
    let why = if error.is_timeout() {
        "Odoo did not answer in time"
    } else if error.is_connect() {
        "Odoo cannot be reached"
    } else {
        "Odoo broke off"
    };
    if effect == Effect::Once && !never_sent(error) {
        OdooError::Unknown { why: why.to_owned() }
    } else {
        OdooError::Failed(Failure::retry(why))
    }
}

#[async_trait]
impl Odoo for OdooClient {
    async fn version(&self) -> Result<(u32, String), OdooError> {
        let answer = self.service("common", "version", &[(); 0], None, Effect::None).await?;
        let text = answer["server_version"].as_str().unwrap_or_default().to_owned();
        // Odoo Online says `saas~18.2`, in the first number as well
        let first = match &answer["server_version_info"][0] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let digits: String = first
            .chars()
            .skip_while(|c| !c.is_ascii_digit())
            .take_while(char::is_ascii_digit)
            .collect();
        let major = digits
            .parse()
            .map_err(|_| Failure::needs(Remedy::CheckOdoo, "This address is no Odoo."))?;
        Ok((major, text))
    }

    async fn call(
        &self,
        model: &str,
        method: &str,
        args: Value,
        kwargs: Value,
    ) -> Result<Value, OdooError> {
        self.execute(model, method, args, kwargs, None, Effect::Once).await
    }

    async fn create(
        &self,
        model: &str,
        records: Vec<Value>,
        context: Value,
    ) -> Result<Vec<OdooId>, OdooError> {
        let kwargs = json!({ "context": context });
        let asked = records.len();
        let args = Value::Array(vec![Value::Array(records)]);
        let answer = self.execute(model, "create", args, kwargs, None, Effect::Once).await?;
        let ids: Vec<OdooId> = match &answer {
            Value::Array(ids) => ids.iter().filter_map(Value::as_i64).map(OdooId).collect(),
            one => one.as_i64().map(OdooId).into_iter().collect(),
        };
        if ids.len() == asked {
            return Ok(ids);
        }
        let why = format!("Odoo made {} records of {model} instead of {asked}", ids.len());
        Err(OdooError::Unknown { why })
    }

    async fn write(&self, model: &str, ids: &[OdooId], fields: Value) -> Result<(), OdooError> {
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        // the same values written twice are the same values
        self.execute(model, "write", json!([ids, fields]), json!({}), None, Effect::None).await?;
        Ok(())
    }

    async fn search_read(
        &self,
        model: &str,
        domain: Value,
        fields: &[&str],
        order: &str,
        offset: u32,
        most: u32,
    ) -> Result<Vec<Value>, OdooError> {
        let mut kwargs = json!({ "fields": fields, "order": order, "offset": offset });
        if most > 0 {
            kwargs["limit"] = json!(most);
        }
        let answer =
            self.execute(model, "search_read", json!([domain]), kwargs, None, Effect::None).await?;
        rows(answer, model)
    }

    async fn scan(
        &self,
        model: &str,
        domain: Value,
        fields: &[&str],
        most: u32,
    ) -> Result<Vec<Value>, OdooError> {
        let mut kwargs = json!({ "fields": fields, "order": "id", "load": "" });
        if most > 0 {
            kwargs["limit"] = json!(most);
        }
        let answer =
            self.execute(model, "search_read", json!([domain]), kwargs, None, Effect::None).await?;
        rows(answer, model)
    }

    async fn read_group(
        &self,
        model: &str,
        domain: Value,
        sums: &[&str],
        by: &[&str],
    ) -> Result<Vec<Value>, OdooError> {
        let kwargs = json!({ "lazy": false });
        let args = json!([domain, sums, by]);
        let answer = self.execute(model, "read_group", args, kwargs, None, Effect::None).await?;
        rows(answer, model)
    }

    async fn load(
        &self,
        model: &str,
        columns: &[String],
        table: Vec<Vec<String>>,
    ) -> Result<Loaded, OdooError> {
        self.loaded(model, columns, table, json!({}), None).await
    }

    async fn load_with_file(
        &self,
        model: &str,
        columns: &[String],
        mut row: Vec<String>,
        column: &str,
        file: &Path,
    ) -> Result<Loaded, OdooError> {
        let columns: Vec<String> =
            columns.iter().cloned().chain(std::iter::once(column.to_owned())).collect();
        row.push(upload::HERE.to_owned());
        // images stay as they are: Odoo makes large ones smaller
        let context = json!({ "image_no_postprocess": true });
        self.loaded(model, &columns, vec![row], context, Some(file)).await
    }
}

impl OdooClient {
    async fn loaded(
        &self,
        model: &str,
        columns: &[String],
        table: Vec<Vec<String>>,
        context: Value,
        file: Option<&Path>,
    ) -> Result<Loaded, OdooError> {
        // external ids make a repetition harmless
        let args = json!([columns, table]);
        let kwargs = json!({ "context": context });
        let answer = self.execute(model, "load", args, kwargs, file, Effect::None).await?;
        if let Some(ids) = answer["ids"].as_array() {
            return Ok(Loaded::Done(ids.iter().filter_map(Value::as_i64).map(OdooId).collect()));
        }
        let messages = answer["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let errors: Vec<RowError> = messages
            .iter()
            .filter(|message| message["type"] == "error")
            .map(|message| RowError {
                row: index(&message["record"])
                    .or_else(|| index(&message["rows"]["from"]))
                    .unwrap_or(0),
                field: message["field"].as_str().map(str::to_owned),
                message: message["message"].as_str().unwrap_or_default().trim().to_owned(),
            })
            .collect();
        // a conflict of transactions is swallowed into a message here
        if errors.iter().any(|error| fault::passing(&error.message)) {
            return Err(Failure::retry("Odoo was busy with the same records").into());
        }
        Ok(Loaded::Refused(errors))
    }
}

fn index(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|index| usize::try_from(index).ok())
}

fn rows(answer: Value, model: &str) -> Result<Vec<Value>, OdooError> {
    match answer {
        Value::Array(rows) => Ok(rows),
        _ => Err(Failure::bug(format!("Odoo's answer about {model} is no list")).into()),
    }
}
