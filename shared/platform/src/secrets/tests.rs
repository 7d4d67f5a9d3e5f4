//! Keys in files, and what they seal.

use std::sync::Arc;

use q2o_domain::{TenantId, ports::Secrets};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::{EnvSecrets, FileSecrets, SEAL_KEYS, Sealer};

const US: TenantId = TenantId(Uuid::from_u128(1));
const THEM: TenantId = TenantId(Uuid::from_u128(2));

async fn value(secrets: &impl Secrets, name: &str) -> Option<String> {
    secrets.get(name).await.unwrap().map(|value| value.expose_secret().to_owned())
}

#[tokio::test]
async fn a_file_is_private_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/secrets.json");
    let (first, second) = tokio::join!(FileSecrets::open(&path), FileSecrets::open(&path));
    let (first, second) = (first.unwrap(), second.unwrap());
    let key = value(&first, SEAL_KEYS).await.unwrap();
    assert!(key.starts_with("1:"));
    first.set("a", "1".into()).await.unwrap();
    second.set("b", "2".into()).await.unwrap();
    second.delete("a").await.unwrap();
    let again = FileSecrets::open(&path).await.unwrap();
    assert_eq!(value(&again, SEAL_KEYS).await, Some(key));
    assert_eq!(value(&again, "a").await, None);
    assert_eq!(value(&again, "b").await.as_deref(), Some("2"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&folder.path().join("new")), 0o700);
    }
    std::fs::write(&path, "{ half").unwrap();
    assert!(again.get("b").await.is_err());
    assert!(FileSecrets::open(&path).await.is_err(), "a damaged file must not be replaced");
}

#[tokio::test]
async fn changes_at_the_same_time_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets.json");
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40 {
        let path = path.clone();
        tasks.spawn(async move {
            let secrets = FileSecrets::open(&path).await.unwrap();
            secrets.set(&n.to_string(), "x".into()).await.unwrap();
            value(&secrets, SEAL_KEYS).await
        });
    }
    let keys = tasks.join_all().await;
    let secrets = FileSecrets::open(&path).await.unwrap();
    let key = value(&secrets, SEAL_KEYS).await;
    assert!(keys.iter().all(|seen| *seen == key), "all of them must have seen the same key");
    for n in 0..40 {
        assert!(value(&secrets, &n.to_string()).await.is_some(), "{n} was lost");
    }
}

#[tokio::test]
async fn the_environment_is_read_only() {
    let secrets = EnvSecrets::new([("a".to_owned(), "1".into())]);
    assert_eq!(value(&secrets, "a").await.as_deref(), Some("1"));
    assert_eq!(value(&secrets, "b").await, None);
    assert!(secrets.set("a", "2".into()).await.is_err());
    assert!(secrets.delete("a").await.is_err());
    let sealer = Sealer::new(Arc::new(secrets));
    assert!(sealer.seal(US, "token", b"plain").await.is_err(), "no key, no sealing");
}

#[tokio::test]
async fn only_the_same_tenant_and_purpose_opens() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(FileSecrets::open(&folder.path().join("s.json")).await.unwrap());
    let sealer = Sealer::new(secrets);
    let text = sealer.seal(US, "token", b"plain").await.unwrap();
    assert_ne!(text, sealer.seal(US, "token", b"plain").await.unwrap());
    assert_eq!(sealer.open(US, "token", &text).await.unwrap(), b"plain");
    assert!(sealer.open(THEM, "token", &text).await.is_err());
    assert!(sealer.open(US, "key", &text).await.is_err());
    let at = text.len() - 4;
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    let tampered = format!("{}{other}{}", &text[..at], &text[at + 1..]);
    for wrong in [tampered.as_str(), "", "1.", "1.AAAA", "2.AAAA", "x.AAAA", &text[2..]] {
        assert!(sealer.open(US, "token", wrong).await.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn old_keys_open_and_new_ones_seal() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = Arc::new(FileSecrets::open(&folder.path().join("s.json")).await.unwrap());
    let (sealer, other) = (Sealer::new(secrets.clone()), Sealer::new(secrets.clone()));
    let old = sealer.seal(US, "token", b"old").await.unwrap();
    assert_eq!(other.open(US, "token", &old).await.unwrap(), b"old");
    sealer.rotate().await.unwrap();
    let new = sealer.seal(US, "token", b"new").await.unwrap();
    assert!(old.starts_with("1.") && new.starts_with("2."));
    assert_eq!(sealer.open(US, "token", &old).await.unwrap(), b"old");
    assert_eq!(other.open(US, "token", &new).await.unwrap(), b"new", "learns the new key");
    let mislabelled = new.replacen("2.", "1.", 1);
    assert!(sealer.open(US, "token", &mislabelled).await.is_err());
}
