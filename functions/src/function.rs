//! A function as a constant: its name, what triggers it, who may call it. The
//! route table and every `function.json` derive from it.

use std::borrow::Cow;

use axum::{
    Router,
    http::Method,
    routing::{MethodFilter, MethodRouter, on},
};
use serde_json::{Value, json};

use crate::app::App;

/// One Azure Function.
#[derive(Clone)]
pub struct Function {
    /// Its file's path with dashes: `jobs/list.rs` is `jobs-list`.
    pub name: Cow<'static, str>,
    pub trigger: Trigger,
    pub run: fn(MethodFilter) -> MethodRouter<App>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    Http {
        method: Method,
        /// Without a leading slash; parameters in braces.
        route: &'static str,
        access: Access,
    },
    /// The queue is called as the function.
    Queue,
    /// Six fields, UTC: seconds first.
    Timer { schedule: &'static str },
}

/// Who may call. Handlers of members take a [`Member`](crate::access::Member),
/// which refuses everyone else before the handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Public,
    Member,
    Admin,
    /// Another system, which signs what it sends: the handler holds the body against it.
    Signed,
}

impl Function {
    pub const fn http(
        name: &'static str,
        method: Method,
        route: &'static str,
        access: Access,
        run: fn(MethodFilter) -> MethodRouter<App>,
    ) -> Self {
        Self { name: Cow::Borrowed(name), trigger: Trigger::Http { method, route, access }, run }
    }

    pub const fn queue(name: &'static str, run: fn(MethodFilter) -> MethodRouter<App>) -> Self {
        Self { name: Cow::Borrowed(name), trigger: Trigger::Queue, run }
    }

    pub const fn timer(
        name: &'static str,
        schedule: &'static str,
        run: fn(MethodFilter) -> MethodRouter<App>,
    ) -> Self {
        Self { name: Cow::Borrowed(name), trigger: Trigger::Timer { schedule }, run }
    }

    /// The path the host calls us at.
    pub fn path(&self) -> String {
        match &self.trigger {
            Trigger::Http { route, .. } => format!("/{route}"),
            Trigger::Queue | Trigger::Timer { .. } => format!("/{}", self.name),
        }
    }

    fn method(&self) -> MethodFilter {
        match &self.trigger {
            Trigger::Http { method, .. } => {
                MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET)
            }
            Trigger::Queue | Trigger::Timer { .. } => MethodFilter::POST,
        }
    }

    /// The `function.json` that the Azure host reads.
    pub fn json(&self) -> Value {
        let bindings = match &self.trigger {
            Trigger::Http { method, route, .. } => json!([
                {"type": "httpTrigger", "direction": "in", "name": "req",
                 "authLevel": "anonymous",
                 "methods": [method.as_str().to_lowercase()], "route": route},
                {"type": "http", "direction": "out", "name": "res"}
            ]),
            Trigger::Queue => json!([
                {"type": "queueTrigger", "direction": "in", "name": "message",
                 "queueName": self.name, "connection": "AzureWebJobsStorage",
                 "dataType": "binary"}
            ]),
            Trigger::Timer { schedule } => json!([
                {"type": "timerTrigger", "direction": "in", "name": "timer",
                 "schedule": schedule}
            ]),
        };
        json!({ "bindings": bindings })
    }
}

/// The router of some functions.
pub fn router(functions: &[Function], app: App) -> Router {
    functions
        .iter()
        .fold(Router::new(), |router, f| router.route(&f.path(), (f.run)(f.method())))
        .with_state(app)
}

/// A handler under the method that its function declares.
pub fn handler<H, T>(filter: MethodFilter, handler: H) -> MethodRouter<App>
where
    H: axum::handler::Handler<T, App>,
    T: 'static,
{
    on(filter, handler)
}
