//! What QuickBooks answers when it does not answer: sorted by what helps.

use std::time::Duration;

use q2o_domain::{Failure, Remedy, ports::Unavailable};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// An answer that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The access token is expired or not accepted.
    TokenRefused {
        why: String,
    },
    /// A stored value that QuickBooks itself cannot read (error 4002).
    Poison {
        why: String,
    },
    /// More rows than a report gives (error 10100).
    TooLarge,
    /// The gateway gave up waiting (504), as it does on large reports.
    TimedOut,
    /// There is no such record (error 610).
    NotFound {
        why: String,
    },
    Failed(Failure),
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Failed(failure) => failure,
            Fault::TokenRefused { why } => Self::needs(Remedy::ReconnectQuickBooks, why),
            Fault::Poison { why } => {
                Self::bug(format!("QuickBooks cannot read its own row: {why}"))
            }
            Fault::TimedOut => Self::retry("QuickBooks took too long to answer"),
            Fault::NotFound { why } => Self::bug(why),
            Fault::TooLarge => Self::bug("a QuickBooks report of one day is too large"),
        }
    }
}

/// One error as QuickBooks writes it, in either case of its keys.
struct Told {
    code: String,
    text: String,
}

/// What every answer can have around what was asked for.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "Fault", alias = "fault")]
    fault: Option<Value>,
}

/// An answer's text read as what it is.
pub fn read<T: DeserializeOwned>(body: &str) -> Result<T, Fault> {
    serde_json::from_str(body)
        .map_err(|error| retry(&format!("QuickBooks' answer cannot be read: {error}"), None))
}

/// Whether an answer is one, or what is wrong with it.
pub fn sorted(status: u16, after: Option<u64>, body: &str) -> Result<(), Fault> {
    // only looked through: what it holds is read once, as what it is
    let envelope: Option<Envelope> = serde_json::from_str(body).ok();
    let fault = envelope.and_then(|envelope| envelope.fault);
    if let Some(told) = fault.as_ref().and_then(from_json).or_else(|| from_xml(body)) {
        return Err(by_code(status, after, &told));
    }
    match status {
        200..=299 => Ok(()),
        401 => Err(Fault::TokenRefused { why: "the sign-in was refused".to_owned() }),
        429 => Err(throttled(after)),
        404 => Err(Fault::NotFound { why: "QuickBooks does not know it (404)".to_owned() }),
        504 => Err(Fault::TimedOut),
        500..=599 => Err(retry(&format!("QuickBooks is not available ({status})"), after)),
        _ => Err(Fault::Failed(Failure::bug(format!("QuickBooks answered {status}")))),
    }
}

/// The fault in a batch's answer, if it says that there is nothing to be had: a
/// feature is off, the company's plan or country has no such records, or one of
/// those asked for cannot be read.
pub fn unavailable(answer: &Value) -> Result<Unavailable, Fault> {
    let fault = ["Fault", "fault"].iter().map(|key| &answer[*key]).find(|f| f.is_object());
    let Some(told) = fault.and_then(from_json) else {
        return Err(retry("QuickBooks' answer to a batch holds neither rows nor a fault", None));
    };
    match told.code.trim_start_matches('0') {
        "500" | "5020" | "5030" | "4000" | "4001" | "4002" | "120" => {
            Ok(Unavailable(format!("QuickBooks says {}: {}", told.code, told.text)))
        }
        _ => Err(by_code(200, None, &told)),
    }
}

fn from_json(fault: &Value) -> Option<Told> {
    let errors = ["Error", "error"].iter().map(|key| &fault[*key]).find(|e| e.is_array())?;
    let first = &errors[0];
    let text = |keys: [&str; 2]| {
        keys.iter().find_map(|key| first[*key].as_str()).unwrap_or_default().to_owned()
    };
    let detail = text(["Detail", "detail"]);
    let message = text(["Message", "message"]);
    let text_ = if detail.is_empty() { message.clone() } else { format!("{message}: {detail}") };
    Some(Told { code: text(["code", "Code"]), text: text_ })
}

/// Throttling and sign-in faults can come as XML whatever was asked for.
fn from_xml(body: &str) -> Option<Told> {
    if !body.trim_start().starts_with('<') || !body.contains("Fault") {
        return None;
    }
    let mut reader = quick_xml::Reader::from_str(body);
    let (mut code, mut text) = (None, Vec::new());
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag)) => {
                for attribute in tag.attributes().flatten() {
                    if attribute.key.as_ref() == b"code" {
                        code = Some(String::from_utf8_lossy(&attribute.value).into_owned());
                    }
                }
            }
            Ok(quick_xml::events::Event::Text(part)) => {
                text.push(String::from_utf8_lossy(&part).trim().to_owned());
            }
            Ok(quick_xml::events::Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    text.retain(|part| !part.is_empty());
    let text = text.join(": ");
    // the code also stands in the message, with zeros before it
    let code = code.or_else(|| {
        let at = text.find("errorCode=")? + "errorCode=".len();
        Some(text[at..].chars().take_while(char::is_ascii_digit).collect())
    })?;
    Some(Told { code, text })
}

fn by_code(status: u16, after: Option<u64>, told: &Told) -> Fault {
    let why = || format!("QuickBooks says {}: {}", told.code, told.text);
    match told.code.trim_start_matches('0') {
        "3001" => throttled(after),
        "3200" | "100" => Fault::TokenRefused { why: why() },
        "3100" | "120" => Fault::Failed(Failure::needs(Remedy::ReconnectQuickBooks, why())),
        "4002" => Fault::Poison { why: told.text.clone() },
        "10100" => Fault::TooLarge,
        "610" => Fault::NotFound { why: why() },
        "6190" => Fault::Failed(Failure::needs(
            Remedy::ReconnectQuickBooks,
            format!("{} (the subscription may have lapsed)", why()),
        )),
        "10000" | "6000" => retry(&why(), after),
        _ if status == 429 => throttled(after),
        _ if status == 401 => Fault::TokenRefused { why: why() },
        _ if status >= 500 => retry(&why(), after),
        _ => Fault::Failed(Failure::bug(why())),
    }
}

/// Intuit says to wait a minute; the rest keeps those who were throttled
/// together from coming back together.
fn throttled(after: Option<u64>) -> Fault {
    let pause =
        Duration::from_secs(after.unwrap_or(60)) + Duration::from_millis(fastrand::u64(..5000));
    Fault::Failed(Failure::Retry {
        why: "QuickBooks asks for a pause".to_owned(),
        after: Some(pause),
    })
}

fn retry(why: &str, after: Option<u64>) -> Fault {
    let after = after.map(Duration::from_secs);
    Fault::Failed(Failure::Retry { why: why.to_owned(), after })
}
