//! What is checked of the QuickBooks company.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use q2o_domain::{
    Books, Tier,
    assessment::{
        Fix,
        FixBy::{Automatic, Configuration, Connect, Manual},
        Severity::{self, Review, Warn},
    },
};
use serde_json::Value;

use super::{
    books::{BooksSeen, List, PAGE, amount},
    features::{below_zero, some},
    readiness::{Checks, SOON, Sides, few},
};
use crate::entities::entity;

pub fn check(sides: &Sides<'_>, checks: &mut Checks) {
    sign_in(sides, checks);
    subscription(sides, checks);
    not_answered(sides, checks);
    history(sides, checks);
    closing_date(sides, checks);
    document_numbers(sides, checks);
    records(sides, checks);
}

fn sign_in(sides: &Sides<'_>, checks: &mut Checks) {
    let id = "quickbooks-sign-in";
    match sides.connection.and_then(|connection| connection.refresh_expires) {
        Some(ends) if ends.duration_since(sides.now) < SOON => {
            let says = format!("The sign-in to QuickBooks ends at {ends} if it is not used.");
            checks.found(id, Warn, says, Connect, "Connect QuickBooks again before the migration.");
        }
        Some(ends) => checks.ok(id, format!("The sign-in to QuickBooks is good until {ends}.")),
        None => checks.ok(id, "QuickBooks is connected."),
    }
}

fn subscription(sides: &Sides<'_>, checks: &mut Checks) {
    let id = "quickbooks-subscription";
    match sides.books.info_value("SubscriptionStatus") {
        Some(status) if !["PAID", "TRIAL", "ACTIVE"].contains(&status.to_uppercase().as_str()) => {
            let says = format!("QuickBooks says the subscription is {status}; its API may close.");
            checks.found(id, Warn, says, Manual, "Renew it until the books are in Odoo.");
        }
        Some(status) => checks.ok(id, format!("The QuickBooks subscription is {status}.")),
        None => checks.ok(id, "QuickBooks answers."),
    }
}

/// What QuickBooks will not tell is told as such.
fn not_answered(sides: &Sides<'_>, checks: &mut Checks) {
    let silent: Vec<String> = sides
        .books
        .counts
        .iter()
        .filter_map(|(name, counted)| Some(format!("{name} ({})", counted.not_answered.as_ref()?)))
        .collect();
    let id = "not-answered";
    if silent.is_empty() {
        checks.ok(id, "QuickBooks answered for every kind of record.");
        return;
    }
    let says = format!("QuickBooks does not answer for: {}.", silent.join("; "));
    let what = "If the company uses them, look whether its subscription has them.";
    checks.found(id, Warn, says, Manual, what);
}

fn history(sides: &Sides<'_>, checks: &mut Checks) {
    let id = "plan-years";
    let (cut, plan) = (sides.cut, sides.plan);
    let Some(first) = first(sides.books) else {
        checks.ok(id, "There are no transactions.");
        return;
    };
    if first >= cut {
        checks.ok(id, format!("The {plan:?} plan covers all of history, from {first}."));
        return;
    }
    let before: u64 = sides.books.counts.values().map(|counted| counted.before).sum();
    let says = format!(
        "History begins {first}; with the {plan:?} plan {before} records before {cut} become \
         opening balances."
    );
    let what = match Tier::covering(first, sides.until) {
        Some(tier) => format!("The {tier:?} plan covers all of history."),
        None => "No plan covers all of it; opening balances stand for what is before.".to_owned(),
    };
    checks.found(id, Warn, says, Manual, what);
}

/// The first day of a transaction.
pub fn first(books: &BooksSeen) -> Option<Date> {
    books.counts.values().filter_map(|counted| counted.first).min()
}

/// The last day of one.
pub fn last(books: &BooksSeen) -> Option<Date> {
    books.counts.values().filter_map(|counted| counted.last).max()
}

/// The books are only read, so a closed year does not hinder.
fn closing_date(sides: &Sides<'_>, checks: &mut Checks) {
    let id = "quickbooks-closing-date";
    match sides.books.closing_date() {
        Some(day) => {
            let says = format!("QuickBooks' books are closed up to {day}.");
            let what = format!("After the proof, set {day} as the lock date in Odoo.");
            checks.add(id, Severity::Ok, says, Some(Fix { by: Configuration, what }));
        }
        None => checks.ok(id, "QuickBooks' books have no closing date."),
    }
}

fn document_numbers(sides: &Sides<'_>, checks: &mut Checks) {
    let mut doubled = Vec::new();
    for (list, what) in [(List::Invoices, "invoice"), (List::Bills, "bill")] {
        let mut seen: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for row in sides.books.rows(list) {
            // the numbers of bills are their vendors' own
            let whose = row["VendorRef"]["value"].as_str().unwrap_or_default();
            if let Some(number) = row["DocNumber"].as_str().filter(|number| !number.is_empty()) {
                *seen.entry((whose, number)).or_default() += 1;
            }
        }
        let twice = seen.into_iter().filter(|(_, times)| *times > 1);
        doubled
            .extend(twice.map(|((_, number), times)| format!("{what} {number} ({times} times)")));
    }
    let id = "document-numbers";
    if doubled.is_empty() {
        checks.ok(id, "No number stands on two of the latest invoices, or bills of a vendor.");
        return;
    }
    let says = format!("Numbers that stand on more than one document: {}.", few(&doubled));
    let what = "Numbers are kept as the reference; Odoo numbers by itself, so nothing collides.";
    checks.found(id, Warn, says, Automatic, what);
}

/// What the lists hold that is worth a word.
fn records(sides: &Sides<'_>, checks: &mut Checks) {
    let books = sides.books;
    if sides.left_behind.is_empty() {
        checks.ok("not-moved", "Every kind of record that the company has is moved.");
    } else {
        let kinds: BTreeSet<&str> = sides.left_behind.iter().map(|l| l.what.as_str()).collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();
        let says = format!("Some records are not moved as they are: {}.", kinds.join(", "));
        let what = "The list says of each why, and what becomes of it.";
        checks.found("not-moved", Warn, says, Manual, what);
    }
    let unreadable: Vec<String> = unreadable(books);
    if unreadable.is_empty() {
        checks.ok("master-records", "Accounts, items and taxes can be mapped.");
    } else {
        let says = format!("{} cannot be mapped: {}.", unreadable.len(), few(&unreadable));
        checks.found("master-records", Review, says, Manual, "Correct them in QuickBooks.");
    }
    let negative = below_zero(books);
    if !negative.is_empty() {
        let names = some(&negative, "Name");
        let says = format!("More was sold than was there of {} items: {names}.", negative.len());
        let what =
            "Their value is moved to the cent; correct the quantities before Odoo counts on them.";
        checks.found("negative-stock", Warn, says, Manual, what);
    }
    let inactive: Vec<&Value> = books
        .rows(List::Accounts)
        .iter()
        .filter(|row| row["Active"] == false && !amount(row, "CurrentBalance").is_zero())
        .collect();
    if inactive.is_empty() {
        checks.ok("inactive-accounts", "No inactive account has a balance.");
    } else {
        let says = format!("Inactive accounts have a balance: {}.", some(&inactive, "Name"));
        let what = "They are moved as well, so that the ledger is whole.";
        checks.found("inactive-accounts", Warn, says, Automatic, what);
    }
    let long = [List::Accounts, List::Items, List::SubCustomers];
    let long = long.into_iter().filter(|list| books.cut_short(*list));
    let long: Vec<&str> = long.map(List::of).collect();
    if !long.is_empty() {
        let says = format!("Only the first {PAGE} were looked at of: {}.", long.join(", "));
        checks.found("long-lists", Warn, says, Manual, "A rehearsal looks at all of them.");
    }
}

/// Records of the lists that no mapping can read.
fn unreadable(seen: &BooksSeen) -> Vec<String> {
    let books = Books { facts: &seen.facts, ledger: &[] };
    let mut bad = Vec::new();
    for list in [List::Accounts, List::Items, List::TaxRates, List::TaxCodes] {
        let Some(entity) = list.kind().and_then(entity) else { continue };
        for row in seen.rows(list) {
            use q2o_domain::MapError::{Missing, Unreadable};
            let mapped = entity.read_value(row).and_then(|record| record.map(&books));
            if let Err(Unreadable(why) | Missing(why)) = mapped {
                let id = row["Id"].as_str().unwrap_or_default();
                bad.push(format!("{} {id} ({why})", entity.kind()));
            }
        }
    }
    bad
}
