//! `forget`: ends a rollback. Where no document of the link is left in Odoo, what
//! was set up for documents goes too; where nothing is left at all, the link may
//! begin anew.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use q2o_domain::{
    JobId, Result, Write,
    ports::{Change, OdooError, Select},
    records::{CompanyLink, Difference, ErrorEntry, IdLink, Left, RolledBack, SetUp},
};
use q2o_durable::{Activity, Attempt, Rider};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    uses::first_use,
    weigh::{jobs_of, read_report},
};
use crate::{
    app::Tools,
    entities::ENTITIES,
    store::{Read, collection, document, failed, kind_key},
    sync::{
        company::{Company, OWN_CURRENCY, Task},
        complete::Kept,
        load::opening,
        progress::Progress,
        sorted,
    },
};

pub struct Forget(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    /// The job that was rolled back, if it was one.
    pub of: Option<JobId>,
}

impl Activity for Forget {
    const NAME: &'static str = "forget";
    type Input = Input;
    type Output = ();

    fn lane(input: &Input) -> Option<std::borrow::Cow<'_, str>> {
        Some(format!("odoo-{}", input.task.link).into())
    }

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<(), q2o_durable::Failure> {
        forget(&self.0, input, attempt).await.map_err(sorted)
    }
}

/// What of a link is left in Odoo.
#[derive(Default)]
struct Rest {
    documents: usize,
    masters: usize,
    /// Rows of what was there before us.
    adopted: Vec<String>,
    /// Jobs that made some of it.
    jobs: BTreeSet<JobId>,
}

impl Rest {
    async fn of(company: &Company) -> Result<Self> {
        let (mut rest, link) = (Self::default(), &company.link.id);
        for entity in ENTITIES.iter().filter(|entity| entity.write() != Write::Nothing) {
            let key = Select::Key(kind_key(link, entity.kind()));
            let see = |read: Read<IdLink>| {
                let adopted = read.value.made().next().is_none() && !read.value.adopted.is_empty();
                match entity.write() {
                    _ if adopted => rest.adopted.push(read.id),
                    Write::Document => rest.documents += 1,
                    _ => rest.masters += 1,
                }
                rest.jobs.extend(read.value.job.filter(|_| !adopted));
            };
            company.tenant.each(collection::ID_LINKS, key, see).await?;
        }
        let see = |read: Read<Kept>| {
            if let Some(link) = read.value.link {
                rest.documents += 1;
                rest.jobs.extend(link.job);
            }
        };
        company.tenant.each(collection::COMPLETIONS, Select::Key(link.0.clone()), see).await?;
        if let Some(entry) = opening::entry_link(company).await? {
            rest.documents += 1;
            rest.jobs.extend(entry.job);
        }
        Ok(rest)
    }
}

async fn forget(tools: &Tools, input: Input, attempt: &Attempt) -> Result<()> {
    let Input { task, of } = input;
    let company = Company::open(tools, &task).await?;
    let tenant = &company.tenant;
    let rest = Rest::of(&company).await?;
    let mut kept: Vec<(SetUp, String)> = Vec::new();
    if company.link.fingerprint.is_some() && rest.documents == 0 {
        company.check().await?;
        kept = take_down(&company).await?;
    }
    let forgotten = rest.documents == 0 && rest.masters == 0 && kept.is_empty();
    let link = company.link.id.as_str();
    let mut proofs: Vec<String> =
        of.filter(|of| !rest.jobs.contains(of)).map(|job| job.0).into_iter().collect();
    if forgotten {
        let prefix = Select::Prefix(format!("{link}/"));
        let errors = tenant.list_all::<ErrorEntry>(collection::ERRORS, prefix).await?;
        tenant.delete_all(collection::ERRORS, errors.into_iter().map(|e| e.id).collect()).await?;
        let key = Select::Key(link.to_owned());
        let completions = tenant.list_all::<Kept>(collection::COMPLETIONS, key).await?;
        let completions = completions.into_iter().map(|read| read.id).collect();
        tenant.delete_all(collection::COMPLETIONS, completions).await?;
        tenant.delete_all(collection::ID_LINKS, rest.adopted).await?;
        proofs.extend(jobs_of(&company, &task).await?.into_iter().map(|job| job.id.0));
    }
    for job in &proofs {
        let of_job = Select::Key(job.clone());
        let unexplained = tenant.list_all::<Difference>(collection::UNEXPLAINED, of_job).await?;
        let unexplained = unexplained.into_iter().map(|read| read.id).collect();
        tenant.delete_all(collection::UNEXPLAINED, unexplained).await?;
    }
    tenant.delete_all(collection::PROOFS, proofs).await?;
    begin_anew(&company, rest.documents == 0, forgotten, &kept).await?;
    if forgotten {
        kept.extend(give_back_currency(&company).await?);
    }
    let what = if forgotten { "nothing is left" } else { "some is left" };
    attempt.ride(Ended {
        progress: Progress::new(tenant, &tools.clock, &task.job, what)
            .calls(tools.connect.http.take_calls())
            .phase("forget"),
        kept,
        forgotten,
    });
    Ok(())
}

/// Takes down what was set up for documents; says what stays, and why.
async fn take_down(company: &Company) -> Result<Vec<(SetUp, String)>> {
    let mut kept = Vec::new();
    for one in company.link.set_up.iter().filter(|one| !is_own_currency(one)) {
        let found = company.find(&one.model, &one.by, std::slice::from_ref(&one.value)).await?;
        let Some(id) = found.get(&one.value) else { continue };
        if let Some(user) = first_use(company, &one.model, id.0).await? {
            kept.push((one.clone(), format!("It is used by {user}.")));
            continue;
        }
        match company.odoo.call(&one.model, "unlink", json!([[id.0]]), json!({})).await {
            Ok(_) => {}
            Err(OdooError::Refused { message } | OdooError::Missing { message }) => {
                kept.push((one.clone(), format!("Odoo keeps it: {message}")));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(kept)
}

/// Without documents another first day may be chosen; without anything, another company.
async fn begin_anew(
    company: &Company,
    no_documents: bool,
    forgotten: bool,
    kept: &[(SetUp, String)],
) -> Result<()> {
    if !no_documents {
        return Ok(());
    }
    let id = company.link.id.as_str();
    let read = company.tenant.get::<CompanyLink>(collection::LINKS, id).await?;
    let Some(Read { value: mut link, version, .. }) = read else { return Ok(()) };
    link.cut = None;
    link.set_up.retain(|one| is_own_currency(one) || kept.iter().any(|(kept, _)| kept == one));
    if forgotten {
        link.fingerprint = None;
    }
    let kept = document(collection::LINKS, id, &link)?.key("links");
    company.tenant.commit(vec![Change::Replace(kept, version)]).await.map_err(failed)
}

fn is_own_currency(one: &SetUp) -> bool {
    [one.model.as_str(), one.by.as_str()] == OWN_CURRENCY
}

/// Gives the Odoo company the currency back that it had, where it has none of its entries
/// by now; says what stays, and why.
async fn give_back_currency(company: &Company) -> Result<Option<(SetUp, String)>> {
    let id = company.link.id.as_str();
    let read = company.tenant.get::<CompanyLink>(collection::LINKS, id).await?;
    let Some(Read { value: mut link, version, .. }) = read else { return Ok(None) };
    let Some(before) = link.set_up.iter().find(|one| is_own_currency(one)).cloned() else {
        return Ok(None);
    };
    let domain = json!([["company_id", "=", company.odoo_company.0]]);
    if !company.odoo.scan("account.move.line", domain, &["id"], 1).await?.is_empty() {
        let why = "The company has entries of others in the currency that it took.";
        return Ok(Some((before, why.to_owned())));
    }
    let found = company.find("res.currency", "name", std::slice::from_ref(&before.value)).await?;
    if let Some(currency) = found.get(&before.value) {
        let fields = json!({ "currency_id": currency.0 });
        match company.odoo.write("res.company", &[company.odoo_company], fields).await {
            Ok(()) => {}
            Err(OdooError::Refused { message } | OdooError::Missing { message }) => {
                return Ok(Some((before, format!("Odoo keeps it: {message}"))));
            }
            Err(error) => return Err(error.into()),
        }
    }
    link.set_up.remove(&before);
    let kept = document(collection::LINKS, id, &link)?.key("links");
    company.tenant.commit(vec![Change::Replace(kept, version)]).await.map_err(failed)?;
    Ok(None)
}

/// What stays of the set-up is told with the rest, in one commit with the end.
struct Ended {
    progress: Progress,
    kept: Vec<(SetUp, String)>,
    forgotten: bool,
}

#[async_trait]
impl Rider for Ended {
    async fn changes(&self) -> Result<Vec<Value>, q2o_durable::Failure> {
        let (tenant, job) = (&self.progress.tenant, &self.progress.job);
        let report: Option<RolledBack> = read_report(tenant, job).await.map_err(sorted)?;
        let mut report = report.unwrap_or_default();
        report.forgotten = self.forgotten;
        for (one, why) in &self.kept {
            let what = "Set-up".to_owned();
            report.kinds.entry(what.clone()).or_default().refused += 1;
            let (id, class) = (one.value.as_str().into(), "used".to_owned());
            report.refused.push(Left { what, id, class, why: why.clone() });
        }
        let mut changes = self.progress.written().await.map_err(sorted)?;
        let kept = document(collection::ROLLBACKS, job.as_str(), &report).map_err(sorted)?;
        changes.push(Change::Put(kept));
        let changes = changes.iter().map(serde_json::to_value).collect::<Result<_, _>>();
        changes.map_err(|error| q2o_durable::Failure::bug(error.to_string()))
    }
}
