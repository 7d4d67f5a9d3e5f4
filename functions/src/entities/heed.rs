//! What only QuickBooks' ledger knows of a document, taken over into its lines.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{Books, Facts, Money, QboId, ledger};

use super::document::{Line, is_due};

/// Corrects lines by the ledger's postings of the same transaction:
///
/// - the account of a line that names none (an item's account may have changed since);
/// - home amounts of a foreign document, cent by cent, and the realised exchange gain;
/// - a line that the document does not show at all (an invoice over a statement charge).
pub fn heed(lines: &mut Vec<Line>, books: &Books<'_>) {
    if !books.ledger.is_empty() {
        let theirs = ledger::net(books.ledger);
        name_accounts(lines, &theirs);
        if books.ledger.iter().any(|posting| posting.foreign.is_some()) {
            follow_home(lines, books);
        }
        level(lines);
        add_missing(lines, &theirs, books);
    }
    level(lines);
}

/// Gives lines whose account was only inferred the one that the ledger posts
/// exactly their amount to: each by itself, or all of an account together.
fn name_accounts(lines: &mut [Line], theirs: &ledger::Net) {
    for at in 0..lines.len() {
        rename(lines, theirs, &[at]);
    }
    let accounts: BTreeSet<QboId> =
        lines.iter().filter(|line| line.inferred).map(|line| line.account.clone()).collect();
    for account in accounts {
        let of = |line: &Line| line.inferred && line.account == account;
        let together: Vec<usize> = (0..lines.len()).filter(|at| of(&lines[*at])).collect();
        rename(lines, theirs, &together);
    }
}

/// Where our account has too much by exactly these lines, and another lacks
/// exactly them, they are that other's.
fn rename(lines: &mut [Line], theirs: &ledger::Net, these: &[usize]) {
    let inferred = these.iter().all(|at| lines[*at].inferred);
    let Some(ours) = these.first().filter(|_| inferred).map(|at| lines[*at].account.clone()) else {
        return;
    };
    let home: Money = these.iter().map(|at| lines[*at].home).sum();
    let rest = ledger::residue(&net(lines), theirs);
    let lacking = rest.iter().find(|(_, amount)| **amount == home);
    if let (Some(account), true) = (lacking, rest.get(&ours) == Some(&-home)) {
        for at in these {
            lines[*at].account = account.0.clone();
        }
    }
}

/// Home amounts as posted: QuickBooks rounds by rules of its own, and reduces
/// receivable and payable at the rate of what is paid, not of the payment.
fn follow_home(lines: &mut Vec<Line>, books: &Books<'_>) {
    let mut theirs: BTreeMap<&QboId, (Money, Money)> = BTreeMap::new();
    for posting in books.ledger {
        let of = theirs.entry(&posting.account).or_default();
        // a posting in home currency only has no amount in the document's
        of.0 += posting.foreign.as_ref().map(|(_, amount)| *amount).unwrap_or_default();
        of.1 += posting.amount;
    }
    // what realised gains we worked out ourselves, the ledger knows better
    lines.retain(|line| !line.amount.is_zero() || line.home.is_zero());
    for (account, (amount, home)) in theirs {
        let ours = || lines.iter().filter(|line| line.account == *account);
        let off = home - ours().map(|line| line.home).sum();
        let largest = (0..lines.len())
            .filter(|at| lines[*at].account == *account)
            .max_by_key(|at| lines[*at].amount.abs());
        if let Some(at) = largest {
            if ours().map(|line| line.amount).sum::<Money>() == amount {
                lines[at].home += off;
            }
        // nothing in the document's currency, but something at home: an exchange gain
        } else if amount.is_zero() && !home.is_zero() && !moves_stock(account, books.facts) {
            let line = Line::from_ledger(account.clone(), amount, home);
            lines.push(line.name(Some("Exchange gain or loss".into())));
        }
    }
}

/// Adds what a document that does not balance by itself lacks, if the ledger
/// has exactly that much more.
fn add_missing(lines: &mut Vec<Line>, theirs: &ledger::Net, books: &Books<'_>) {
    let off: Money = lines.iter().map(|line| line.home).sum();
    let amounts_off: Money = lines.iter().map(|line| line.amount).sum();
    if off.is_zero() || amounts_off.is_zero() {
        return;
    }
    let missing: ledger::Net = ledger::residue(&net(lines), theirs)
        .into_iter()
        .filter(|(account, _)| !moves_stock(account, books.facts))
        .collect();
    if missing.values().copied().sum::<Money>() != -off {
        return;
    }
    for (account, home) in missing {
        let foreign: Vec<Money> = books
            .ledger
            .iter()
            .filter(|posting| posting.account == account)
            .filter_map(|posting| Some(posting.foreign.as_ref()?.1))
            .collect();
        let of_ours: Money =
            lines.iter().filter(|line| line.account == account).map(|line| line.amount).sum();
        let amount =
            if foreign.is_empty() { home } else { foreign.into_iter().sum::<Money>() - of_ours };
        lines.push(Line::from_ledger(account, amount, home));
    }
}

/// Cents that rounding each line at its rate left over go to the line that is due.
pub fn level(lines: &mut [Line]) {
    let amounts: Money = lines.iter().map(|line| line.amount).sum();
    let off: Money = lines.iter().map(|line| line.home).sum();
    let foreign = lines.iter().any(|line| line.amount != line.home);
    if foreign && amounts.is_zero() && !off.is_zero() {
        let at = lines.iter().position(is_due).unwrap_or(0);
        if let Some(line) = lines.get_mut(at) {
            line.home -= off;
        }
    }
}

/// Whether an account carries the cost of goods: QuickBooks posts those by
/// itself, under the sale's transaction.
pub fn moves_stock(account: &QboId, facts: &Facts) -> bool {
    facts
        .accounts
        .get(account)
        .is_some_and(|a| a.account_type == "Cost of Goods Sold" || a.sub_type == "Inventory")
}

fn net(lines: &[Line]) -> ledger::Net {
    let mut net = ledger::Net::new();
    for line in lines {
        *net.entry(line.account.clone()).or_default() += line.home;
    }
    net.retain(|_, amount| !amount.is_zero());
    net
}
