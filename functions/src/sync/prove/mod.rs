//! `prove`: reads Odoo's ledger back and holds it against QuickBooks' own.

pub mod compare;
pub mod groups;
pub mod kept_proof;
pub mod odoo_ledger;
pub mod rehearse;
pub mod strangers;
pub mod virtual_odoo;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;
use q2o_domain::{
    Facts, Failure, JobId, Kind, OdooId, Partner, QboId, Result, Txn, Write,
    ledger::Level,
    ports::Select,
    records::{Circumstances, Difference, ErrorEntry, IdLink, OdooConnection, Snapshot, Staged},
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    app::Tools,
    entities::ENTITIES,
    store::{Read, collection, fetched_key, kind_key},
    sync::{
        company::{Company, Task},
        complete::Kept,
        load::opening,
        progress::Progress,
        sorted,
    },
};
use compare::{Compared, Links, OdooSide, compare};
use groups::{Groups, TAXES};
use odoo_ledger::{Adopted, What};

pub struct Prove(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub by_documents: Level,
    pub until: Date,
    pub snapshot: Snapshot,
}

impl Activity for Prove {
    const NAME: &'static str = "prove";
    type Input = Input;
    /// Whether nothing differs.
    type Output = bool;

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<bool, q2o_durable::Failure> {
        prove(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn prove(tools: &Tools, input: Input, attempt: &Attempt) -> Result<bool> {
    let Input { task, by_documents, until, snapshot } = input;
    let company = Company::open(tools, &task).await?;
    let facts = tools.facts.of(&company.tenant, &task.job).await?;
    let links = record_links(&company).await?;
    let key = Select::Key(task.link.0.clone());
    let kept = company.tenant.list_all::<Kept>(collection::COMPLETIONS, key).await?;
    let kept: Vec<Kept> = kept.into_iter().map(|read| read.value).collect();
    let opened = opening::entry_link(&company).await?;
    let groups = Groups::of(&links);
    let moves = moves(&links, &kept, opened.as_ref());
    let what = What {
        facts: &facts,
        accounts: &accounts(&links, &groups),
        partners: &partners(&links, &groups),
        moves: &moves,
        rates: &rates(&links, &groups),
        items: &items(&links),
        adopted: &adopted(&links),
    };
    let ledger = odoo_ledger::read(&company, &what, attempt).await?;
    let not_loaded = not_loaded(&company).await?;
    let unmoved = not_loaded.iter().filter(|(_, error)| error.class == "not_moved");
    let unmoved = unmoved.map(|(key, _)| key.clone()).collect();
    let side = OdooSide { ledger, links, unmoved, moves };
    let Compared { mut proof, balances } = compare(&company, &task, &facts, &side, until).await?;
    proof.snapshot = Some(snapshot);
    proof.by_documents = by_documents;
    proof.completion_entries = kept.into_iter().map(|kept| kept.completion).collect();
    let of_job = Select::Key(task.job.0.clone());
    let unexplained =
        company.tenant.list_all::<Difference>(collection::UNEXPLAINED, of_job).await?;
    proof.unexplained = unexplained.into_iter().map(|read| read.value).collect();

    let clean = proof.clean();
    proof.not_loaded = not_loaded.into_values().collect();
    proof.circumstances = Some(circumstances(tools, &company, &task.job, &facts).await?);
    kept_proof::keep(&company.tenant, &task.job, proof, &balances).await?;
    let what = if clean { "proved: nothing differs" } else { "proved: something differs" };
    attempt.ride(
        Progress::new(&company.tenant, &tools.clock, &task.job, what)
            .calls(tools.connect.http.take_calls())
            .phase("prove"),
    );
    Ok(clean)
}

/// What records became, by kind and key.
async fn record_links(company: &Company) -> Result<Links> {
    let mut links = Links::new();
    for entity in ENTITIES.iter().filter(|e| e.write() != Write::Nothing) {
        let key = Select::Key(kind_key(&company.link.id, entity.kind()));
        let mut of_kind = BTreeMap::new();
        let see = |Read { id, value, .. }: Read<IdLink>| {
            // what it became is all that is asked here, of very many
            let IdLink { odoo, adopted, models, .. } = value;
            of_kind.insert(id, IdLink { odoo, adopted, models, ..IdLink::default() });
        };
        company.tenant.each(collection::ID_LINKS, key, see).await?;
        links.insert(entity.kind(), of_kind);
    }
    Ok(links)
}

/// Between whom the proof is made, and when.
async fn circumstances(
    tools: &Tools,
    company: &Company,
    job: &JobId,
    facts: &Facts,
) -> Result<Circumstances> {
    let gone = || Failure::retry("a connection was taken away while its books were proved");
    let (tenant, link) = (&company.tenant, &company.link);
    let odoo = tenant.get::<OdooConnection>(collection::ODOO_CONNECTIONS, link.odoo.as_str());
    let odoo = odoo.await?.ok_or_else(gone)?.value;
    // as the company called itself when its books were read
    let info = Select::Key(fetched_key(job, Kind::CompanyInfo));
    let info = tenant.list::<Staged>(collection::STAGED, info, None, 1).await?;
    let info: Option<Value> =
        info.first().and_then(|read| serde_json::from_str(read.value.record.get()).ok());
    let name = info.as_ref().and_then(|info| info["CompanyName"].as_str());
    Ok(Circumstances {
        quickbooks: name.unwrap_or_default().to_owned(),
        realm: link.realm.clone(),
        odoo_url: odoo.url,
        odoo_database: odoo.database,
        odoo_company: odoo.company,
        odoo_company_name: odoo.company_name,
        odoo_version: odoo.version,
        currency: facts.home.clone().unwrap_or_else(|| "".into()),
        proved: tools.clock.now(),
        software: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Records that are not in Odoo, deliberately or not, by key.
async fn not_loaded(company: &Company) -> Result<BTreeMap<String, ErrorEntry>> {
    let prefix = Select::Prefix(format!("{}/", company.link.id));
    let errors = company.tenant.list_all::<ErrorEntry>(collection::ERRORS, prefix).await?;
    Ok(errors.into_iter().map(|read| (read.id, read.value)).collect())
}

/// Odoo's account to QuickBooks' account, or to the first of several.
fn accounts(links: &Links, groups: &Groups) -> BTreeMap<OdooId, QboId> {
    let of = links.get(&Kind::Account).into_iter().flatten();
    of.filter_map(|(key, link)| Some((*link.odoo.get("")?, groups.account(id(key))))).collect()
}

/// Accounts and taxes that were there before us: others may book on them, too.
fn adopted(links: &Links) -> Adopted {
    let of = |kind: Kind| -> BTreeSet<OdooId> {
        let links = links.get(&kind).into_iter().flat_map(BTreeMap::values);
        let parts = links.flat_map(|link| link.adopted.iter().map(|part| link.odoo.get(part)));
        parts.flatten().copied().collect()
    };
    Adopted { accounts: of(Kind::Account), taxes: of(Kind::TaxRate) }
}

/// Odoo's partner to whom it stands for.
fn partners(links: &Links, groups: &Groups) -> BTreeMap<OdooId, Partner> {
    let mut partners = BTreeMap::new();
    for kind in [Kind::Customer, Kind::Vendor, Kind::Employee] {
        for (key, link) in links.get(&kind).into_iter().flatten() {
            if let Some(odoo) = link.odoo.get("") {
                partners.insert(*odoo, groups.partner(Partner { kind, id: id(key) }));
            }
        }
    }
    partners
}

/// Odoo's product to QuickBooks' item.
fn items(links: &Links) -> BTreeMap<OdooId, QboId> {
    let of = links.get(&Kind::Item).into_iter().flatten();
    of.filter_map(|(key, link)| Some((*link.odoo.get("")?, id(key)))).collect()
}

/// Odoo's tax to QuickBooks' rate; of several rates that became one tax, the first.
fn rates(links: &Links, groups: &Groups) -> BTreeMap<OdooId, QboId> {
    let mut rates = BTreeMap::new();
    for (key, link) in links.get(&Kind::TaxRate).into_iter().flatten() {
        for odoo in TAXES.iter().filter_map(|part| link.odoo.get(*part)) {
            rates.insert(*odoo, groups.rate(id(key)));
        }
    }
    rates
}

/// Odoo's move to the transaction it (or a part of it) stands for.
fn moves(links: &Links, kept: &[Kept], opened: Option<&IdLink>) -> BTreeMap<OdooId, Txn> {
    let mut moves = BTreeMap::new();
    for entity in ENTITIES.iter().filter(|e| e.write() == Write::Document) {
        let kind = entity.kind();
        for (key, link) in links.get(&kind).into_iter().flatten() {
            for (part, odoo) in &link.odoo {
                let own = || Txn::new(kind, id(key));
                moves.insert(*odoo, if part == opening::PART { opening::txn() } else { own() });
            }
        }
    }
    let entries = opened.iter().flat_map(|link| link.odoo.values());
    moves.extend(entries.map(|odoo| (*odoo, opening::txn())));
    for Kept { completion, link, .. } in kept {
        let txn =
            Txn { txn_type: completion.txn_type.as_str().into(), id: completion.txn_id.clone() };
        let odoo = link.iter().flat_map(|link| link.odoo.values());
        moves.extend(odoo.map(|odoo| (*odoo, txn.clone())));
    }
    moves
}

/// The QuickBooks id at the end of a record's key.
fn id(key: &str) -> QboId {
    key.rsplit('/').next().unwrap_or_default().into()
}
