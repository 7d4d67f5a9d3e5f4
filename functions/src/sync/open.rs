//! `open`: brings the opening balances into Odoo.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use q2o_domain::{
    Failure, Kind, Mapped, OdooId, QboId, Remedy, Result,
    ports::Loaded,
    records::{ErrorEntry, IdLink, SetUp},
};
use q2o_durable::{Activity, Attempt};

use super::{
    company::{Company, Task},
    documents::{self, Move},
    error_document,
    opening::{self, CLEARING, PART},
    progress::Progress,
    resolve::Known,
    sorted,
};
use crate::{
    app::Tools,
    store::{collection, document, kind_key, record_key},
};

/// Documents a call.
const BATCH: usize = 200;

pub struct Open(pub Arc<Tools>);

impl Activity for Open {
    const NAME: &'static str = "open";
    type Input = Task;
    type Output = ();

    fn lane(task: &Task) -> Option<Cow<'_, str>> {
        Some(format!("odoo-{}", task.link).into())
    }

    async fn run(&self, task: Task, attempt: &Attempt) -> Result<(), q2o_durable::Failure> {
        open(&self.0, &task, attempt).await.map_err(sorted)
    }
}

async fn open(tools: &Tools, task: &Task, attempt: &Attempt) -> Result<()> {
    let company = Company::open(tools, task).await?;
    company.check().await?;
    let facts = tools.facts.of(&company.tenant, &task.job).await?;
    let opening = opening::read(&company, task, &facts).await?;
    if opening.entry.is_some() {
        clearing_account(&company).await?;
    }
    let pass = Pass { tools, company: &company, task };
    for (at, some) in opening.documents.chunks(BATCH).enumerate() {
        attempt.checkpoint(&at).await.map_err(super::unsorted)?;
        pass.documents(some).await?;
    }
    if let Some(entry) = opening.entry {
        pass.entry(entry.into()).await?;
    }
    let what = "opening balances brought over";
    attempt.ride(
        Progress::new(&company.tenant, &tools.clock, &task.job, what)
            .calls(tools.connect.http.take_calls())
            .phase("load"),
    );
    Ok(())
}

struct Pass<'a> {
    tools: &'a Tools,
    company: &'a Company,
    task: &'a Task,
}

impl Pass<'_> {
    async fn documents(&self, some: &[(Kind, QboId, Mapped)]) -> Result<()> {
        let mapped = some.iter().map(|(_, _, mapped)| mapped);
        let known = Known::read(self.company, std::iter::empty(), mapped).await?;
        let (mut moves, mut whose, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (kind, id, mapped) in some {
            let draft = &mapped.drafts[0];
            let missing = known.missing(draft.refs());
            if missing.is_empty() {
                moves.push(self.of(&known, self.company.external_id(*kind, id, PART), mapped));
                whose.push((*kind, id));
            } else {
                let why =
                    format!("It points at records that are not in Odoo: {}.", missing.join(", "));
                errors.push(self.error(*kind, id, "parked", why)?);
            }
        }
        documents::write(self.company, &mut moves).await?;
        let link = &self.company.link.id;
        let keys = whose.iter().map(|(kind, id)| record_key(link, *kind, id)).collect();
        let known = self.company.tenant.list_ids::<IdLink>(collection::ID_LINKS, keys).await?;
        let known: BTreeMap<String, IdLink> =
            known.into_iter().map(|read| (read.id, read.value)).collect();
        let mut links = Vec::new();
        for (one, (kind, id)) in moves.into_iter().zip(whose) {
            match one.outcome {
                Some(Ok(odoo)) => {
                    let key = record_key(link, kind, id);
                    let linked = self.linked(PART, odoo, &one, known.get(&key));
                    links.push(
                        document(collection::ID_LINKS, key, &linked)?.key(kind_key(link, kind)),
                    );
                }
                Some(Err(why)) => {
                    let why = format!("Odoo refused the opening balance of {kind} {id}: {why}");
                    errors.push(self.error(kind, id, "refused", why)?);
                }
                None => return Err(Failure::retry("Odoo said nothing about a document")),
            }
        }
        self.company.tenant.put_all(links).await?;
        self.company.tenant.put_all(errors).await
    }

    async fn entry(&self, mapped: Mapped) -> Result<()> {
        let known = Known::read(self.company, std::iter::empty(), [&mapped].into_iter()).await?;
        let missing = known.missing(mapped.drafts[0].refs());
        if !missing.is_empty() {
            return Err(Failure::needs(
                Remedy::CheckOdoo,
                format!(
                    "The opening balances need records that are not in Odoo: {}. See their \
                     errors, put them right, and resume.",
                    missing.join(", ")
                ),
            ));
        }
        let key = self.company.key("opening", &"entry".into(), "");
        let mut moves = [self.of(&known, key, &mapped)];
        documents::write(self.company, &mut moves).await?;
        let [one] = moves;
        match one.outcome {
            Some(Ok(odoo)) => {
                let known = opening::entry_link(self.company).await?;
                let link = document(
                    collection::ID_LINKS,
                    opening::entry_key(self.company),
                    &self.linked("", odoo, &one, known.as_ref()),
                )?;
                self.company.tenant.put_all(vec![link]).await
            }
            Some(Err(why)) => Err(Failure::needs(
                Remedy::CheckOdoo,
                format!("Odoo refused the entry of the opening balances: {why}"),
            )),
            None => Err(Failure::retry("Odoo said nothing about the opening balances")),
        }
    }

    fn of(&self, known: &Known, key: String, mapped: &Mapped) -> Move {
        let mut values = known.values(&mapped.drafts[0].fields);
        values[documents::KEY] = key.clone().into();
        values["company_id"] = self.company.odoo_company.0.into();
        Move { key, values, cancelled: false, outcome: None }
    }

    /// The link of what was written; the job that made it stays the one that did.
    fn linked(&self, part: &str, odoo: OdooId, one: &Move, known: Option<&IdLink>) -> IdLink {
        IdLink {
            odoo: BTreeMap::from([(part.to_owned(), odoo)]),
            sent: BTreeMap::from([(part.to_owned(), one.print())]),
            job: known.map_or_else(|| Some(self.task.job.clone()), |known| known.job.clone()),
            ..IdLink::default()
        }
    }

    fn error(
        &self,
        kind: Kind,
        id: &QboId,
        class: &str,
        why: String,
    ) -> Result<q2o_domain::ports::Document> {
        let entry = ErrorEntry {
            kind,
            id: id.clone(),
            class: class.to_owned(),
            why,
            remedy: Some(Remedy::FixRecord { kind, id: id.clone() }),
            waits_for: Vec::new(),
            at: self.tools.clock.now(),
        };
        error_document(&self.company.link.id, &entry)
    }
}

/// Made once, under an external id.
async fn clearing_account(company: &Company) -> Result<()> {
    if !company.find("account.account", "code", &[CLEARING.to_owned()]).await?.is_empty() {
        return Ok(());
    }
    let (model, by, value) = ("account.account".into(), "code".into(), CLEARING.into());
    company.will_set_up([SetUp { model, by, value }]).await?;
    let row = [
        company.key("opening", &"clearing".into(), ""),
        "Opening Balance Clearing".to_owned(),
        CLEARING.to_owned(),
        "asset_current".to_owned(),
    ];
    let columns = ["id", "name", "code", "account_type"].map(str::to_owned);
    match company.odoo.load("account.account", &columns, vec![row.to_vec()]).await? {
        Loaded::Done(_) => Ok(()),
        Loaded::Refused(errors) => {
            let why = errors.first().map(|error| error.message.clone()).unwrap_or_default();
            Err(Failure::needs(
                Remedy::CheckOdoo,
                format!("Odoo refused the clearing account of the opening balances: {why}"),
            ))
        }
    }
}
