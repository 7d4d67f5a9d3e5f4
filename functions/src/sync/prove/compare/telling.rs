//! What a comparison has to say: the differences, the first of each level one by
//! one, and what could not be compared.

use std::collections::BTreeMap;

use q2o_domain::{Money, ledger::Level, records::Difference};

/// Differences of a level told one by one; more are only counted.
const TOLD: usize = 100;

#[derive(Default)]
pub struct Telling {
    pub differences: Vec<Difference>,
    pub not_compared: Vec<String>,
    told: BTreeMap<String, usize>,
}

impl Telling {
    pub fn tell(&mut self, difference: Difference) {
        let told = self.told.entry(difference.level.clone()).or_default();
        if *told < TOLD {
            *told += 1;
            self.differences.push(difference);
        }
    }

    /// Compares one amount, QuickBooks' first.
    pub fn amount(
        &mut self,
        name: &str,
        level: &mut Level,
        (quickbooks, odoo): (Money, Money),
        tell: impl FnOnce() -> Told,
    ) {
        if !level.amount(odoo, quickbooks) {
            self.tell(tell().of(name, &quickbooks, &odoo));
        }
    }

    pub fn not_compared(&mut self, what: String) {
        self.not_compared.push(what);
    }
}

/// What differs, of which kind the difference is, and which transactions are behind it.
pub struct Told {
    pub what: String,
    pub reason: &'static str,
    pub because_of: Vec<String>,
}

impl Told {
    pub fn new(reason: &'static str, what: String) -> Self {
        Self { what, reason, because_of: Vec::new() }
    }

    #[must_use]
    pub fn because_of(self, because_of: Vec<String>) -> Self {
        Self { because_of, ..self }
    }

    /// As a difference of this level.
    pub fn of(self, level: &str, quickbooks: &impl ToString, odoo: &impl ToString) -> Difference {
        Difference {
            level: level.to_owned(),
            what: self.what,
            quickbooks: quickbooks.to_string(),
            odoo: odoo.to_string(),
            reason: self.reason.to_owned(),
            because_of: self.because_of,
        }
    }
}
