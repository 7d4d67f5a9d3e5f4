//! `open`: brings the opening balances into Odoo.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use q2o_domain::{
    Failure, Kind, Mapped, OdooId, QboId, Remedy, Result, Write,
    ports::{Loaded, Select},
    records::{ErrorEntry, IdLink, SetUp},
};
use q2o_durable::{Activity, Attempt};

use super::{
    documents::{self, Move},
    opening::{self, CLEARING, PART},
    replace,
    resolve::Known,
};
use crate::{
    app::Tools,
    entities::ENTITIES,
    store::{Read, collection, document, kind_key, record_key},
    sync::{
        company::{Company, Task},
        error_document,
        progress::Progress,
        rollback::Unit,
        sorted, unsorted,
    },
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
    pass.drop_needless(&opening.documents, opening.entry.is_some()).await?;
    for (at, some) in opening.documents.chunks(BATCH).enumerate() {
        attempt.checkpoint(&at).await.map_err(unsorted)?;
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
        let link = &self.company.link.id;
        let keys = whose.iter().map(|(kind, id)| record_key(link, *kind, id)).collect();
        let known = self.company.tenant.list_ids::<IdLink>(collection::ID_LINKS, keys).await?;
        let mut known: BTreeMap<String, IdLink> =
            known.into_iter().map(|read| (read.id, read.value)).collect();
        let keys: Vec<String> =
            whose.iter().map(|(kind, id)| record_key(link, *kind, id)).collect();
        self.replace(&keys, PART, &mut moves, &mut known).await?;
        documents::write(self.company, &mut moves).await?;
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
        let own = opening::entry_key(self.company);
        let before = opening::entry_link(self.company).await?;
        let mut before: BTreeMap<String, IdLink> =
            before.into_iter().map(|link| (own.clone(), link)).collect();
        self.replace(&[own], "", &mut moves, &mut before).await?;
        documents::write(self.company, &mut moves).await?;
        let [one] = moves;
        match one.outcome {
            Some(Ok(odoo)) => {
                let own = opening::entry_key(self.company);
                let linked = self.linked("", odoo, &one, before.get(&own));
                let link = document(collection::ID_LINKS, own, &linked)?;
                self.company.tenant.put_all(vec![link]).await
            }
            Some(Err(why)) => Err(Failure::needs(
                Remedy::CheckOdoo,
                format!("Odoo refused the entry of the opening balances: {why}"),
            )),
            None => Err(Failure::retry("Odoo said nothing about the opening balances")),
        }
    }

    /// What was open on another day, or as another amount, is taken out, to be written
    /// anew.
    async fn replace(
        &self,
        keys: &[String],
        part: &str,
        moves: &mut [Move],
        known: &mut BTreeMap<String, IdLink>,
    ) -> Result<()> {
        let outdated: Vec<usize> = (0..moves.len())
            .filter(|at| {
                let sent = known.get(&keys[*at]).and_then(|link| link.sent.get(part));
                sent.is_some_and(|sent| *sent != moves[*at].print())
            })
            .collect();
        let unit = |at: &usize| opened(&keys[*at], &known[&keys[*at]]);
        let mut units: Vec<Unit> = outdated.iter().map(unit).collect();
        let stay = replace::take_out(self.tools, self.company, self.task, &mut units).await?;
        for (number, at) in outdated.into_iter().enumerate() {
            match stay.get(&number) {
                Some((_, why)) => moves[at].outcome = Some(Err(why.clone())),
                None => {
                    known.remove(&keys[at]);
                }
            }
        }
        Ok(())
    }

    /// Takes out the opening balances that history has since reached behind.
    async fn drop_needless(&self, wanted: &[(Kind, QboId, Mapped)], entry: bool) -> Result<()> {
        let link = &self.company.link.id;
        let wanted: BTreeSet<String> =
            wanted.iter().map(|(kind, id, _)| record_key(link, *kind, id)).collect();
        let mut units = Vec::new();
        for entity in ENTITIES.iter().filter(|entity| entity.write() == Write::Document) {
            let key = Select::Key(kind_key(link, entity.kind()));
            let see = |read: Read<IdLink>| {
                if read.value.odoo.contains_key(PART) && !wanted.contains(&read.id) {
                    units.push(opened(&read.id, &read.value));
                }
            };
            self.company.tenant.each(collection::ID_LINKS, key, see).await?;
        }
        if let Some(before) = opening::entry_link(self.company).await?.filter(|_| !entry) {
            units.push(opened(&opening::entry_key(self.company), &before));
        }
        let stay = replace::take_out(self.tools, self.company, self.task, &mut units).await?;
        let Some((at, (_, why))) = stay.into_iter().next() else { return Ok(()) };
        Err(Failure::needs(
            Remedy::CheckOdoo,
            format!(
                "The opening balance of {} has to make room for earlier history, and cannot: \
                 {why} Undo that in Odoo, and resume.",
                units[at].id
            ),
        ))
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

/// An opening balance as what a rollback takes.
fn opened(key: &str, link: &IdLink) -> Unit {
    let mut parts = key.rsplit('/');
    let id = parts.next().unwrap_or_default();
    let kind = parts.next().and_then(Kind::named);
    let mut unit =
        Unit::new(kind.map_or("Opening balances".to_owned(), |k| k.to_string()), kind, id);
    unit.add(key.to_owned(), link, kind.unwrap_or(Kind::JournalEntry));
    unit
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
