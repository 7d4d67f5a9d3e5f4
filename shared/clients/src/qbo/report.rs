//! Reports, flattened and read by column key: titles are translated, and the
//! order of columns is QuickBooks' own.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use q2o_domain::{
    Failure, Result,
    ports::{Cell, Report, ReportRow},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Ask, QboClient, fault::Fault};

/// A report; one that is too large, or takes too long, is read in halves of its time.
pub async fn report(client: &QboClient, name: &str, params: &[(&str, &str)]) -> Result<Report> {
    let path = format!("reports/{name}");
    let asked: Vec<(&str, String)> =
        params.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    let written = match client.ask(Ask::Get(&path, asked)).await {
        Ok(written) => written,
        Err(fault @ (Fault::TooLarge | Fault::TimedOut)) => {
            return halves(client, name, params, fault).await;
        }
        Err(fault) => return Err(fault.into()),
    };
    let report = flat(written);
    // a report that was cut off says so in its last row
    let cut = report.rows.last().is_some_and(|row| {
        row.cells.iter().any(|cell| cell.value.starts_with("Unable to display more data"))
    });
    if cut { halves(client, name, params, Fault::TooLarge).await } else { Ok(report) }
}

/// `why` is what a day alone fails with.
async fn halves(
    client: &QboClient,
    name: &str,
    params: &[(&str, &str)],
    why: Fault,
) -> Result<Report> {
    let day =
        |key: &str| -> Option<Date> { params.iter().find(|(k, _)| *k == key)?.1.parse().ok() };
    let (Some(from), Some(to)) = (day("start_date"), day("end_date")) else {
        return Err(why.into());
    };
    let days = from.until(to).map_or(0, |span| span.get_days());
    if days < 1 {
        return Err(why.into());
    }
    let middle = from.saturating_add(jiff::Span::new().days(days / 2));
    let next = middle.tomorrow().map_err(|error| Failure::bug(error.to_string()))?;
    let (middle, next) = (middle.to_string(), next.to_string());
    let with = |key: &str, value: &str| -> Vec<(String, String)> {
        params
            .iter()
            .map(|(k, v)| ((*k).to_owned(), if *k == key { value } else { v }.to_owned()))
            .collect()
    };
    let mut whole = Report::default();
    for half in [with("end_date", &middle), with("start_date", &next)] {
        let params: Vec<(&str, &str)> =
            half.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let part = Box::pin(report(client, name, &params)).await?;
        whole.header.extend(part.header);
        whole.columns = part.columns;
        whole.rows.extend(part.rows);
    }
    Ok(whole)
}

/// A report as QuickBooks writes it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    #[serde(default)]
    header: BTreeMap<String, Value>,
    columns: Columns,
    #[serde(default)]
    rows: Rows,
}

#[derive(Deserialize)]
struct Columns {
    #[serde(rename = "Column", default)]
    columns: Vec<Column>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Column {
    col_type: Option<String>,
    #[serde(default)]
    meta_data: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
struct Rows {
    #[serde(rename = "Row", default)]
    rows: Vec<Row>,
}

/// A data row, or a section: which parts are there tells.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    header: Option<Cells>,
    rows: Option<Rows>,
    #[serde(rename = "ColData")]
    cells: Option<Vec<Cell>>,
    summary: Option<Cells>,
    #[serde(rename = "group")]
    group: Option<String>,
}

#[derive(Deserialize)]
struct Cells {
    #[serde(rename = "ColData", default)]
    cells: Vec<Cell>,
}

/// The report, flattened.
fn flat(written: Written) -> Report {
    let header = written.header.into_iter();
    let header = header.filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
    let mut columns: Vec<String> = Vec::new();
    for column in written.columns.columns {
        let key = column_key(column);
        // columns without a key may be of one type: the second is told by its number
        let like = |other: &&String| other.split(' ').next() == Some(&key);
        match columns.iter().filter(like).count() {
            0 => columns.push(key),
            before => columns.push(format!("{key} {}", before + 1)),
        }
    }
    let mut report = Report { header: header.collect(), columns: columns.into(), rows: Vec::new() };
    walk(written.rows, &[].into(), &mut report);
    report
}

/// The key that does not change with the language, or else the column's type.
fn column_key(column: Column) -> String {
    let key = column.meta_data.into_iter().find(|named| named.name == "ColKey");
    key.map(|named| named.value).or(column.col_type).unwrap_or_default()
}

fn walk(rows: Rows, sections: &Arc<[Cell]>, report: &mut Report) {
    for row in rows.rows {
        if let Some(rows) = row.rows {
            let header = row.header.and_then(|header| header.cells.into_iter().next());
            // a section without a header of its own is still one
            let inside = header.or_else(|| Some(Cell { value: row.group?, id: None }));
            let sections = match inside {
                Some(inside) => sections.iter().cloned().chain([some(inside)]).collect(),
                None => Arc::clone(sections),
            };
            walk(rows, &sections, report);
        }
        if let Some(cells) = row.cells {
            add(cells, sections, false, report);
        }
        if let Some(summary) = row.summary {
            add(summary.cells, sections, true, report);
        }
    }
}

fn add(cells: Vec<Cell>, sections: &Arc<[Cell]>, summary: bool, report: &mut Report) {
    report.rows.push(ReportRow {
        sections: Arc::clone(sections),
        columns: Arc::clone(&report.columns),
        cells: cells.into_iter().map(some).collect(),
        summary,
    });
}

/// An empty id is none.
fn some(cell: Cell) -> Cell {
    Cell { id: cell.id.filter(|id| !id.is_empty()), ..cell }
}
