//! Errors as Odoo raises them: the exception's name tells what they are.

/// A raised exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// As in `odoo.exceptions.UserError`.
    pub name: &'static str,
    pub message: String,
}

pub type Result<T> = std::result::Result<T, Raised>;

impl Raised {
    pub fn user(message: impl Into<String>) -> Self {
        Self { name: "odoo.exceptions.UserError", message: message.into() }
    }

    pub fn validation(message: impl Into<String>) -> Self {
        Self { name: "odoo.exceptions.ValidationError", message: message.into() }
    }

    pub fn value(message: impl Into<String>) -> Self {
        Self { name: "builtins.ValueError", message: message.into() }
    }

    pub fn missing(model: &str, id: i64) -> Self {
        Self {
            name: "odoo.exceptions.MissingError",
            message: format!(
                "Record does not exist or has been deleted.\n(Record: {model}({id},), User: 2)"
            ),
        }
    }

    pub fn denied() -> Self {
        Self { name: "odoo.exceptions.AccessDenied", message: "Access Denied".into() }
    }

    pub fn attribute(model: &str, method: &str) -> Self {
        Self {
            name: "builtins.AttributeError",
            message: format!("The method '{model}.{method}' does not exist"),
        }
    }
}
