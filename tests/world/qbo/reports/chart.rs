//! The chart of accounts in the order of QuickBooks' reports, with earlier years' profit closed.

use std::collections::{BTreeMap, HashMap};

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::qbo::World;
use crate::qbo::store::Store;

/// Account types in the order of a trial balance.
const TYPES: [&str; 15] = [
    "Bank",
    "Accounts Receivable",
    "Other Current Asset",
    "Fixed Asset",
    "Other Asset",
    "Accounts Payable",
    "Credit Card",
    "Other Current Liability",
    "Long Term Liability",
    "Equity",
    "Income",
    "Cost of Goods Sold",
    "Expense",
    "Other Income",
    "Other Expense",
];

#[derive(Debug, Clone)]
pub struct Account {
    pub id: String,
    pub name: String,
    pub full_name: String,
    pub number: String,
    pub kind: String,
    pub retained_earnings: bool,
    pub parent: Option<String>,
}

impl Account {
    /// Whether the account starts every fiscal year at zero.
    pub fn of_result(&self) -> bool {
        ["Income", "Cost of Goods Sold", "Expense", "Other Income", "Other Expense"]
            .contains(&self.kind.as_str())
    }

    /// An amount as the account's own side has it: credits of income are positive.
    pub fn natural(&self, amount: Decimal) -> Decimal {
        let debit_side = self.kind.ends_with("Asset")
            || ["Bank", "Accounts Receivable", "Cost of Goods Sold", "Expense", "Other Expense"]
                .contains(&self.kind.as_str());
        if debit_side { amount } else { -amount }
    }
}

/// All accounts, sorted by type and full name.
pub struct Chart {
    accounts: Vec<Account>,
    place: HashMap<String, usize>,
}

impl Chart {
    /// The accounts of the books; one that only the ledger knows counts as an asset.
    pub fn of(store: &Store) -> Self {
        let mut accounts: Vec<Account> = Vec::new();
        for record in store.rows("Account") {
            let text = |name: &str| record.value[name].as_str().unwrap_or_default().to_owned();
            let full_name = record.value["FullyQualifiedName"].as_str();
            accounts.push(Account {
                id: record.id.clone(),
                name: text("Name"),
                full_name: full_name.map_or_else(|| text("Name"), str::to_owned),
                number: text("AcctNum"),
                kind: text("AccountType"),
                retained_earnings: text("AccountSubType") == "RetainedEarnings",
                parent: record.value["ParentRef"]["value"].as_str().map(str::to_owned),
            });
        }
        let mut unknown = BTreeMap::new();
        for posting in store.ledger.postings() {
            if store.get("Account", &posting.account_id).is_none() {
                unknown.insert(posting.account_id.clone(), posting.account_name.clone());
            }
        }
        accounts.extend(unknown.into_iter().map(|(id, name)| Account {
            id,
            full_name: name.clone(),
            name,
            number: String::new(),
            kind: "Other Current Asset".into(),
            retained_earnings: false,
            parent: None,
        }));
        accounts.sort_by_cached_key(|account| {
            let place = TYPES.iter().position(|kind| *kind == account.kind).unwrap_or(TYPES.len());
            (place, account.full_name.to_lowercase())
        });
        let place = accounts.iter().enumerate().map(|(place, a)| (a.id.clone(), place)).collect();
        Self { accounts, place }
    }

    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    pub fn get(&self, id: &str) -> Option<&Account> {
        self.accounts.get(*self.place.get(id)?)
    }

    /// The accounts right below one, or, for none, those of a type that hang on no other.
    pub fn children<'c>(
        &'c self,
        parent: Option<&'c str>,
        kind: &'c str,
    ) -> impl Iterator<Item = &'c Account> {
        self.accounts.iter().filter(move |account| match parent {
            Some(parent) => account.parent.as_deref() == Some(parent),
            None => {
                account.kind == kind
                    && account.parent.as_deref().is_none_or(|parent| self.get(parent).is_none())
            }
        })
    }

    /// Retained earnings, under which closed years are shown.
    pub fn retained_earnings(&self) -> Option<&Account> {
        self.accounts
            .iter()
            .find(|account| account.retained_earnings)
            .or_else(|| self.accounts.iter().find(|account| account.name == "Retained Earnings"))
    }

    /// Balances as QuickBooks shows them on a day: result accounts since the start of
    /// the fiscal year, what they had earned before added to retained earnings.
    pub fn closed(&self, world: &World, store: &Store, day: Date) -> Closed {
        let year = world.company.fiscal_start(day);
        let mut balances = BTreeMap::new();
        let this_year = store.ledger.sums(year, day);
        let mut earlier = Decimal::ZERO;
        for (account, balance) in store.ledger.balances(day) {
            if self.get(&account).is_some_and(Account::of_result) {
                if let Some(sum) = this_year.get(&account) {
                    balances.insert(account.clone(), *sum);
                }
                earlier += balance - this_year.get(&account).copied().unwrap_or_default();
            } else {
                balances.insert(account, balance);
            }
        }
        let mut unplaced = None;
        if !earlier.is_zero() {
            match self.retained_earnings() {
                Some(account) => *balances.entry(account.id.clone()).or_default() += earlier,
                None => unplaced = Some(earlier),
            }
        }
        Closed { balances, retained_without_account: unplaced }
    }

    /// The balances just before a day, as they stand at its beginning.
    pub fn opening(&self, world: &World, store: &Store, day: Date) -> BTreeMap<String, Decimal> {
        let eve = day.saturating_sub(1.day());
        let mut closed = self.closed(world, store, eve).balances;
        if world.company.fiscal_start(day) == day {
            let profit: Decimal = closed
                .iter()
                .filter(|(id, _)| self.get(id).is_some_and(Account::of_result))
                .map(|(_, balance)| *balance)
                .sum();
            closed.retain(|id, _| !self.get(id).is_some_and(Account::of_result));
            if let Some(account) = self.retained_earnings().filter(|_| !profit.is_zero()) {
                *closed.entry(account.id.clone()).or_default() += profit;
            }
        }
        closed
    }
}

/// Balances with earlier years closed.
pub struct Closed {
    /// Debit positive, of every account with a posting.
    pub balances: BTreeMap<String, Decimal>,
    /// Earlier profit of a company without an account for it.
    pub retained_without_account: Option<Decimal>,
}
