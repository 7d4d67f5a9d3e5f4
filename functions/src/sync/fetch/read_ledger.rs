//! `read-ledger`: reads QuickBooks' own ledger for a span of days and keeps it
//! by transaction. It is the oracle of the proof, so it is read before the
//! first record is loaded.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use q2o_domain::{
    Currency, Failure, JobId, Kind, Money, Partner, Posting, QboId, RealmId, Result, Txn,
    ports::{Cell, Report, ReportRow},
    records::LedgerTxn,
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};

use crate::{
    app::Tools,
    store::{collection, document, payload_expires, txn_key},
    sync::{company::Task, progress::Progress, sorted},
};

pub struct ReadLedger(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub realm: RealmId,
    pub from: Date,
    pub to: Date,
}

const COLUMNS: &str = "tx_date,txn_type,doc_num,name,memo,account_name,debt_amt,credit_amt,\
                       debt_home_amt,credit_home_amt,currency,cust_name,vend_name";

impl Activity for ReadLedger {
    const NAME: &'static str = "read-ledger";
    type Input = Input;
    type Output = u64;

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<u64, q2o_durable::Failure> {
        read_ledger(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn read_ledger(tools: &Tools, input: Input, attempt: &Attempt) -> Result<u64> {
    let Input { task, realm, from, to } = input;
    let tenant = tools.store.tenant(task.tenant);
    let quickbooks = tools.connect.quickbooks(&tenant, &realm);
    let facts = tools.facts.of(&tenant, &task.job).await?;
    let (from, to) = (from.to_string(), to.to_string());
    let params = [
        ("start_date", from.as_str()),
        ("end_date", to.as_str()),
        ("accounting_method", "Accrual"),
        ("columns", COLUMNS),
    ];
    let report = quickbooks.report("GeneralLedger", &params).await?;
    let named = facts.accounts.iter().map(|(id, a)| (a.full_name.clone(), id.clone())).collect();
    let transactions = transactions(&report, &named, facts.home.as_ref(), &task.job)?;
    let expires = payload_expires(tools.clock.now());
    let documents = transactions.iter().map(|txn| {
        let key = txn_key(&task.link, &txn.txn);
        Ok(document(collection::LEDGER, key, txn)?
            .key(task.job.as_str())
            .sort(txn.date.to_string())
            .expires(expires))
    });
    tenant.put_all(documents.collect::<Result<_>>()?).await?;
    attempt.ride(
        Progress::new(&tenant, &tools.clock, &task.job, &format!("ledger read to {to}"))
            .calls(tools.connect.http.take_calls())
            .phase("ledger"),
    );
    Ok(transactions.len() as u64)
}

/// The report's rows, gathered by transaction.
fn transactions(
    report: &Report,
    accounts: &BTreeMap<String, QboId>,
    home: Option<&Currency>,
    job: &JobId,
) -> Result<Vec<LedgerTxn>> {
    let mut by_txn: BTreeMap<Txn, LedgerTxn> = BTreeMap::new();
    for row in report.rows.iter().filter(|row| !row.summary) {
        // what stands before the span ("Beginning Balance") is no transaction
        let Some(txn_type) = row.cell("txn_type").filter(|cell| cell.id.is_some()) else {
            continue;
        };
        let id = txn_type.id.clone().unwrap_or_default();
        let txn = Txn::reported(&txn_type.value, id);
        let date: Date = text(row, "tx_date").parse().map_err(|_| {
            Failure::retry(format!("QuickBooks' ledger has a row of {txn} without a date"))
        })?;
        let (amount, foreign) = amounts(row, home)?;
        if amount.is_zero() && foreign.is_none() {
            continue;
        }
        // what stands on no account at all is told by the proof
        let account = account(row, accounts).unwrap_or_else(|| NOWHERE.into());
        by_txn
            .entry(txn.clone())
            .or_insert_with(|| LedgerTxn {
                job: job.clone(),
                txn,
                reported_as: txn_type.value.clone(),
                date,
                doc_number: text(row, "doc_num").to_owned(),
                memo: text(row, "memo").to_owned(),
                postings: Vec::new(),
            })
            .postings
            .push(Posting { date, account, amount, partner: partner(row), foreign });
    }
    Ok(by_txn.into_values().collect())
}

/// QuickBooks' own word for rows of its ledger that are on no account.
const NOWHERE: &str = "Not Specified";

fn text<'a>(row: &'a ReportRow, column: &str) -> &'a str {
    row.cell(column).map_or("", |cell| cell.value.as_str())
}

/// A row's account is that of the innermost section around it that has an id,
/// or else the one its own cell names. In some countries sections have no ids:
/// their names, outermost first, are the account's full name.
fn account(row: &ReportRow, accounts: &BTreeMap<String, QboId>) -> Option<QboId> {
    let named = |cell: &Cell| accounts.get(&cell.value).cloned();
    let own = row.cell("account_name");
    let path = || row.sections.iter().map(|cell| cell.value.as_str()).collect::<Vec<_>>().join(":");
    own.and_then(|cell| cell.id.as_deref())
        .filter(|id| !id.is_empty())
        .or_else(|| row.sections.iter().rev().find_map(|cell| cell.id.as_deref()))
        .map(QboId::from)
        .or_else(|| own.and_then(named))
        .or_else(|| accounts.get(&path()).cloned())
}

/// Home amount, debit positive; and the transaction's own where it is foreign.
fn amounts(row: &ReportRow, home: Option<&Currency>) -> Result<(Money, Option<(Currency, Money)>)> {
    let side = |column: &str| -> Result<Option<Money>> {
        let text = text(row, column).replace(',', "");
        if text.is_empty() {
            return Ok(None);
        }
        text.parse()
            .map(|amount| Some(Money(amount)))
            .map_err(|_| Failure::bug(format!("an amount of QuickBooks' ledger reads {text}")))
    };
    let net = |debit: Option<Money>, credit: Option<Money>| {
        (debit.is_some() || credit.is_some())
            .then(|| debit.unwrap_or_default() - credit.unwrap_or_default())
    };
    let own = net(side("debt_amt")?, side("credit_amt")?);
    let at_home = net(side("debt_home_amt")?, side("credit_home_amt")?);
    let amount = at_home.or(own).unwrap_or_default();
    let currency = text(row, "currency");
    let foreign = (!currency.is_empty() && home.is_some_and(|home| home.0 != currency))
        .then(|| (Currency::from(currency), own.unwrap_or_default()));
    Ok((amount, foreign))
}

fn partner(row: &ReportRow) -> Option<Partner> {
    let of = |column: &str, kind: Kind| {
        let id = row.cell(column)?.id.clone()?;
        Some(Partner { kind, id: id.into() })
    };
    of("cust_name", Kind::Customer).or_else(|| of("vend_name", Kind::Vendor))
}
