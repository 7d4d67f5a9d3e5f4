//! Loads a company from a folder of `<Entity>.jsonl`, `golden_postings.csv` and `manifest.json`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::catalogue;
use super::clock::stamp;
use super::company::{Company, Manifest, derived_realm, month_number};
use super::ledger::{Ledger, Posting};
use super::record::Record;
use super::store::Store;

/// Why a folder cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{path}: {error}")]
    File { path: PathBuf, error: io::Error },
    #[error("{path}, line {line}: {error}")]
    Record { path: PathBuf, line: usize, error: serde_json::Error },
    #[error("{path}, line {line}: an object without Id")]
    NoId { path: PathBuf, line: usize },
    #[error("{path}: {error}")]
    Ledger { path: PathBuf, error: csv::Error },
    #[error("{path}: {error}")]
    Manifest { path: PathBuf, error: serde_json::Error },
    #[error("{0}: no <Entity>.jsonl in it")]
    Empty(PathBuf),
}

/// A line of `golden_postings.csv`; who derived it (`source`) is not even read.
#[derive(Debug, Deserialize)]
struct Line {
    txn_type: String,
    txn_id: String,
    txn_date: jiff::civil::Date,
    account_id: String,
    #[serde(default)]
    account: String,
    amount_debit_positive: Decimal,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    amount_foreign: Option<Decimal>,
    #[serde(default)]
    exch_rate: Option<Decimal>,
    #[serde(default)]
    customer_id: Option<String>,
    #[serde(default)]
    vendor_id: Option<String>,
    #[serde(default)]
    class_id: Option<String>,
    #[serde(default)]
    department_id: Option<String>,
    #[serde(default)]
    doc_num: Option<String>,
    #[serde(default)]
    memo: Option<String>,
}

impl From<Line> for Posting {
    fn from(line: Line) -> Self {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            txn_type: line.txn_type,
            txn_id: line.txn_id,
            date: line.txn_date,
            account_id: line.account_id,
            account_name: line.account,
            amount: line.amount_debit_positive,
            currency: said(line.currency),
            foreign: line.amount_foreign,
            rate: line.exch_rate,
            customer: said(line.customer_id),
            vendor: said(line.vendor_id),
            class: said(line.class_id),
            department: said(line.department_id),
            doc_num: said(line.doc_num),
            memo: said(line.memo),
        }
    }
}

/// Reads the folder; the same content always gives the same company.
pub fn load(dir: &Path) -> Result<(Company, Store), LoadError> {
    let mut files = Vec::new();
    let unreadable = |error| LoadError::File { path: dir.to_owned(), error };
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        files.push(entry.map_err(unreadable)?.path());
    }
    files.sort();
    let mut content = Sha256::new();
    let mut store = Store::default();
    let mut manifest = Manifest::default();
    for path in files {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(entity) = name.strip_suffix(".jsonl") {
            let text = read(&path)?;
            content.update(text.as_bytes());
            load_records(&mut store, entity, &text, &path)?;
        } else if name == "golden_postings.csv" {
            let text = read(&path)?;
            content.update(text.as_bytes());
            let lines = csv::Reader::from_reader(text.as_bytes()).into_deserialize::<Line>();
            let postings = lines.map(|line| line.map(Posting::from)).collect::<Result<_, _>>();
            store.ledger =
                Ledger::new(postings.map_err(|error| LoadError::Ledger { path, error })?);
        } else if name == "manifest.json" {
            let text = read(&path)?;
            manifest =
                serde_json::from_str(&text).map_err(|error| LoadError::Manifest { path, error })?;
        }
    }
    if store.tables().all(|(_, table)| table.rows().is_empty()) {
        return Err(LoadError::Empty(dir.to_owned()));
    }
    let company = describe(manifest, content, &store);
    make_up_missing(&company, &mut store)
        .map_err(|error| LoadError::Manifest { path: dir.to_owned(), error })?;
    Ok((company, store))
}

fn read(path: &Path) -> Result<String, LoadError> {
    fs::read_to_string(path).map_err(|error| LoadError::File { path: path.to_owned(), error })
}

fn load_records(store: &mut Store, entity: &str, text: &str, path: &Path) -> Result<(), LoadError> {
    let entity = catalogue::find(entity).map_or(entity, |entity| entity.name);
    for (line, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let place = || (path.to_owned(), line + 1);
        let record = serde_json::from_str(text).and_then(Record::new).map_err(|error| {
            let (path, line) = place();
            LoadError::Record { path, line, error }
        })?;
        if record.id == "/" {
            let (path, line) = place();
            return Err(LoadError::NoId { path, line });
        }
        store.load(entity, record);
    }
    Ok(())
}

fn describe(manifest: Manifest, content: Sha256, store: &Store) -> Company {
    let first = |entity: &str| store.rows(entity).first().map(|record| record.object());
    let text = |value: Option<&Value>| Some(value?.as_str()?.to_owned());
    let preferences = first("Preferences");
    let info = first("CompanyInfo");
    let currency = preferences.map(|preferences| &preferences["CurrencyPrefs"]);
    let home = manifest
        .home_currency
        .or_else(|| text(currency.map(|currency| &currency["HomeCurrency"]["value"])))
        .unwrap_or_else(|| "USD".to_owned());
    let month = manifest.fiscal_year_start_month.or_else(|| {
        let named = text(info.map(|info| &info["FiscalYearStartMonth"])).or_else(|| {
            text(preferences.map(|p| &p["AccountingInfoPrefs"]["FirstMonthOfFiscalYear"]))
        });
        month_number(&named?)
    });
    Company {
        realm: manifest.realm.unwrap_or_else(|| derived_realm(content)),
        name: text(info.map(|info| &info["CompanyName"]))
            .or(manifest.company_name)
            .unwrap_or_else(|| "Sample Company".to_owned()),
        multicurrency: manifest.currencies.len() > 1
            || store.ledger.has_foreign(&home)
            || currency.is_some_and(|currency| currency["MultiCurrencyEnabled"] == true),
        home,
        country: manifest.country.unwrap_or_else(|| "US".to_owned()),
        fiscal_month: month.filter(|month| (1..=12).contains(month)).unwrap_or(1),
        today: manifest.end,
        start: manifest.start,
    }
}

fn make_up_missing(company: &Company, store: &mut Store) -> serde_json::Result<()> {
    let at = stamp(store.time(Timestamp::UNIX_EPOCH));
    if store.rows("CompanyInfo").is_empty() {
        store.load("CompanyInfo", Record::new(company.made_up_info(&at))?);
    }
    if store.rows("Preferences").is_empty() {
        let preferences =
            company.made_up_preferences(&|entity| !store.rows(entity).is_empty(), &at);
        store.load("Preferences", Record::new(preferences)?);
    }
    Ok(())
}
