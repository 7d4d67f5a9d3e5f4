//! Log lines on standard output, where the Functions host or a person reads them.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogFormat, SettingError};

/// Starts logging for the whole process. `filter` is as in `info,q2o=debug`.
///
/// # Errors
/// A filter that does not parse, or logging that was started before.
pub fn init(filter: &str, format: LogFormat) -> Result<(), SettingError> {
    let wrong = |why: String| SettingError::new("Q2O_LOG", why);
    let filter = EnvFilter::try_new(filter).map_err(|e| wrong(e.to_string()))?;
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        // Fields stand beside time, level and target, not in a folder of their own.
        LogFormat::Json => registry.with(fmt::layer().json().flatten_event(true)).try_init(),
        LogFormat::Text => {
            let colours = std::io::stdout().is_terminal();
            registry.with(fmt::layer().with_ansi(colours)).try_init()
        }
    }
    .map_err(|e| wrong(e.to_string()))
}
