//! What a migration will take: calls as the steps make them, and time by costs
//! that were measured.

use jiff::civil::Date;
use q2o_domain::{
    Kind, Tier, Write, assessment::Forecast, ledger::month_ends, records::OdooConnection,
};

use super::{
    books::BooksSeen,
    books_ready::{first, last},
    features::items,
};
use crate::{
    entities::ENTITIES,
    sync::{fetch::read_balances, load::opening},
};

/// Records of a page of QuickBooks, and of a batch into Odoo.
const PAGE: u64 = 1000;
const BATCH: u64 = 200;
/// Queries of a batch call.
const QUERIES: u64 = 30;

/// Odoo's own time, in milliseconds, as measured on Odoo 18 on one core: a
/// master record by `load()`, a document created and posted, a payment set
/// against what it pays, a journal item read back.
const MASTER: u64 = 2;
const DOCUMENT: u64 = 22;
const ALLOCATION: u64 = 9;
const READ_BACK: u64 = 1;
/// A file of 100 KB.
const UPLOAD: u64 = 105;
/// A page of records, a month of the ledger, a trial balance: as recorded from QuickBooks.
const QUICKBOOKS_CALL: u64 = 500;

/// Calls of Odoo: before the first record and after the last; for a batch of
/// master records, and for each tax rate beside; for a batch of documents, and
/// of those that are set against others.
const AROUND: u64 = 25;
const MASTERS: u64 = 4;
const TAX_RATE: u64 = 6;
const DOCUMENTS: u64 = 7;
const SETTLED: u64 = 11;
/// The same of each file.
const FILE: u64 = 2;

/// Kinds whose documents are set against others.
const SETTLE: [Kind; 4] = [Kind::JournalEntry, Kind::Payment, Kind::BillPayment, Kind::Deposit];

pub struct Asked<'a> {
    pub books: &'a BooksSeen,
    pub odoo: &'a OdooConnection,
    /// QuickBooks calls a second.
    pub quickbooks_pace: u32,
    pub plan: Tier,
    pub cut: Date,
    pub until: Date,
}

pub fn forecast(asked: &Asked<'_>) -> Forecast {
    let books = asked.books;
    let kinds =
        || ENTITIES.iter().map(|entity| (*entity, books.counts.get(&entity.kind().to_string())));
    let (mut masters, mut documents, mut before, mut payments) = (0, 0, 0, 0);
    let mut files = 0;
    // the companies themselves, and the counts
    let asked_about = kinds().filter(|(_, counted)| counted.is_some()).count() as u64;
    let mut quickbooks_calls = 2 + asked_about.div_ceil(QUERIES);
    let mut odoo_calls = AROUND;
    for (entity, counted) in kinds() {
        let Some(counted) = counted.filter(|counted| counted.records > 0) else { continue };
        // a page that is full is followed by another
        quickbooks_calls += counted.records / PAGE + 1;
        let moved = counted.records - counted.before.min(counted.records);
        let batches = |records: u64| records / BATCH + 1;
        match entity.write() {
            Write::Nothing => odoo_calls += batches(counted.records),
            Write::Master => {
                masters += counted.records;
                odoo_calls += batches(counted.records) * MASTERS;
                if entity.kind() == Kind::TaxRate {
                    odoo_calls += counted.records * TAX_RATE;
                }
            }
            // where a file is, is asked for one by one; each is looked for, loaded and looked at
            Write::File => {
                files += counted.records;
                quickbooks_calls += counted.records;
                odoo_calls += counted.records * FILE;
            }
            // orders are also put into their states
            Write::NonPosting => {
                masters += moved;
                odoo_calls += batches(moved) * DOCUMENTS;
            }
            Write::Document => {
                documents += moved;
                before += counted.before;
                if SETTLE.contains(&entity.kind()) {
                    payments += moved;
                    odoo_calls += batches(moved) * SETTLED;
                } else {
                    odoo_calls += batches(moved) * DOCUMENTS;
                }
            }
        }
    }
    let history = first(books).zip(last(books));
    if let Some((first, last)) = history {
        let months = month_ends(first.first_of_month(), asked.until.max(last)).len() as u64;
        quickbooks_calls += months + 1;
        let last = asked.until.max(last).last_of_month();
        let from = first.max(opening::day(asked.cut));
        quickbooks_calls += read_balances::days(from, last, &books.facts).len() as u64;
    } else {
        quickbooks_calls += 2;
    }
    // its valuation of the stock
    quickbooks_calls += u64::from(!items(books, "Inventory").is_empty());
    let quickbooks = (quickbooks_calls * QUICKBOOKS_CALL)
        .max(quickbooks_calls * 1000 / u64::from(asked.quickbooks_pace.max(1)));
    let work = masters * MASTER
        + documents * (DOCUMENT + READ_BACK * 4)
        + payments * ALLOCATION
        + files * UPLOAD;
    let odoo = match asked.odoo.calls_per_second {
        Some(pace) => work.max(odoo_calls * 1000 / u64::from(pace.max(1))),
        None => work,
    };
    Forecast {
        plan: asked.plan,
        cut: asked.cut,
        masters,
        documents,
        before,
        files,
        quickbooks_calls,
        odoo_calls,
        minutes: (quickbooks + odoo).div_ceil(60_000),
        plan_for_all: match history {
            Some((first, _)) => Tier::covering(first, asked.until),
            None => Some(Tier::Freebie),
        },
        assumes: assumes(asked),
    }
}

fn assumes(asked: &Asked<'_>) -> Vec<String> {
    let odoo = match asked.odoo.calls_per_second {
        Some(pace) => format!("Odoo answers {pace} calls a second, as its connection says."),
        None => "Odoo is asked as fast as it answers.".to_owned(),
    };
    vec![
        format!(
            "QuickBooks takes {QUICKBOOKS_CALL} ms for a page or a month of its ledger, and no \
             more than {} calls a second.",
            asked.quickbooks_pace
        ),
        odoo,
        format!(
            "Odoo takes {MASTER} ms for a master record, {DOCUMENT} ms for a document, \
             {ALLOCATION} ms to set a payment against what it pays, {UPLOAD} ms for a file."
        ),
    ]
}
