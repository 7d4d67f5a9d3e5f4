//! Balance sheet, and profit and loss: accounts by type, sub-accounts inside their parents.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::chart::Account;
use super::shape::{Cell, Column, Report, Row};
use super::{Source, blank};
use crate::qbo::faults::Fault;

pub fn balance_sheet(source: &Source<'_>) -> Result<Report, Fault> {
    let period = source.period()?;
    let (spans, by) = period.spans(source.params);
    let closed: Vec<_> = spans
        .iter()
        .map(|(_, end)| source.chart.closed(source.world, source.store, *end))
        .collect();
    let unplaced: Vec<Decimal> =
        closed.iter().map(|closed| -closed.retained_without_account.unwrap_or_default()).collect();
    let tree = Tree::new(source, closed.into_iter().map(|closed| closed.balances).collect());
    let current = tree.over(
        "Current Assets",
        "CurrentAssets",
        [
            tree.of_type("Bank Accounts", "BankAccounts", "Bank"),
            tree.of_type("Accounts Receivable", "AR", "Accounts Receivable"),
            tree.of_type("Other Current Assets", "OtherCurrentAssets", "Other Current Asset"),
        ],
    );
    let assets = tree.over(
        "ASSETS",
        "TotalAssets",
        [
            current,
            tree.of_type("Fixed Assets", "FixedAssets", "Fixed Asset"),
            tree.of_type("Other Assets", "OtherAssets", "Other Asset"),
        ],
    );
    let other = "Other Current Liability";
    let current = tree.over(
        "Current Liabilities",
        "CurrentLiabilities",
        [
            tree.of_type("Accounts Payable", "AP", "Accounts Payable"),
            tree.of_type("Credit Cards", "CreditCards", "Credit Card"),
            tree.of_type("Other Current Liabilities", "OtherCurrentLiabilities", other),
        ],
    );
    let long = tree.of_type("Long-Term Liabilities", "LongTermLiabilities", "Long Term Liability");
    let liabilities = tree.over("Liabilities", "Liabilities", [current, long]);
    let mut equity = tree.of_type("Equity", "Equity", "Equity");
    if unplaced.iter().any(|amount| !amount.is_zero()) {
        equity.add(Row::data(line(Cell::text("Retained Earnings"), &unplaced)), &unplaced);
    }
    let profit = tree.profit();
    let income = Row::data(line(Cell::text("Net Income"), &profit));
    equity.add(income.grouped("NetIncome"), &profit);
    let rest =
        tree.over("LIABILITIES AND EQUITY", "TotalLiabilitiesAndEquity", [liabilities, equity]);
    let rows = vec![assets.row("TOTAL ASSETS"), rest.row("TOTAL LIABILITIES AND EQUITY")];
    let mut report = blank("BalanceSheet", &period);
    report.header.summarize_columns_by = Some(by);
    Ok(report.filled(columns(&spans, by, false), rows))
}

pub fn profit_and_loss(source: &Source<'_>) -> Result<Report, Fault> {
    let period = source.period()?;
    let (spans, by) = period.spans(source.params);
    let mut sums: Vec<_> =
        spans.iter().map(|(start, end)| source.store.ledger.sums(*start, *end)).collect();
    if spans.len() > 1 || by != "Total" {
        sums.push(source.store.ledger.sums(period.start, period.end));
    }
    let tree = Tree::new(source, sums);
    let computed =
        |name: &str, group, amounts: &[Decimal]| Row::total(group, line(Cell::text(name), amounts));
    let income = tree.of_type("Income", "Income", "Income");
    let cost = tree.of_type("Cost of Goods Sold", "COGS", "Cost of Goods Sold");
    let expenses = tree.of_type("Expenses", "Expenses", "Expense");
    let other_income = tree.of_type("Other Income", "OtherIncome", "Other Income");
    let other_expenses = tree.of_type("Other Expenses", "OtherExpenses", "Other Expense");
    let gross = less(&income.totals, &cost.totals);
    let operating = less(&gross, &expenses.totals);
    let other = less(&other_income.totals, &other_expenses.totals);
    let has_other = !other_income.rows.is_empty() || !other_expenses.rows.is_empty();
    let mut rows = vec![income.row("Total Income")];
    if !cost.rows.is_empty() {
        rows.push(cost.row("Total Cost of Goods Sold"));
    }
    rows.push(computed("Gross Profit", "GrossProfit", &gross));
    rows.push(expenses.row("Total Expenses"));
    rows.push(computed("Net Operating Income", "NetOperatingIncome", &operating));
    if has_other {
        for section in [other_income, other_expenses] {
            if !section.rows.is_empty() {
                let title = format!("Total {}", section.title);
                rows.push(section.row(&title));
            }
        }
        rows.push(computed("Net Other Income", "NetOtherIncome", &other));
    }
    rows.push(computed("Net Income", "NetIncome", &tree.profit()));
    let mut report = blank("ProfitAndLoss", &period);
    report.header.summarize_columns_by = Some(by);
    Ok(report.filled(columns(&spans, by, true), rows))
}

/// One column for each span of days, and behind several of a result their total.
fn columns(spans: &[(Date, Date)], by: &str, with_total: bool) -> Vec<Column> {
    let mut columns = vec![Column::new("account", "", "Account")];
    if by != "Total" {
        columns.extend(spans.iter().map(|(start, end)| Column::of_days(*start, *end)));
    }
    if by == "Total" || with_total {
        columns.push(Column::new("total", "Total", "Money"));
    }
    columns
}

fn line(name: Cell, amounts: &[Decimal]) -> Vec<Cell> {
    [name].into_iter().chain(amounts.iter().map(|amount| Cell::money(*amount))).collect()
}

fn less(left: &[Decimal], right: &[Decimal]) -> Vec<Decimal> {
    left.iter().zip(right).map(|(left, right)| left - right).collect()
}

fn add(sums: &mut [Decimal], amounts: &[Decimal]) {
    for (sum, amount) in sums.iter_mut().zip(amounts) {
        *sum += amount;
    }
}

/// A section while it is being filled.
struct Section {
    title: &'static str,
    group: &'static str,
    rows: Vec<Row>,
    /// One for each column.
    totals: Vec<Decimal>,
}

impl Section {
    fn add(&mut self, row: Row, amounts: &[Decimal]) {
        self.rows.push(row);
        add(&mut self.totals, amounts);
    }

    fn row(self, total: &str) -> Row {
        let mut head = vec![Cell::empty(); self.totals.len() + 1];
        head[0] = Cell::text(self.title);
        let sum = line(Cell::text(total), &self.totals);
        Row::section(head, self.rows, sum).grouped(self.group)
    }
}

struct Tree<'t> {
    source: &'t Source<'t>,
    /// Debit positive, one map for each column.
    balances: Vec<BTreeMap<String, Decimal>>,
}

impl<'t> Tree<'t> {
    fn new(source: &'t Source<'t>, balances: Vec<BTreeMap<String, Decimal>>) -> Self {
        Self { source, balances }
    }

    fn section(&self, title: &'static str, group: &'static str) -> Section {
        let totals = vec![Decimal::ZERO; self.balances.len()];
        Section { title, group, rows: Vec::new(), totals }
    }

    fn of_type(&self, title: &'static str, group: &'static str, kind: &str) -> Section {
        let mut section = self.section(title, group);
        for account in self.source.chart.children(None, kind) {
            if let Some((row, amounts)) = self.account(account) {
                section.add(row, &amounts);
            }
        }
        section
    }

    /// A section of sections; empty ones are left out.
    fn over<const N: usize>(
        &self,
        title: &'static str,
        group: &'static str,
        parts: [Section; N],
    ) -> Section {
        let mut section = self.section(title, group);
        for part in parts.into_iter().filter(|part| !part.rows.is_empty()) {
            let totals = part.totals.clone();
            let name = format!("Total {}", part.title);
            section.add(part.row(&name), &totals);
        }
        section
    }

    /// The account's row, or its section when sub-accounts have something.
    fn account(&self, account: &Account) -> Option<(Row, Vec<Decimal>)> {
        let has_own = self.balances.iter().any(|column| column.contains_key(&account.id));
        let own: Vec<Decimal> = self
            .balances
            .iter()
            .map(|column| account.natural(column.get(&account.id).copied().unwrap_or_default()))
            .collect();
        let children = self.source.chart.children(Some(&account.id), "");
        let below: Vec<_> = children.filter_map(|child| self.account(child)).collect();
        let name = Cell::linked(&account.name, &account.id);
        if below.is_empty() {
            return has_own.then(|| (Row::data(line(name, &own)), own));
        }
        let mut head = vec![Cell::empty(); own.len() + 1];
        if has_own {
            head = line(name, &own);
        } else {
            head[0] = name;
        }
        let mut totals = own;
        let mut rows = Vec::new();
        for (row, amounts) in below {
            add(&mut totals, &amounts);
            rows.push(row);
        }
        let sum = line(Cell::text(format!("Total {}", account.name)), &totals);
        Some((Row::section(head, rows, sum), totals))
    }

    /// What the result accounts have earned, income positive.
    fn profit(&self) -> Vec<Decimal> {
        let of_result = |id: &str| self.source.chart.get(id).is_some_and(Account::of_result);
        let profit = |column: &BTreeMap<String, Decimal>| {
            let results = column.iter().filter(|(id, _)| of_result(id));
            -results.map(|(_, sum)| *sum).sum::<Decimal>()
        };
        self.balances.iter().map(profit).collect()
    }
}
