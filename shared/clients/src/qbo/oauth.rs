//! Tokens: refreshed by one writer at a time, kept before they are used.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use q2o_domain::{Failure, Remedy, Result, ports::Tokens};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::QboClient;

/// Refreshed this long before they expire.
const EARLY: SignedDuration = SignedDuration::from_mins(5);
/// How often to look whether somebody else's refresh is done, and how long.
const LOOK: Duration = Duration::from_millis(250);
const LOOKS: u32 = 60;

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    refresh_token: SecretString,
    expires_in: i64,
    x_refresh_token_expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
}

impl QboClient {
    /// An access token that is good for a while.
    pub(super) async fn access(&self) -> Result<SecretString> {
        let (tokens, _) = self.tokens.read().await?;
        if self.fresh(&tokens) { Ok(tokens.access) } else { self.refresh(&tokens.access).await }
    }

    fn fresh(&self, tokens: &Tokens) -> bool {
        tokens.access_expires.duration_since(self.clock.now()) > EARLY
    }

    /// A token other than `stale`: somebody else's, if they were faster.
    pub(super) async fn refresh(&self, stale: &SecretString) -> Result<SecretString> {
        for _ in 0..LOOKS {
            let (tokens, version) = self.tokens.read().await?;
            let other = tokens.access.expose_secret() != stale.expose_secret();
            if other && self.fresh(&tokens) {
                return Ok(tokens.access);
            }
            if self.tokens.lock().await? {
                let refreshed = self.refresh_now(&tokens, &version).await;
                self.tokens.unlock().await?;
                return refreshed;
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Failure::retry("another worker is refreshing the QuickBooks sign-in"))
    }

    async fn refresh_now(&self, tokens: &Tokens, version: &str) -> Result<SecretString> {
        let granted = match self.grant(&tokens.refresh).await {
            Ok(granted) => granted,
            Err(failure) => {
                // a rotation by somebody else makes ours invalid: look before saying so
                let (now, _) = self.tokens.read().await?;
                let rotated = now.refresh.expose_secret() != tokens.refresh.expose_secret();
                return if rotated { Ok(now.access) } else { Err(failure) };
            }
        };
        let now = self.clock.now();
        let fresh = Tokens {
            access: granted.access_token,
            access_expires: later(now, granted.expires_in),
            refresh: granted.refresh_token,
            refresh_expires: granted.x_refresh_token_expires_in.map(|seconds| later(now, seconds)),
        };
        // kept before used: whoever dies now has lost nothing
        if self.tokens.replace(&fresh, version).await? {
            return Ok(fresh.access);
        }
        Ok(self.tokens.read().await?.0.access)
    }

    async fn grant(&self, refresh: &SecretString) -> Result<Granted> {
        let response = self
            .http
            .client()
            .post(&self.config.token_url)
            .basic_auth(&self.config.client_id, Some(self.config.client_secret.expose_secret()))
            .header("accept", "application/json")
            .form(&[("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())])
            .send()
            .await
            .map_err(|_| Failure::retry("QuickBooks' sign-in service did not answer"))?;
        let status = response.status().as_u16();
        let body = response
            .bytes()
            .await
            .map_err(|_| Failure::retry("QuickBooks' sign-in service broke off"))?;
        if (200..300).contains(&status) {
            return serde_json::from_slice(&body)
                .map_err(|_| Failure::retry("QuickBooks' sign-in service sent no tokens"));
        }
        let refused: Option<Refused> = serde_json::from_slice(&body).ok();
        match refused.as_ref().map(|r| r.error.as_str()) {
            Some("invalid_grant") => Err(Failure::needs(
                Remedy::ReconnectQuickBooks,
                "The QuickBooks connection has expired or was revoked. Connect it again.",
            )),
            Some("invalid_client") => {
                Err(Failure::bug("Intuit does not accept our client id and secret"))
            }
            _ => Err(Failure::retry(format!("QuickBooks' sign-in service answered {status}"))),
        }
    }
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}
