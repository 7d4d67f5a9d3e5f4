//! The journal: transaction by transaction, every posting of each.

use rust_decimal::Decimal;

use super::columns::{chosen, headed};
use super::detail::{Detail, Running};
use super::shape::{Cell, Report, Row};
use super::{Source, blank};
use crate::qbo::faults::Fault;
use crate::qbo::ledger::Posting;

const USUAL: &[&str] =
    &["tx_date", "txn_type", "doc_num", "name", "memo", "account_name", "debt_amt", "credit_amt"];

pub fn report(source: &Source<'_>) -> Result<Report, Fault> {
    let period = source.period()?;
    let keys = chosen(source.params, USUAL, source.world.company.multicurrency);
    let postings = source.store.ledger.between(period.start, period.end);
    let detail = Detail::new(source, postings);
    let mut rows = Vec::new();
    let same = |left: &Posting, right: &Posting| {
        (left.date, &left.txn_type, &left.txn_id) == (right.date, &right.txn_type, &right.txn_id)
    };
    for txn in postings.chunk_by(same) {
        for (at, posting) in txn.iter().enumerate() {
            let running = Running { continued: at > 0, ..Running::default() };
            rows.push(Row::data(detail.row(&keys, posting, running)));
        }
        rows.push(total(txn, &keys, source.world.company.multicurrency));
    }
    Ok(blank("JournalReport", &period).filled(headed(&keys), rows))
}

/// The sums of a transaction, as a row that has nothing but a summary.
fn total(txn: &[Posting], keys: &[&str], multicurrency: bool) -> Row {
    let home: Decimal = txn.iter().map(|posting| posting.amount.max(Decimal::ZERO)).sum();
    let cells = keys.iter().map(|key| match *key {
        "debt_home_amt" | "credit_home_amt" => Cell::money(home),
        "debt_amt" | "credit_amt" if !multicurrency => Cell::money(home),
        _ => Cell::empty(),
    });
    let mut row = Row::total("", cells.collect());
    row.group = None;
    row
}
