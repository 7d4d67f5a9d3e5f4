//! What the user may do, and what Odoo says of what they may not.

use serde_json::{Value, json};

use super::{
    control::Control,
    fault::{Raised, Result},
    models::fields,
};

/// The answer to a question about rights, or the refusal of a call that the user
/// has no right to; `None` for every other call.
pub fn answer(control: &Control, model: &str, method: &str, args: &Value) -> Option<Result<Value>> {
    // a model that is not there is no question of rights
    fields(model)?;
    let operation = match method {
        "has_access" => return Some(Ok(may(control, model, &args[1]))),
        "check_access_rights" => return Some(Ok(may(control, model, &args[0]))),
        "create" | "write" | "unlink" => method,
        "load" => "create",
        "search_read" | "search" | "read" => "read",
        _ => return None,
    };
    control.forbids(model, operation).then(|| {
        let done = if operation == "unlink" { "delete" } else { operation };
        Err(Raised {
            name: "odoo.exceptions.AccessError",
            message: format!("You are not allowed to {done} '{model}' ({model}) records."),
        })
    })
}

fn may(control: &Control, model: &str, operation: &Value) -> Value {
    json!(!control.forbids(model, operation.as_str().unwrap_or_default()))
}
