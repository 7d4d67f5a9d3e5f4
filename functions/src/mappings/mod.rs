//! What becomes what in Odoo: accounts, taxes, and vendors that are customers,
//! too. Decided by people, kept in versions.

pub mod chart;
pub mod check;
pub mod export;
pub mod import;
mod keep;
mod pairs;
pub mod save;
pub mod show;
pub mod source;
mod suggest;
mod table;
pub mod twins;
pub mod versions;
mod view;

use chart::{Chart, Reader};
use q2o_domain::{LinkId, Result, mapping::Mapping, ports::Odoo, records::CompanyLink};
use source::Source;

use crate::{
    access::Member,
    app::{App, Tools},
    problem::Problem,
    store::{Read, Tenant, collection},
};

/// The version that counts, if any was saved.
pub async fn current(tenant: &Tenant, link: &LinkId) -> Result<Option<Mapping>> {
    let read = tenant.get(collection::MAPPINGS, current_key(link)).await?;
    Ok(read.map(|read: Read<Mapping>| read.value))
}

/// One version, however old.
pub async fn version(tenant: &Tenant, link: &LinkId, version: u32) -> Result<Option<Mapping>> {
    let read = tenant.get(collection::MAPPINGS, version_key(link, version)).await?;
    Ok(read.map(|read: Read<Mapping>| read.value))
}

fn current_key(link: &LinkId) -> String {
    format!("{link}/current")
}

fn version_key(link: &LinkId, version: u32) -> String {
    format!("{link}/{version:06}")
}

/// The link, if it is this tenant's.
async fn link(member: &Member, id: &LinkId) -> Result<CompanyLink, Problem> {
    let read = member.tenant.get::<CompanyLink>(collection::LINKS, id.as_str()).await?;
    read.map(|read| read.value).ok_or_else(Problem::not_found)
}

/// Both sides of a link, as they are now.
async fn sides(app: &App, member: &Member, link: &CompanyLink) -> Result<(Source, Chart), Problem> {
    let (odoo, connection) = app.connect.odoo(&member.tenant, &link.odoo).await?;
    Ok(read(app, &member.tenant, link, odoo.as_ref(), connection.company).await?)
}

/// The same, with Odoo open already.
pub async fn read(
    tools: &Tools,
    tenant: &Tenant,
    link: &CompanyLink,
    odoo: &dyn Odoo,
    company: q2o_domain::OdooId,
) -> Result<(Source, Chart)> {
    let quickbooks = tools.connect.quickbooks(tenant, &link.realm);
    let reader = Reader { connect: &tools.connect, odoo, connection: &link.odoo, company };
    futures::future::try_join(Source::read(quickbooks.as_ref()), reader.chart()).await
}
