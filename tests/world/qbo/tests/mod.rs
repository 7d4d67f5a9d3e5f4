//! The simulator from outside: a client that knows nothing of its inside.

mod api;
mod reports;

use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use jiff::Timestamp;
use serde_json::Value;
use tower::ServiceExt;

use super::{Clock, Control, Options, QboSim};

/// The golden company: `$Q2O_DATA/craig`, or a `shared/data` folder beside one of the
/// folders above this package.
fn golden_folder() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "says where the test data is")]
    let told = std::env::var("Q2O_DATA").ok().map(PathBuf::from);
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let above = here.ancestors().map(|folder| folder.join("shared/data"));
    let found =
        told.into_iter().chain(above).map(|data| data.join("craig")).find(|dir| dir.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: no golden company; set Q2O_DATA to the folder that holds craig/");
    }
    found
}

pub struct Client {
    pub router: Router,
    pub control: Control,
    pub token: String,
}

impl Client {
    pub fn golden() -> Option<(Self, PathBuf)> {
        let folder = golden_folder()?;
        Some((Self::of(&folder), folder))
    }

    /// A client of a folder's company, at a moment that stands still.
    pub fn of(folder: &Path) -> Self {
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let options = Options { clock: Clock::standing(now), ..Options::default() };
        let sim = QboSim::load(folder, options).unwrap();
        let control = sim.control();
        let token = control.tokens().access;
        Self { router: sim.router(), control, token }
    }

    pub async fn send(&self, request: Request<Body>) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    pub async fn get(&self, path: &str) -> (StatusCode, String) {
        let uri = format!("/v3/company/{}/{path}", self.control.realm());
        let request =
            Request::get(uri).header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }

    pub async fn query(&self, statement: &str) -> (StatusCode, Value) {
        let uri = format!("/v3/company/{}/query?minorversion=75", self.control.realm());
        let request =
            Request::post(uri).header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let (status, body) =
            self.send(request.body(Body::from(statement.to_owned())).unwrap()).await;
        (status, serde_json::from_str(&body).unwrap())
    }

    pub async fn token_call(&self, form: &str) -> (StatusCode, Value) {
        let request = Request::post("/oauth2/v1/tokens/bearer")
            .header(header::AUTHORIZATION, "Basic Y2xpZW50LWlkOmNsaWVudC1zZWNyZXQ=")
            .header("x-include-refresh-token-hard-expires-in", "true");
        let (status, body) = self.send(request.body(Body::from(form.to_owned())).unwrap()).await;
        (status, serde_json::from_str(&body).unwrap())
    }
}
