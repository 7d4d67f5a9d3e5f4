//! What QuickBooks is asked for an assessment: counts by kind and calendar year,
//! and the lists that say what the company uses. A few batches, whatever its size.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use q2o_domain::{
    Facts, Kind, Money, Result, Write,
    assessment::Counted,
    ports::{Answer, QuickBooks, Unavailable},
};
use serde::Deserialize;
use serde_json::Value;

use super::left_behind::NO_ENTITY;
use crate::{
    entities::{ENTITIES, entity},
    sync::survey::switched_off,
};

/// Kinds whose records have a day.
const DATED: [&str; 18] = [
    "Invoice",
    "CreditMemo",
    "SalesReceipt",
    "RefundReceipt",
    "Payment",
    "Bill",
    "VendorCredit",
    "BillPayment",
    "Purchase",
    "Deposit",
    "Transfer",
    "JournalEntry",
    "Estimate",
    "PurchaseOrder",
    "TimeActivity",
    "InventoryAdjustment",
    "CreditCardPayment",
    "ReimburseCharge",
];

/// The lists an assessment looks at, as far as a page reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    Accounts,
    TaxAgencies,
    TaxRates,
    TaxCodes,
    Items,
    SubCustomers,
    Currencies,
    Invoices,
    Bills,
    Payments,
    CreditMemos,
    VendorCredits,
}

/// Rows of a page; QuickBooks gives no more.
pub const PAGE: usize = 1000;

impl List {
    const ALL: [Self; 12] = [
        Self::Accounts,
        Self::TaxAgencies,
        Self::TaxRates,
        Self::TaxCodes,
        Self::Items,
        Self::SubCustomers,
        Self::Currencies,
        Self::Invoices,
        Self::Bills,
        Self::Payments,
        Self::CreditMemos,
        Self::VendorCredits,
    ];

    fn statement(self) -> String {
        // of documents the latest, and no more of them than is looked at
        let (columns, rest) = match self {
            Self::TaxAgencies | Self::Currencies => ("*", ""),
            Self::SubCustomers => ("*", " WHERE Job = true AND Active IN (true,false)"),
            Self::Invoices => ("Id, DocNumber", " ORDERBY TxnDate DESC"),
            Self::Bills => ("Id, DocNumber, VendorRef", " ORDERBY TxnDate DESC"),
            Self::Payments => ("*", " ORDERBY TxnDate DESC"),
            Self::CreditMemos | Self::VendorCredits => ("Id, Balance", " ORDERBY TxnDate DESC"),
            _ => ("*", " WHERE Active IN (true,false)"),
        };
        format!("SELECT {columns} FROM {}{rest} MAXRESULTS {PAGE}", self.of())
    }

    /// QuickBooks' name of what is in it.
    pub fn of(self) -> &'static str {
        match self {
            Self::Accounts => "Account",
            Self::TaxAgencies => "TaxAgency",
            Self::TaxRates => "TaxRate",
            Self::TaxCodes => "TaxCode",
            Self::Items => "Item",
            Self::SubCustomers => "Customer",
            Self::Currencies => "CompanyCurrency",
            Self::Invoices => "Invoice",
            Self::Bills => "Bill",
            Self::Payments => "Payment",
            Self::CreditMemos => "CreditMemo",
            Self::VendorCredits => "VendorCredit",
        }
    }

    /// The kind whose mapping reads these rows.
    pub fn kind(self) -> Option<Kind> {
        match self {
            Self::Accounts => Some(Kind::Account),
            Self::TaxAgencies => Some(Kind::TaxAgency),
            Self::TaxRates => Some(Kind::TaxRate),
            Self::TaxCodes => Some(Kind::TaxCode),
            Self::Items => Some(Kind::Item),
            _ => None,
        }
    }
}

/// One question of a batch.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Count(String),
    List(List),
    First(String),
    Last(String),
    /// Records before a day.
    Before(String, Date),
}

/// A QuickBooks company as an assessment sees it.
pub struct BooksSeen {
    pub info: Value,
    pub preferences: Value,
    pub counts: BTreeMap<String, Counted>,
    lists: BTreeMap<List, Vec<Value>>,
    /// A record of each kind that only its mapping can tell about.
    pub samples: BTreeMap<Kind, Value>,
    /// As the mappings know the company.
    pub facts: Facts,
}

/// Looks at everything; `cut` is the first day of history that is to be moved.
pub async fn look(quickbooks: &dyn QuickBooks, cut: Date) -> Result<BooksSeen> {
    let (info, preferences) = (quickbooks.company().await?, quickbooks.preferences().await?);
    let single = [Kind::CompanyInfo, Kind::Preferences];
    let off = switched_off(&preferences);
    let known = ENTITIES.iter().map(|entity| entity.kind());
    let known = known.filter(|kind| !single.contains(kind) && !off.contains_key(kind));
    let names: BTreeSet<String> = known
        .map(|kind| kind.to_string())
        .chain(NO_ENTITY.iter().map(|(name, _)| (*name).to_owned()))
        .collect();
    let counts = names.iter().map(|name| (Question::Count(name.clone()), count(name)));
    let lists = List::ALL.into_iter().filter(|list| names.contains(list.of()));
    let lists: Vec<List> = lists.collect();
    let of_lists = lists.iter().map(|list| (Question::List(*list), list.statement()));
    let mut answers = ask(quickbooks, counts.chain(of_lists).collect()).await?;

    let mut seen = BooksSeen {
        info,
        preferences,
        counts: BTreeMap::new(),
        lists: BTreeMap::new(),
        samples: BTreeMap::new(),
        facts: Facts::default(),
    };
    for name in names {
        let counted = match answers.remove(&Question::Count(name.clone())) {
            Some(Ok(found)) => Counted { records: found.count.unwrap_or(0), ..Counted::default() },
            Some(Err(Unavailable(why))) => {
                Counted { not_answered: Some(why), ..Counted::default() }
            }
            None => continue,
        };
        seen.counts.insert(name, counted);
    }
    for list in lists {
        match answers.remove(&Question::List(list)) {
            Some(Ok(found)) => {
                seen.lists.insert(list, found.rows);
            }
            Some(Err(Unavailable(why))) => {
                let counted = seen.counts.entry(list.of().to_owned()).or_default();
                counted.not_answered.get_or_insert(why);
            }
            None => {}
        }
    }
    dates(quickbooks, &mut seen).await?;
    days(quickbooks, &mut seen, cut).await?;
    seen.gather();
    Ok(seen)
}

/// The days that the records of each kind lie between.
async fn dates(quickbooks: &dyn QuickBooks, seen: &mut BooksSeen) -> Result<()> {
    let mut questions = Vec::new();
    for (name, _) in seen.counts.iter().filter(|(_, counted)| counted.records > 0) {
        let dated = DATED.contains(&name.as_str());
        // what is not moved says so itself, record in hand
        let telling = of(name).is_some_and(|entity| entity.write() == Write::Nothing);
        let columns = if telling { "*" } else { "Id, TxnDate" };
        if dated || telling {
            let order = if dated { " ORDERBY TxnDate" } else { "" };
            let first = format!("SELECT {columns} FROM {name}{order} MAXRESULTS 1");
            questions.push((Question::First(name.clone()), first));
        }
        if dated {
            let last = format!("SELECT Id, TxnDate FROM {name} ORDERBY TxnDate DESC MAXRESULTS 1");
            questions.push((Question::Last(name.clone()), last));
        }
    }
    for (question, answer) in ask(quickbooks, questions).await? {
        let Ok(Some(row)) = answer.map(|found| found.rows.into_iter().next()) else { continue };
        let day: Option<Date> = row["TxnDate"].as_str().and_then(|day| day.parse().ok());
        match question {
            Question::First(name) => {
                if let Some(entity) = of(&name).filter(|e| e.write() == Write::Nothing) {
                    seen.samples.insert(entity.kind(), row);
                }
                seen.counts.entry(name).or_default().first = day;
            }
            Question::Last(name) => seen.counts.entry(name).or_default().last = day,
            _ => {}
        }
    }
    Ok(())
}

/// Records of each calendar year and before the cut, by how many there are
/// before a day.
async fn days(quickbooks: &dyn QuickBooks, seen: &mut BooksSeen, cut: Date) -> Result<()> {
    let mut questions = Vec::new();
    for (name, counted) in &seen.counts {
        let Some((first, last)) = counted.first.zip(counted.last) else { continue };
        let mut days: BTreeSet<Date> = (first.year() + 1..=last.year()).map(new_year).collect();
        if first < cut && cut <= last {
            days.insert(cut);
        }
        for day in days {
            let before = format!("{} WHERE TxnDate < '{day}'", count(name));
            questions.push((Question::Before(name.clone(), day), before));
        }
    }
    let answers = ask(quickbooks, questions).await?;
    for (name, counted) in &mut seen.counts {
        let Some((first, last)) = counted.first.zip(counted.last) else { continue };
        let mut before = |day: Date| match answers.get(&Question::Before(name.clone(), day)) {
            Some(Ok(found)) => found.count.unwrap_or(0),
            Some(Err(Unavailable(why))) => {
                counted.not_answered = Some(why.clone());
                0
            }
            // nobody had to be asked
            None if day <= first => 0,
            None => counted.records,
        };
        let mut by_year = BTreeMap::new();
        for year in first.year()..=last.year() {
            let records = before(new_year(year + 1)).saturating_sub(before(new_year(year)));
            by_year.insert(year, records);
        }
        counted.before = before(cut);
        counted.by_year = by_year;
    }
    Ok(())
}

fn new_year(year: i16) -> Date {
    jiff::civil::date(year, 1, 1)
}

fn count(name: &str) -> String {
    // as the migration asks: what is inactive is moved as well
    let only = of(name).and_then(q2o_domain::AnyEntity::only);
    let only = only.map(|only| format!(" WHERE {only}")).unwrap_or_default();
    format!("SELECT count(*) FROM {name}{only}")
}

fn of(name: &str) -> Option<&'static dyn q2o_domain::AnyEntity> {
    Kind::named(name).and_then(entity)
}

async fn ask(
    quickbooks: &dyn QuickBooks,
    questions: Vec<(Question, String)>,
) -> Result<BTreeMap<Question, Answer>> {
    let (questions, statements): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
    Ok(questions.into_iter().zip(quickbooks.queries(&statements).await?).collect())
}

impl BooksSeen {
    pub fn rows(&self, list: List) -> &[Value] {
        self.lists.get(&list).map_or(&[], Vec::as_slice)
    }

    /// Whether a list goes on behind what was looked at.
    pub fn cut_short(&self, list: List) -> bool {
        self.rows(list).len() >= PAGE
    }

    pub fn count(&self, name: &str) -> u64 {
        self.counts.get(name).map_or(0, |counted| counted.records)
    }

    pub fn home(&self) -> &str {
        self.facts.home.as_ref().map_or("USD", |home| home.as_str())
    }

    pub fn name(&self) -> &str {
        self.info["CompanyName"].as_str().unwrap_or_default()
    }

    /// What `CompanyInfo` says beside its fields, as in `SubscriptionStatus`.
    pub fn info_value(&self, name: &str) -> Option<&str> {
        let values = self.info["NameValue"].as_array()?;
        values.iter().find(|value| value["Name"] == name)?["Value"].as_str()
    }

    pub fn closing_date(&self) -> Option<Date> {
        self.preferences["AccountingInfoPrefs"]["BookCloseDate"].as_str()?.parse().ok()
    }

    fn gather(&mut self) {
        let single = [(Kind::Preferences, &self.preferences), (Kind::CompanyInfo, &self.info)];
        let listed = self.lists.iter().filter_map(|(list, rows)| Some((list.kind()?, rows)));
        let rows = listed.flat_map(|(kind, rows)| rows.iter().map(move |row| (kind, row)));
        let mut facts = Facts::default();
        for (kind, row) in single.into_iter().chain(rows) {
            if let Some(Ok(record)) = entity(kind).map(|entity| entity.read_value(row)) {
                record.inform(&mut facts);
            }
        }
        self.facts = facts;
    }
}

/// An amount of a record, nothing where it is left out.
pub fn amount(row: &Value, field: &str) -> Money {
    Money::deserialize(&row[field]).unwrap_or_default()
}
