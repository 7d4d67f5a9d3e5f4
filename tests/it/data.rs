//! Where the recorded books are, if this machine has them.

use std::path::{Path, PathBuf};

/// The recorded company: beside the project, or where `Q2O_DATA` says.
#[expect(clippy::disallowed_methods, reason = "tests have no settings")]
pub fn craig() -> Option<PathBuf> {
    let beside = || {
        let up = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        up.map(|dir| dir.join("shared/data")).find(|dir| dir.join("craig").is_dir())
    };
    let data = std::env::var("Q2O_DATA").ok().map(PathBuf::from).or_else(beside);
    let craig = data.map(|data| data.join("craig")).filter(|dir| dir.is_dir());
    if craig.is_none() {
        eprintln!("SKIPPED: no recorded company here (set Q2O_DATA to the folder that has it)");
    }
    craig
}

/// A real Odoo, if the environment names one: what connecting to it takes.
#[expect(clippy::disallowed_methods, reason = "tests have no settings")]
pub fn real_odoo() -> Option<serde_json::Value> {
    let of = |name: &str| std::env::var(name).ok();
    let odoo = of("ODOO_URL").zip(of("ODOO_DB")).zip(of("ODOO_USER").zip(of("ODOO_KEY")));
    if odoo.is_none() {
        eprintln!("SKIPPED: no real Odoo here (ODOO_URL, ODOO_DB, ODOO_USER, ODOO_KEY)");
    }
    odoo.map(|((url, database), (login, key))| {
        serde_json::json!({ "url": url, "database": database, "login": login, "api_key": key })
    })
}
