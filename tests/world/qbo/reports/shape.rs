//! The JSON of a report: header, columns, rows within rows.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Report {
    pub header: Header,
    pub columns: Columns,
    pub rows: Rows,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Header {
    pub time: String,
    pub report_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_macro: Option<String>,
    #[serde(rename = "ReportBasis", skip_serializing_if = "Option::is_none")]
    pub basis: Option<&'static str>,
    #[serde(rename = "StartPeriod", skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    #[serde(rename = "EndPeriod", skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summarize_columns_by: Option<&'static str>,
    pub currency: String,
    pub option: Vec<Named>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    pub name: &'static str,
    pub value: String,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Columns {
    pub column: Vec<Column>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Column {
    col_title: String,
    col_type: &'static str,
    meta_data: Vec<Named>,
}

#[derive(Debug, Default, Serialize)]
pub struct Rows {
    /// Left out when there is none, as QuickBooks does: `"Rows":{}`.
    #[serde(rename = "Row", skip_serializing_if = "Vec::is_empty")]
    pub row: Vec<Row>,
}

/// A data row or a section; which parts are there tells.
#[derive(Debug, Default, Serialize)]
pub struct Row {
    #[serde(rename = "Header", skip_serializing_if = "Option::is_none")]
    pub header: Option<ColData>,
    #[serde(rename = "Rows", skip_serializing_if = "Option::is_none")]
    pub rows: Option<Rows>,
    #[serde(rename = "Summary", skip_serializing_if = "Option::is_none")]
    pub summary: Option<ColData>,
    #[serde(rename = "ColData", skip_serializing_if = "Option::is_none")]
    pub cells: Option<Vec<Cell>>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub struct ColData {
    #[serde(rename = "ColData")]
    pub cells: Vec<Cell>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Cell {
    pub fn text(value: impl Into<String>) -> Self {
        Self { value: value.into(), id: None }
    }

    pub fn linked(value: impl Into<String>, id: impl Into<String>) -> Self {
        Self { value: value.into(), id: Some(id.into()) }
    }

    pub fn empty() -> Self {
        Self::default()
    }

    pub fn money(amount: Decimal) -> Self {
        Self::text(format!("{amount:.2}"))
    }

    /// Empty for nothing, as in the debit column of a credit.
    pub fn money_unless_zero(amount: Decimal) -> Self {
        if amount.is_zero() { Self::empty() } else { Self::money(amount) }
    }
}

impl Column {
    pub fn new(key: &str, title: impl Into<String>, kind: &'static str) -> Self {
        let meta_data = vec![Named { name: "ColKey", value: key.to_owned() }];
        Self { col_title: title.into(), col_type: kind, meta_data }
    }

    /// Whether its cells are accounts.
    fn of_accounts(&self) -> bool {
        self.meta_data.iter().any(|key| matches!(key.value.as_str(), "account_name" | "split_acc"))
    }

    /// A money column of some days within the report's.
    pub fn of_days(start: Date, end: Date) -> Self {
        let meta_data = vec![
            Named { name: "StartDate", value: start.to_string() },
            Named { name: "EndDate", value: end.to_string() },
        ];
        let col_title = start.strftime("%b %-d, %Y").to_string();
        Self { col_title, col_type: "Money", meta_data }
    }
}

impl Row {
    pub fn data(cells: Vec<Cell>) -> Self {
        Self { cells: Some(cells), kind: Some("Data"), ..Self::default() }
    }

    pub fn section(header: Vec<Cell>, rows: Vec<Row>, summary: Vec<Cell>) -> Self {
        Self {
            header: Some(ColData { cells: header }),
            rows: Some(Rows { row: rows }),
            summary: Some(ColData { cells: summary }),
            kind: Some("Section"),
            ..Self::default()
        }
    }

    /// A computed line, as `Gross Profit`: a section that is only a summary.
    pub fn total(group: &'static str, cells: Vec<Cell>) -> Self {
        Self {
            summary: Some(ColData { cells }),
            kind: Some("Section"),
            group: Some(group),
            ..Self::default()
        }
    }

    pub fn grouped(self, group: &'static str) -> Self {
        Self { group: Some(group), ..self }
    }

    fn forget_account_ids(&mut self, of_accounts: &[bool]) {
        for cell in self.header.iter_mut().flat_map(|header| &mut header.cells) {
            cell.id = None;
        }
        for (cell, of_account) in self.cells.iter_mut().flatten().zip(of_accounts) {
            if *of_account {
                cell.id = None;
            }
        }
        for row in self.rows.iter_mut().flat_map(|rows| &mut rows.row) {
            row.forget_account_ids(of_accounts);
        }
    }

    fn data_rows(&self) -> usize {
        let below: usize = self.rows.iter().flat_map(|rows| &rows.row).map(Self::data_rows).sum();
        below + usize::from(self.cells.is_some())
    }
}

impl Report {
    pub fn new(report_name: &'static str) -> Self {
        let header = Header {
            time: String::new(),
            report_name,
            date_macro: None,
            basis: None,
            start: None,
            end: None,
            summarize_columns_by: None,
            currency: String::new(),
            option: Vec::new(),
        };
        Self { header, columns: Columns::default(), rows: Rows::default() }
    }

    pub fn option(&mut self, name: &'static str, value: impl Into<String>) {
        self.header.option.push(Named { name, value: value.into() });
    }

    /// Sets the rows, and with them whether there is anything in the report.
    pub fn filled(mut self, columns: Vec<Column>, rows: Vec<Row>) -> Self {
        self.columns.column = columns;
        self.rows.row = rows;
        let nothing = self.data_rows() == 0;
        self.option("NoReportData", nothing.to_string());
        self
    }

    pub fn data_rows(&self) -> usize {
        self.rows.row.iter().map(Row::data_rows).sum()
    }

    /// Leaves accounts with their names alone: in sections, and in columns of them.
    pub fn forget_account_ids(&mut self) {
        let of_accounts: Vec<bool> = self.columns.column.iter().map(Column::of_accounts).collect();
        for row in &mut self.rows.row {
            row.forget_account_ids(&of_accounts);
        }
    }
}
