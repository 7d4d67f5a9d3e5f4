//! Companies made up: their QuickBooks records, and a ledger kept beside them by
//! the business's own events, never by reading the records.

mod abroad;
mod abroad_rarer;
mod banking;
mod books;
mod controls;
mod features;
mod files;
mod masters;
mod others;
mod purchases;
mod sales;
mod size;
mod vat;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use fastrand::Rng;
use jiff::{Span, civil::Date};
use serde_json::Value;

pub use books::Posting;
use books::{Bill, Books, Credit, Invoice, Lot, Receipt};
pub use features::Feature;
pub use size::Size;

/// What company to make up.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    /// About how many transactions.
    pub documents: usize,
    pub years: i32,
    /// The last day.
    pub end: Date,
    /// As the books stood in the evening of this day, if it is before the last.
    pub seen: Option<Date>,
    /// What makes its books harder: each can be switched on and off.
    pub features: BTreeSet<Feature>,
    pub mix: Mix,
    pub customers: usize,
    pub vendors: usize,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Everything, each as often as usual.
    Usual,
    /// So many of the four kinds a real company had most of, and one or two of
    /// everything else.
    Exactly { invoices: u32, payments: u32, journal_entries: u32, bills: u32 },
}

impl Plan {
    /// Three years with about so many transactions, and everything in it.
    pub fn sized(documents: usize) -> Self {
        let customers = (documents / 20).clamp(40, 2000);
        Self {
            seed: 7,
            documents,
            years: 3,
            end: jiff::civil::date(2026, 6, 30),
            seen: None,
            features: Feature::USUAL.into(),
            mix: Mix::Usual,
            customers,
            vendors: (customers / 2).max(12),
        }
    }

    /// A company of the size of a real one, over ten years: its records were
    /// counted when somebody noticed that only the first thousand had been read.
    pub fn like_a_real_one() -> Self {
        let (invoices, payments, journal_entries, bills) = (17_940, 16_863, 5_313, 2_338);
        let documents = [invoices, payments, journal_entries, bills].map(|n| n as usize);
        Self {
            years: 10,
            mix: Mix::Exactly { invoices, payments, journal_entries, bills },
            vendors: 1166,
            ..Self::sized(documents.into_iter().sum())
        }
    }

    /// A year of it, with these features and no others.
    pub fn with(features: impl IntoIterator<Item = Feature>, documents: usize) -> Self {
        Self { years: 1, features: features.into_iter().collect(), ..Self::sized(documents) }
    }

    fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// At least 2,000 records, quickly.
    pub fn small() -> Self {
        Self::sized(2000)
    }

    fn today(&self) -> Date {
        self.seen.unwrap_or(self.end)
    }

    fn start(&self) -> Date {
        self.end.saturating_sub(Span::new().years(self.years)).tomorrow().unwrap_or(self.end)
    }
}

/// A company made up.
pub struct Company {
    /// By entity, in the order they were made.
    pub records: BTreeMap<&'static str, Vec<Value>>,
    pub postings: Vec<Posting>,
    pub realm: String,
    pub start: Date,
    pub end: Date,
    /// Home first.
    currencies: Vec<&'static str>,
    year_starts: i8,
    open: Vec<[String; 7]>,
}

impl Company {
    /// Writes the folder that the QuickBooks simulator loads.
    pub fn write(&self, folder: &Path) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        write::folder(self, folder)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.values().map(Vec::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// The business at work.
struct Business {
    plan: Plan,
    rng: Rng,
    books: Books,
    today: Date,
    people: masters::People,
    goods: masters::Goods,
    invoices: Vec<Invoice>,
    credits: Vec<Credit>,
    bills: Vec<Bill>,
    vendor_credits: Vec<Credit>,
    /// Received and not yet taken to the bank.
    undeposited: Vec<Receipt>,
    /// By item, oldest first.
    lots: BTreeMap<String, Vec<Lot>>,
    /// Open in other currencies.
    abroad: Vec<abroad::Open>,
    /// On the second receivable and payable account.
    retained: Vec<Invoice>,
    contracted: Vec<Bill>,
}

/// Makes a company up; the same plan always gives the same.
pub fn generate(plan: &Plan) -> Company {
    let mut rng = Rng::with_seed(plan.seed);
    let mut books = Books::new(plan.start());
    masters::accounts(&mut books);
    masters::lists(&mut books, plan);
    features::masters(&mut books, plan);
    let people = masters::people(&mut books, &mut rng, plan);
    let goods = masters::goods(&mut books);
    let mut business = Business {
        today: plan.start(),
        plan: plan.clone(),
        rng,
        books,
        people,
        goods,
        invoices: Vec::new(),
        credits: Vec::new(),
        bills: Vec::new(),
        vendor_credits: Vec::new(),
        undeposited: Vec::new(),
        lots: BTreeMap::new(),
        abroad: Vec::new(),
        retained: Vec::new(),
        contracted: Vec::new(),
    };
    business.open();
    business.run();
    business.close()
}

impl Business {
    /// The day the business begins: money in the bank, goods on the shelf.
    fn open(&mut self) {
        self.opening_deposit();
        if self.plan.has(Feature::InventoryStart) {
            self.inventory_start();
        }
        self.opening_entry();
        self.things_that_post_nothing();
        for (_, event) in EVENTS {
            // everything happens at least once, whatever the dice say
            event(self);
        }
        for event in self.more_events() {
            event(self);
        }
    }

    fn run(&mut self) {
        let days = self.plan.start().until(self.plan.end).map_or(1, |span| span.get_days()).max(1);
        let mut done = 0;
        let first = self.books.transactions();
        let more = self.more_events();
        for day in 0..=days {
            self.today = self.plan.start().saturating_add(Span::new().days(day));
            if self.today > self.plan.today() {
                self.today = self.plan.today();
                break;
            }
            let due = usize::try_from(day + 1).unwrap_or(1) * self.plan.documents
                / usize::try_from(days + 1).unwrap_or(1);
            while done < due {
                if !more.is_empty() && self.rng.u8(0..3) == 0 {
                    more[self.rng.usize(0..more.len())](self);
                    done = (self.books.transactions() - first).max(done + 1);
                    continue;
                }
                let weights = self.weights();
                let Some(most) = weights.iter().sum::<u32>().checked_sub(1) else { break };
                let dice = self.rng.u32(0..=most);
                let mut sums = weights.iter().scan(0, |sum, weight| {
                    *sum += weight;
                    Some(*sum)
                });
                let at = sums.position(|sum| dice < sum).unwrap_or(0);
                (EVENTS[at].1)(self);
                done = (self.books.transactions() - first).max(done + 1);
            }
            if self.today == self.today.last_of_month() {
                self.month_end();
            }
        }
    }

    /// How likely each event is: as often as usual, or as often as is left.
    fn weights(&self) -> [u32; EVENTS.len()] {
        let Mix::Exactly { invoices, payments, journal_entries, bills } = self.plan.mix else {
            return EVENTS.map(|(weight, _)| weight);
        };
        let left = |wanted: u32, made: usize| {
            wanted.saturating_sub(u32::try_from(made).unwrap_or(u32::MAX))
        };
        let made = |entity: &str| self.books.records.get(entity).map_or(0, Vec::len);
        let mut weights = [0; EVENTS.len()];
        weights[0] = left(invoices, self.invoices.len());
        weights[1] = left(payments, made("Payment"));
        weights[2] = left(bills, self.bills.len());
        weights[13] = left(journal_entries, made("JournalEntry"));
        weights
    }

    fn close(mut self) -> Company {
        self.others();
        if self.plan.has(Feature::Attachments) {
            self.attachments();
        }
        self.close_abroad();
        let mut open = Vec::new();
        let retained = std::mem::take(&mut self.retained);
        self.invoices.extend(retained);
        let contracted = std::mem::take(&mut self.contracted);
        self.bills.extend(contracted);
        for invoice in std::mem::take(&mut self.invoices) {
            open.extend(invoice.open_row());
            self.books.invoice(invoice);
        }
        for bill in std::mem::take(&mut self.bills) {
            open.extend(bill.open_row());
            self.books.bill(bill);
        }
        for credit in std::mem::take(&mut self.credits) {
            open.extend(credit.open_row());
            self.books.credit("CreditMemo", credit);
        }
        for credit in std::mem::take(&mut self.vendor_credits) {
            open.extend(credit.open_row());
            self.books.credit("VendorCredit", credit);
        }
        self.books.balances();
        Company {
            records: self.books.records,
            postings: self.books.postings,
            realm: format!("91300000{:08}", self.plan.seed),
            start: self.plan.start(),
            end: self.plan.today(),
            currencies: self.plan.currencies(),
            year_starts: self.plan.year_starts(),
            open,
        }
    }
}

type Event = fn(&mut Business);

/// What can happen, and how often in a thousand.
const EVENTS: [(u32, Event); 15] = [
    (310, Business::invoice),
    (225, Business::payment),
    (120, Business::bill),
    (95, Business::bill_payment),
    (110, Business::purchase),
    (50, Business::deposit),
    (35, Business::sales_receipt),
    (12, Business::credit_memo),
    (8, Business::apply_credit),
    (5, Business::refund_receipt),
    (10, Business::vendor_credit),
    (5, Business::apply_vendor_credit),
    (5, Business::transfer),
    (8, Business::journal_entry),
    (2, Business::statement_charge),
];
