//! Reports, flattened and read by column key: titles are translated, and the
//! order of columns is QuickBooks' own.

use std::collections::BTreeMap;

use jiff::civil::Date;
use q2o_domain::{
    Failure, Result,
    ports::{Cell, Report, ReportRow},
};
use serde_json::Value;

use super::{Ask, QboClient, fault::Fault};

/// A report; one that is too large, or takes too long, is read in halves of its time.
pub async fn report(client: &QboClient, name: &str, params: &[(&str, &str)]) -> Result<Report> {
    let path = format!("reports/{name}");
    let asked: Vec<(&str, String)> =
        params.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    let answer = match client.ask(Ask::Get(&path, asked)).await {
        Ok(answer) => answer,
        Err(fault @ (Fault::TooLarge | Fault::TimedOut)) => {
            return halves(client, name, params, fault).await;
        }
        Err(fault) => return Err(fault.into()),
    };
    let report = parse(&answer)?;
    // a report that was cut off says so in its last row
    let cut = report.rows.last().is_some_and(|row| {
        row.cells.values().any(|cell| cell.value.starts_with("Unable to display more data"))
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

/// A report's JSON, flattened.
///
/// # Errors
/// When it is none.
pub fn parse(json: &Value) -> Result<Report> {
    let mut columns: Vec<String> = Vec::new();
    for column in json["Columns"]["Column"]
        .as_array()
        .ok_or_else(|| Failure::retry("QuickBooks' answer is no report"))?
    {
        let key = column_key(column);
        // columns without a key may be of one type: the second is told by its number
        let like = |other: &&String| other.split(' ').next() == Some(&key);
        match columns.iter().filter(like).count() {
            0 => columns.push(key),
            before => columns.push(format!("{key} {}", before + 1)),
        }
    }
    let header = json["Header"].as_object().into_iter().flatten();
    let header = header
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    let mut report = Report { header, columns, rows: Vec::new() };
    walk(&json["Rows"], &mut Vec::new(), &mut report);
    Ok(report)
}

/// The key that does not change with the language, or else the column's type.
fn column_key(column: &Value) -> String {
    let meta = column["MetaData"].as_array().into_iter().flatten();
    meta.filter(|entry| entry["Name"] == "ColKey")
        .find_map(|entry| entry["Value"].as_str())
        .or_else(|| column["ColType"].as_str())
        .unwrap_or_default()
        .to_owned()
}

fn walk(rows: &Value, sections: &mut Vec<Cell>, report: &mut Report) {
    for row in rows["Row"].as_array().into_iter().flatten() {
        let header = cells(&row["Header"]);
        let inside = header.first().cloned().or_else(|| {
            // a section without a header of its own is still one
            row["group"].as_str().map(|group| Cell { value: group.to_owned(), id: None })
        });
        if row["Rows"].is_object() {
            let pushed = inside.is_some();
            sections.extend(inside);
            walk(&row["Rows"], sections, report);
            if pushed {
                sections.pop();
            }
        }
        if row["ColData"].is_array() {
            add(cells(row), sections, false, report);
        }
        if row["Summary"].is_object() {
            add(cells(&row["Summary"]), sections, true, report);
        }
    }
}

fn cells(row: &Value) -> Vec<Cell> {
    let cells = row["ColData"].as_array().into_iter().flatten();
    let cell = |cell: &Value| Cell {
        value: cell["value"].as_str().unwrap_or_default().to_owned(),
        id: cell["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned),
    };
    cells.map(cell).collect()
}

fn add(cells: Vec<Cell>, sections: &[Cell], summary: bool, report: &mut Report) {
    let cells: BTreeMap<String, Cell> = report.columns.iter().cloned().zip(cells).collect();
    report.rows.push(ReportRow { sections: sections.to_vec(), cells, summary });
}
