//! What mapping has to know of a company beside the record at hand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use rust_decimal::Decimal;

use crate::{Currency, Kind, Posting, QboId};

/// A company's facts, gathered from its own master records. Pure data.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub home: Option<Currency>,
    pub accounts: BTreeMap<QboId, AccountFacts>,
    pub items: BTreeMap<QboId, ItemFacts>,
    /// Tax rate to agency.
    pub tax_rates: BTreeMap<QboId, QboId>,
    /// Tax agency to its name.
    pub tax_agencies: BTreeMap<QboId, String>,
    /// Tax code to the rates it levies on sales and on purchases.
    pub tax_codes: BTreeMap<QboId, (Vec<QboId>, Vec<QboId>)>,
    /// Customers that are projects or jobs.
    pub projects: BTreeSet<QboId>,
    /// Who spent time, and for whom.
    pub worked: BTreeSet<(Kind, QboId)>,
    /// Types that customers can be of.
    pub customer_types: BTreeSet<QboId>,
    /// Currencies that the books are kept in beside the home currency, by code.
    pub currencies: BTreeMap<Currency, QboId>,
    /// Sub-customer to the customer above it.
    pub parents: BTreeMap<QboId, QboId>,
    /// A customer's or vendor's own control account, where it has one.
    pub receivable_of: BTreeMap<QboId, QboId>,
    pub payable_of: BTreeMap<QboId, QboId>,
    /// The account that sales post shipping to, and the one for discounts.
    pub shipping_account: Option<QboId>,
    pub discount_account: Option<QboId>,
    /// Whether the company keeps books in more than one currency.
    pub multi_currency: bool,
    /// Documents in a foreign currency: home currency for one unit of it. Only
    /// gathered where there can be any.
    pub rates: BTreeMap<(Kind, QboId), Decimal>,
    /// January is 1.
    pub fiscal_year_starts: Option<i8>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFacts {
    pub name: String,
    pub full_name: String,
    /// The number the user gave it, if any.
    pub number: Option<String>,
    /// As in `Other Current Asset`.
    pub account_type: String,
    /// As in `UndepositedFunds`.
    pub sub_type: String,
    pub currency: Option<Currency>,
    pub active: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemFacts {
    pub name: String,
    /// As in `Inventory`.
    pub item_type: String,
    pub income: Option<QboId>,
    pub expense: Option<QboId>,
    pub asset: Option<QboId>,
    pub parent: Option<QboId>,
}

impl Facts {
    /// The first account of a type (and subtype), by id as a number: companies
    /// of one currency have one receivable and one payable account.
    pub fn account_of(&self, account_type: &str, sub_type: Option<&str>) -> Option<&QboId> {
        self.accounts
            .iter()
            .filter(|(_, a)| a.account_type == account_type)
            .filter(|(_, a)| sub_type.is_none_or(|s| a.sub_type == s))
            .map(|(id, a)| (!a.active, id.0.len(), id))
            .min()
            .map(|(_, _, id)| id)
    }

    /// The control account for what customers owe, in this currency.
    pub fn receivable(
        &self,
        customer: Option<&QboId>,
        currency: Option<&Currency>,
    ) -> Option<&QboId> {
        customer
            .and_then(|id| self.receivable_of.get(id))
            .or_else(|| self.control("Accounts Receivable", currency))
    }

    /// The control account for what we owe vendors, in this currency.
    pub fn payable(&self, vendor: Option<&QboId>, currency: Option<&Currency>) -> Option<&QboId> {
        vendor
            .and_then(|id| self.payable_of.get(id))
            .or_else(|| self.control("Accounts Payable", currency))
    }

    fn control(&self, account_type: &str, currency: Option<&Currency>) -> Option<&QboId> {
        let currency = currency.or(self.home.as_ref());
        self.accounts
            .iter()
            .filter(|(_, a)| a.account_type == account_type)
            .filter(|(_, a)| {
                currency.is_none() || a.currency.as_ref().or(self.home.as_ref()) == currency
            })
            .map(|(id, a)| (!a.active, id.0.len(), id))
            .min()
            .map(|(_, _, id)| id)
            .or_else(|| self.account_of(account_type, None))
    }

    pub fn undeposited_funds(&self) -> Option<&QboId> {
        self.account_of("Other Current Asset", Some("UndepositedFunds"))
    }

    /// Where realised gains and losses of foreign currency go.
    pub fn exchange_account(&self) -> Option<&QboId> {
        self.account_of("Other Expense", Some("ExchangeGainOrLoss"))
            .or_else(|| self.account_of("Other Income", Some("ExchangeGainOrLoss")))
    }

    /// The liability account of a tax rate. No QuickBooks object names it; by
    /// convention it is called "<agency> Payable".
    pub fn tax_account(&self, rate: &QboId) -> Option<&QboId> {
        let agency = self.tax_agencies.get(self.tax_rates.get(rate)?)?;
        let named = |name: &str| {
            self.accounts.iter().find(|(_, a)| a.name.eq_ignore_ascii_case(name)).map(|(id, _)| id)
        };
        named(&format!("{agency} Payable"))
            .or_else(|| self.account_of("Other Current Liability", Some("SalesTaxPayable")))
            .or_else(|| self.account_of("Other Current Liability", Some("GlobalTaxPayable")))
    }

    /// Up the chain of sub-customers to the customer on top.
    pub fn root_customer<'a>(&'a self, id: &'a QboId) -> &'a QboId {
        let mut at = id;
        // a circle cannot happen in QuickBooks (five levels at most); do not hang if it does
        for _ in 0..16 {
            match self.parents.get(at) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }

    /// An item's account, or the one of the item above it.
    pub fn item_account(
        &self,
        item: &QboId,
        of: fn(&ItemFacts) -> Option<&QboId>,
    ) -> Option<&QboId> {
        let mut at = self.items.get(item)?;
        for _ in 0..16 {
            if let Some(account) = of(at) {
                return Some(account);
            }
            at = self.items.get(at.parent.as_ref()?)?;
        }
        None
    }

    pub fn is_home(&self, currency: Option<&Currency>) -> bool {
        currency.is_none_or(|c| self.home.as_ref().is_none_or(|home| home == c))
    }

    /// Whether an account says what customers owe, or what is owed to vendors.
    pub fn is_control(&self, account: &QboId) -> bool {
        matches!(self.account_type(account), "Accounts Receivable" | "Accounts Payable")
    }

    pub fn account_type(&self, account: &QboId) -> &str {
        self.accounts.get(account).map_or("", |a| &a.account_type)
    }

    /// Whether an account is one of profit and loss.
    pub fn is_result(&self, account: &QboId) -> bool {
        matches!(
            self.account_type(account),
            "Income" | "Other Income" | "Cost of Goods Sold" | "Expense" | "Other Expense"
        )
    }

    /// Where QuickBooks shows the results of earlier years, without ever posting them.
    pub fn retained_earnings(&self) -> Option<&QboId> {
        self.account_of("Equity", Some("RetainedEarnings"))
    }

    /// The first day of the fiscal year that `day` is in.
    pub fn year_start(&self, day: Date) -> Date {
        let month = self.fiscal_year_starts.unwrap_or(1);
        let year = if day.month() < month { day.year() - 1 } else { day.year() };
        date(year, month, 1)
    }
}

/// What [`map`](crate::Entity::map) and [`post`](crate::Entity::post) may look at.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    pub facts: &'a Facts,
    /// What QuickBooks' own ledger says this very transaction posted; empty for
    /// master records.
    pub ledger: &'a [Posting],
}

impl Books<'_> {
    /// The same without the ledger: what the records say by themselves.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self { facts: self.facts, ledger: &[] }
    }

    /// The account of this type (as in `Accounts Receivable`) that QuickBooks'
    /// ledger posts the transaction to, where it is one.
    pub fn posted_to(&self, account_type: &str) -> Option<&QboId> {
        let mut accounts = self
            .ledger
            .iter()
            .map(|posting| &posting.account)
            .filter(|account| self.facts.account_type(account) == account_type);
        let first = accounts.next()?;
        accounts.all(|account| account == first).then_some(first)
    }
}
