//! Aged receivables and payables: what is open, by how long it is overdue.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Source;
use super::open::{OpenDocument, Side, by_ledger, documents, party_cell};
use super::period::day;
use super::shape::{Cell, Column, Report, Row};
use crate::qbo::faults::Fault;

const BUCKETS: [(&str, &str); 5] = [
    ("current", "Current"),
    ("0", "1 - 30"),
    ("1", "31 - 60"),
    ("2", "61 - 90"),
    ("3", "91 and over"),
];

fn bucket(due: Date, on: Date) -> usize {
    match on.since(due).map_or(0, |span| span.get_days()) {
        ..=0 => 0,
        1..=30 => 1,
        31..=60 => 2,
        61..=90 => 3,
        _ => 4,
    }
}

/// One line per party. The total of each is the ledger's; what no document
/// explains, as an opening entry, stands as current.
pub fn summary(source: &Source<'_>, side: &Side) -> Result<Report, Fault> {
    let on = day(source.params, "report_date")?.unwrap_or_else(|| source.world.today());
    let mut parties: BTreeMap<String, [Decimal; 5]> = BTreeMap::new();
    for document in documents(source, side, on) {
        parties.entry(document.party).or_default()[bucket(document.due, on)] += document.open;
    }
    let ledger = by_ledger(source, side, on);
    for party in ledger.keys() {
        parties.entry(party.clone()).or_default();
    }
    let mut sums = [Decimal::ZERO; 6];
    let mut lines = Vec::new();
    for (party, mut amounts) in parties {
        let owed = ledger.get(&party).copied().unwrap_or_default();
        amounts[0] += owed - amounts.iter().sum::<Decimal>();
        if amounts.iter().all(Decimal::is_zero) {
            continue;
        }
        let mut cells = vec![party_cell(source, side, &party)];
        for (at, amount) in amounts.into_iter().chain([owed]).enumerate() {
            sums[at] += amount;
            cells.push(if at == 5 { Cell::money(amount) } else { Cell::money_unless_zero(amount) });
        }
        lines.push(cells);
    }
    lines.sort_by_cached_key(|cells| cells[0].value.to_lowercase());
    let mut rows: Vec<Row> =
        lines.into_iter().map(|cells| Row { kind: None, ..Row::data(cells) }).collect();
    let total = sums.into_iter().map(Cell::money);
    rows.push(Row::total("GrandTotal", [Cell::text("TOTAL")].into_iter().chain(total).collect()));
    let mut columns = vec![Column::new(side.party_key, "", side.party)];
    columns.extend(BUCKETS.map(|(key, title)| Column::new(key, title, "Money")));
    columns.push(Column::new("total", "Total", "Money"));
    let mut report = Report::new(side.summary_report);
    report.option("report_date", on.to_string());
    Ok(report.filled(columns, rows))
}

/// The open documents themselves, in a section for each age.
pub fn detail(source: &Source<'_>, side: &Side) -> Result<Report, Fault> {
    let on = day(source.params, "report_date")?.unwrap_or_else(|| source.world.today());
    let mut aged: [Vec<OpenDocument>; 5] = Default::default();
    for document in documents(source, side, on) {
        aged[bucket(document.due, on)].push(document);
    }
    let mut rows = Vec::new();
    let mut total = Decimal::ZERO;
    let line = |label: &str, open: Decimal| {
        let mut cells = vec![Cell::empty(); 7];
        cells[0] = Cell::text(label);
        cells[6] = Cell::money(open);
        cells
    };
    for (documents, (_, title)) in aged.into_iter().zip(BUCKETS) {
        if documents.is_empty() {
            continue;
        }
        let open: Decimal = documents.iter().map(|document| document.open).sum();
        total += open;
        let mut head = vec![Cell::empty(); 7];
        head[0] = Cell::text(title);
        let cells = documents.into_iter().map(|document| {
            Row::data(vec![
                Cell::text(document.date.to_string()),
                Cell::linked(document.facts.type_name, document.id),
                Cell::text(document.facts.doc_num),
                party_cell(source, side, &document.party),
                Cell::text(document.due.to_string()),
                Cell::money(document.total),
                Cell::money(document.open),
            ])
        });
        rows.push(Row::section(head, cells.collect(), line(&format!("Total for {title}"), open)));
    }
    rows.push(Row::total("GrandTotal", line("TOTAL", total)));
    let columns = vec![
        Column::new("tx_date", "Date", "Date"),
        Column::new("txn_type", "Transaction Type", "String"),
        Column::new("doc_num", "Num", "String"),
        Column::new(side.party_key, side.party, "String"),
        Column::new("due_date", "Due Date", "Date"),
        Column::new("subt_amount", "Amount", "Money"),
        Column::new("subt_open_bal", "Open Balance", "Money"),
    ];
    let mut report = Report::new(side.detail_report);
    report.option("report_date", on.to_string());
    Ok(report.filled(columns, rows))
}
