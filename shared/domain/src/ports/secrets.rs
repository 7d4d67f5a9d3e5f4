use async_trait::async_trait;
use secrecy::SecretString;

use crate::Result;

/// Named secrets: an environment, a sealed file, a key vault.
#[async_trait]
pub trait Secrets: Send + Sync {
    async fn get(&self, name: &str) -> Result<Option<SecretString>>;
    async fn set(&self, name: &str, value: SecretString) -> Result<()>;
    async fn delete(&self, name: &str) -> Result<()>;
}
