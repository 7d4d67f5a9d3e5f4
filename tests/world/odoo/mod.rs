//! Odoo imitated: its JSON-RPC, its ORM as far as an importer sees it, and the
//! rules of its accounting that importers trip over.

mod accounting;
mod control;
mod convert;
mod domain;
mod fault;
mod files;
mod fixtures;
mod group;
mod http;
mod load;
mod methods;
mod models;
mod moves;
mod orders;
mod projects;
mod reconcile;
mod rights;
mod server;
mod store;

use serde_json::Value;
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use control::{Control, Plan};
pub use server::Server;
use store::Store;

/// What the imitated server is.
#[derive(Debug, Clone)]
pub struct Options {
    pub database: String,
    pub login: String,
    pub key: String,
    /// As in `18.0`.
    pub series: String,
    pub company: String,
    /// ISO code of the company's currency.
    pub currency: String,
    /// Applications installed beside accounting, by their modules' names.
    pub apps: Vec<&'static str>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            database: "books".to_owned(),
            login: "migration@example.com".to_owned(),
            key: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            series: "18.0".to_owned(),
            company: "My Company".to_owned(),
            currency: "USD".to_owned(),
            apps: vec!["sale", "purchase", "stock", "hr_timesheet"],
        }
    }
}

/// One server with one database.
#[derive(Clone)]
pub struct OdooSim {
    options: Arc<Options>,
    store: Arc<Mutex<Store>>,
    control: Arc<Control>,
}

impl OdooSim {
    /// A database as it is after its accounting application was installed.
    pub fn new(options: Options) -> Self {
        let store = fixtures::database(&options);
        Self {
            options: Arc::new(options),
            store: Arc::new(Mutex::new(store)),
            control: Arc::default(),
        }
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    pub fn control(&self) -> &Control {
        &self.control
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // a panic inside a call has rolled nothing back, and the test has failed anyway
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has exactly these applications beside accounting, by their modules' names.
    pub fn install(&self, apps: &[&str]) {
        self.store().apps = apps.iter().map(|app| (*app).to_owned()).collect();
    }

    /// Makes another company, in US dollars; gives its id.
    pub fn found_company(&self, name: &str) -> i64 {
        fixtures::company(&mut self.store(), name)
    }

    /// Everything the database holds, as text.
    pub fn save(&self) -> serde_json::Result<String> {
        serde_json::to_string(&*self.store())
    }

    /// Goes back to what [`save`](Self::save) gave.
    pub fn restore(&self, saved: &str) -> serde_json::Result<()> {
        let mut store: Store = serde_json::from_str(saved)?;
        store.index();
        *self.store() = store;
        Ok(())
    }

    /// The server that it is at this address.
    pub fn server(&self, url: &str) -> Server {
        let Options { database, login, key, .. } = self.options().clone();
        Server { url: url.to_owned(), database, login, key }
    }

    /// What somebody does in Odoo who is not the migration.
    pub fn as_person(&self, model: &str, method: &str, args: Value) -> Result<Value, String> {
        self.as_user(methods::PERSON, model, method, args)
    }

    /// What is done in Odoo under this user.
    #[expect(clippy::needless_pass_by_value, reason = "calls read better so")]
    pub fn as_user(
        &self,
        user: i64,
        model: &str,
        method: &str,
        args: Value,
    ) -> Result<Value, String> {
        let mut store = self.store();
        store.begin();
        store.user = user;
        let context = serde_json::json!({ "context": { "skip_invoice_sync": true } });
        let outcome = methods::call(&mut store, model, method, &args, &context);
        if outcome.is_ok() {
            store.commit();
        } else {
            store.rollback();
        }
        outcome.map_err(|raised| raised.message)
    }

    /// How many records a model has.
    pub fn count(&self, model: &str) -> usize {
        self.store().table(model).map_or(0, store::Table::len)
    }

    /// The records of a model that are such, each with its id.
    pub fn rows(&self, model: &str, such: impl Fn(&Value) -> bool) -> Vec<Value> {
        let store = self.store();
        let ids = store.table(model).into_iter().flat_map(store::Table::ids);
        let rows = ids.filter_map(|id| {
            let mut row = Value::Object(store.get(model, id)?.clone());
            row["id"] = id.into();
            Some(row)
        });
        rows.filter(such).collect()
    }

    /// Sets a field of every record of a model, as a person could.
    pub fn set(&self, model: &str, field: &str, value: &Value) {
        let mut store = self.store();
        let ids: Vec<i64> = store.table(model).into_iter().flat_map(store::Table::ids).collect();
        for id in ids {
            store.set(model, id, field, value.clone());
        }
    }

    /// Sets a field of one record, as an administrator does in the settings.
    pub fn set_one(&self, model: &str, id: i64, field: &str, value: Value) {
        let mut store = self.store();
        store.set(model, id, field, value);
        store.commit();
    }

    /// What stands on the account with this code, posted.
    pub fn balance(&self, code: &str) -> String {
        let store = self.store();
        let account = store
            .table("account.account")
            .and_then(|accounts| accounts.ids().find(|id| accounts_code(&store, *id) == code));
        let lines = store.table("account.move.line");
        let on = lines.iter().flat_map(|lines| lines.ids()).filter(|line| {
            let of = store.field("account.move.line", *line, "move_id").as_i64().unwrap_or(0);
            store.field("account.move.line", *line, "account_id").as_i64() == account
                && store.text("account.move", of, "state") == "posted"
        });
        let sum: rust_decimal::Decimal =
            on.map(|line| convert::amount(&store, "account.move.line", line, "balance")).sum();
        format!("{sum:.2}")
    }

    pub fn router(&self) -> axum::Router {
        http::router(self.clone())
    }

    /// Answers on a free port of the loopback until the runtime ends.
    pub async fn serve(&self) -> std::io::Result<SocketAddr> {
        self.serve_on(0).await
    }

    /// Answers on this port, or on a free one for 0.
    #[expect(clippy::disallowed_methods, reason = "a simulator is a task of its own")]
    pub async fn serve_on(&self, port: u16) -> std::io::Result<SocketAddr> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        let address = listener.local_addr()?;
        let router = self.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(address)
    }
}

fn accounts_code(store: &store::Store, id: i64) -> &str {
    store.text("account.account", id, "code")
}
