//! Where the recorded books are, if this machine has them.

use std::path::{Path, PathBuf};

use q2o_domain::ports::Odoo;
use q2o_tests::odoo::Server;
use serde_json::Value;

/// The recorded company.
pub fn craig() -> Option<PathBuf> {
    samples("craig")
}

/// A folder of recorded data: beside the project, or where `Q2O_DATA` says.
#[expect(clippy::disallowed_methods, reason = "tests have no settings")]
pub fn samples(name: &str) -> Option<PathBuf> {
    let beside = || {
        let up = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        up.map(|dir| dir.join("shared/data")).find(|dir| dir.join(name).is_dir())
    };
    let data = std::env::var("Q2O_DATA").ok().map(PathBuf::from).or_else(beside);
    let folder = data.map(|data| data.join(name)).filter(|dir| dir.is_dir());
    if folder.is_none() {
        eprintln!("SKIPPED: no {name} here (set Q2O_DATA to the folder that has it)");
    }
    folder
}

/// Records of Odoo's, as another client of it sees them.
pub async fn rows(odoo: &dyn Odoo, model: &str, domain: Value, fields: &[&str]) -> Vec<Value> {
    odoo.search_read(model, domain, fields, "id", 0, 0).await.unwrap()
}

/// A company of its own in a real Odoo, if the environment names one: what
/// connecting to it takes.
#[expect(clippy::disallowed_methods, reason = "tests have no settings")]
pub async fn real_odoo() -> Option<Value> {
    let of = |name: &str| std::env::var(name).ok();
    let server = of("ODOO_URL").zip(of("ODOO_DB")).zip(of("ODOO_USER").zip(of("ODOO_KEY")));
    let Some(((url, database), (login, key))) = server else {
        eprintln!("SKIPPED: no real Odoo here (ODOO_URL, ODOO_DB, ODOO_USER, ODOO_KEY)");
        return None;
    };
    let server = Server { url, database, login, key };
    let name = format!("Tested {}", uuid::Uuid::new_v4().simple());
    let company = server.found_company(&name).await.expect("a company in the real Odoo");
    Some(server.connection(company))
}
