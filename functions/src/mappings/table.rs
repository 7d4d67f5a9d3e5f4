//! A mapping as a table, for spreadsheets: written by an export, read by an import.
//! Only `what`, `id`, `part` and `odoo` are read; the other columns are for people.

use q2o_domain::{Failure, QboId, Result, mapping::TaxUse};

use super::{
    check::{Asked, What},
    view::View,
};
use crate::problem::Refused;

const COLUMNS: [&str; 11] = [
    "what",
    "id",
    "part",
    "quickbooks",
    "type",
    "balance",
    "odoo",
    "odoo_name",
    "suggested",
    "confidence",
    "reason",
];

/// What a twin's row says in column `odoo`.
const CONFIRMED: &str = "same partner";

/// Everything decided and suggested, one a row.
pub fn write(view: &View) -> Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut rows: Vec<[String; 11]> = vec![COLUMNS.map(str::to_owned)];
    for account in &view.accounts {
        rows.push([
            "account".into(),
            account.id.to_string(),
            String::new(),
            harmless(&account.shown),
            account.sub_type.clone(),
            account.balance.map(|balance| balance.to_string()).unwrap_or_default(),
            account.to.clone().unwrap_or_default(),
            harmless(account.odoo_name.as_deref().unwrap_or_default()),
            account.suggestion.to.clone(),
            account.suggestion.confidence.to_string(),
            account.suggestion.reason.clone(),
        ]);
    }
    for tax in &view.taxes {
        rows.push([
            "tax".into(),
            tax.id.to_string(),
            tax.of.word().into(),
            harmless(&tax.name),
            format!("{} %", tax.percent.normalize()),
            String::new(),
            tax.to.clone().unwrap_or_default(),
            String::new(),
            tax.suggestion.to.clone(),
            tax.suggestion.confidence.to_string(),
            tax.suggestion.reason.clone(),
        ]);
    }
    for (vendor, customer) in &view.twins {
        let mut row: [String; 11] = Default::default();
        row[0] = "twin".into();
        row[1] = vendor.to_string();
        row[2] = customer.to_string();
        row[6] = CONFIRMED.into();
        rows.push(row);
    }
    let wrong = |error: &dyn std::fmt::Display| Failure::bug(format!("cannot write: {error}"));
    for row in rows {
        table.write_record(row).map_err(|error| wrong(&error))?;
    }
    table.into_inner().map_err(|error| wrong(&error))
}

/// Spreadsheets take some names for formulas.
fn harmless(name: &str) -> String {
    if name.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{name}")
    } else {
        name.to_owned()
    }
}

/// What a table asks for, or everything that is wrong with it, by line and column.
pub fn read(text: &[u8]) -> Result<Vec<Asked>, Vec<Refused>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let refused = |line: u64, column: &str, why: String| Refused {
        row: format!("line {line}, column {column}"),
        why,
    };
    let head = table.headers().map_err(|error| vec![refused(1, "what", error.to_string())])?;
    let mut at = [0; 4];
    for (index, name) in at.iter_mut().zip(["what", "id", "part", "odoo"]) {
        let found = head.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
        *index = found.ok_or_else(|| {
            vec![refused(
                1,
                name,
                "The first line has no such column: begin with an export.".into(),
            )]
        })?;
    }
    let (mut asked, mut wrong) = (Vec::new(), Vec::new());
    for row in table.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                wrong.push(refused(line, "what", error.to_string()));
                continue;
            }
        };
        let line = row.position().map_or(0, csv::Position::line);
        let [what, id, part, odoo] = at.map(|index| row.get(index).unwrap_or_default().trim());
        if [what, id, part, odoo].iter().all(|cell| cell.is_empty()) {
            continue;
        }
        match one(what, id, part, odoo) {
            Ok(Some(what)) => asked.push(Asked { at: format!("line {line}, column odoo"), what }),
            // nothing decided
            Ok(None) => {}
            Err((column, why)) => wrong.push(refused(line, column, why)),
        }
    }
    if wrong.is_empty() { Ok(asked) } else { Err(wrong) }
}

fn one(
    what: &str,
    id: &str,
    part: &str,
    odoo: &str,
) -> Result<Option<What>, (&'static str, String)> {
    if id.is_empty() {
        return Err(("id", "It is empty: say which record of QuickBooks' it is.".into()));
    }
    let (id, to) = (QboId::from(id), odoo.to_owned());
    let said = !odoo.is_empty();
    Ok(match what {
        "account" => said.then_some(What::Account { id, to }),
        "tax" => {
            let of = TaxUse::named(part)
                .ok_or_else(|| ("part", format!("{part:?} is not `sale` or `purchase`.")))?;
            said.then_some(What::Tax { rate: id, of, to })
        }
        "twin" if part.is_empty() => {
            return Err(("part", "It is empty: say the customer's id.".into()));
        }
        "twin" if said && odoo != CONFIRMED => {
            return Err(("odoo", format!("{odoo:?} is not {CONFIRMED:?} (nor empty).")));
        }
        "twin" => said.then(|| What::Twin { vendor: id, customer: part.into() }),
        other => {
            return Err(("what", format!("{other:?} is not `account`, `tax` or `twin`.")));
        }
    })
}
