//! The trial balance: every account with postings, debit or credit.

use rust_decimal::Decimal;

use super::shape::{Cell, Column, Report, Row};
use super::{Source, blank};
use crate::qbo::faults::Fault;

pub fn report(source: &Source<'_>) -> Result<Report, Fault> {
    let period = source.period()?;
    let closed = source.chart.closed(source.world, source.store, period.end);
    let mut debits = Decimal::ZERO;
    let mut credits = Decimal::ZERO;
    let mut line = |name: Cell, balance: Decimal| {
        let (debit, credit) = if balance.is_sign_negative() && !balance.is_zero() {
            credits -= balance;
            (Cell::empty(), Cell::money(-balance))
        } else {
            debits += balance;
            (Cell::money(balance), Cell::empty())
        };
        Row { kind: None, ..Row::data(vec![name, debit, credit]) }
    };
    let mut rows = Vec::new();
    for account in source.chart.accounts() {
        if let Some(balance) = closed.balances.get(&account.id) {
            rows.push(line(Cell::linked(&account.full_name, &account.id), *balance));
        }
    }
    if let Some(balance) = closed.retained_without_account {
        rows.push(line(Cell::text("Retained Earnings"), balance));
    }
    rows.push(Row::total(
        "GrandTotal",
        vec![Cell::text("TOTAL"), Cell::money(debits), Cell::money(credits)],
    ));
    let columns = vec![
        Column::new("account", "", "Account"),
        Column::new("debit", "Debit", "Money"),
        Column::new("credit", "Credit", "Money"),
    ];
    Ok(blank("TrialBalance", &period).filled(columns, rows))
}
