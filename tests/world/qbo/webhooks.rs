//! Signed notices of changes, in Intuit's old format and as `CloudEvents`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// One change a notice tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub entity: String,
    pub id: String,
    /// `Create`, `Update`, `Delete`, `Merge`, `Void` or `Emailed`.
    pub operation: String,
}

/// A body and the `intuit-signature` that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedEvent {
    pub content_type: &'static str,
    pub signature: String,
    pub body: String,
}

pub fn notification(
    realm: &str,
    changes: &[Change],
    verifier: &str,
    now: Timestamp,
) -> SignedEvent {
    let entities: Vec<_> = changes
        .iter()
        .map(|change| {
            json!({
                "name": change.entity, "id": change.id, "operation": change.operation,
                "lastUpdated": now.to_string(),
            })
        })
        .collect();
    let body = json!({
        "eventNotifications": [{"realmId": realm, "dataChangeEvent": {"entities": entities}}],
    });
    signed("application/json", body.to_string(), verifier)
}

pub fn cloud_events(
    realm: &str,
    changes: &[Change],
    verifier: &str,
    now: Timestamp,
) -> SignedEvent {
    let events: Vec<_> = changes
        .iter()
        .map(|change| {
            let done = match change.operation.to_lowercase().as_str() {
                "emailed" => "emailed".to_owned(),
                "void" => "voided".to_owned(),
                other => format!("{other}d"),
            };
            json!({
                "specversion": "1.0", "id": Uuid::new_v4().to_string(),
                "source": "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU=",
                "type": format!("qbo.{}.{done}.v1", change.entity.to_lowercase()),
                "datacontenttype": "application/json", "time": format!("{now:.9}"),
                "intuitentityid": change.id, "intuitaccountid": realm, "data": {},
            })
        })
        .collect();
    let body = serde_json::Value::from(events).to_string();
    signed("application/cloudevents+json", body, verifier)
}

fn signed(content_type: &'static str, body: String, verifier: &str) -> SignedEvent {
    let signature = STANDARD.encode(hmac(verifier.as_bytes(), body.as_bytes()));
    SignedEvent { content_type, signature, body }
}

/// HMAC-SHA256 as RFC 2104 has it, written out so as to share nothing with the receiver.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message);
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_hmac_sha256() {
        // Test case 2 of RFC 4231.
        let mac = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(mac[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
    }

    #[test]
    fn both_formats_name_entity_id_and_operation() {
        let change =
            Change { entity: "Invoice".into(), id: "9".into(), operation: "Update".into() };
        let old =
            notification("310687", std::slice::from_ref(&change), "secret", Timestamp::UNIX_EPOCH);
        assert!(old.body.contains(r#""operation":"Update""#), "{}", old.body);
        let new = cloud_events("310687", &[change], "secret", Timestamp::UNIX_EPOCH);
        assert!(new.body.contains("qbo.invoice.updated.v1"), "{}", new.body);
        assert_ne!(old.signature, new.signature);
    }
}
