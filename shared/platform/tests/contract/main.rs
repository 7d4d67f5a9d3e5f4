//! One suite for every store: what holds for one must hold for all.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use q2o_domain::ports::Database;
use q2o_platform::database::{Memory, open};
use tempfile::TempDir;

mod database;
mod queue;

/// A store, empty, and what must outlive it.
struct Store {
    database: Arc<dyn Database>,
    /// A second way in, as another process would have it.
    other: Arc<dyn Database>,
    _folder: Option<TempDir>,
}

async fn memory() -> Store {
    let database: Arc<dyn Database> = Arc::new(Memory::default());
    Store { other: Arc::clone(&database), database, _folder: None }
}

async fn sqlite() -> Store {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("new/q2o.db").display());
    let (database, other) = tokio::join!(open(&url), open(&url));
    Store { database: database.unwrap(), other: other.unwrap(), _folder: Some(folder) }
}

/// Runs the named tests against every store. A new store is one more line.
macro_rules! on_every_store {
    ($($test:ident),* $(,)?) => {
        crate::on_every_store!(@store memory: $($test),*);
        crate::on_every_store!(@store sqlite: $($test),*);
    };
    (@store $store:ident: $($test:ident),*) => {
        mod $store {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test(crate::$store().await).await;
                }
            )*
        }
    };
}
use on_every_store;
