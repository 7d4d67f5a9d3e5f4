//! A realm's tokens as kept: sealed, and refreshed by one writer at a time.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;
use q2o_domain::{
    Failure, RealmId, Remedy, Result,
    ports::{Change, Clock, CommitError, TokenStore, Tokens},
    records::QboConnection,
};
use q2o_platform::secrets::Sealer;
use secrecy::{ExposeSecret, SecretString};

use crate::store::{Read, Tenant, collection, document, failed};

/// Longer than any refresh takes, short enough not to be missed after a crash.
const REFRESH: SignedDuration = SignedDuration::from_secs(30);

pub struct Kept {
    tenant: Tenant,
    realm: RealmId,
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
}

impl Kept {
    pub fn new(
        tenant: &Tenant,
        realm: &RealmId,
        sealer: &Arc<Sealer>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        Self {
            tenant: tenant.clone(),
            realm: realm.clone(),
            sealer: Arc::clone(sealer),
            clock: Arc::clone(clock),
        }
    }

    async fn connection(&self) -> Result<Read<QboConnection>> {
        self.tenant.get(collection::QBO_CONNECTIONS, self.realm.as_str()).await?.ok_or_else(|| {
            let why = "QuickBooks is not connected (any more).";
            Failure::needs(Remedy::ReconnectQuickBooks, why)
        })
    }

    pub async fn seal(&self, token: &SecretString) -> Result<String> {
        self.sealer.seal(self.tenant.id, &self.purpose(), token.expose_secret().as_bytes()).await
    }

    async fn open(&self, sealed: &str) -> Result<SecretString> {
        let plain = self.sealer.open(self.tenant.id, &self.purpose(), sealed).await?;
        let text = String::from_utf8(plain).map_err(|_| Failure::bug("a token is no text"))?;
        Ok(text.into())
    }

    fn purpose(&self) -> String {
        format!("qbo-token/{}", self.realm)
    }

    /// Writes the connection back if nobody else did; says whether it could.
    async fn replace_connection(&self, read: Read<QboConnection>) -> Result<bool> {
        let document =
            document(collection::QBO_CONNECTIONS, self.realm.as_str(), &read.value)?.key("qbo");
        match self.tenant.commit(vec![Change::Replace(document, read.version)]).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }
}

#[async_trait]
impl TokenStore for Kept {
    async fn read(&self) -> Result<(Tokens, String)> {
        let Read { value, .. } = self.connection().await?;
        // the refresh token is its own version: it is what a rotation changes
        let version = value.refresh_token.clone() + &value.access_token;
        let tokens = Tokens {
            access: self.open(&value.access_token).await?,
            access_expires: value.access_expires,
            refresh: self.open(&value.refresh_token).await?,
            refresh_expires: value.refresh_expires,
        };
        Ok((tokens, version))
    }

    async fn replace(&self, tokens: &Tokens, version: &str) -> Result<bool> {
        let access = self.seal(&tokens.access).await?;
        let refresh = self.seal(&tokens.refresh).await?;
        loop {
            let mut read = self.connection().await?;
            if read.value.refresh_token.clone() + &read.value.access_token != version {
                return Ok(false);
            }
            read.value.access_token.clone_from(&access);
            read.value.refresh_token.clone_from(&refresh);
            read.value.access_expires = tokens.access_expires;
            read.value.refresh_expires = tokens.refresh_expires;
            // a lock taken or given back meanwhile is no other rotation
            if self.replace_connection(read).await? {
                return Ok(true);
            }
        }
    }

    async fn lock(&self) -> Result<bool> {
        let mut read = self.connection().await?;
        let now = self.clock.now();
        if read.value.refreshing_until.is_some_and(|until| until > now) {
            return Ok(false);
        }
        read.value.refreshing_until = now.checked_add(REFRESH).ok();
        self.replace_connection(read).await
    }

    async fn unlock(&self) -> Result<()> {
        loop {
            let mut read = self.connection().await?;
            read.value.refreshing_until = None;
            if self.replace_connection(read).await? {
                return Ok(());
            }
        }
    }
}
