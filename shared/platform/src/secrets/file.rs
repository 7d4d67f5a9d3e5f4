//! Keys in one file that only its owner can read.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use q2o_domain::{Failure, Result, ports::Secrets};
use secrecy::{ExposeSecret, SecretString};

use super::seal::{SEAL_KEYS, first_key};
use crate::private;

/// A JSON object of names and values, replaced as a whole on every change.
pub struct FileSecrets {
    path: PathBuf,
}

type Values = BTreeMap<String, String>;

impl FileSecrets {
    /// Opens the file; a missing one is created with a fresh sealing key.
    pub async fn open(path: &Path) -> io::Result<Self> {
        let opened = Self { path: path.to_owned() };
        private::folder_of(path)?;
        opened
            .blocking(|path| {
                change(path, |values| {
                    values.entry(SEAL_KEYS.to_owned()).or_insert_with(first_key);
                })
            })
            .await?;
        Ok(opened)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || work(&path)).await.map_err(io::Error::other)?
    }

    fn failure(&self, error: &io::Error) -> Failure {
        Failure::bug(format!("secrets in {}: {error}", self.path.display()))
    }
}

#[async_trait]
impl Secrets for FileSecrets {
    async fn get(&self, name: &str) -> Result<Option<SecretString>> {
        let name = name.to_owned();
        let value = self.blocking(move |path| Ok(read(path)?.remove(&name))).await;
        Ok(value.map_err(|e| self.failure(&e))?.map(SecretString::from))
    }

    async fn set(&self, name: &str, value: SecretString) -> Result<()> {
        let name = name.to_owned();
        self.blocking(move |path| {
            change(path, |values| {
                values.insert(name, value.expose_secret().to_owned());
            })
        })
        .await
        .map_err(|e| self.failure(&e))
    }

    async fn delete(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        self.blocking(move |path| {
            change(path, |values| {
                values.remove(&name);
            })
        })
        .await
        .map_err(|e| self.failure(&e))
    }
}

fn read(path: &Path) -> io::Result<Values> {
    match fs::read(path) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Values::new()),
        Err(error) => Err(error),
    }
}

/// Changes the file under a lock that other processes respect too; readers see
/// the old file or the new one, never half of it.
fn change(path: &Path, edit: impl FnOnce(&mut Values)) -> io::Result<()> {
    let lock = private::file(&path.with_extension("lock"))?;
    lock.lock()?;
    let before = read(path)?;
    let mut values = before.clone();
    edit(&mut values);
    if values == before {
        return Ok(());
    }
    let fresh = path.with_extension("new");
    let mut file = private::file(&fresh)?;
    file.set_len(0)?;
    file.write_all(&serde_json::to_vec_pretty(&values)?)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}
