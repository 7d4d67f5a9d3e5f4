//! Keys from the environment, for platforms that fill it from a vault.

use std::collections::BTreeMap;

use async_trait::async_trait;
use q2o_domain::{Failure, Result, ports::Secrets};
use secrecy::SecretString;

/// Keys as they were when the program started. They cannot be changed from here.
pub struct EnvSecrets(BTreeMap<String, SecretString>);

impl EnvSecrets {
    pub fn new(values: impl IntoIterator<Item = (String, SecretString)>) -> Self {
        Self(values.into_iter().collect())
    }
}

#[async_trait]
impl Secrets for EnvSecrets {
    async fn get(&self, name: &str) -> Result<Option<SecretString>> {
        Ok(self.0.get(name).cloned())
    }

    async fn set(&self, name: &str, _value: SecretString) -> Result<()> {
        Err(read_only(name))
    }

    async fn delete(&self, name: &str) -> Result<()> {
        Err(read_only(name))
    }
}

fn read_only(name: &str) -> Failure {
    Failure::bug(format!("secret {name} comes from the environment and must be changed there"))
}
