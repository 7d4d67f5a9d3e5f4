//! What each customer owes, or each vendor is owed: one line each.

use rust_decimal::Decimal;

use super::Source;
use super::open::{Side, by_ledger, party_cell};
use super::period::day;
use super::shape::{Cell, Column, Report, Row};
use crate::qbo::faults::Fault;

pub fn report(source: &Source<'_>, side: &Side) -> Result<Report, Fault> {
    let on = day(source.params, "report_date")?.unwrap_or_else(|| source.world.today());
    let mut lines: Vec<(Cell, Decimal)> = by_ledger(source, side, on)
        .into_iter()
        .map(|(party, owed)| (party_cell(source, side, &party), owed))
        .collect();
    lines.sort_by_cached_key(|(name, _)| name.value.to_lowercase());
    let total: Decimal = lines.iter().map(|(_, owed)| *owed).sum();
    let mut rows: Vec<Row> = lines
        .into_iter()
        .map(|(name, owed)| Row { kind: None, ..Row::data(vec![name, Cell::money(owed)]) })
        .collect();
    rows.push(Row::total("GrandTotal", vec![Cell::text("TOTAL"), Cell::money(total)]));
    let columns =
        vec![Column::new(side.party_key, "", side.party), Column::new("total", "Total", "Money")];
    let mut report = Report::new(side.balance_report);
    report.option("report_date", on.to_string());
    Ok(report.filled(columns, rows))
}
