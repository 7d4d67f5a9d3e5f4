//! Every setting, once: its variable, its default, and what is wrong with it.

use std::{env, path::PathBuf};

use clap::{Args, Command, ValueEnum, builder::BoolishValueParser};
use secrecy::{ExposeSecret, SecretString};

/// A setting that cannot be worked with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {why}")]
pub struct SettingError {
    /// The variable, as in `DATABASE_URL`.
    pub name: String,
    pub why: String,
}

impl SettingError {
    pub fn new(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), why: why.into() }
    }
}

impl From<SettingError> for q2o_domain::Failure {
    fn from(error: SettingError) -> Self {
        Self::bug(error.to_string())
    }
}

/// The settings. Only here and in `main` is the environment read.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Where documents are kept: `sqlite://PATH`, or `memory://` for tests. Default: a SQLite file in the data folder.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,

    /// Folder for what is kept on this machine. Default: quick2odoo in the user's data folder.
    #[arg(long, env = "Q2O_HOME")]
    home: Option<PathBuf>,

    /// Where keys are kept: `env` (variables beginning `Q2O_SECRET_`), or the path of a file. Default: secrets.json in the data folder.
    #[arg(long, env = "Q2O_SECRETS")]
    secrets: Option<String>,

    /// Secret that session tokens are signed with (HS256).
    #[arg(long, env = "NEXTAUTH_SECRET", hide_env_values = true, value_parser = secret)]
    pub nextauth_secret: Option<SecretString>,

    /// How session tokens of others are signed: with the secret, or with a key from the JWKS.
    #[arg(long, env = "NEXTAUTH_JWT_ALG", value_enum, default_value_t = JwtAlg::HS256)]
    pub nextauth_jwt_alg: JwtAlg,

    /// Where the public keys of RS256 session tokens are.
    #[arg(long, env = "NEXTAUTH_JWKS_URL")]
    pub nextauth_jwks_url: Option<String>,

    /// Web origins that may call the API from a browser, separated by commas.
    #[arg(long, env = "Q2O_ALLOWED_ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,

    /// Client id of the Intuit app.
    #[arg(long, env = "QBO_CLIENT_ID")]
    pub qbo_client_id: Option<String>,

    /// Client secret of the Intuit app.
    #[arg(long, env = "QBO_CLIENT_SECRET", hide_env_values = true, value_parser = secret)]
    pub qbo_client_secret: Option<SecretString>,

    /// Verifier token of the Intuit app: what QuickBooks signs its notices of changes with.
    #[arg(long, env = "QBO_WEBHOOK_VERIFIER", hide_env_values = true, value_parser = secret)]
    pub qbo_webhook_verifier: Option<SecretString>,

    /// The QuickBooks Online API.
    #[arg(long, env = "QBO_BASE_URL", default_value = "https://quickbooks.api.intuit.com")]
    pub qbo_base_url: String,

    /// Where QuickBooks tokens are issued and refreshed.
    #[arg(
        long,
        env = "QBO_TOKEN_URL",
        default_value = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
    )]
    pub qbo_token_url: String,

    /// QuickBooks calls a second to one company, on the long run. Intuit allows 500 a minute.
    #[arg(long, env = "QBO_RPS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub qbo_rps: u32,

    /// Most QuickBooks calls to one company within any one second. Intuit allows 10.
    #[arg(long, env = "QBO_BURST", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub qbo_burst: u32,

    /// Whether a missing reference is an error at once, instead of waiting for the record.
    #[arg(long, env = "RECONCILE_STRICT", default_value = "false", action = clap::ArgAction::Set,
        value_parser = BoolishValueParser::new())]
    pub reconcile_strict: bool,

    /// Secret that the tokens of event streams are signed with.
    #[arg(long, env = "SSE_SIGNING_SECRET", hide_env_values = true, value_parser = secret)]
    pub sse_signing_secret: Option<SecretString>,

    /// Stripe's API key.
    #[arg(long, env = "STRIPE_SECRET", hide_env_values = true, value_parser = secret)]
    pub stripe_secret: Option<SecretString>,

    /// Secret that Stripe signs webhooks with.
    #[arg(long, env = "STRIPE_WEBHOOK_SECRET", hide_env_values = true, value_parser = secret)]
    pub stripe_webhook_secret: Option<SecretString>,

    /// Which Stripe price is which plan, as a JSON object: {"price_...": "full"}.
    #[arg(long, env = "STRIPE_PLAN_MAP")]
    pub stripe_plan_map: Option<String>,

    /// Where Stripe sends the browser after a purchase.
    #[arg(long, env = "BILLING_SUCCESS_URL")]
    pub billing_success_url: Option<String>,

    /// Where Stripe sends the browser when the purchase was broken off.
    #[arg(long, env = "BILLING_CANCEL_URL")]
    pub billing_cancel_url: Option<String>,

    /// What is logged, as in `info,q2o=debug`.
    #[arg(long, env = "Q2O_LOG", default_value = "info")]
    pub log: String,

    /// How log lines look.
    #[arg(long, env = "Q2O_LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,

    /// Port to listen on; the Functions host says which.
    #[arg(long, env = "FUNCTIONS_CUSTOMHANDLER_PORT", default_value_t = 3000)]
    pub port: u16,
}

/// How session tokens are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JwtAlg {
    #[value(name = "HS256")]
    HS256,
    #[value(name = "RS256")]
    RS256,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Where keys are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretsAt {
    Environment,
    File(PathBuf),
}

/// Begins the variables that [`SecretsAt::Environment`] reads.
pub const SECRET_PREFIX: &str = "Q2O_SECRET_";

impl Config {
    /// The store to open, as [`crate::database::open`] takes it.
    pub fn database_url(&self) -> String {
        let embedded = || format!("sqlite://{}", self.home().join("q2o.db").display());
        self.database_url.clone().unwrap_or_else(embedded)
    }

    /// The folder for what is kept on this machine.
    pub fn home(&self) -> PathBuf {
        let of = |name: &str| env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        self.home.clone().unwrap_or_else(|| {
            of("XDG_DATA_HOME")
                .or_else(|| of("LOCALAPPDATA"))
                .or_else(|| of("HOME").map(|home| home.join(".local/share")))
                .unwrap_or_default()
                .join("quick2odoo")
        })
    }

    pub fn secrets(&self) -> SecretsAt {
        match self.secrets.as_deref() {
            Some("env") => SecretsAt::Environment,
            Some(path) => SecretsAt::File(path.into()),
            None => SecretsAt::File(self.home().join("secrets.json")),
        }
    }

    /// The variables that hold keys: their names without the prefix, in lower
    /// case with dashes, and their values.
    pub fn environment_secrets() -> Vec<(String, SecretString)> {
        env::vars_os()
            .filter_map(|(name, value)| {
                let name = name.to_str()?.strip_prefix(SECRET_PREFIX)?;
                Some((name.to_lowercase().replace('_', "-"), value.to_str()?.into()))
            })
            .collect()
    }

    /// Refuses variables the platform did not fill in: the reference is still
    /// their value. To be called before the arguments are parsed, because a
    /// number's own error would hide the reason.
    #[expect(clippy::disallowed_methods, reason = "settings are read here")]
    pub fn check_environment() -> Result<(), SettingError> {
        unresolved(|name| env::var(name).ok())?;
        for (name, value) in Self::environment_secrets() {
            if is_reference(value.expose_secret()) {
                return Err(SettingError::new("Q2O_SECRETS", format!("{name} is {UNRESOLVED}")));
            }
        }
        Ok(())
    }

    /// What cannot work, as an error; what smells, as warnings.
    pub fn check(&self) -> Result<Vec<String>, SettingError> {
        let mut warnings = Vec::new();
        // better refused than passed over: whoever set it would trust that it is checked
        if self.nextauth_jwt_alg == JwtAlg::RS256 {
            let why =
                "RS256 cannot be checked yet: have tokens signed with NEXTAUTH_SECRET (HS256)";
            return Err(SettingError::new("NEXTAUTH_JWT_ALG", why));
        }
        if let Some(map) = &self.stripe_plan_map
            && let Err(error) =
                serde_json::from_str::<std::collections::BTreeMap<String, q2o_domain::Tier>>(map)
        {
            let why = format!("must be a JSON object of price to plan: {error}");
            return Err(SettingError::new("STRIPE_PLAN_MAP", why));
        }
        for (name, secret) in [
            ("NEXTAUTH_SECRET", &self.nextauth_secret),
            ("SSE_SIGNING_SECRET", &self.sse_signing_secret),
        ] {
            if secret.as_ref().is_some_and(|secret| secret.expose_secret().len() < 32) {
                warnings.push(format!("{name} is shorter than 32 characters: it can be guessed"));
            }
        }
        if self.qbo_rps > 8 {
            warnings.push("QBO_RPS: Intuit allows 500 calls a minute, which is 8 a second".into());
        }
        if self.qbo_burst > 10 {
            warnings.push("QBO_BURST: Intuit allows 10 calls a second".into());
        }
        if self.allowed_origins.iter().any(|origin| origin == "*") {
            warnings.push("Q2O_ALLOWED_ORIGINS: * lets every web site call the API".into());
        }
        if self.stripe_secret.is_some() && self.stripe_webhook_secret.is_none() {
            warnings.push("STRIPE_WEBHOOK_SECRET is missing: purchases will not arrive".into());
        }
        Ok(warnings)
    }
}

/// An empty secret would sign and open everything.
fn secret(text: &str) -> Result<SecretString, String> {
    if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.into()) }
}

const UNRESOLVED: &str = "an unresolved Key Vault reference: check that the secret exists and \
    that the app's identity may read it";

fn is_reference(value: &str) -> bool {
    value.trim_start().starts_with("@Microsoft.KeyVault(")
}

fn unresolved(value: impl Fn(&str) -> Option<String>) -> Result<(), SettingError> {
    let settings = Config::augment_args(Command::new("q2o"));
    for name in settings.get_arguments().filter_map(|arg| arg.get_env()?.to_str()) {
        if value(name).is_some_and(|value| is_reference(&value)) {
            return Err(SettingError::new(name, UNRESOLVED));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::{FromArgMatches, Parser};

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        config: Config,
    }

    fn config(arguments: &[&str]) -> Config {
        Cli::parse_from([&["q2o"], arguments].concat()).config
    }

    #[test]
    fn a_reference_left_unresolved_names_its_variable() {
        for name in ["STRIPE_SECRET", "QBO_RPS"] {
            let value = |asked: &str| {
                (asked == name).then(|| "@Microsoft.KeyVault(SecretUri=https://v)".to_owned())
            };
            assert_eq!(unresolved(value).unwrap_err().name, name);
        }
        unresolved(|_| Some("value".into())).unwrap();
    }

    #[test]
    fn secrets_are_neither_printed_nor_empty() {
        let config = config(&["--stripe-secret", "sk_live_hush", "--nextauth-secret", "hush"]);
        assert!(!format!("{config:?}").contains("hush"));
        let command = Config::augment_args(Command::new("q2o"));
        assert!(command.clone().try_get_matches_from(["q2o", "--nextauth-secret", ""]).is_err());
        let found = command.try_get_matches_from(["q2o", "--nextauth-secret", "x"]).unwrap();
        assert!(Config::from_arg_matches(&found).unwrap().nextauth_secret.is_some());
    }

    #[test]
    fn defaults_are_the_documented_ones_and_smells_are_told() {
        let plain = config(&["--home", "/var/lib/q2o"]);
        assert_eq!(plain.database_url(), "sqlite:///var/lib/q2o/q2o.db");
        assert_eq!(plain.secrets(), SecretsAt::File("/var/lib/q2o/secrets.json".into()));
        assert_eq!((plain.qbo_rps, plain.qbo_burst, plain.reconcile_strict), (8, 10, false));
        assert_eq!(plain.check(), Ok(vec![]));
        let smelly = config(&["--nextauth-secret", "hush", "--qbo-rps", "20"]);
        assert_eq!(smelly.check().unwrap().len(), 2);
        assert!(config(&["--nextauth-jwt-alg", "RS256"]).check().is_err());
        assert!(config(&["--stripe-plan-map", r#"{"p":"none"}"#]).check().is_err());
        assert!(config(&["--stripe-plan-map", r#"{"p":"full"}"#]).check().is_ok());
    }
}
