//! What makes a company's books harder, each by a switch of its own.

use serde_json::{Value, json};

use super::{
    Business, Event, Plan,
    abroad::{self, CURRENCIES},
    abroad_rarer,
    books::{Books, reference},
    controls::{CONTRACTORS, RETAINAGE},
    masters::{Account, PAYABLE, RECEIVABLE, add_accounts},
    vat,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Goods on the shelf on the first day, which no record shows.
    InventoryStart,
    /// Cost of goods sold, first in first out, in the ledger only.
    FifoCost,
    SalesTaxPayments,
    Payroll,
    StatementCharges,
    /// Doubled and missing numbers, voided and zero documents, odd prices.
    Odd,
    /// Documents in euro and pounds, each at its own rate, with what they gain.
    Foreign,
    /// What is open in other currencies is revalued each month, in the ledger only.
    Revaluation,
    /// A second receivable and payable account, which no record names.
    Controls,
    /// Refunds by check and deposit, and entries on what several owe.
    Refunds,
    /// Taxes outside the US: excluded, included, on each other, reversed.
    Vat,
    /// A class on every line and a location on every document.
    Dimensions,
    /// Accounts five deep, with postings on every level.
    DeepAccounts,
    /// The fiscal year begins in October.
    FiscalYear,
    /// Files and notes, on one record, on several, and on none.
    Attachments,
}

impl Feature {
    pub const USUAL: [Self; 7] = [
        Self::InventoryStart,
        Self::FifoCost,
        Self::SalesTaxPayments,
        Self::Payroll,
        Self::StatementCharges,
        Self::Odd,
        Self::Attachments,
    ];

    pub const ALL: [Self; 15] = [
        Self::InventoryStart,
        Self::FifoCost,
        Self::SalesTaxPayments,
        Self::Payroll,
        Self::StatementCharges,
        Self::Odd,
        Self::Foreign,
        Self::Revaluation,
        Self::Controls,
        Self::Refunds,
        Self::Vat,
        Self::Dimensions,
        Self::DeepAccounts,
        Self::FiscalYear,
        Self::Attachments,
    ];
}

/// Accounts of what customers owe, and of what is owed to vendors.
pub const RECEIVABLES: [&str; 4] =
    [RECEIVABLE, RETAINAGE, CURRENCIES[0].receivable, CURRENCIES[1].receivable];
pub const PAYABLES: [&str; 4] =
    [PAYABLE, CONTRACTORS, CURRENCIES[0].payable, CURRENCIES[1].payable];

/// Ids fall from the top down: an account above another is often the newer one.
const DEEP: [Account; 5] = [
    ("139", "Vehicles", "", "Expense", "Auto", ""),
    ("138", "Vans", "139", "Expense", "Auto", ""),
    ("137", "White Vans", "138", "Expense", "Auto", ""),
    ("136", "Old White Vans", "137", "Expense", "Auto", ""),
    ("135", "Other", "136", "Expense", "Auto", ""),
];

impl Plan {
    /// Home first.
    pub(super) fn currencies(&self) -> Vec<&'static str> {
        let others = CURRENCIES.iter().map(|c| c.code).filter(|_| self.has(Feature::Foreign));
        std::iter::once("USD").chain(others).collect()
    }

    pub(super) fn year_starts(&self) -> i8 {
        if self.has(Feature::FiscalYear) { 10 } else { 1 }
    }
}

/// The lists that features need.
pub fn masters(books: &mut Books, plan: &Plan) {
    if plan.has(Feature::Foreign) {
        abroad::masters(books);
        abroad_rarer::masters(books);
    }
    if plan.has(Feature::Controls) {
        super::controls::masters(books);
    }
    if plan.has(Feature::Vat) {
        vat::masters(books);
    }
    if plan.has(Feature::DeepAccounts) {
        add_accounts(books, &DEEP, "USD");
    }
    books.dimensions = plan.has(Feature::Dimensions);
}

impl Business {
    /// What happens besides, because of features.
    pub(super) fn more_events(&self) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::new();
        if self.plan.has(Feature::Foreign) {
            events.extend(abroad::EVENTS);
            events.extend(abroad_rarer::EVENTS);
        }
        if self.plan.has(Feature::Controls) {
            events.extend(super::controls::SEVERAL);
        }
        if self.plan.has(Feature::Refunds) {
            events.extend(super::controls::REFUNDS);
        }
        if self.plan.has(Feature::Vat) {
            events.extend(vat::EVENTS);
        }
        if self.plan.has(Feature::DeepAccounts) {
            events.push(Self::deep_entry);
        }
        events
    }

    fn deep_entry(&mut self) {
        let (one, other) = (DEEP[self.rng.usize(0..5)].0, DEEP[self.rng.usize(0..5)].0);
        let cents = self.rng.i64(100..9000);
        self.entry(&[
            (one, cents, None),
            (other, -cents / 3, None),
            ("35", -(cents - cents / 3), None),
        ]);
    }
}

/// A class on every line that has none, and a location on a document.
pub fn with_dimensions(record: &mut Value) {
    let details = [
        "SalesItemLineDetail",
        "DiscountLineDetail",
        "AccountBasedExpenseLineDetail",
        "ItemBasedExpenseLineDetail",
        "DepositLineDetail",
        "JournalEntryLineDetail",
    ];
    let mut classes = ["1", "2", "3"].iter().cycle();
    for line in record["Line"].as_array_mut().into_iter().flatten() {
        for detail in details {
            if line.get(detail).is_some() && line[detail].get("ClassRef").is_none() {
                line[detail]["ClassRef"] = reference(classes.next().unwrap_or(&"1"));
            }
        }
    }
    if record.get("DepartmentRef").is_none() {
        record["DepartmentRef"] = json!({ "value": "2" });
    }
}
