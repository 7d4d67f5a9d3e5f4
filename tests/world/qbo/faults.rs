//! Every shape in which QuickBooks says no.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::clock::stamp_millis;
use super::http::Noted;

/// An error of QuickBooks' own, before it becomes an answer or a batch item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    status: StatusCode,
    kind: &'static str,
    code: &'static str,
    message: String,
    detail: String,
}

impl Fault {
    fn validation(code: &'static str, message: &str, detail: String) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "ValidationFault",
            code,
            message: message.to_owned(),
            detail,
        }
    }

    pub fn query_parser(detail: &str) -> Self {
        Self::validation("4000", "Error parsing query", format!("QueryParserError: {detail}"))
    }

    pub fn query_validation(detail: &str) -> Self {
        Self::validation("4001", "Invalid query", format!("QueryValidationError: {detail}"))
    }

    /// A stored value nobody can read spoils the page it is on.
    pub fn query_processing() -> Self {
        let detail =
            "QueryProcessingError: An unexpected error occurred while processing the query";
        Self::validation(
            "4002",
            "An application error has occurred while processing your request",
            detail.into(),
        )
    }

    pub fn not_found() -> Self {
        let detail = "Object Not Found : Something you're trying to use has been made inactive. \
                      Check the fields with accounts, customers, items, vendors or employees.";
        Self::validation("610", "Object Not Found", detail.into())
    }

    pub fn batch_too_large(items: usize) -> Self {
        let detail = format!("The maximum number of batch items is 30, the request has {items}");
        Self::validation("1040", "Batch item limit exceeded", detail)
    }

    pub fn required(parameter: &str) -> Self {
        let detail = format!("Required parameter {parameter} is missing in the request");
        Self::validation(
            "2020",
            "Required param missing, need to supply the required value for the API",
            detail,
        )
    }

    pub fn invalid(what: &str) -> Self {
        Self::validation("2090", "Invalid value", format!("Invalid value : {what}"))
    }

    pub fn unsupported(what: &str) -> Self {
        let detail = format!("Operation {what} is not supported.");
        Self::validation("500", "Unsupported Operation", detail)
    }

    pub fn not_in_plan(entity: &str) -> Self {
        let detail = format!("Feature not supported : {entity} is not part of this subscription.");
        Self::validation("5020", "Permission Denied Error", detail)
    }

    pub fn report_too_large() -> Self {
        let detail = "Result Set Big Error : Report too large, please customize";
        Self { kind: "SystemFault", ..Self::validation("10100", "Report too large", detail.into()) }
    }

    pub fn system() -> Self {
        let detail = "An application error has occurred while processing your request";
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind: "SystemFault",
            ..Self::validation(
                "10000",
                "An application error has occurred while processing your request",
                detail.into(),
            )
        }
    }

    /// As in `4001`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The `Fault` object, as in an answer of its own and in a batch item.
    pub fn value(&self) -> Value {
        json!({
            "Error": [{
                "Message": self.message, "Detail": self.detail, "code": self.code, "element": "",
            }],
            "type": self.kind,
        })
    }

    pub fn answer(&self, now: Timestamp) -> Response {
        let body = json!({"Fault": self.value(), "time": stamp_millis(now)});
        let mut response = reply(self.status, "application/json;charset=utf-8", body.to_string());
        response.extensions_mut().insert(Noted { fault_code: self.code(), ..Noted::default() });
        response
    }
}

/// An answer of the gateway, whose envelope has lower-case keys.
fn gateway(
    status: StatusCode,
    kind: &str,
    message: &str,
    detail: &str,
    code: &str,
    now: Timestamp,
) -> Response {
    let body = json!({
        "warnings": null, "intuitObject": null,
        "fault": {
            "error": [{"message": message, "detail": detail, "code": code, "element": null}],
            "type": kind,
        },
        "report": null, "queryResponse": null, "batchItemResponse": [], "attachableResponse": [],
        "syncErrorResponse": null, "requestId": null, "time": now.as_millisecond(),
        "status": null, "cdcresponse": [],
    });
    reply(status, "application/json", body.to_string())
}

/// 401: the access token is unknown or past its hour.
pub fn unauthorized(now: Timestamp) -> Response {
    let message = "message=AuthenticationFailed; errorCode=003200; statusCode=401";
    gateway(StatusCode::UNAUTHORIZED, "AUTHENTICATION", message, "Token expired", "3200", now)
}

/// 403: the app has lost its access, or is talking to the wrong environment.
pub fn forbidden(now: Timestamp) -> Response {
    let message = "message=AuthorizationFailed; errorCode=003100; statusCode=403";
    gateway(StatusCode::FORBIDDEN, "SERVICE", message, "", "3100", now)
}

/// 429: too many requests; the usual JSON.
pub fn throttled(now: Timestamp) -> Response {
    let message = "message=ThrottleExceeded; errorCode=003001; statusCode=429";
    let detail = "The request limit was reached.  Try again later";
    gateway(StatusCode::TOO_MANY_REQUESTS, "SERVICE", message, detail, "3001", now)
}

/// 429 in XML, which comes now and then although JSON was asked for.
pub fn throttled_xml(now: Timestamp) -> Response {
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse time="{}" xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message><Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>"#,
        stamp_millis(now)
    );
    reply(StatusCode::TOO_MANY_REQUESTS, "application/xml", body)
}

/// 401 in XML: the token is good, but for another company.
pub fn wrong_realm(now: Timestamp) -> Response {
    let body = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse time="{}" xmlns="http://schema.intuit.com/finance/v3"><Fault type="AuthenticationFault"><Error code="100"><Message>General Authentication Error</Message><Detail>AuthenticationErrorGeneral: SRV-110-Authentication Failure , statusCode: 401</Detail></Error></Fault></IntuitResponse>"#,
        stamp_millis(now)
    );
    reply(StatusCode::UNAUTHORIZED, "application/xml", body)
}

/// 502 as the web server in front writes it.
pub fn bad_gateway() -> Response {
    let body = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
    reply(StatusCode::BAD_GATEWAY, "text/html", body.to_owned())
}

/// 504 as the web server in front writes it.
pub fn gateway_timeout() -> Response {
    let body = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n<center><h1>504 Gateway Time-out</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
    reply(StatusCode::GATEWAY_TIMEOUT, "text/html", body.to_owned())
}

/// 200 with nothing in it.
pub fn empty() -> Response {
    reply(StatusCode::OK, "application/json;charset=utf-8", String::new())
}

/// An answer with a body that is already written.
pub fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}
