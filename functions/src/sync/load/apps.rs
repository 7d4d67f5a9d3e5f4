//! What this Odoo has: an application may be missing, and its models with it.

use q2o_domain::{AnyEntity, Remedy, Result, ports::OdooError};
use serde_json::json;

use crate::{app::Tools, sync::company::Company};

/// Why records of a kind have nowhere to go in this Odoo, and what helps.
pub async fn missing(
    tools: &Tools,
    company: &Company,
    entity: &dyn AnyEntity,
) -> Result<Option<(String, Remedy)>> {
    let Some(app) = entity.app() else { return Ok(None) };
    let odoo = company.odoo.as_ref();
    let mut fields = tools.connect.fields(&company.link.odoo, odoo, app.model).await?;
    if !fields.contains_key(app.field) {
        // it may have been installed since they were read
        tools.connect.forget_fields(&company.link.odoo, app.model);
        fields = tools.connect.fields(&company.link.odoo, odoo, app.model).await?;
    }
    if !fields.contains_key(app.field) {
        let why = format!(
            "Odoo's application {} is not installed. Install it and migrate again to have it there.",
            app.name
        );
        return Ok(Some((why, Remedy::InstallApp { app: app.name.to_owned() })));
    }
    match odoo.search_read(app.model, json!([]), &["id"], "id", 0, 1).await {
        Ok(_) => Ok(None),
        Err(OdooError::Forbidden { message }) => {
            let why = format!("The Odoo user has no rights in {}: {message}", app.name);
            Ok(Some((why, Remedy::CheckOdoo)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether Odoo has a model.
pub async fn has(tools: &Tools, company: &Company, model: &str) -> Result<bool> {
    let fields = tools.connect.fields(&company.link.odoo, company.odoo.as_ref(), model).await?;
    Ok(!fields.is_empty())
}
