//! `settle-late`: sets against each other what could not be when it was loaded:
//! what was open at the cut with later documents, and deposits with the payments
//! of nothing that use them, since payments are loaded before deposits. Then
//! everything is settled, and what is settled whole is closed.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use q2o_domain::{
    Allocation, Books, Facts, Kind, Mapped, Ref, Result,
    ports::Select,
    records::{IdLink, Staged},
};
use q2o_durable::{Activity, Attempt};

use super::{
    matched, opening,
    resolve::Known,
    settle::{Settled, settle},
};
use crate::{
    app::Tools,
    entities::entity,
    store::{Read, collection, document, fetched_key, kind_key, record_key},
    sync::{
        company::{Company, Task},
        progress::Progress,
        sorted, unsorted,
    },
};

/// Kinds whose records say what is set against what.
const SETTLING: [Kind; 3] = [Kind::Payment, Kind::BillPayment, Kind::Deposit];

/// Records looked at together.
const BATCH: u32 = 500;

pub struct SettleLate(pub Arc<Tools>);

impl Activity for SettleLate {
    const NAME: &'static str = "settle-late";
    type Input = Task;
    type Output = ();

    fn lane(task: &Task) -> Option<Cow<'_, str>> {
        Some(format!("odoo-{}", task.link).into())
    }

    async fn run(&self, task: Task, attempt: &Attempt) -> Result<(), q2o_durable::Failure> {
        settle_late(&self.0, &task, attempt).await.map_err(sorted)
    }
}

async fn settle_late(tools: &Tools, task: &Task, attempt: &Attempt) -> Result<()> {
    let company = Company::open(tools, task).await?;
    company.check().await?;
    let facts = tools.facts.of(&company.tenant, &task.job).await?;
    let opened = opening::entry_link(&company).await?;
    let mut pages = Pages::of(&company, task, &facts).await?;
    while let Some(late) = pages.next().await? {
        attempt.checkpoint(&pages.at).await.map_err(unsorted)?;
        let mapped: Vec<Mapped> = late
            .iter()
            .map(|(_, allocation)| Mapped {
                allocations: vec![allocation.clone()],
                ..Mapped::default()
            })
            .collect();
        let own = late.iter().map(|(own, _)| record_key(&task.link, own.kind, &own.id));
        let mut known = Known::read(&company, own, mapped.iter()).await?;
        for (_, allocation) in &late {
            if !facts.is_control(&allocation.account) {
                in_entry(&mut known, task, allocation, opened.as_ref());
            }
        }
        let allocations: Vec<_> = late.iter().map(|(own, a)| (own.clone(), a)).collect();
        let settled = settle(&company, &facts, &known, &allocations).await?;
        keep(&company, settled).await?;
    }
    matched::close(&company, attempt).await?;
    attempt.ride(
        Progress::new(&company.tenant, &tools.clock, &task.job, "settled")
            .calls(tools.connect.http.take_calls())
            .phase("load"),
    );
    Ok(())
}

/// Each record keeps which reconciliations it asked for.
async fn keep(company: &Company, settled: Settled) -> Result<()> {
    let link = &company.link.id;
    let keyed: BTreeMap<String, _> = settled
        .into_iter()
        .map(|(own, made)| (record_key(link, own.kind, &own.id), (own.kind, made)))
        .collect();
    let keys = keyed.keys().cloned().collect();
    let mut documents = Vec::new();
    for Read { id, value: mut linked, .. } in
        company.tenant.list_ids::<IdLink>(collection::ID_LINKS, keys).await?
    {
        let Some((kind, made)) = keyed.get(&id) else { continue };
        if !made.is_subset(&linked.settled) {
            linked.settled.extend(made);
            documents.push(document(collection::ID_LINKS, id, &linked)?.key(kind_key(link, *kind)));
        }
    }
    company.tenant.put_all(documents).await
}

/// What was received before the cut and not yet taken to the bank stands in the
/// entry of the opening balances.
fn in_entry(known: &mut Known, task: &Task, allocation: &Allocation, opened: Option<&IdLink>) {
    let Some((of, entry)) = allocation.to.as_ref().zip(opened) else { return };
    let key = record_key(&task.link, of.kind, &of.id);
    let mut odoo = known.link(&key).map(|link| link.odoo.clone()).unwrap_or_default();
    odoo.extend(entry.odoo.values().map(|id| ("entry".to_owned(), *id)));
    known.add(key, IdLink { odoo, ..IdLink::default() });
}

/// The late allocations, some records at a time.
pub struct Pages<'a> {
    company: &'a Company,
    task: &'a Task,
    facts: &'a Facts,
    /// Documents from before the cut.
    pub before: BTreeSet<Ref>,
    /// The kind at hand, and behind which of its records.
    pub at: Option<(Kind, Option<(String, String)>)>,
}

impl<'a> Pages<'a> {
    pub async fn of(company: &'a Company, task: &'a Task, facts: &'a Facts) -> Result<Self> {
        let before = opening::before(company, task).await?;
        Ok(Self { company, task, facts, before, at: Some((SETTLING[0], None)) })
    }

    /// Whose they are, and what; `None` when all records were looked at.
    pub async fn next(&mut self) -> Result<Option<Vec<(Ref, Allocation)>>> {
        while let Some((kind, after)) = self.at.take() {
            let key = Select::Key(fetched_key(&self.task.job, kind));
            let page: Vec<Read<Staged>> =
                self.company.tenant.list(collection::STAGED, key, after, BATCH).await?;
            self.at = match page.last().filter(|_| page.len() == BATCH as usize) {
                Some(last) => {
                    Some((kind, Some((last.sort.clone().unwrap_or_default(), last.id.clone()))))
                }
                None => {
                    SETTLING.iter().skip_while(|one| **one != kind).nth(1).map(|next| (*next, None))
                }
            };
            let late: Vec<_> = page.iter().flat_map(|read| self.late(&read.value)).collect();
            if !late.is_empty() {
                return Ok(Some(late));
            }
        }
        Ok(None)
    }

    fn late(&self, staged: &Staged) -> Vec<(Ref, Allocation)> {
        let own = Ref::new(staged.kind, staged.id.clone());
        let books = Books { facts: self.facts, ledger: &[] };
        let mapped = entity(staged.kind)
            .and_then(|entity| entity.read(&staged.record).and_then(|r| r.map(&books)).ok());
        // what cannot be mapped is told where it is loaded
        let allocations = mapped.map(|mapped| mapped.allocations).unwrap_or_default();
        let late = allocations.into_iter().filter(|allocation| self.is_late(&own, allocation));
        late.map(|allocation| (own.clone(), allocation)).collect()
    }

    fn is_late(&self, own: &Ref, Allocation { account, from, to, .. }: &Allocation) -> bool {
        let sides = [from, to].map(|side| side.as_ref().unwrap_or(own));
        let before = |side: &&Ref| self.before.contains(*side);
        match own.kind {
            _ if before(&own) => !sides.iter().all(before),
            Kind::Deposit => !self.facts.is_control(account) && sides.iter().any(before),
            _ => sides.iter().any(|side| side.kind == Kind::Deposit),
        }
    }
}
