//! The stage: state on disk, the simulators, the package, and the host that
//! runs the program.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use jiff::civil::Date;
use q2o_platform::{clock::SystemClock, database, queue::EmbeddedQueue};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Failed, Options, api::Api, queues::Queues, show};
use crate::{
    company,
    host::{self, Host},
    odoo::{OdooSim, Options as OdooOptions},
    qbo::{self, QboSim},
};

pub struct Stage {
    options: Options,
    /// What this company (and this Odoo) has of its own on disk.
    state: PathBuf,
    company: PathBuf,
    token: String,
    pub qbo: qbo::Running,
    odoo: Option<(OdooSim, String)>,
    host: host::Running,
}

/// What Intuit would know the demo by.
const CLIENT: (&str, &str) = ("demo-client", "demo-secret");

impl Stage {
    pub async fn set(options: Options) -> Result<Self, Failed> {
        let root = options.state.clone().unwrap_or_else(default_state);
        let company = match &options.company {
            Some(folder) => folder.clone(),
            None => generated(&root, &options.size.plan(2000))?,
        };
        let state = root.join(state_name(&company, &options)?);
        if options.fresh && state.exists() {
            std::fs::remove_dir_all(&state)?;
        }
        std::fs::create_dir_all(&state)?;
        show::line(&format!("Company: {}", company.display()));
        show::line(&format!("State:   {}", state.display()));

        let qbo = quickbooks(&company, &state).await?;
        let odoo = match &options.odoo {
            Some(_) => None,
            None => Some(odoo(&state).await?),
        };
        let package = package(&state).await?;
        let env = environment(&state, &qbo);
        let token = token(&package, &env, &tenant(&company)).await?;
        let url = format!("sqlite://{}", state.join("q2o.db").display());
        let database = database::open(&url).await?;
        let queue = EmbeddedQueue::new(database, Arc::new(SystemClock));
        let host = Host::start(host::Options {
            env,
            queues: Arc::new(Queues::new(queue)),
            ..host::Options::new(package)
        })
        .await?;
        show::line(&format!("Host:    {} (worker {:?})", host.url(), host.child_pid()));
        Ok(Self { options, state, company, token, qbo, odoo, host })
    }

    pub fn url(&self) -> String {
        self.host.url()
    }

    pub fn api(&self) -> Api {
        Api::new(self.host.url(), self.token.clone())
    }

    pub fn plan(&self) -> &str {
        &self.options.plan
    }

    /// What a job is to be for.
    pub fn purpose(&self) -> &'static str {
        match (self.options.assess, self.options.rehearse) {
            (true, _) => "assess",
            (_, true) => "rehearse",
            _ => "backfill",
        }
    }

    /// Where the certificate is to be written.
    pub fn certificate(&self) -> Option<&Path> {
        self.options.certificate.as_deref()
    }

    /// The job to roll back, and whether only to foretell it.
    pub fn rollback(&self) -> Option<(&str, bool)> {
        Some((self.options.rollback.as_deref()?, self.options.preview))
    }

    pub fn company(&self) -> &Path {
        &self.company
    }

    /// The day that counts as today in this company.
    pub fn until(&self) -> Option<Date> {
        let manifest = std::fs::read_to_string(self.company.join("manifest.json")).ok()?;
        let manifest: Value = serde_json::from_str(&manifest).ok()?;
        manifest["end"].as_str()?.parse().ok()
    }

    /// Connects both sides and ties them; gives the link.
    pub async fn connect(&self, api: &Api) -> Result<String, Failed> {
        let realm = self.qbo.control().realm();
        let tokens = self.qbo.control().tokens();
        let quickbooks = json!({
            "realm": realm,
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "expires_in": 3600,
        });
        api.post("/api/connect/quickbooks/save", &quickbooks).await?;
        let odoo = match &self.odoo {
            Some((sim, url)) => {
                let OdooOptions { database, login, key, .. } = sim.options().clone();
                json!({ "url": url, "database": database, "login": login, "api_key": key })
            }
            None => json!({
                "url": self.options.odoo,
                "database": self.options.odoo_db,
                "login": self.options.odoo_user,
                "api_key": self.options.odoo_key,
                "company": self.options.odoo_company,
            }),
        };
        let odoo = api.post("/api/connect/odoo/save", &odoo).await?;
        show::line(&format!("Odoo:    {} ({})", odoo["company_name"], odoo["version"]));
        let link = json!({ "realm": realm, "odoo": odoo["id"] });
        let link = api.post("/api/connect/link", &link).await?;
        Ok(link["link"].as_str().unwrap_or_default().to_owned())
    }

    /// Saves the mapping that was given, and writes down the one there is.
    pub async fn map(&self, api: &Api, link: &str) -> Result<(), Failed> {
        if let Some(path) = &self.options.map {
            let told = |error| format!("cannot read {}: {error}", path.display());
            let table = std::fs::read_to_string(path).map_err(told)?;
            // a run before this one goes on with what it began with
            let busy = api.open_job(link, "backfill").await?;
            if busy.is_some_and(|job| job["state"] != "needs_user") {
                show::line("Mapping: as the run under way has it");
            } else {
                let import = format!("/api/mappings/import?link={link}");
                let saved = api.post_text(&import, table).await?;
                show::line(&format!("Mapping: version {} ({})", saved["version"], saved["mode"]));
            }
        }
        if let Some(path) = &self.options.export_map {
            let table = api.text(&format!("/api/mappings/export?link={link}")).await?;
            std::fs::write(path, table)
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            show::line(&format!("Mapping: written to {}", path.display()));
        }
        Ok(())
    }

    /// Keeps what the simulators know, and ends the host.
    pub async fn strike(self) -> Result<(), Failed> {
        self.host.stop().await;
        if let Some((sim, _)) = &self.odoo {
            keep(&self.state.join("odoo.json"), &sim.save()?)?;
        }
        let oauth = serde_json::to_string(&self.qbo.control().oauth())?;
        keep(&self.state.join("quickbooks.json"), &oauth)
    }
}

/// Whole or not at all.
fn keep(path: &Path, text: &str) -> Result<(), Failed> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text)?;
    Ok(std::fs::rename(beside, path)?)
}

fn default_state() -> PathBuf {
    let of = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    of("XDG_CACHE_HOME")
        .or_else(|| of("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("q2o/demo")
}

/// A company of our own making, made once.
fn generated(root: &Path, plan: &company::Plan) -> Result<PathBuf, Failed> {
    let hard = if plan.features.len() == company::Feature::ALL.len() { "-everything" } else { "" };
    let folder = root.join(format!("company-{}{hard}", plan.documents));
    if !folder.join("manifest.json").exists() {
        show::line("Making up a company...");
        std::fs::create_dir_all(&folder)?;
        company::generate(plan).write(&folder)?;
    }
    Ok(folder)
}

/// One folder for every pair of companies, so that their states never mix.
fn state_name(company: &Path, options: &Options) -> Result<String, Failed> {
    let company = company
        .canonicalize()
        .map_err(|error| format!("there is no company at {}: {error}", company.display()))?;
    let name = company.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let odoo = options.odoo.as_deref().unwrap_or_default();
    let of = options.odoo_company.map(|company| format!(" {company}")).unwrap_or_default();
    let digest = Sha256::digest(format!("{} {odoo}{of}", company.display()));
    let short = digest.iter().take(4).fold(0u32, |short, byte| short << 8 | u32::from(*byte));
    Ok(format!("{name}-{short:08x}"))
}

fn tenant(company: &Path) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, company.display().to_string().as_bytes())
}

async fn quickbooks(company: &Path, state: &Path) -> Result<qbo::Running, Failed> {
    let kept = std::fs::read_to_string(state.join("quickbooks.json")).ok();
    let oauth = kept.and_then(|text| serde_json::from_str(&text).ok());
    let options = qbo::Options {
        client_id: CLIENT.0.to_owned(),
        client_secret: CLIENT.1.to_owned(),
        oauth: oauth.unwrap_or_default(),
        ..qbo::Options::default()
    };
    Ok(QboSim::load(company, options)?.serve(0).await?)
}

async fn odoo(state: &Path) -> Result<(OdooSim, String), Failed> {
    let sim = OdooSim::new(OdooOptions::default());
    if let Ok(saved) = std::fs::read_to_string(state.join("odoo.json")) {
        sim.restore(&saved)?;
    }
    // the same address every time: it is what the connection is known by
    let port_file = state.join("odoo.port");
    let port = std::fs::read_to_string(&port_file).ok().and_then(|p| p.trim().parse().ok());
    let address = sim.serve_on(port.unwrap_or(0)).await?;
    keep(&port_file, &address.port().to_string())?;
    Ok((sim, format!("http://{address}")))
}

/// What a deployment would be: the program, `host.json`, and a folder a function.
async fn package(state: &Path) -> Result<PathBuf, Failed> {
    let package = state.join("package");
    if package.exists() {
        std::fs::remove_dir_all(&package)?;
    }
    std::fs::create_dir_all(&package)?;
    let program = std::env::current_exe()?.with_file_name("q2o");
    if !program.exists() {
        return Err(format!("build the program first: {} is missing", program.display()).into());
    }
    std::fs::copy(&program, package.join("q2o"))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::copy(root.join("host.json"), package.join("host.json"))?;
    let emitted = tokio::process::Command::new(&program)
        .args(["functions", "--emit"])
        .arg(&package)
        .status()
        .await?;
    if emitted.success() { Ok(package) } else { Err("q2o functions --emit failed".into()) }
}

fn environment(state: &Path, qbo: &qbo::Running) -> Vec<(String, String)> {
    let base = qbo.base_url();
    [
        ("DATABASE_URL", format!("sqlite://{}", state.join("q2o.db").display())),
        ("Q2O_HOME", state.display().to_string()),
        ("QBO_TOKEN_URL", format!("{base}/oauth2/v1/tokens/bearer")),
        ("QBO_BASE_URL", base),
        ("QBO_CLIENT_ID", CLIENT.0.to_owned()),
        ("QBO_CLIENT_SECRET", CLIENT.1.to_owned()),
        // the simulator allows more than Intuit does
        ("QBO_RPS", "1000".to_owned()),
        ("QBO_BURST", "2000".to_owned()),
        ("Q2O_LOG", "warn".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

async fn token(package: &Path, env: &[(String, String)], tenant: &Uuid) -> Result<String, Failed> {
    let made = tokio::process::Command::new(package.join("q2o"))
        .args(["token", "--actor", "demo", "--tenant", &tenant.to_string()])
        .envs(env.iter().cloned())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output();
    let made = tokio::time::timeout(Duration::from_secs(30), made).await??;
    if made.status.success() {
        Ok(String::from_utf8(made.stdout)?.trim().to_owned())
    } else {
        Err("q2o token failed".into())
    }
}
