//! The general ledger: a section per account, with its beginning balance and every posting.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rust_decimal::Decimal;

use super::chart::Account;
use super::columns::{chosen, headed};
use super::detail::{Detail, Running};
use super::shape::{Cell, Report, Row};
use super::{Source, blank};
use crate::qbo::faults::Fault;
use crate::qbo::ledger::Posting;

const USUAL: &[&str] = &[
    "tx_date",
    "txn_type",
    "doc_num",
    "name",
    "memo",
    "split_acc",
    "subt_nat_amount",
    "rbal_nat_amount",
];

pub fn report(source: &Source<'_>) -> Result<Report, Fault> {
    let period = source.period()?;
    let keys = chosen(source.params, USUAL, source.world.company.multicurrency);
    let all = source.store.ledger.between(period.start, period.end);
    let mut postings: HashMap<&str, Vec<&Posting>> = HashMap::new();
    for posting in all {
        postings.entry(&posting.account_id).or_default().push(posting);
    }
    let only: Option<BTreeSet<&str>> =
        source.params.get("account").map(|ids| ids.split(',').map(str::trim).collect());
    let book = Book {
        source,
        detail: Detail::new(source, all),
        opening: source.chart.opening(source.world, source.store, period.start),
        postings,
        only,
        keys: &keys,
    };
    let tops = source.chart.accounts().iter().filter(|account| {
        account.parent.as_deref().is_none_or(|parent| source.chart.get(parent).is_none())
    });
    let nowhere = all.iter().filter(|posting| source.chart.get(&posting.account_id).is_none());
    let rows = tops
        .filter_map(|account| book.section(account))
        .chain(book.not_specified(nowhere.collect()))
        .collect();
    Ok(blank("GeneralLedger", &period).filled(headed(&keys), rows))
}

struct Book<'b> {
    source: &'b Source<'b>,
    detail: Detail<'b>,
    opening: BTreeMap<String, Decimal>,
    postings: HashMap<&'b str, Vec<&'b Posting>>,
    only: Option<BTreeSet<&'b str>>,
    keys: &'b [&'b str],
}

impl Book<'_> {
    /// The account's section, its sub-accounts' inside; none if nothing is in it.
    fn section(&self, account: &Account) -> Option<Row> {
        let below: Vec<Row> = self
            .source
            .chart
            .children(Some(&account.id), "")
            .filter_map(|child| self.section(child))
            .collect();
        let wanted = self.only.as_ref().is_none_or(|only| only.contains(account.id.as_str()));
        let own = if wanted { self.own_rows(account) } else { Vec::new() };
        if own.is_empty() && below.is_empty() {
            return None;
        }
        let with_below = !below.is_empty();
        let summary = self.summary(account, with_below);
        let mut head = vec![Cell::empty(); self.keys.len()];
        if let Some(first) = head.first_mut() {
            *first = Cell::linked(&account.name, &account.id);
        }
        Some(Row::section(head, own.into_iter().chain(below).collect(), summary))
    }

    /// What is posted to no account of the chart.
    fn not_specified(&self, postings: Vec<&Posting>) -> Option<Row> {
        if postings.is_empty() {
            return None;
        }
        let label = |label: &str| self.labelled(label, |_| Cell::empty());
        let running = Running::default();
        let rows = postings
            .into_iter()
            .map(|posting| Row::data(self.detail.row(self.keys, posting, running)))
            .collect();
        Some(Row::section(label("Not Specified"), rows, label("Total for Not Specified")))
    }

    fn own_rows(&self, account: &Account) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut balance =
            account.natural(self.opening.get(&account.id).copied().unwrap_or_default());
        if !balance.is_zero() {
            rows.push(Row::data(self.labelled("Beginning Balance", |key| match key {
                "rbal_nat_amount" | "rbal_nat_home_amount" => Cell::money(balance),
                _ => Cell::empty(),
            })));
        }
        for posting in self.postings.get(account.id.as_str()).into_iter().flatten() {
            balance += account.natural(posting.amount);
            let running = Running { balance, continued: false };
            rows.push(Row::data(self.detail.row(self.keys, posting, running)));
        }
        rows
    }

    /// Totals of the account's own rows; foreign amounts are not added up.
    fn summary(&self, account: &Account, with_below: bool) -> Vec<Cell> {
        let postings = self.postings.get(account.id.as_str());
        let amounts = || postings.into_iter().flatten().map(|posting| posting.amount);
        let debits: Decimal = amounts().filter(Decimal::is_sign_positive).sum();
        let credits: Decimal = -amounts().filter(Decimal::is_sign_negative).sum::<Decimal>();
        let multicurrency = self.source.world.company.multicurrency;
        let tail = if with_below { " with sub-accounts" } else { "" };
        self.labelled(&format!("Total for {}{tail}", account.name), |key| match key {
            _ if with_below => Cell::empty(),
            "debt_home_amt" => Cell::money_unless_zero(debits),
            "credit_home_amt" => Cell::money_unless_zero(credits),
            "subt_nat_home_amount" => Cell::money(account.natural(debits - credits)),
            "debt_amt" if !multicurrency => Cell::money_unless_zero(debits),
            "credit_amt" if !multicurrency => Cell::money_unless_zero(credits),
            "subt_nat_amount" if !multicurrency => Cell::money(account.natural(debits - credits)),
            _ => Cell::empty(),
        })
    }

    fn labelled(&self, label: &str, cell: impl Fn(&str) -> Cell) -> Vec<Cell> {
        let cells = self.keys.iter().enumerate();
        cells.map(|(at, key)| if at == 0 { Cell::text(label) } else { cell(key) }).collect()
    }
}
