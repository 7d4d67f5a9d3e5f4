//! `POST /api/connect/link`: ties a QuickBooks company to an Odoo company.

use std::collections::BTreeSet;

use axum::{Json, extract::State};
use http::Method;
use q2o_domain::{
    LinkId, RealmId,
    ports::{Change, CommitError},
    records::CompanyLink,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::id_of;
use crate::{
    access::Admin,
    app::App,
    audit,
    body::Body,
    function::{Access, Function, handler},
    problem::Problem,
    store::{collection, document, failed},
};

pub const FUNCTION: Function =
    Function::http("connect-link", Method::POST, "api/connect/link", Access::Admin, |on| {
        handler(on, tie)
    });

#[derive(Deserialize)]
struct Asked {
    realm: RealmId,
    /// Id of the Odoo connection.
    odoo: String,
}

async fn tie(
    State(app): State<App>,
    Admin(member): Admin,
    Body(asked): Body<Asked>,
) -> Result<Json<Value>, Problem> {
    let tenant = &member.tenant;
    let realm = tenant.get::<Value>(collection::QBO_CONNECTIONS, asked.realm.as_str()).await?;
    let odoo = tenant.get::<Value>(collection::ODOO_CONNECTIONS, asked.odoo.as_str()).await?;
    if realm.is_none() || odoo.is_none() {
        return Err(Problem::not_found());
    }
    let id = LinkId(id_of(&[asked.realm.as_str(), &asked.odoo]));
    let link = CompanyLink {
        id: id.clone(),
        realm: asked.realm,
        odoo: asked.odoo,
        fingerprint: None,
        cut: None,
        set_up: BTreeSet::default(),
    };
    let kept = document(collection::LINKS, id.as_str(), &link)?.key("links");
    let audit = audit::entry(&member, &app.clock, "companies tied", &json!({ "link": id }))?;
    match tenant.commit(vec![Change::Insert(kept), audit]).await {
        // tied before: nothing to do
        Ok(()) | Err(CommitError::Conflict) => Ok(Json(json!({ "link": id }))),
        Err(error) => Err(failed(error).into()),
    }
}
