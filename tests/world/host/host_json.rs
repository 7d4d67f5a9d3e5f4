//! `host.json` as far as a custom handler with HTTP, queue and timer functions uses it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::package::LoadError;
use super::settings::Settings;

/// How requests reach the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Streamed both ways, path and query untouched.
    Proxying,
    /// Rebuilt, and the whole answer buffered.
    Forwarding,
}

/// The settings of the host, with the defaults filled in.
#[derive(Debug, Clone)]
pub struct HostJson {
    pub mode: Mode,
    pub route_prefix: String,
    /// None is unbounded.
    pub function_timeout: Option<Duration>,
    pub initialization_timeout: Duration,
    /// None takes a free one for each start of the handler.
    pub port: Option<u16>,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    pub working_directory: PathBuf,
    pub queues: QueueSettings,
}

/// `extensions.queues`.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    pub max_polling_interval: Duration,
    /// How long a failed message stays hidden.
    pub visibility_timeout: Duration,
    pub batch_size: usize,
    pub new_batch_threshold: usize,
    pub max_dequeue_count: u32,
    /// Whether the text of a message is base64 of its bytes.
    pub base64: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    version: String,
    function_timeout: Option<String>,
    custom_handler: Option<WireHandler>,
    #[serde(default)]
    extensions: WireExtensions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireHandler {
    description: WireDescription,
    #[serde(default)]
    enable_forwarding_http_request: bool,
    #[serde(default)]
    enable_proxying_http_request: bool,
    initialization_timeout: Option<String>,
    port: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDescription {
    default_executable_path: String,
    #[serde(default)]
    arguments: Vec<String>,
    working_directory: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireExtensions {
    http: WireHttp,
    queues: WireQueues,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireHttp {
    route_prefix: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct WireQueues {
    max_polling_interval: Option<String>,
    visibility_timeout: Option<String>,
    batch_size: Option<usize>,
    new_batch_threshold: Option<usize>,
    max_dequeue_count: Option<u32>,
    message_encoding: Option<String>,
}

impl HostJson {
    pub fn load(root: &Path, settings: &Settings) -> Result<Self, LoadError> {
        let path = root.join("host.json");
        let invalid = |reason: String| LoadError::Invalid { path: path.clone(), reason };
        let mut value = super::package::read_json(&path)?;
        for (key, text) in settings.host_json_overrides() {
            set(&mut value, &key, text);
        }
        let wire: Wire = serde_json::from_value(value).map_err(|e| invalid(e.to_string()))?;
        if wire.version != "2.0" {
            return Err(invalid(format!("version must be \"2.0\", not {:?}", wire.version)));
        }
        let handler = wire.custom_handler.ok_or_else(|| invalid("no customHandler".into()))?;
        let mode =
            match (handler.enable_proxying_http_request, handler.enable_forwarding_http_request) {
                (true, _) => Mode::Proxying,
                (false, true) => Mode::Forwarding,
                (false, false) => {
                    return Err(invalid(
                        "requests wrapped in JSON are not imitated: set \
                     enableProxyingHttpRequest and enableForwardingHttpRequest"
                            .into(),
                    ));
                }
            };
        let span = |text: Option<String>, default: Duration| match text {
            None => Ok(default),
            Some(text) => time_span(&text)
                .ok_or_else(|| invalid(format!("{text:?} is not a duration hh:mm:ss"))),
        };
        let description = handler.description;
        let written = settings.expand(&description.default_executable_path);
        let beside = root.join(&written);
        let arguments =
            description.arguments.iter().map(|a| settings.expand(a)).collect::<Vec<_>>();
        let queues = wire.extensions.queues;
        let batch_size = queues.batch_size.unwrap_or(16).clamp(1, 32);
        Ok(Self {
            mode,
            route_prefix: wire.extensions.http.route_prefix.unwrap_or_else(|| "api".into()),
            function_timeout: match wire.function_timeout.as_deref() {
                Some("-1") => None,
                _ => Some(span(wire.function_timeout, Duration::from_mins(30))?),
            },
            initialization_timeout: span(handler.initialization_timeout, Duration::from_secs(30))?,
            port: handler.port,
            // What is not a file of the package is left to PATH.
            program: if beside.is_file() { beside } else { written.into() },
            // The host joins with spaces and never quotes, so a space always separates.
            arguments: arguments.join(" ").split_whitespace().map(str::to_owned).collect(),
            working_directory: root.join(description.working_directory.unwrap_or_default()),
            queues: QueueSettings {
                max_polling_interval: span(queues.max_polling_interval, Duration::from_mins(1))?,
                visibility_timeout: span(queues.visibility_timeout, Duration::ZERO)?,
                batch_size,
                new_batch_threshold: queues.new_batch_threshold.unwrap_or_else(|| {
                    let cores = std::thread::available_parallelism().map_or(1, usize::from);
                    batch_size / 2 * cores
                }),
                max_dequeue_count: queues.max_dequeue_count.unwrap_or(5),
                base64: queues.message_encoding.is_none_or(|e| !e.eq_ignore_ascii_case("none")),
            },
        })
    }
}

/// Puts a value at a path of keys, which compare without case as configuration keys do.
fn set(value: &mut Value, path: &[String], text: &str) {
    let Some((key, rest)) = path.split_first() else {
        // Settings are always text; numbers and flags are read as what they look like.
        *value = match serde_json::from_str(text) {
            Ok(plain @ (Value::Bool(_) | Value::Number(_))) if text != "-1" => plain,
            _ => Value::String(text.to_owned()),
        };
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    if let Value::Object(map) = value {
        let known = map.keys().find(|k| k.eq_ignore_ascii_case(key)).cloned();
        set(map.entry(known.unwrap_or_else(|| key.clone())).or_insert(Value::Null), rest, text);
    }
}

/// `[d.]hh:mm:ss[.fraction]`, the way .NET writes a time span.
fn time_span(text: &str) -> Option<Duration> {
    let mut parts = text.split(':').rev();
    let seconds: f64 = parts.next()?.parse().ok()?;
    let minutes: u64 = parts.next()?.parse().ok()?;
    let (days, hours) = match parts.next()?.split_once('.') {
        Some((days, hours)) => (days.parse().ok()?, hours.parse().ok()?),
        None => (0, text.split(':').next()?.parse::<u64>().ok()?),
    };
    let whole = Duration::from_secs(((days * 24 + hours) * 60 + minutes) * 60);
    (parts.next().is_none() && seconds < 60.0 && minutes < 60)
        .then(|| Duration::try_from_secs_f64(seconds).ok().map(|s| whole + s))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_read_as_dotnet_writes_them() {
        assert_eq!(time_span("00:00:30"), Some(Duration::from_secs(30)));
        assert_eq!(time_span("1.02:03:04.5"), Some(Duration::from_millis(93_784_500)));
        assert_eq!(time_span("30"), None);
        assert_eq!(time_span("00:00:70"), None);
    }

    #[test]
    fn app_settings_override_host_json_by_path() {
        let mut value = serde_json::json!({"customHandler": {"description": {"x": 1}}});
        let path = ["customhandler", "Description", "defaultExecutablePath"].map(String::from);
        set(&mut value, &path, "/bin/true");
        assert_eq!(value["customHandler"]["description"]["defaultExecutablePath"], "/bin/true");
    }
}
