//! The two sides of a migration: their connections, and clients that speak to them.

pub mod link;
pub mod odoo_save;
pub mod odoo_test;
pub mod quickbooks_save;
pub mod quickbooks_test;
mod tokens;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError},
};

use q2o_clients::{
    odoo::{OdooClient, OdooConfig},
    qbo::{QboClient, QboConfig},
};
use q2o_domain::{
    Failure, RealmId, Remedy, Result,
    ports::{Budget, Clock, Odoo, OdooError, QuickBooks},
    records::OdooConnection,
};
use q2o_platform::secrets::Sealer;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokens::Kept;

use crate::{
    digest,
    store::{Tenant, collection},
};

/// Makes clients of a tenant's connections.
pub struct Connect {
    pub sealer: Arc<Sealer>,
    pub http: q2o_clients::http::Http,
    pub budget: Arc<dyn Budget>,
    pub clock: Arc<dyn Clock>,
    pub quickbooks: QuickBooksApp,
    /// Signing in to Odoo is dear: clients that have are kept, by connection and
    /// what it was when they did.
    odoo: std::sync::Mutex<HashMap<String, Arc<dyn Odoo>>>,
    /// What fields the models of a connection have: applications and versions differ.
    fields: std::sync::Mutex<FieldsByModel>,
}

/// By connection and model.
type FieldsByModel = HashMap<(String, String), Arc<OdooFields>>;

/// A model's fields.
pub type OdooFields = BTreeMap<String, OdooField>;

#[derive(Debug, Default)]
pub struct OdooField {
    /// The values of a selection.
    pub choices: BTreeSet<String>,
    /// The model that it points at.
    pub relation: Option<String>,
}

/// What Intuit knows us by.
#[derive(Debug, Clone)]
pub struct QuickBooksApp {
    pub base_url: String,
    pub token_url: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// As many as a company may be asked on the long run.
    pub calls_per_second: u32,
}

/// What an Odoo key is sealed for.
const ODOO_KEY: &str = "odoo-key";

impl Connect {
    pub fn new(
        sealer: Arc<Sealer>,
        http: q2o_clients::http::Http,
        budget: Arc<dyn Budget>,
        clock: Arc<dyn Clock>,
        quickbooks: QuickBooksApp,
    ) -> Self {
        let (odoo, fields) = Default::default();
        Self { sealer, http, budget, clock, quickbooks, odoo, fields }
    }

    /// A client of one QuickBooks company of this tenant.
    pub fn quickbooks(&self, tenant: &Tenant, realm: &RealmId) -> Arc<dyn QuickBooks> {
        let app = &self.quickbooks;
        let config = QboConfig {
            base_url: app.base_url.clone(),
            token_url: app.token_url.clone(),
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.clone(),
            realm: realm.clone(),
        };
        let tokens = Kept::new(tenant, realm, &self.sealer, &self.clock);
        Arc::new(QboClient::new(
            config,
            self.http.clone(),
            Arc::new(tokens),
            Arc::clone(&self.budget),
            Arc::clone(&self.clock),
        ))
    }

    /// A client of one Odoo connection of this tenant, and the connection.
    pub async fn odoo(
        &self,
        tenant: &Tenant,
        connection: &str,
    ) -> Result<(Arc<dyn Odoo>, OdooConnection)> {
        let read = tenant
            .get::<OdooConnection>(collection::ODOO_CONNECTIONS, connection)
            .await?
            .ok_or_else(|| {
                Failure::needs(Remedy::CheckOdoo, "Odoo is not connected (any more).")
            })?;
        let kept = format!("{}/{connection}/{}", tenant.id, read.version);
        if let Some(client) = self.kept().get(&kept) {
            return Ok((Arc::clone(client), read.value));
        }
        let key = self.sealer.open(tenant.id, ODOO_KEY, &read.value.api_key).await?;
        let key = String::from_utf8(key).map_err(|_| Failure::bug("a sealed key is no text"))?;
        let client = self.odoo_client(&read.value, key.into());
        self.kept().insert(kept, Arc::clone(&client));
        Ok((client, read.value))
    }

    /// A client with this key, whatever the connection keeps.
    fn odoo_client(&self, connection: &OdooConnection, key: SecretString) -> Arc<dyn Odoo> {
        let config = OdooConfig {
            url: connection.url.clone(),
            db: connection.database.clone(),
            login: connection.login.clone(),
            key,
            company: (connection.company.0 > 0).then_some(connection.company.0),
        };
        Arc::new(OdooClient::new(
            config,
            self.http.clone(),
            Arc::clone(&self.budget),
            Arc::clone(&self.clock),
        ))
    }

    /// The fields that a model has in this Odoo; none where the model's application
    /// is not installed.
    pub async fn fields(
        &self,
        connection: &str,
        odoo: &dyn Odoo,
        model: &str,
    ) -> Result<Arc<OdooFields>> {
        let key = (connection.to_owned(), model.to_owned());
        let lock = || self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return Ok(Arc::clone(known));
        }
        let kwargs = json!({ "attributes": ["type", "selection", "relation"] });
        let answer = match odoo.call(model, "fields_get", json!([]), kwargs).await {
            Ok(answer) => answer,
            // not kept: it may be installed any time
            Err(OdooError::NotInstalled { .. }) => return Ok(Arc::default()),
            Err(error) => return Err(error.into()),
        };
        let described = |field: &Value| {
            let of = field["selection"].as_array().map(Vec::as_slice).unwrap_or_default();
            OdooField {
                choices: of.iter().filter_map(|pair| Some(pair[0].as_str()?.to_owned())).collect(),
                relation: field["relation"].as_str().map(str::to_owned),
            }
        };
        let fields = answer.as_object().into_iter().flatten();
        let fields = fields.map(|(name, field)| (name.clone(), described(field)));
        let fields = Arc::new(fields.collect::<OdooFields>());
        lock().insert(key, Arc::clone(&fields));
        Ok(fields)
    }

    /// The fields are read anew when they are asked for next.
    pub fn forget_fields(&self, connection: &str, model: &str) {
        let key = (connection.to_owned(), model.to_owned());
        self.fields.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<dyn Odoo>>> {
        self.odoo.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A short id that the same words always give.
fn id_of(words: &[&str]) -> String {
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    digest::short(&words, 10)
}
