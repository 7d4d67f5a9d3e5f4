//! Opening balances: what QuickBooks' books stood at the day before the first day
//! of history. Open documents come over one by one, with what was open of them
//! that day, against a clearing account; one entry brings all other balances and
//! clears it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use q2o_domain::{
    Books, Currency, Draft, Facts, Field, Fields, Kind, Mapped, Money, Partner, Posting, QboId,
    Ref, Result, Txn, Write,
    ports::Select,
    records::{IdLink, LedgerTxn, Staged},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    entities::{
        ENTITIES,
        document::{Document, Journal, Line, Role, found},
        entity,
        wire::Head,
    },
    store::{Read, collection, fetched_key},
    sync::company::{Company, Task},
};

/// The part of a document's link that its opening balance is.
pub const PART: &str = "opening";

/// Code of the account that open documents are brought over against.
pub const CLEARING: &str = "QBOPEN";

/// Kinds that set documents against each other on control accounts.
const SETTLING: [Kind; 2] = [Kind::Payment, Kind::BillPayment];

/// Stands for the clearing account, which QuickBooks does not have.
const CLEARING_LINE: &str = "clearing";

/// What the proof calls all opening balances together.
pub fn txn() -> Txn {
    Txn { txn_type: "Opening balances".into(), id: "1".into() }
}

/// The day the opening balances stand.
pub fn day(cut: Date) -> Date {
    cut.yesterday().unwrap_or(cut)
}

/// A posting from before the cut as the opening balances have it: on their day,
/// and with the results of earlier years in retained earnings, as QuickBooks rolls
/// them.
pub fn roll(posting: &mut Posting, cut: Date, facts: &Facts) {
    let day = day(cut);
    if facts.is_result(&posting.account)
        && posting.date < facts.year_start(day)
        && let Some(retained) = facts.retained_earnings()
    {
        posting.account = retained.clone();
    }
    posting.date = day;
}

/// What is to be brought over.
#[derive(Default)]
pub struct Opening {
    pub documents: Vec<(Kind, QboId, Mapped)>,
    pub entry: Option<Draft>,
}

/// Balances by account, on control accounts by partner too, and where a currency
/// is kept by that: at home, and in it.
type Balances = BTreeMap<(QboId, Option<Partner>, Option<Currency>), (Money, Money)>;

/// Works the opening balances out, from QuickBooks' ledger and from what was
/// fetched.
pub async fn read(company: &Company, task: &Task, facts: &Facts) -> Result<Opening> {
    let (mut balances, controls) = balances(company, task, facts).await?;
    let before = before(company, task).await?;
    if balances.is_empty() && before.is_empty() {
        return Ok(Opening::default());
    }
    let settled_since = settled_since(company, task, facts, &before).await?;
    let mut documents = Vec::new();
    let all = ENTITIES.iter().filter(|entity| entity.write() == Write::Document);
    for entity in all {
        let kind = entity.kind();
        let see = |read: Read<Staged>| {
            let Staged { id, record, .. } = read.value;
            let own = Ref::new(kind, id.clone());
            if !before.contains(&own) {
                return;
            }
            let since = settled_since.get(&own).copied().unwrap_or_default();
            let posted = controls.get(&Txn::new(kind, id.clone()));
            if let Some(open) = OpenDocument::of(kind, &record, since, posted, facts)
                && let Some(draft) = open.draft(facts)
            {
                let currency = open.head.currency().filter(|c| !facts.is_home(Some(c)));
                let of = (open.control.clone(), open.partner.clone(), currency);
                let left = balances.entry(of).or_default();
                left.0 += -open.home();
                left.1 += -open.open;
                documents.push((kind, id, draft.into()));
            }
        };
        let key = Select::Key(fetched_key(&task.job, kind));
        company.tenant.each(collection::STAGED, key, see).await?;
    }
    Ok(Opening { documents, entry: entry(&balances, task) })
}

/// The entry of the opening balances in Odoo, if there is one.
pub async fn entry_link(company: &Company) -> Result<Option<IdLink>> {
    let read = company.tenant.get(collection::ID_LINKS, entry_key(company)).await?;
    Ok(read.map(|read: Read<IdLink>| read.value))
}

/// What the entry's link is kept under.
pub fn entry_key(company: &Company) -> String {
    format!("{}/Opening/entry", company.link.id)
}

/// The posting that each transaction made on a control account.
type Controls = BTreeMap<Txn, Posting>;

async fn balances(company: &Company, task: &Task, facts: &Facts) -> Result<(Balances, Controls)> {
    let (mut balances, mut controls) = (Balances::new(), Controls::new());
    let mut after = None;
    'pages: loop {
        let key = Select::Key(task.job.0.clone());
        let page: Vec<Read<LedgerTxn>> =
            company.tenant.list(collection::LEDGER, key, after, 500).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.sort.clone().unwrap_or_default(), last.id.clone()));
        for txn in page.into_iter().map(|read| read.value) {
            // by date: what follows is history
            if txn.date >= task.cut {
                break 'pages;
            }
            for mut posting in txn.postings {
                let control = facts.is_control(&posting.account);
                if control && !posting.amount.is_zero() {
                    controls.entry(txn.txn.clone()).or_insert_with(|| posting.clone());
                }
                roll(&mut posting, task.cut, facts);
                let partner = posting.partner.filter(|_| control);
                let kept = control || keeps_currency(&posting.account, facts);
                let (currency, amount) = match posting.foreign.filter(|_| kept) {
                    Some((currency, amount)) => (Some(currency), amount),
                    None => (None, posting.amount),
                };
                let balance = balances.entry((posting.account, partner, currency)).or_default();
                balance.0 += posting.amount;
                balance.1 += amount;
            }
        }
    }
    Ok((balances, controls))
}

/// Documents from before the cut.
pub async fn before(company: &Company, task: &Task) -> Result<BTreeSet<Ref>> {
    let mut before = BTreeSet::new();
    let cut = task.cut.to_string();
    for entity in ENTITIES.iter().filter(|entity| entity.write() == Write::Document) {
        let see = |read: Read<Staged>| {
            if read.sort.is_some_and(|sort| sort < cut) {
                before.insert(Ref::new(entity.kind(), read.value.id));
            }
        };
        let key = Select::Key(fetched_key(&task.job, entity.kind()));
        company.tenant.each(collection::STAGED, key, see).await?;
    }
    Ok(before)
}

/// How much of each document from before the cut was settled since: by a later
/// payment, or by being set against a later document.
async fn settled_since(
    company: &Company,
    task: &Task,
    facts: &Facts,
    before: &BTreeSet<Ref>,
) -> Result<BTreeMap<Ref, Money>> {
    let mut since: BTreeMap<Ref, Money> = BTreeMap::new();
    for kind in SETTLING {
        let Some(entity) = entity(kind) else { continue };
        let see = |read: Read<Staged>| {
            let own = Ref::new(kind, read.value.id);
            let books = Books { facts, ledger: &[] };
            let mapped = entity.read(&read.value.record).and_then(|record| record.map(&books));
            // what cannot be mapped is told where it is loaded
            for allocation in mapped.into_iter().flat_map(|mapped| mapped.allocations) {
                let from = allocation.from.unwrap_or_else(|| own.clone());
                let to = allocation.to.unwrap_or_else(|| own.clone());
                if [&own, &from, &to].into_iter().all(|one| before.contains(one)) {
                    continue;
                }
                for one in [from, to].into_iter().filter(|one| before.contains(one)) {
                    *since.entry(one).or_default() += allocation.amount;
                }
            }
        };
        let key = Select::Key(fetched_key(&task.job, kind));
        company.tenant.each(collection::STAGED, key, see).await?;
    }
    Ok(since)
}

/// A document with what was open of it at the cut.
struct OpenDocument {
    kind: Kind,
    head: Head,
    due: Option<Date>,
    control: QboId,
    partner: Option<Partner>,
    /// Debit positive, in its own currency.
    open: Money,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Due {
    due_date: Option<Date>,
}

impl OpenDocument {
    /// `None` where nothing of it was open.
    fn of(
        kind: Kind,
        record: &RawValue,
        settled_since: Money,
        posted: Option<&Posting>,
        facts: &Facts,
    ) -> Option<Self> {
        let read = entity(kind)?.read(record).ok()?;
        let open_now = read.sums(facts)?.open.unwrap_or_default().abs();
        let open = open_now + settled_since;
        if open.is_zero() {
            return None;
        }
        let postings = read.post(&Books { facts, ledger: &[] }).ok()?;
        let by_rule = postings.iter().find(|posting| facts.is_control(&posting.account));
        // the ledger knows best; where it is silent, the document's own rules say
        let own = posted.or(by_rule)?;
        let partner = own.partner.as_ref().or(by_rule.and_then(|own| own.partner.as_ref()));
        let sign = if own.amount.is_negative() { -1 } else { 1 };
        Some(Self {
            kind,
            head: serde_json::from_str(record.get()).ok()?,
            due: serde_json::from_str::<Due>(record.get()).ok()?.due_date,
            control: own.account.clone(),
            partner: partner.cloned(),
            open: open * sign.into(),
        })
    }

    fn line(&self) -> Line {
        Line::new(&self.control, self.open, &self.head)
    }

    fn home(&self) -> Money {
        self.line().home
    }

    fn draft(&self, facts: &Facts) -> Option<Draft> {
        let (move_type, journal) = match self.kind {
            Kind::Invoice => ("out_invoice", Journal::Invoices),
            Kind::CreditMemo => ("out_refund", Journal::CreditMemos),
            Kind::Bill => ("in_invoice", Journal::Bills),
            Kind::VendorCredit => ("in_refund", Journal::VendorCredits),
            _ => ("entry", Journal::Entries),
        };
        let partner = self.partner.as_ref().map(|p| Ref::new(p.kind, p.id.clone()));
        let due = self.line().with(Role::Due(self.due)).partner(partner.clone());
        let against = Line::new(&CLEARING_LINE.into(), -self.open, &self.head)
            .name(Some("Opening balance".into()));
        let document = Document {
            move_type,
            journal,
            head: &self.head,
            due: self.due,
            partner,
            lines: vec![against, due],
        };
        let mut draft = document.draft(&Books { facts, ledger: &[] }).ok()?.as_part(PART);
        clear(&mut draft.fields);
        Some(draft)
    }
}

/// Puts the clearing account where it is meant.
fn clear(fields: &mut Fields) {
    let Some(Field::Lines(lines)) = fields.get_mut("line_ids") else { return };
    for line in lines {
        if line.get("account_id") == Some(&Field::to(Kind::Account, &CLEARING_LINE.into())) {
            line.insert("account_id", found("account.account", "code", CLEARING));
        }
    }
}

/// The lines of a balance: at home, and in its currency. Odoo takes no line that is
/// a debit in the one and a credit in the other; such a balance stands on two.
fn sides(home: Money, own: Money, foreign: bool) -> Vec<(Money, Option<Money>)> {
    let opposite = home.is_negative() != own.is_negative() && !home.is_zero() && !own.is_zero();
    match (home.is_zero(), foreign) {
        (true, false) => Vec::new(),
        (false, false) => vec![(home, None)],
        (true, true) if own.is_zero() => Vec::new(),
        (_, true) if opposite => vec![(home, None), (Money::ZERO, Some(own))],
        (_, true) => vec![(home, Some(own))],
    }
}

/// Whether an account is kept in a currency of its own.
fn keeps_currency(account: &QboId, facts: &Facts) -> bool {
    facts.accounts.get(account).is_some_and(|a| !facts.is_home(a.currency.as_ref()))
}

/// All balances that no open document brings, and what clears those.
fn entry(balances: &Balances, task: &Task) -> Option<Draft> {
    let mut left = Money::ZERO;
    let mut lines = Vec::new();
    for ((account, partner, currency), (home, own)) in balances {
        left -= *home;
        for (home, own) in sides(*home, *own, currency.is_some()) {
            let mut line = Fields::from([
                ("account_id", Field::to(Kind::Account, account)),
                ("balance", home.into()),
                ("name", "Opening balance".into()),
            ]);
            if let Some((currency, own)) = currency.as_ref().zip(own) {
                line.insert("currency_id", found("res.currency", "name", &currency.0));
                line.insert("amount_currency", own.into());
            }
            if let Some(partner) = partner {
                line.insert("partner_id", Field::to(partner.kind, &partner.id));
            }
            lines.push(line);
        }
    }
    if lines.is_empty() {
        return None;
    }
    if !left.is_zero() {
        lines.push(Fields::from([
            ("account_id", found("account.account", "code", CLEARING)),
            ("balance", left.into()),
            ("name", "Open documents".into()),
        ]));
    }
    let fields = [
        ("move_type", "entry".into()),
        ("journal_id", found("account.journal", "code", Journal::Entries.code())),
        ("date", day(task.cut).into()),
        ("ref", "Opening balances".into()),
        ("line_ids", Field::Lines(lines)),
    ];
    Some(Draft::new("account.move", fields))
}
