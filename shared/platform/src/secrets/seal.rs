//! Sealing: what is stored of a tenant's tokens and credentials can be read
//! with our key only, for that tenant only, and for the one purpose only.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Generate, Key, Nonce, Payload},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use q2o_domain::{Failure, Result, TenantId, ports::Secrets};
use secrecy::{ExposeSecret, SecretString};

/// Name of the secret that holds the keys: `version:key`, separated by blanks,
/// each key 32 bytes in base64url. The greatest version seals; all of them open.
pub const SEAL_KEYS: &str = "seal-keys";

const NONCE: usize = 12;

/// Seals with AES-256-GCM and a random nonce.
pub struct Sealer {
    secrets: Arc<dyn Secrets>,
    keys: RwLock<Option<Arc<Keys>>>,
}

type Keys = BTreeMap<u32, Aes256Gcm>;

impl Sealer {
    pub fn new(secrets: Arc<dyn Secrets>) -> Self {
        Self { secrets, keys: RwLock::default() }
    }

    /// Seals bytes as text: the key's version, a dot, then nonce and ciphertext
    /// in base64url. `purpose` says what it is, as in `qbo-refresh-token`.
    ///
    /// # Errors
    /// When there is no key.
    pub async fn seal(&self, tenant: TenantId, purpose: &str, plain: &[u8]) -> Result<String> {
        let keys = self.keys(None).await?;
        let (version, cipher) =
            keys.last_key_value().ok_or_else(|| Failure::bug("there is no sealing key"))?;
        let nonce = Nonce::<Aes256Gcm>::generate();
        let aad = context(tenant, purpose);
        let sealed = cipher
            .encrypt(&nonce, Payload { msg: plain, aad: &aad })
            .map_err(|_| Failure::bug(format!("a {purpose} cannot be sealed")))?;
        Ok(format!("{version}.{}", BASE64.encode([nonce.as_slice(), &sealed].concat())))
    }

    /// Opens what was sealed for the same tenant and purpose.
    ///
    /// # Errors
    /// When it was sealed for another tenant or purpose or by an unknown key,
    /// or is not what was sealed. The message does not say what it held.
    pub async fn open(&self, tenant: TenantId, purpose: &str, sealed: &str) -> Result<Vec<u8>> {
        let wrong = || Failure::bug(format!("a sealed {purpose} of {tenant} does not open"));
        let (version, rest) = sealed.split_once('.').ok_or_else(wrong)?;
        let version = version.parse().map_err(|_| wrong())?;
        let bytes = BASE64.decode(rest).map_err(|_| wrong())?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE).ok_or_else(wrong)?;
        let nonce = Nonce::<Aes256Gcm>::try_from(nonce).map_err(|_| wrong())?;
        let keys = self.keys(Some(version)).await?;
        let cipher = keys.get(&version).ok_or_else(wrong)?;
        let aad = context(tenant, purpose);
        cipher.decrypt(&nonce, Payload { msg: sealed, aad: &aad }).map_err(|_| wrong())
    }

    /// Adds a key and seals with it from now on. What the older ones sealed
    /// still opens; other processes seal with the older one until they restart.
    ///
    /// # Errors
    /// When the secrets cannot be changed from here.
    pub async fn rotate(&self) -> Result<()> {
        let now = self.secrets.get(SEAL_KEYS).await?;
        let now = now.as_ref().map_or("", |keys| keys.expose_secret());
        let next = parse(now)?.last_key_value().map_or(1, |(version, _)| version + 1);
        let keys = SecretString::from(format!("{now} {}", fresh(next)).trim_start().to_owned());
        self.secrets.set(SEAL_KEYS, keys).await?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// The keys, read again when one is wanted that was not there before.
    async fn keys(&self, wanted: Option<u32>) -> Result<Arc<Keys>> {
        let known = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known
            && wanted.is_none_or(|version| known.contains_key(&version))
        {
            return Ok(known);
        }
        let text = self.secrets.get(SEAL_KEYS).await?;
        let text = text.ok_or_else(|| Failure::bug(format!("secret {SEAL_KEYS} is missing")))?;
        let keys = Arc::new(parse(text.expose_secret())?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&keys));
        Ok(keys)
    }
}

/// What the first process to start puts into [`SEAL_KEYS`].
pub(super) fn first_key() -> String {
    fresh(1)
}

fn fresh(version: u32) -> String {
    format!("{version}:{}", BASE64.encode(Key::<Aes256Gcm>::generate()))
}

fn parse(text: &str) -> Result<Keys> {
    // Never quoting the text: it is the key.
    let wrong = || Failure::bug(format!("secret {SEAL_KEYS} is not `version:key`, 32 bytes each"));
    text.split_whitespace()
        .map(|part| {
            let (version, key) = part.split_once(':').ok_or_else(wrong)?;
            let key = BASE64.decode(key).map_err(|_| wrong())?;
            let cipher = Aes256Gcm::new_from_slice(&key).map_err(|_| wrong())?;
            Ok((version.parse().map_err(|_| wrong())?, cipher))
        })
        .collect()
}

/// Binds a sealed text to its tenant and purpose. A tenant's id has a fixed
/// length, so no other pair reads the same.
fn context(tenant: TenantId, purpose: &str) -> Vec<u8> {
    [tenant.0.as_bytes(), purpose.as_bytes()].concat()
}
