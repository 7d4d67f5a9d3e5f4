//! Odoo's errors, sorted by what helps. Odoo answers them all with HTTP 200.

use q2o_domain::{Failure, Remedy, ports::OdooError};
use serde_json::Value;

use super::Effect;

/// The result of a call, or what is wrong.
pub fn sorted(status: u16, body: &[u8], effect: Effect) -> Result<Value, OdooError> {
    let Ok(Value::Object(mut answer)) = serde_json::from_slice(body) else {
        let why = format!("Odoo answered {status} and no JSON");
        return Err(match (status, effect) {
            (413, _) => OdooError::Refused {
                message: "Odoo's server, or its proxy, takes no call of this size (413)."
                    .to_owned(),
            },
            (400 | 404, _) => Failure::needs(
                Remedy::CheckOdoo,
                "There is no Odoo at this address, or its proxy refuses us.",
            )
            .into(),
            // a proxy in between speaks for a server that may have done it
            (_, Effect::Once) => OdooError::Unknown { why },
            (_, Effect::None) => Failure::retry(why).into(),
        });
    };
    match answer.remove("error") {
        Some(error) => Err(named(&error)),
        // "nothing" is left out altogether
        None => Ok(answer.remove("result").unwrap_or(Value::Null)),
    }
}

/// By the exception's name; its text is for people.
fn named(error: &Value) -> OdooError {
    let data = &error["data"];
    let name = data["name"].as_str().unwrap_or_default();
    let message = data["message"]
        .as_str()
        .filter(|text| !text.is_empty())
        .or_else(|| error["message"].as_str())
        .unwrap_or_default()
        .trim()
        .to_owned();
    match name {
        "odoo.exceptions.AccessDenied" => Failure::needs(
            Remedy::CheckOdoo,
            "Odoo does not accept the user's key (any more). Keys can expire.",
        )
        .into(),
        "odoo.exceptions.AccessError" => OdooError::Forbidden { message },
        // a deleted user id reads like a missing record
        "odoo.exceptions.MissingError" if message.contains("res.users") => {
            Failure::needs(Remedy::CheckOdoo, "The Odoo user does not exist (any more).").into()
        }
        "odoo.exceptions.MissingError" => OdooError::Missing { message },
        "odoo.exceptions.UserError" if message.contains("doesn't exist") => {
            OdooError::NotInstalled { message }
        }
        "odoo.exceptions.UserError"
        | "odoo.exceptions.ValidationError"
        | "odoo.exceptions.RedirectWarning" => {
            if passing(&message) {
                Failure::retry(message).into()
            } else {
                OdooError::Refused { message }
            }
        }
        _ if passing(&message) || name.contains("SerializationFailure") => {
            Failure::retry("Odoo was busy with the same records").into()
        }
        "psycopg2.OperationalError" => {
            Failure::needs(Remedy::CheckOdoo, "Odoo has no database of this name.").into()
        }
        "odoo.http.SessionExpiredException" => Failure::retry("Odoo's session expired").into(),
        _ => Failure::bug(format!("Odoo raised {name}: {message}")).into(),
    }
}

/// Conflicts of transactions pass.
pub fn passing(message: &str) -> bool {
    ["could not serialize access", "deadlock detected", "could not obtain lock"]
        .iter()
        .any(|text| message.contains(text))
}
