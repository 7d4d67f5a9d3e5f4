//! The JSON in which the host hands a trigger's value to the handler, and the reply it accepts.

use base64::prelude::*;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Map, Value, json};

use super::package::Function;
use super::queue_source::Message;

/// What a 2xx reply amounts to.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// Done; the lines are the handler's log.
    Done(Vec<String>),
    /// The host reads no result from it, and waits on.
    Nothing,
    /// The host does not understand it.
    Invalid(String),
}

/// A queue message. `content` is what the stored text stands for.
pub fn queue(function: &Function, binary: bool, message: &Message, content: &[u8]) -> Value {
    let mut metadata = Map::from_iter([
        ("DequeueCount".to_owned(), json!(message.dequeue_count.to_string())),
        ("ExpirationTime".to_owned(), json!(to_the_second(message.expires))),
        ("Id".to_owned(), quoted(&message.id)),
        ("InsertionTime".to_owned(), json!(to_the_second(message.inserted))),
        ("NextVisibleTime".to_owned(), json!(to_the_second(message.next_visible))),
        ("PopReceipt".to_owned(), quoted(&message.receipt)),
    ]);
    let value = if binary {
        json!(BASE64_STANDARD.encode(content))
    } else {
        let text = String::from_utf8_lossy(content);
        // The message's own properties win over the host's, without regard to case.
        if let Ok(Value::Object(properties)) = serde_json::from_str(&text) {
            for (key, value) in properties {
                let known = metadata.keys().find(|k| k.eq_ignore_ascii_case(&key)).cloned();
                metadata.insert(known.unwrap_or(key), quoted(&dotnet_text(&value)));
            }
        }
        quoted(&text)
    };
    envelope(function, &value, metadata)
}

/// A run of a timer. `status` is None for a timer that keeps none.
pub fn timer(function: &Function, status: Option<&Value>, is_past_due: bool) -> Value {
    let value = json!({
        "Schedule": {"AdjustForDST": true},
        "ScheduleStatus": status,
        "IsPastDue": is_past_due,
    });
    envelope(function, &value, Map::new())
}

fn envelope(function: &Function, value: &Value, mut metadata: Map<String, Value>) -> Value {
    let sys = json!({
        "MethodName": function.name,
        "UtcNow": super::now().strftime("%Y-%m-%dT%H:%M:%S.%7fZ").to_string(),
        "RandGuid": uuid::Uuid::new_v4(),
    });
    metadata.insert("sys".into(), sys);
    json!({"Data": {function.binding.clone(): value}, "Metadata": metadata})
}

/// Reads the reply to a trigger call that answered 2xx.
pub fn reply(content_type: Option<&str>, body: &[u8]) -> Reply {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Reply::Nothing;
    }
    let media = content_type.and_then(|t| t.split(';').next()).map(|t| t.trim().to_lowercase());
    if !matches!(media.as_deref(), Some("application/json" | "text/json")) {
        return Reply::Invalid(format!("its content type is {content_type:?}"));
    }
    let object = match serde_json::from_slice(body) {
        Ok(Value::Null) => return Reply::Nothing,
        Ok(Value::Object(object)) => object,
        Ok(_) => return Reply::Invalid("it is no JSON object".into()),
        Err(error) => return Reply::Invalid(error.to_string()),
    };
    let logs = object.into_iter().find(|(key, _)| key.eq_ignore_ascii_case("logs"));
    match logs.map_or(Ok(None), |(_, logs)| serde_json::from_value(logs)) {
        Ok(lines) => Reply::Done(lines.unwrap_or_default()),
        Err(error) => Reply::Invalid(format!("its Logs: {error}")),
    }
}

/// Whatever is no object, date or bytes travels as JSON text inside a JSON string.
fn quoted(text: &str) -> Value {
    Value::String(Value::String(text.to_owned()).to_string())
}

fn to_the_second(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// A JSON value as .NET prints it once it has been parsed.
fn dotnet_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::String(text) => {
            let utc = text.parse::<Timestamp>().ok().map(|t| t.to_zoned(jiff::tz::TimeZone::UTC));
            let local = || text.contains('T').then(|| text.parse::<DateTime>().ok()).flatten();
            match utc.map(|zoned| zoned.datetime()).or_else(local) {
                Some(date) => date.strftime("%m/%d/%Y %H:%M:%S").to_string(),
                None => text.clone(),
            }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::package::Trigger;

    fn function(binary: bool) -> Function {
        let trigger = Trigger::Queue { queue: "q2o-jobs".into(), binary };
        Function { name: "ProcessJob".into(), binding: "msg".into(), trigger }
    }

    fn message() -> Message {
        Message {
            id: "800ae4b3".into(),
            receipt: "AgAA".into(),
            text: String::new(),
            dequeue_count: 1,
            inserted: "2026-01-01T10:11:12.9Z".parse().unwrap(),
            expires: "2026-01-08T10:11:12Z".parse().unwrap(),
            next_visible: "2026-01-01T10:21:12Z".parse().unwrap(),
        }
    }

    #[test]
    fn text_is_quoted_twice_and_its_properties_override_the_metadata() {
        let text = br#"{"id":"mine","dequeueCount":9,"ok":true,"day":"2026-01-01T00:00:00Z"}"#;
        let made = queue(&function(false), false, &message(), text);
        let inner: String = serde_json::from_str(made["Data"]["msg"].as_str().unwrap()).unwrap();
        assert_eq!(inner.as_bytes(), text);
        let metadata = &made["Metadata"];
        assert_eq!(metadata["Id"], r#""mine""#);
        assert_eq!(metadata["DequeueCount"], r#""9""#);
        assert_eq!(metadata["ok"], r#""True""#);
        assert_eq!(metadata["day"], r#""01/01/2026 00:00:00""#);
        assert_eq!(metadata["PopReceipt"], r#""AgAA""#);
        assert_eq!(metadata["InsertionTime"], "2026-01-01T10:11:12+00:00");
        assert_eq!(metadata["sys"]["MethodName"], "ProcessJob");
    }

    #[test]
    fn bytes_are_plain_base64_and_leave_the_metadata_alone() {
        let made = queue(&function(true), true, &message(), br#"{"id":"mine"}"#);
        assert_eq!(made["Data"]["msg"], "eyJpZCI6Im1pbmUifQ==");
        assert_eq!(made["Metadata"]["Id"], r#""800ae4b3""#);
        assert_eq!(made["Metadata"]["DequeueCount"], "1");
    }

    #[test]
    fn replies_are_read_as_strictly_as_the_host_reads_them() {
        let json = Some("application/json; charset=utf-8");
        assert_eq!(reply(json, b"{}"), Reply::Done(vec![]));
        assert_eq!(reply(Some("text/json"), br#"{"logs":["a"]}"#), Reply::Done(vec!["a".into()]));
        for (kind, body) in [(None, ""), (json, ""), (json, "null")] {
            assert_eq!(reply(kind, body.as_bytes()), Reply::Nothing, "{kind:?} {body:?}");
        }
        for (kind, body) in [
            (Some("text/plain"), "{}"),
            (Some("application/problem+json"), "{}"),
            (None, "{}"),
            (json, "[]"),
            (json, "oops"),
            (json, r#"{"Logs":[1]}"#),
        ] {
            assert!(matches!(reply(kind, body.as_bytes()), Reply::Invalid(_)), "{kind:?} {body:?}");
        }
    }
}
