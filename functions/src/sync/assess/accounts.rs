//! Accounts as they will be, and what is checked of their numbers.

use q2o_domain::{
    Books, Field, Kind,
    assessment::{
        FixBy::{Automatic, Mapping},
        Severity::{Review, Warn},
    },
};

use super::{
    books::{BooksSeen, List},
    readiness::{Checks, Sides, few},
    target::OdooSeen,
};
use crate::entities::entity;

/// An account as it will be.
pub struct MappedAccount {
    name: String,
    /// Its number in QuickBooks.
    number: Option<String>,
    pub code: String,
    /// Its type in Odoo, by what that Odoo has.
    types: Vec<String>,
}

pub fn mapped_accounts(seen: &BooksSeen) -> Vec<MappedAccount> {
    let books = Books { facts: &seen.facts, ledger: &[] };
    let Some(account) = entity(Kind::Account) else { return Vec::new() };
    let mapped = seen.rows(List::Accounts).iter().filter_map(|row| {
        let mapped = account.read_value(row).and_then(|record| record.map(&books)).ok()?;
        let fields = &mapped.drafts.first()?.fields;
        let texts = |field: &str| match fields.get(field) {
            Some(Field::Text(text)) => vec![text.clone()],
            Some(Field::Choice(of)) => of.iter().map(|one| (*one).to_owned()).collect(),
            _ => Vec::new(),
        };
        let number = row["AcctNum"].as_str().filter(|number| !number.is_empty());
        Some(MappedAccount {
            name: texts("name").pop()?,
            number: number.map(str::to_owned),
            code: texts("code").pop()?,
            types: texts("account_type"),
        })
    });
    mapped.collect()
}

/// Numbers that Odoo would not take.
pub fn numbers(sides: &Sides<'_>, checks: &mut Checks) {
    let refused: Vec<String> = mapped_accounts(sides.books)
        .into_iter()
        .filter_map(|MappedAccount { name, number, code, .. }| {
            let number = number.filter(|number| *number != code)?;
            Some(format!("{number} {name} (becomes {code})"))
        })
        .collect();
    let id = "account-numbers";
    if refused.is_empty() {
        checks.ok(id, "Odoo takes the accounts' numbers as they are.");
        return;
    }
    let says = format!(
        "{} account numbers are doubled, or such as Odoo refuses: {}.",
        refused.len(),
        few(&refused)
    );
    let what = "They get codes of their own; names stay.";
    checks.found(id, Warn, says, Automatic, what);
}

/// Numbers that are taken in Odoo by an account of another type.
pub fn codes_taken(sides: &Sides<'_>, odoo: &OdooSeen, checks: &mut Checks) {
    let taken: Vec<String> = mapped_accounts(sides.books)
        .into_iter()
        .filter_map(|MappedAccount { name, code, types, .. }| {
            let theirs = odoo.codes.get(&code).filter(|theirs| !types.contains(theirs))?;
            Some(format!("{code} {name} ({}, in Odoo {theirs})", types.join(" or ")))
        })
        .collect();
    let id = "account-codes-taken";
    if taken.is_empty() {
        checks.ok(id, "No account's number is taken in Odoo by an account of another type.");
        return;
    }
    let says = format!(
        "{} account numbers belong to accounts of another type in Odoo: {}.",
        taken.len(),
        few(&taken)
    );
    let what = "Say which Odoo account each of them is, or give the Odoo accounts other codes.";
    checks.found(id, Review, says, Mapping, what);
}
