//! The documents one by one. L0: how many there are of each kind, and their sum;
//! L1: what each says of itself. On the way, the tax they levy.

use std::collections::BTreeMap;

use q2o_domain::{
    AnyEntity, Currency, Facts, Kind, Money, QboId, Result, Sums, Write,
    ledger::Level,
    ports::Select,
    records::{IdLink, Staged},
};

use super::{
    OdooSide,
    tax::{self, Taxes},
    telling::{Telling, Told},
};
use crate::{
    entities::ENTITIES,
    store::{Read, collection, fetched_key, record_key},
    sync::{
        company::{Company, Task},
        load::opening,
        prove::odoo_ledger::{Move, OdooLedger},
    },
};

/// Records named with one difference.
const NAMED: usize = 5;

/// What the documents' comparison comes to.
#[derive(Default)]
pub struct Documents {
    pub l0: Level,
    pub l1: Level,
    /// Tax by QuickBooks' documents, as far as they are documents with tax in Odoo too.
    pub taxes: Taxes,
    /// Documents whose tax Odoo holds on an account only.
    pub untaxed: u64,
}

/// Compares all documents, kind by kind.
pub async fn compare(
    company: &Company,
    task: &Task,
    facts: &Facts,
    side: &OdooSide,
    telling: &mut Telling,
) -> Result<Documents> {
    let mut documents = Documents::default();
    let none = BTreeMap::new();
    for entity in ENTITIES.iter().filter(|e| e.write() != Write::Nothing) {
        let kind = entity.kind();
        let mut of_kind = OfKind {
            entity: *entity,
            facts,
            task,
            odoo: &side.ledger,
            here: 0,
            there: 0,
            missing: Vec::new(),
            total: (Money::ZERO, Money::ZERO),
        };
        let links = side.links.get(&kind).unwrap_or(&none);
        let see = |read: Read<Staged>| {
            let key = record_key(&company.link.id, kind, &read.value.id);
            if !side.unmoved.contains(&key) {
                of_kind.see(read.value, links.get(&key), &mut documents, telling);
            }
        };
        let fetched = Select::Key(fetched_key(&task.job, kind));
        company.tenant.each(collection::STAGED, fetched, see).await?;
        let OfKind { here, there, missing, total, .. } = of_kind;
        if !documents.l0.fact(here == there) {
            let told = Told::new("not_loaded", format!("number of {kind}")).because_of(missing);
            telling.tell(told.of("L0", &here, &there));
        }
        let what = || Told::new("documents_differ", format!("sum of {kind}"));
        telling.amount("L0", &mut documents.l0, total, what);
    }
    Ok(documents)
}

/// The documents of one kind.
struct OfKind<'a> {
    entity: &'static dyn AnyEntity,
    facts: &'a Facts,
    task: &'a Task,
    odoo: &'a OdooLedger,
    here: u32,
    there: u32,
    missing: Vec<String>,
    /// QuickBooks' and Odoo's.
    total: (Money, Money),
}

impl OfKind<'_> {
    fn see(
        &mut self,
        staged: Staged,
        link: Option<&IdLink>,
        documents: &mut Documents,
        telling: &mut Telling,
    ) {
        let Staged { kind, id, record, .. } = staged;
        let read = self.entity.read(&record).ok().filter(|_| self.entity.write().dated());
        let sums = read.and_then(|record| record.sums(self.facts));
        if let Some(sums) = sums.as_ref().filter(|sums| sums.date < self.task.cut) {
            // before the cut only what is still open is there
            if let Some(amounts) = link.and_then(|link| self.odoo.opened(link, sums)) {
                let what = || named(kind, &id, "open balance");
                telling.amount("L1", &mut documents.l1, amounts, what);
            }
            let own = link.and_then(|link| link.odoo.get(opening::PART));
            if let Some(own) = own.and_then(|id| self.odoo.moves.get(id)) {
                due(own, sums, documents, telling, || named(kind, &id, "due date"));
            }
            return;
        }
        // what posts nothing has no sums to compare
        let sums = sums.filter(|_| self.entity.write() == Write::Document);
        self.here += 1;
        let Some(link) = link else {
            if self.missing.len() < NAMED {
                self.missing.push(format!("{kind} {id}"));
            }
            return;
        };
        self.there += 1;
        let own = link.odoo.get("").and_then(|id| self.odoo.moves.get(id));
        let (Some(sums), Some(own)) = (sums, own) else { return };
        for (what, quickbooks, odoo) in amounts(own, &sums) {
            if what == "total" {
                self.total.0 += quickbooks;
                self.total.1 += odoo;
            }
            let told = || named(kind, &id, what);
            telling.amount("L1", &mut documents.l1, (quickbooks, odoo), told);
        }
        if !documents.l1.fact(own.date == sums.date) {
            telling.tell(named(kind, &id, "date").of("L1", &sums.date, &own.date));
        }
        due(own, &sums, documents, telling, || named(kind, &id, "due date"));
        let currency = sums.currency.as_ref().or(self.facts.home.as_ref());
        if let Some(currency) = currency
            && !documents.l1.fact(own.currency == *currency)
        {
            telling.tell(named(kind, &id, "currency").of("L1", currency, &own.currency));
        }
        let levied = tax::levied(kind, &record);
        documents.untaxed += u64::from(!own.is_invoice && !levied.is_empty());
        let home = || self.facts.home.clone().unwrap_or_else(|| Currency::from(""));
        for (rate, amount) in levied.into_iter().filter(|_| own.is_invoice) {
            let currency = sums.currency.clone().unwrap_or_else(home);
            let cell = (rate, sums.date.last_of_month(), currency);
            *documents.taxes.entry(cell).or_default() += amount;
        }
    }
}

/// What is owed is due in Odoo when it is in QuickBooks, so that both age alike.
fn due(
    own: &Move,
    sums: &Sums,
    documents: &mut Documents,
    telling: &mut Telling,
    named: impl Fn() -> Told,
) {
    let (Some(here), Some(there)) = (sums.due.filter(|_| own.is_invoice), own.due) else { return };
    if !documents.l1.fact(here == there) {
        telling.tell(named().of("L1", &here, &there));
    }
}

fn named(kind: Kind, id: &QboId, what: &str) -> Told {
    Told::new("document_differs", format!("{kind} {id}, {what}"))
        .because_of(vec![format!("{kind} {id}")])
}

/// What a document says of its amounts: what, QuickBooks' amount, Odoo's.
fn amounts(own: &Move, sums: &Sums) -> Vec<(&'static str, Money, Money)> {
    let mut amounts = Vec::new();
    if own.is_invoice {
        amounts.push(("total", sums.total.abs(), own.total));
        if let Some(tax) = sums.tax {
            amounts.push(("tax", tax.abs(), own.tax));
        }
    } else if let Some(debits) = sums.debits {
        amounts.push(("total", debits, own.total));
    }
    if let Some(open) = sums.open {
        amounts.push(("open balance", open.abs(), own.open.abs()));
    }
    amounts
}

impl OdooLedger {
    /// What is open of a document from before the cut: QuickBooks' amount, Odoo's.
    fn opened(&self, link: &IdLink, sums: &Sums) -> Option<(Money, Money)> {
        let own = link.odoo.get(opening::PART).and_then(|id| self.moves.get(id))?;
        Some((sums.open?.abs(), own.open.abs()))
    }
}
