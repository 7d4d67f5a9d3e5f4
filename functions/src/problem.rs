//! What went wrong, as the caller may know it (RFC 9457).

use std::error::Error;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use q2o_domain::{Failure, Remedy};
use serde::Serialize;

/// A problem. What really went wrong stays in `cause` and goes to the log.
#[derive(Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub detail: String,
    pub remedy: Option<Box<Remedy>>,
    /// The rows of the request that it is about.
    pub rows: Vec<Refused>,
    pub cause: Option<Box<dyn Error + Send + Sync>>,
}

/// One row of a request, and why it cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// As in `accounts[3]` or `line 7, column odoo`.
    pub row: String,
    pub why: String,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'a Remedy>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Refused],
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), remedy: None, rows: Vec::new(), cause: None }
    }

    /// Also what anything that belongs to another tenant is.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here.")
    }

    /// The request itself has to be corrected.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
            .remedied_by(Remedy::CorrectRequest)
    }

    #[must_use]
    pub fn remedied_by(mut self, remedy: Remedy) -> Self {
        self.remedy = Some(Box::new(remedy));
        self
    }

    #[must_use]
    pub fn with_rows(mut self, rows: Vec<Refused>) -> Self {
        self.rows = rows;
        self
    }

    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let why = failure.to_string();
        match failure {
            Failure::Retry { .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Something we need is not answering. Try again in a moment.",
            )
            .caused_by(why),
            Failure::NeedsUser { remedy, .. } => {
                Self::new(StatusCode::CONFLICT, "needs-you", why).remedied_by(remedy)
            }
            Failure::Bug { .. } => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "our-mistake",
                "Something broke on our side. It has been written down.",
            )
            .caused_by(why),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::error!(code = self.code, cause = ?self.cause, "{}", self.detail);
        }
        let body = Body {
            kind: format!("https://quick2odoo.online/problems/{}", self.code),
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
            remedy: self.remedy.as_deref(),
            errors: &self.rows,
        };
        let json = serde_json::to_string(&body).unwrap_or_default();
        (self.status, [(header::CONTENT_TYPE, "application/problem+json")], json).into_response()
    }
}
