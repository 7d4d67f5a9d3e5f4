//! Where documents live; one file per kind of store behind the same port.

use std::{path::Path, sync::Arc};

use q2o_domain::ports::Database;

use crate::config::SettingError;

mod collection;
mod journals;
mod memory;
mod rows;
mod sqlite;

pub use collection::{Collection, commit_all};
pub use journals::{DatabaseJournals, EngineClock};
pub use memory::Memory;
pub use sqlite::Sqlite;

/// Opens the store that a `DATABASE_URL` names: `sqlite://path`, or `memory://`
/// for one that ends with the process.
///
/// # Errors
/// A scheme nothing here speaks, or a store that cannot be opened or brought
/// to the current schema.
pub async fn open(url: &str) -> Result<Arc<dyn Database>, SettingError> {
    let wrong = |why: String| SettingError::new("DATABASE_URL", why);
    // The rest of a URL may hold a password, so only the scheme is ever repeated.
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(wrong("must be a URL, as in sqlite:///var/lib/quick2odoo/q2o.db".into()));
    };
    match scheme {
        "memory" => Ok(Arc::new(Memory::default())),
        "sqlite" if rest.is_empty() => Err(wrong("sqlite:// needs the path of a file".into())),
        "sqlite" => match Sqlite::open(Path::new(rest)).await {
            Ok(opened) => Ok(Arc::new(opened)),
            Err(error) => Err(wrong(format!("cannot open {rest}: {error}"))),
        },
        "postgres" | "postgresql" | "cosmos" => {
            Err(wrong(format!("this build does not speak {scheme}://; use sqlite://")))
        }
        _ => Err(wrong(format!("{scheme}:// is unknown; use sqlite:// or memory://"))),
    }
}
