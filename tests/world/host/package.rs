//! Reads a function app's folder: `host.json` and every `*/function.json`.

use std::path::{Path, PathBuf};

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::host_json::HostJson;
use super::routes::Template;
use super::schedule::Schedule;
use super::settings::Settings;

/// Why a folder is not a function app that can be run here.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{path}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}: {reason}")]
    Invalid { path: PathBuf, reason: String },
}

/// A function app.
#[derive(Debug)]
pub struct Package {
    pub host: HostJson,
    /// By lower-case name: the order in which routes are tried.
    pub functions: Vec<Function>,
}

/// One function.
#[derive(Debug)]
pub struct Function {
    pub name: String,
    /// The trigger binding's name, the key of the value in `Data`.
    pub binding: String,
    pub trigger: Trigger,
}

#[derive(Debug)]
pub enum Trigger {
    Http {
        route: Template,
        /// None answers every method.
        methods: Option<Vec<Method>>,
        auth: AuthLevel,
    },
    Queue {
        queue: String,
        /// `dataType: binary`: the handler gets the bytes, not a quoted text.
        binary: bool,
    },
    Timer {
        schedule: Schedule,
        run_on_startup: bool,
        use_monitor: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthLevel {
    Anonymous,
    /// Needs a key: of the function, or the master's.
    Key,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    disabled: bool,
    bindings: Vec<WireBinding>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireBinding {
    r#type: String,
    name: String,
    auth_level: Option<String>,
    methods: Option<Vec<String>>,
    route: Option<String>,
    queue_name: Option<String>,
    data_type: Option<String>,
    schedule: Option<String>,
    #[serde(default)]
    run_on_startup: bool,
    use_monitor: Option<bool>,
}

impl Package {
    pub fn load(root: &Path, settings: &Settings) -> Result<Self, LoadError> {
        let host = HostJson::load(root, settings)?;
        let unreadable = |source| LoadError::Unreadable { path: root.to_owned(), source };
        let mut functions = Vec::new();
        for entry in std::fs::read_dir(root).map_err(unreadable)? {
            let folder = entry.map_err(unreadable)?.path();
            let path = folder.join("function.json");
            let Some(name) = folder.file_name().and_then(|n| n.to_str()) else { continue };
            if !path.is_file() {
                continue;
            }
            let function = Function::load(name, &path, &host, settings)
                .map_err(|reason| LoadError::Invalid { path: path.clone(), reason })?;
            functions.extend(function);
        }
        functions.sort_by_key(|f| f.name.to_lowercase());
        if let Some((one, other)) = clash(&functions) {
            let reason = format!("{one} and {other} answer the same route and method");
            return Err(LoadError::Invalid { path: root.to_owned(), reason });
        }
        Ok(Self { host, functions })
    }
}

impl Function {
    /// None for one that is switched off.
    fn load(
        name: &str,
        path: &Path,
        host: &HostJson,
        settings: &Settings,
    ) -> Result<Option<Self>, String> {
        if !is_name(name, "-_", 128) || name.eq_ignore_ascii_case("host") {
            return Err(format!("{name:?} cannot name a function"));
        }
        let value = read_json(path).map_err(|e| e.to_string())?;
        let wire: Wire = serde_json::from_value(value).map_err(|e| e.to_string())?;
        if let Some(b) = wire.bindings.iter().find(|b| !is_name(&b.name, "", 128)) {
            return Err(format!("{:?} cannot name a binding", b.name));
        }
        if wire.disabled || settings.is_true(&format!("AzureWebJobs.{name}.Disabled")) {
            return Ok(None);
        }
        let is_trigger = |b: &&WireBinding| b.r#type.to_lowercase().ends_with("trigger");
        let [trigger] = wire.bindings.iter().filter(is_trigger).collect::<Vec<_>>()[..] else {
            return Err("exactly one trigger is needed".into());
        };
        let others = wire.bindings.iter().filter(|b| !is_trigger(b)).collect::<Vec<_>>();
        let plain = match trigger.r#type.to_lowercase().as_str() {
            "httptrigger" => others.len() == 1 && others[0].r#type.eq_ignore_ascii_case("http"),
            _ => others.is_empty(),
        };
        if !plain {
            return Err("input and output bindings beside the trigger are not imitated".into());
        }
        let trigger_kind = trigger.read(name, host, settings)?;
        let binding = trigger.name.clone();
        Ok(Some(Self { name: name.to_owned(), binding, trigger: trigger_kind }))
    }
}

impl WireBinding {
    fn read(&self, name: &str, host: &HostJson, settings: &Settings) -> Result<Trigger, String> {
        match self.r#type.to_lowercase().as_str() {
            "httptrigger" => {
                // An empty route is no route: only "/" is the root.
                let route = self.route.as_deref().filter(|r| !r.is_empty()).unwrap_or(name);
                let lower = route.trim_start_matches('/').to_lowercase();
                if lower.starts_with("admin") || lower.starts_with("runtime") {
                    return Err(format!("the host keeps routes like {route:?} for itself"));
                }
                let methods = self.methods.as_ref().map(|methods| {
                    methods.iter().map(|m| m.to_uppercase().parse()).collect::<Result<Vec<_>, _>>()
                });
                Ok(Trigger::Http {
                    route: Template::parse(&host.route_prefix, route)?,
                    methods: methods
                        .transpose()
                        .map_err(|e: http::method::InvalidMethod| e.to_string())?,
                    auth: match self.auth_level.as_deref().unwrap_or("function") {
                        level if level.eq_ignore_ascii_case("anonymous") => AuthLevel::Anonymous,
                        _ => AuthLevel::Key,
                    },
                })
            }
            "queuetrigger" => {
                let queue = self.queue_name.as_deref().ok_or("no queueName")?;
                let binary =
                    self.data_type.as_deref().is_some_and(|t| t.eq_ignore_ascii_case("binary"));
                Ok(Trigger::Queue { queue: settings.expand(queue).to_lowercase(), binary })
            }
            "timertrigger" => {
                let text = settings.expand(self.schedule.as_deref().ok_or("no schedule")?);
                Ok(Trigger::Timer {
                    schedule: Schedule::parse(&text)?,
                    run_on_startup: self.run_on_startup,
                    use_monitor: self.use_monitor.unwrap_or(true),
                })
            }
            other => Err(format!("a {other} is not imitated")),
        }
    }
}

/// The first two functions of which one would never be loaded.
fn clash(functions: &[Function]) -> Option<(&str, &str)> {
    let routed = functions.iter().filter_map(|f| match &f.trigger {
        Trigger::Http { route, methods, .. } => Some((f.name.as_str(), route, methods.as_deref())),
        _ => None,
    });
    let routed = routed.collect::<Vec<_>>();
    routed.iter().enumerate().find_map(|(i, (name, route, methods))| {
        let twin = routed[..i].iter().find(|(_, other, others)| {
            let meet = match (methods, others) {
                (Some(a), Some(b)) => a.iter().any(|m| b.contains(m)),
                _ => true,
            };
            meet && route.is_same(other)
        })?;
        Some((twin.0, *name))
    })
}

/// A letter, then letters, digits and `more`.
fn is_name(text: &str, more: &str, longest: usize) -> bool {
    text == "$return"
        || (text.len() <= longest
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c)))
}

/// A JSON file, whose byte order mark is forgiven as the host does.
pub fn read_json(path: &Path) -> Result<Value, LoadError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| LoadError::Unreadable { path: path.to_owned(), source })?;
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|e| LoadError::Invalid { path: path.to_owned(), reason: e.to_string() })
}
