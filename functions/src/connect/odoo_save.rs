//! `POST /api/connect/odoo/save`: tests an Odoo connection and keeps it.

use axum::{Json, extract::State};
use http::Method;
use q2o_domain::{
    OdooId, Remedy,
    ports::{Change, Odoo},
    records::OdooConnection,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ODOO_KEY, id_of};
use crate::{
    access::Admin,
    app::App,
    audit,
    body::Body,
    function::{Access, Function, handler},
    problem::Problem,
    store::{collection, document, failed},
};

pub const FUNCTION: Function = Function::http(
    "connect-odoo-save",
    Method::POST,
    "api/connect/odoo/save",
    Access::Admin,
    |on| handler(on, save),
);

#[derive(Deserialize)]
pub struct Asked {
    pub url: String,
    pub database: String,
    pub login: String,
    pub api_key: SecretString,
    /// Needed only where the user sees more than one company.
    pub company: Option<i64>,
    pub calls_per_second: Option<u32>,
}

#[derive(Serialize)]
pub struct Saved {
    pub id: String,
    pub company: OdooId,
    pub company_name: String,
    pub version: String,
}

async fn save(
    State(app): State<App>,
    Admin(member): Admin,
    Body(asked): Body<Asked>,
) -> Result<Json<Saved>, Problem> {
    let url = asked.url.trim_end_matches('/').to_owned();
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(Problem::bad_request("`url` has to begin with https:// (or http://)."));
    }
    let mut connection = OdooConnection {
        url,
        database: asked.database,
        login: asked.login,
        api_key: String::new(),
        company: OdooId(asked.company.unwrap_or(0)),
        company_name: String::new(),
        version: String::new(),
        calls_per_second: asked.calls_per_second,
        connected_by: member.actor.clone(),
    };
    let odoo = app.connect.odoo_client(&connection, asked.api_key.clone());
    test(odoo.as_ref(), &mut connection).await?;
    let key = asked.api_key.expose_secret().as_bytes();
    connection.api_key = app.connect.sealer.seal(member.tenant.id, ODOO_KEY, key).await?;
    let company = connection.company.to_string();
    let id = id_of(&[&connection.url, &connection.database, &company]);
    let kept = document(collection::ODOO_CONNECTIONS, id.as_str(), &connection)?.key("odoo");
    let audit = audit::entry(&member, &app.clock, "odoo connected", &json!({ "connection": id }))?;
    member.tenant.commit(vec![Change::Put(kept), audit]).await.map_err(failed)?;
    Ok(Json(Saved {
        id,
        company: connection.company,
        company_name: connection.company_name,
        version: connection.version,
    }))
}

/// Signs in and finds the company; fills in what was found.
pub async fn test(odoo: &dyn Odoo, connection: &mut OdooConnection) -> Result<(), Problem> {
    let (major, version) = odoo.version().await.map_err(q2o_domain::Failure::from)?;
    if major < 17 {
        return Err(Problem::bad_request(format!("Odoo {version} is too old: 17 is the oldest."))
            .remedied_by(Remedy::CheckOdoo));
    }
    let companies = odoo
        .search_read("res.company", json!([]), &["name"], "id", 0, 0)
        .await
        .map_err(q2o_domain::Failure::from)?;
    let chosen: Vec<_> = companies
        .iter()
        .filter(|row| connection.company.0 == 0 || row["id"] == connection.company.0)
        .collect();
    let [company] = chosen[..] else {
        let names: Vec<String> =
            companies.iter().map(|row| format!("{} {}", row["id"], row["name"])).collect();
        let what = if chosen.is_empty() { "This company is not there" } else { "Choose a company" };
        return Err(Problem::bad_request(format!("{what}: {}.", names.join(", ")))
            .remedied_by(Remedy::CheckOdoo));
    };
    connection.company = OdooId(company["id"].as_i64().unwrap_or_default());
    company["name"].as_str().unwrap_or_default().clone_into(&mut connection.company_name);
    connection.version = version;
    Ok(())
}
