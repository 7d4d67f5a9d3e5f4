//! Whether a company is ready: each check with what it found and how to put it
//! right. Pure; what can be found out only by trying is not here.

use jiff::{SignedDuration, Timestamp, civil::Date};
use q2o_domain::{
    Tier,
    assessment::{
        Check, Feature, Fix, FixBy, LeftBehind,
        Severity::{self, Block},
    },
    records::{CompanyLink, QboConnection},
};

use super::{accounts, books::BooksSeen, books_ready, odoo_ready, target::OdooSeen};

/// Everything the checks look at.
pub struct Sides<'a> {
    pub books: &'a BooksSeen,
    /// Or why Odoo could not be looked at.
    pub odoo: Result<&'a OdooSeen, &'a str>,
    pub link: &'a CompanyLink,
    pub connection: Option<&'a QboConnection>,
    pub features: &'a [Feature],
    pub left_behind: &'a [LeftBehind],
    pub plan: Tier,
    pub cut: Date,
    /// The day that counts as today in the books.
    pub until: Date,
    pub now: Timestamp,
}

/// Sign-ins that end sooner than this are worth a word.
pub const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

pub fn checks(sides: &Sides<'_>) -> Vec<Check> {
    let mut checks = Checks(Vec::new());
    books_ready::check(sides, &mut checks);
    accounts::numbers(sides, &mut checks);
    match sides.odoo {
        Ok(odoo) => {
            odoo_ready::check(sides, odoo, &mut checks);
            accounts::codes_taken(sides, odoo, &mut checks);
        }
        Err(why) => {
            checks.found("odoo-connection", Block, why, FixBy::Connect, "Connect Odoo again.");
        }
    }
    checks.0
}

/// The checks in the making.
pub struct Checks(Vec<Check>);

impl Checks {
    pub fn ok(&mut self, id: &str, says: impl Into<String>) {
        self.add(id, Severity::Ok, says.into(), None);
    }

    pub fn found(
        &mut self,
        id: &str,
        severity: Severity,
        says: impl Into<String>,
        by: FixBy,
        what: impl Into<String>,
    ) {
        self.add(id, severity, says.into(), Some(Fix { by, what: what.into() }));
    }

    pub fn add(&mut self, id: &str, severity: Severity, says: String, fix: Option<Fix>) {
        self.0.push(Check { id: id.to_owned(), severity, says, fix });
    }
}

/// The first few.
pub fn few(texts: &[String]) -> String {
    let more = if texts.len() > 5 { ", ..." } else { "" };
    format!("{}{more}", texts[..texts.len().min(5)].join(", "))
}
