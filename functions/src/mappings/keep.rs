//! A new version of a mapping: checked as a whole, saved as a whole.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use q2o_domain::{
    Kind, OdooId, QboId, Remedy,
    mapping::{Decisions, Mapping, Mode, Target, TaxUse},
    ports::{Change, CommitError, Select},
    records::{CompanyLink, IdLink, Job, JobState, Purpose},
};
use serde::Serialize;
use serde_json::json;

use super::{
    check::{Asked, Sides, What},
    current, current_key,
    pairs::parties,
    sides, version_key,
};
use crate::{
    access::Member,
    app::App,
    audit,
    problem::{Problem, Refused},
    store::{Read, collection, document, failed, record_key},
};

/// What is to be saved.
pub struct Wanted {
    pub mode: Option<Mode>,
    pub note: String,
    /// The version it was made from.
    pub version: Option<u32>,
    pub asked: Vec<Asked>,
}

#[derive(Serialize)]
pub struct Saved {
    version: u32,
    mode: Mode,
    /// Accounts that are still to be decided on.
    undecided: Vec<QboId>,
    /// Accounts that share one of Odoo's, by its code: they are proved together.
    groups: BTreeMap<String, Vec<QboId>>,
}

pub async fn keep(
    app: &App,
    member: &Member,
    link: &CompanyLink,
    wanted: Wanted,
) -> Result<Saved, Problem> {
    let before = current(&member.tenant, &link.id).await?;
    let last = before.as_ref().map_or(0, |mapping| mapping.version);
    if wanted.version.is_some_and(|version| version != last) {
        return Err(overtaken());
    }
    idle(member, link).await?;
    let (source, chart) = sides(app, member, link).await?;
    let sides = Sides { source: &source, chart: &chart };
    let decisions = sides.decide(&wanted.asked).map_err(refusal)?;
    known_parties(app, member, link, &wanted.asked).await?;
    let nothing = Decisions::default();
    let old = before.as_ref().map_or(&nothing, |mapping| &mapping.decisions);
    not_loaded(member, link, old, &decisions).await?;

    let mapped = decisions.accounts.values().any(|target| target.odoo().is_some());
    let usual = before.map_or(if mapped { Mode::Map } else { Mode::Mirror }, |b| b.mode);
    let mapping = Mapping {
        link: link.id.clone(),
        version: last + 1,
        mode: wanted.mode.unwrap_or(usual),
        note: wanted.note,
        saved: app.clock.now(),
        saved_by: member.actor.clone(),
        decisions,
    };
    let key = version_key(&link.id, mapping.version);
    let version = document(collection::MAPPINGS, key.clone(), &mapping)?;
    let version = version.key(link.id.as_str()).sort(key);
    let counts = document(collection::MAPPINGS, current_key(&link.id), &mapping)?;
    let about = json!({ "link": link.id, "version": mapping.version });
    let audit = audit::entry(member, &app.clock, "mapping saved", &about)?;
    match member.tenant.commit(vec![Change::Insert(version), Change::Put(counts), audit]).await {
        Ok(()) => {}
        Err(CommitError::Conflict) => return Err(overtaken()),
        Err(error) => return Err(failed(error).into()),
    }
    Ok(Saved {
        version: mapping.version,
        mode: mapping.mode,
        undecided: sides.undecided(&mapping.decisions).cloned().collect(),
        groups: groups(&mapping.decisions),
    })
}

fn groups(decisions: &Decisions) -> BTreeMap<String, Vec<QboId>> {
    let mut groups: BTreeMap<String, Vec<QboId>> = BTreeMap::new();
    for (id, target) in &decisions.accounts {
        if let Target::Odoo { code, .. } = target {
            groups.entry(code.clone()).or_default().push(id.clone());
        }
    }
    groups.retain(|_, ids| ids.len() > 1);
    groups
}

/// The rows that cannot be.
pub fn refusal(errors: Vec<Refused>) -> Problem {
    let detail = format!("{} of the rows cannot be. Nothing was saved.", errors.len());
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "mapping-refused", detail)
        .remedied_by(Remedy::CorrectRequest)
        .with_rows(errors)
}

fn overtaken() -> Problem {
    let detail = "Somebody has saved another version since. Look at it, then save again.";
    Problem::new(StatusCode::CONFLICT, "overtaken", detail).remedied_by(Remedy::CorrectRequest)
}

/// A migration under way goes by the version it began with.
async fn idle(member: &Member, link: &CompanyLink) -> Result<(), Problem> {
    let jobs = Select::Key("jobs".to_owned());
    let jobs = member.tenant.list_all::<Job>(collection::JOBS, jobs).await?;
    let busy = jobs.into_iter().map(|read| read.value).find(|job| {
        job.plan.link == link.id
            && matches!(job.plan.purpose, Purpose::Backfill | Purpose::RollBack)
            && matches!(job.state, JobState::Running | JobState::Paused)
    });
    busy.map_or(Ok(()), |job| {
        let detail = format!(
            "Job {} is under way with the mapping as it is. Wait for its end, or cancel it.",
            job.id
        );
        Err(Problem::new(StatusCode::CONFLICT, "under-way", detail))
    })
}

/// Twins are two records that are there.
async fn known_parties(
    app: &App,
    member: &Member,
    link: &CompanyLink,
    asked: &[Asked],
) -> Result<(), Problem> {
    if !asked.iter().any(|asked| matches!(asked.what, What::Twin { .. })) {
        return Ok(());
    }
    let quickbooks = app.connect.quickbooks(&member.tenant, &link.realm);
    let (customers, vendors) = parties(quickbooks.as_ref()).await?;
    let customers: BTreeSet<&QboId> = customers.iter().map(|party| &party.id).collect();
    let vendors: BTreeSet<&QboId> = vendors.iter().map(|party| &party.id).collect();
    let mut unknown = Vec::new();
    for Asked { at, what } in asked {
        let What::Twin { vendor, customer } = what else { continue };
        let sides = [("vendor", vendor, &vendors), ("customer", customer, &customers)];
        for (of, id, known) in sides {
            if !known.contains(id) {
                let why = format!("QuickBooks has no {of} {id}.");
                unknown.push(Refused { row: at.clone(), why });
            }
        }
    }
    if unknown.is_empty() { Ok(()) } else { Err(refusal(unknown)) }
}

/// What has been loaded stays where it is: postings and other records point at it.
async fn not_loaded(
    member: &Member,
    link: &CompanyLink,
    old: &Decisions,
    new: &Decisions,
) -> Result<(), Problem> {
    let changed = changed(old, new);
    let key = |change: &Changed| record_key(&link.id, change.kind, &change.id);
    let keys = changed.iter().map(key).collect();
    let links: BTreeMap<String, IdLink> = member
        .tenant
        .list_ids(collection::ID_LINKS, keys)
        .await?
        .into_iter()
        .map(|read: Read<IdLink>| (read.id, read.value))
        .collect();
    let loaded: Vec<Refused> = changed
        .iter()
        .filter(|change| {
            let there = links.get(&key(change)).and_then(|link| link.odoo.get(change.part));
            there.is_some_and(|there| change.to != Some(*there))
        })
        .map(|change| Refused {
            row: format!("{} {}", change.kind, change.id),
            why: "It has been loaded into Odoo as it was decided before, and postings point at \
                  it. Roll the migration back, then decide anew."
                .to_owned(),
        })
        .collect();
    if loaded.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "{} of the changes concern what has been loaded already. Nothing was saved.",
        loaded.len()
    );
    Err(Problem::new(StatusCode::CONFLICT, "already-loaded", detail)
        .remedied_by(Remedy::RollBack)
        .with_rows(loaded))
}

/// A decision that is not what it was.
struct Changed {
    kind: Kind,
    id: QboId,
    part: &'static str,
    to: Option<OdooId>,
}

fn changed(old: &Decisions, new: &Decisions) -> Vec<Changed> {
    let mut changed = Vec::new();
    for id in old.accounts.keys().chain(new.accounts.keys()).collect::<BTreeSet<_>>() {
        if old.account(id) != new.account(id) {
            let to = new.account(id);
            changed.push(Changed { kind: Kind::Account, id: id.clone(), part: "", to });
        }
    }
    for id in old.taxes.keys().chain(new.taxes.keys()).collect::<BTreeSet<_>>() {
        for (of, part) in [(TaxUse::Sale, ""), (TaxUse::Purchase, "purchase")] {
            if old.tax(id, of) != new.tax(id, of) {
                let to = new.tax(id, of);
                changed.push(Changed { kind: Kind::TaxRate, id: id.clone(), part, to });
            }
        }
    }
    for id in old.twins.keys().chain(new.twins.keys()).collect::<BTreeSet<_>>() {
        if old.twins.get(id) != new.twins.get(id) {
            changed.push(Changed { kind: Kind::Vendor, id: id.clone(), part: "", to: None });
        }
    }
    changed
}
