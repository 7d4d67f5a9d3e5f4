//! Where keys are kept, and sealing with them.

use std::sync::Arc;

use q2o_domain::ports::Secrets;

use crate::config::{Config, SecretsAt, SettingError};

mod env;
mod file;
mod seal;

pub use env::EnvSecrets;
pub use file::FileSecrets;
pub use seal::{SEAL_KEYS, Sealer};

/// Opens the store of keys that the settings name.
pub async fn open(at: SecretsAt) -> Result<Arc<dyn Secrets>, SettingError> {
    match at {
        SecretsAt::Environment => Ok(Arc::new(EnvSecrets::new(Config::environment_secrets()))),
        SecretsAt::File(path) => FileSecrets::open(&path)
            .await
            .map(|opened| Arc::new(opened) as Arc<dyn Secrets>)
            .map_err(|e| SettingError::new("Q2O_SECRETS", format!("{}: {e}", path.display()))),
    }
}

#[cfg(test)]
mod tests;
