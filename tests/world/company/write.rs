//! The folder that a company is kept in.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use jiff::civil::Date;
use serde_json::json;

use super::{
    Company,
    books::{decimal, rate},
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

pub fn folder(company: &Company, folder: &Path) -> Result<(), Failed> {
    for (entity, records) in &company.records {
        let lines: Vec<String> = records.iter().map(ToString::to_string).collect();
        fs::write(folder.join(format!("{entity}.jsonl")), lines.join("\n") + "\n")?;
    }
    postings(company, folder)?;
    balances(company, folder)?;
    let mut open = csv::Writer::from_path(folder.join("golden_open_balances.csv"))?;
    open.write_record([
        "txn_type",
        "txn_id",
        "open_balance",
        "currency",
        "customer_id",
        "vendor_id",
        "sign",
    ])?;
    for row in &company.open {
        open.write_record(row)?;
    }
    open.flush()?;
    let manifest = json!({
        "realm": company.realm,
        "home_currency": "USD",
        "country": "US",
        "start": company.start,
        "end": company.end,
        "fiscal_year_start_month": company.year_starts,
        "currencies": company.currencies,
    });
    // the last file: a folder that has it is whole
    Ok(fs::write(folder.join("manifest.json"), format!("{manifest:#}\n"))?)
}

fn postings(company: &Company, folder: &Path) -> Result<(), Failed> {
    let names: BTreeMap<&str, &str> = company.records["Account"]
        .iter()
        .filter_map(|account| {
            Some((account["Id"].as_str()?, account["FullyQualifiedName"].as_str()?))
        })
        .collect();
    let mut file = csv::Writer::from_path(folder.join("golden_postings.csv"))?;
    file.write_record([
        "txn_type",
        "txn_id",
        "txn_date",
        "account_id",
        "account",
        "amount_debit_positive",
        "source",
        "currency",
        "amount_foreign",
        "exch_rate",
        "customer_id",
        "vendor_id",
        "class_id",
        "department_id",
        "doc_num",
        "memo",
    ])?;
    for posting in &company.postings {
        let text = |of: &Option<String>| of.clone().unwrap_or_default();
        let date = posting.date.to_string();
        let amount = decimal(posting.cents);
        let (customer, vendor) = (text(&posting.customer), text(&posting.vendor));
        let (currency, own, rate) = match posting.own {
            Some(own) => (own.currency, decimal(own.cents), rate(own.rate)),
            None => ("USD", amount.clone(), "1".to_owned()),
        };
        let account = names.get(posting.account.as_str()).copied().unwrap_or_default();
        file.write_record([
            posting.txn_type,
            &posting.txn_id,
            &date,
            &posting.account,
            account,
            &amount,
            posting.source,
            currency,
            &own,
            &rate,
            &customer,
            &vendor,
            "",
            "",
            &posting.number,
            "",
        ])?;
    }
    Ok(file.flush()?)
}

fn balances(company: &Company, folder: &Path) -> Result<(), Failed> {
    let mut total: BTreeMap<&str, i64> = BTreeMap::new();
    let mut months: BTreeMap<(&str, Date), i64> = BTreeMap::new();
    for posting in &company.postings {
        *total.entry(&posting.account).or_default() += posting.cents;
        *months.entry((&posting.account, posting.date.last_of_month())).or_default() +=
            posting.cents;
    }
    let mut file = csv::Writer::from_path(folder.join("golden_trial_balance.csv"))?;
    file.write_record(["account_id", "account", "classification", "debit", "credit"])?;
    let (mut debits, mut credits) = (0, 0);
    for account in &company.records["Account"] {
        let id = account["Id"].as_str().unwrap_or_default();
        let Some(cents) = total.get(id).copied().filter(|cents| *cents != 0) else { continue };
        debits += cents.max(0);
        credits += (-cents).max(0);
        let (debit, credit) = if cents > 0 {
            (decimal(cents), String::new())
        } else {
            (String::new(), decimal(-cents))
        };
        let name = account["FullyQualifiedName"].as_str().unwrap_or_default();
        let class = account["Classification"].as_str().unwrap_or_default();
        file.write_record([id, name, class, &debit, &credit])?;
    }
    file.write_record(["", "TOTAL", "", &decimal(debits), &decimal(credits)])?;
    file.flush()?;
    let ends: BTreeSet<Date> = months.keys().map(|(_, end)| *end).collect();
    let mut file = csv::Writer::from_path(folder.join("golden_month_ends.csv"))?;
    file.write_record(["account_id", "month_end", "balance"])?;
    for account in total.keys() {
        let mut standing = 0;
        for end in &ends {
            standing += months.get(&(*account, *end)).copied().unwrap_or(0);
            if standing != 0 {
                file.write_record([*account, &end.to_string(), &decimal(standing)])?;
            }
        }
    }
    Ok(file.flush()?)
}
