//! Who is calling: a tenant's member, told by a signed token.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use q2o_domain::TenantId;
use q2o_domain::{Failure, Result, Tier};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{app::App, problem::Problem, store::Tenant};

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The actor: written beside everything they do.
    pub sub: String,
    pub tenant: Uuid,
    #[serde(default)]
    pub admin: bool,
    /// What the tenant has bought.
    #[serde(default = "freebie")]
    pub plan: Tier,
    /// Seconds since 1970.
    pub exp: i64,
}

fn freebie() -> Tier {
    Tier::Freebie
}

/// A signed-in member of a tenant, and the only way to its data.
pub struct Member {
    pub actor: String,
    pub tier: Tier,
    pub tenant: Tenant,
}

/// A member who may also change connections.
pub struct Admin(pub Member);

impl FromRequestParts<App> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let claims = claims(parts, app)?;
        Ok(Self {
            actor: claims.sub,
            tier: claims.plan,
            tenant: app.store.tenant(TenantId(claims.tenant)),
        })
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let admin = claims(parts, app)?.admin;
        let member = Member::from_request_parts(parts, app).await?;
        if !admin {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "not-allowed",
                "Only an administrator of your organisation may do this.",
            ));
        }
        Ok(Self(member))
    }
}

fn claims(parts: &Parts, app: &App) -> Result<Claims, Problem> {
    let unknown = || {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "sign-in",
            "Sign in, or send a valid token as `Authorization: Bearer`.",
        )
    };
    let token = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(unknown)?;
    let mut validation = Validation::new(Algorithm::HS256);
    // the injected clock decides, not the machine's
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(app.settings.session_secret.expose_secret().as_bytes());
    let claims = decode::<Claims>(token, &key, &validation)
        .map_err(|error| unknown().caused_by(error))?
        .claims;
    if claims.exp <= app.clock.now().as_second() {
        return Err(unknown());
    }
    Ok(claims)
}

/// A token that says this, signed with the session secret.
pub fn token(claims: &Claims, secret: &SecretString) -> Result<String> {
    let key = EncodingKey::from_secret(secret.expose_secret().as_bytes());
    encode(&Header::new(Algorithm::HS256), claims, &key)
        .map_err(|error| Failure::bug(format!("cannot sign a token: {error}")))
}
