//! Notices of changes ("webhooks"), in both formats that Intuit sends: `CloudEvents`,
//! and the `eventNotifications` before them.

use base64::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use q2o_domain::{QboId, RealmId, records::Notice};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Why a call is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It was not signed by who knows the verifier token.
    #[error("the signature is not Intuit's")]
    Forged,
    #[error("not a notice as Intuit sends them: {0}")]
    Unreadable(#[from] serde_json::Error),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    CloudEvents(Vec<CloudEvent>),
    Notifications(Notifications),
}

#[derive(Deserialize)]
struct CloudEvent {
    id: String,
    /// `qbo.invoice.updated.v1`
    r#type: String,
    time: Timestamp,
    intuitentityid: QboId,
    intuitaccountid: RealmId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notifications {
    event_notifications: Vec<Notification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    realm_id: RealmId,
    data_change_event: DataChange,
}

#[derive(Deserialize)]
struct DataChange {
    entities: Vec<Entity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    id: QboId,
    name: String,
    operation: String,
    last_updated: Timestamp,
}

/// Reads the notices in a call; `signature` is its `intuit-signature`, the base64 of
/// the body's HMAC-SHA256 under the application's verifier token.
pub fn notices(
    body: &[u8],
    signature: &str,
    verifier: &SecretString,
) -> Result<Vec<Notice>, Refused> {
    let claimed = BASE64_STANDARD.decode(signature).map_err(|_| Refused::Forged)?;
    let key = verifier.expose_secret().as_bytes();
    let mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| Refused::Forged)?;
    // compares in constant time
    mac.chain_update(body).verify_slice(&claimed).map_err(|_| Refused::Forged)?;
    Ok(match serde_json::from_slice(body)? {
        Body::CloudEvents(events) => events.into_iter().map(CloudEvent::notice).collect(),
        Body::Notifications(all) => {
            all.event_notifications.into_iter().flat_map(Notification::notices).collect()
        }
    })
}

impl CloudEvent {
    fn notice(self) -> Notice {
        let mut words = self.r#type.split('.').skip(1).map(str::to_owned);
        Notice {
            event: self.id,
            realm: self.intuitaccountid,
            entity: words.next().unwrap_or_default(),
            id: self.intuitentityid,
            operation: words.next().unwrap_or_default(),
            at: self.time,
        }
    }
}

impl Notification {
    fn notices(self) -> impl Iterator<Item = Notice> {
        let Self { realm_id: realm, data_change_event: DataChange { entities } } = self;
        entities.into_iter().map(move |entity| {
            let Entity { id, name, operation, last_updated: at } = entity;
            // these have no id of their own
            let said = format!("{realm} {name} {id} {operation} {at}");
            let event = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(said));
            Notice { event, realm: realm.clone(), entity: name, id, operation, at }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The bodies are Intuit's documented ones; the signatures were made by OpenSSL.
    const EVENTS: &str = r#"[{"specversion":"1.0","id":"88cd52aa-33b6-4351-9aa4-47572edbd068","source":"intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=","type":"qbo.account.created.v1","datacontenttype":"application/json","time":"2025-09-10T21:31:25.179851517Z","intuitentityid":"1234","intuitaccountid":"310687","data":{}}]"#;
    const OLD: &str = r#"{"eventNotifications":[{"realmId":"310687","dataChangeEvent":{"entities":[{"id":"1234","operation":"Create","name":"Account","lastUpdated":"2025-09-08T20:52:31.657Z"}]}}]}"#;

    #[test]
    fn both_formats_are_read_and_nothing_that_is_not_signed() {
        let verifier = SecretString::from("verifier");
        let read = |body: &str, signature| notices(body.as_bytes(), signature, &verifier);
        let signed = "p1yktePBvIS7tI5rhBSPgm1uhtwnNOFI7g3jMN48Ebg=";
        let told = read(EVENTS, signed).unwrap();
        assert_eq!(told[0].event, "88cd52aa-33b6-4351-9aa4-47572edbd068");
        assert_eq!((told[0].entity.as_str(), told[0].operation.as_str()), ("account", "created"));
        let old = read(OLD, "x6+o6NAA3DYUvSUOEOMN8UtAp5G91PGGxKv7ADaTQro=").unwrap();
        assert_eq!((&old[0].realm, &old[0].id), (&told[0].realm, &told[0].id));
        assert_eq!((old[0].entity.as_str(), old[0].operation.as_str()), ("Account", "Create"));
        for (body, signature) in [(OLD, signed), (EVENTS, ""), (EVENTS, "p1yktePBvIS7")] {
            assert!(matches!(read(body, signature), Err(Refused::Forged)));
        }
    }
}
