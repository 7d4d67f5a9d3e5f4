//! A company link opened for work: both sides known, and still the ones they were.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use q2o_domain::{
    Currency, Failure, JobId, Kind, LinkId, OdooId, QboId, RealmId, Remedy, Result, TenantId,
    mapping::Decisions,
    ports::{Change, Odoo},
    records::{CompanyLink, Fingerprint, SetUp},
};
use q2o_durable::Attempt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    app::Tools,
    mappings,
    store::{Read, Tenant, collection, document, failed},
    sync::unsorted,
};

/// The model and the field of what a [`SetUp`] tells of a company's own currency.
pub const OWN_CURRENCY: [&str; 2] = ["res.company", "currency_id"];

/// Rows of Odoo a call, where there may be many.
pub const PAGE: u32 = 5000;

/// Whose work, and for which job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub tenant: TenantId,
    pub job: JobId,
    pub link: LinkId,
    /// The first day of history that is moved; what is before is in the opening
    /// balances.
    pub cut: Date,
    /// The version of the mapping that counts, if there is one.
    #[serde(default)]
    pub mapping: Option<u32>,
}

impl Task {
    /// Where documents and the ledger are gone through from: both are sorted by date.
    pub fn beginning(&self) -> (String, String) {
        (self.cut.to_string(), String::new())
    }
}

/// A link with its Odoo side open.
#[expect(clippy::struct_field_names, reason = "Odoo's company, and not QuickBooks'")]
pub struct Company {
    pub tenant: Tenant,
    pub link: CompanyLink,
    pub odoo: Arc<dyn Odoo>,
    pub odoo_company: OdooId,
    pub odoo_database: String,
    /// What was decided about accounts, taxes and partners.
    pub decisions: Decisions,
    /// Whom Odoo knows us as.
    pub odoo_login: String,
}

impl Company {
    pub async fn open(tools: &Tools, task: &Task) -> Result<Self> {
        let tenant = tools.store.tenant(task.tenant);
        let link = tenant
            .get::<CompanyLink>(collection::LINKS, task.link.as_str())
            .await?
            .ok_or_else(|| {
                Failure::needs(Remedy::CheckCompany, "The two companies are no longer tied.")
            })?
            .value;
        let (odoo, connection) = tools.connect.odoo(&tenant, &link.odoo).await?;
        let decisions = match task.mapping {
            Some(version) => {
                mappings::version(&tenant, &link.id, version)
                    .await?
                    .ok_or_else(|| Failure::bug(format!("there is no mapping {version}")))?
                    .decisions
            }
            None => Decisions::default(),
        };
        Ok(Self {
            tenant,
            link,
            odoo,
            odoo_company: connection.company,
            odoo_database: connection.database,
            decisions,
            odoo_login: connection.login,
        })
    }

    pub fn realm(&self) -> &RealmId {
        &self.link.realm
    }

    /// The external id (and the searchable key) of what a record becomes.
    pub fn external_id(&self, kind: Kind, id: &QboId, part: &str) -> String {
        self.key(&kind.word(), id, part)
    }

    /// The same for anything that has a word and an id.
    pub fn key(&self, word: &str, id: &QboId, part: &str) -> String {
        let dot = if part.is_empty() { "" } else { "." };
        format!("{}{word}_{id}{dot}{part}", self.key_prefix())
    }

    /// What all of this link's external ids and keys begin with.
    pub fn key_prefix(&self) -> String {
        format!("q2o_{}_{}.", self.link.realm, self.odoo_company)
    }

    /// What tells this Odoo company from all others.
    pub async fn odoo_fingerprint(&self) -> Result<(String, Currency)> {
        let fields = ["name", "currency_id", "create_date"];
        let domain = json!([["id", "=", self.odoo_company.0]]);
        let found = self.odoo.search_read("res.company", domain, &fields, "id", 0, 1).await?;
        let company = found.first().ok_or_else(|| {
            Failure::needs(
                Remedy::CheckOdoo,
                format!(
                    "Odoo has no company {} (any more), or its user may not see it.",
                    self.odoo_company
                ),
            )
        })?;
        let created = company["create_date"].as_str().unwrap_or_default().to_owned();
        let currency = company["currency_id"][1].as_str().unwrap_or_default();
        Ok((created, currency.into()))
    }

    /// Refuses to write into another company than the one this link was made with.
    pub async fn check(&self) -> Result<()> {
        let Some(known) = &self.link.fingerprint else {
            return Err(Failure::bug("the company was never surveyed"));
        };
        let (uuid, currency) = self.odoo_fingerprint().await?;
        let now = Fingerprint {
            odoo_database: self.odoo_database.clone(),
            odoo_uuid: uuid,
            odoo_company: self.odoo_company,
            currency,
            ..known.clone()
        };
        if now == *known {
            return Ok(());
        }
        Err(Failure::needs(
            Remedy::CheckCompany,
            "This is not the Odoo company that the migration began with. Nothing was written. \
             Connect the right one again.",
        ))
    }

    /// Odoo posts nothing in a currency that is switched off.
    pub async fn use_currencies(&self, names: &[String]) -> Result<()> {
        let domain = json!([["name", "in", names], ["active", "=", false]]);
        let off = self.odoo.search_read("res.currency", domain, &["id"], "id", 0, 0).await?;
        let off: Vec<OdooId> = off.iter().filter_map(id_of).collect();
        if !off.is_empty() {
            self.odoo.write("res.currency", &off, json!({ "active": true })).await?;
        }
        Ok(())
    }

    /// Writes down what is about to be set up in Odoo.
    pub async fn will_set_up(&self, more: impl IntoIterator<Item = SetUp>) -> Result<()> {
        let read = self.tenant.get::<CompanyLink>(collection::LINKS, self.link.id.as_str()).await?;
        let Some(Read { value: mut link, version, .. }) = read else { return Ok(()) };
        let before = link.set_up.len();
        link.set_up.extend(more);
        if link.set_up.len() == before {
            return Ok(());
        }
        let kept = document(collection::LINKS, link.id.as_str(), &link)?.key("links");
        self.tenant.commit(vec![Change::Replace(kept, version)]).await.map_err(failed)
    }

    /// Goes through records by id, some thousands at a time. What they point at is told by
    /// its id alone.
    pub async fn each(
        &self,
        model: &str,
        domain: &[Value],
        fields: &[&str],
        attempt: &Attempt,
        mut see: impl FnMut(&Value) -> Result<()>,
    ) -> Result<()> {
        let mut last = OdooId(0);
        loop {
            attempt.renew().await.map_err(unsorted)?;
            // behind the last one, since Odoo would count through all before an offset
            let domain: Vec<Value> =
                domain.iter().cloned().chain([json!(["id", ">", last.0])]).collect();
            let rows = self.odoo.scan(model, json!(domain), fields, PAGE).await?;
            rows.iter().try_for_each(&mut see)?;
            let Some(row) = rows.last().filter(|_| rows.len() >= PAGE as usize) else {
                return Ok(());
            };
            last =
                id_of(row).ok_or_else(|| Failure::bug(format!("{model} without an id: {row}")))?;
        }
    }

    /// The currencies that Odoo knows, switched on or off.
    pub async fn currencies(&self) -> Result<BTreeMap<OdooId, Currency>> {
        let all = json!([["active", "in", [true, false]]]);
        let rows = self.odoo.search_read("res.currency", all, &["name"], "id", 0, 0).await?;
        Ok(rows
            .iter()
            .filter_map(|row| Some((id_of(row)?, row["name"].as_str()?.into())))
            .collect())
    }

    /// Ids of Odoo's own records, by one of their fields.
    pub async fn find(
        &self,
        model: &str,
        by: &str,
        values: &[String],
    ) -> Result<BTreeMap<String, OdooId>> {
        let mut domain = vec![json!([by, "in", values])];
        // of what belongs to companies, only this one's; currencies may be inactive yet
        match model {
            "account.journal" | "project.project" => {
                domain.push(json!(["company_id", "=", self.odoo_company.0]));
            }
            "res.currency" => domain.push(json!(["active", "in", [true, false]])),
            _ => {}
        }
        let found = self.odoo.search_read(model, json!(domain), &[by], "id", 0, 0).await?;
        Ok(found
            .iter()
            .filter_map(|row| Some((row[by].as_str()?.to_owned(), id_of(row)?)))
            .collect())
    }
}

/// The id of a record as read.
pub fn id_of(row: &Value) -> Option<OdooId> {
    row["id"].as_i64().map(OdooId)
}

/// The id in a many-to-one field as read, with a name beside it or without.
pub fn many2one(value: &Value) -> Option<OdooId> {
    value[0].as_i64().or_else(|| value.as_i64()).map(OdooId)
}
