//! Which of Odoo's accounts and taxes fit which of QuickBooks', how surely, and
//! why. Pure: suggestions are for a person to confirm.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{
    AccountFacts, OdooId, QboId,
    mapping::{MIRROR, TaxUse},
};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    chart::{Account, Chart},
    check::{Sides, fits, tax_fits},
    source::Rate,
};
use crate::entities::account_types::{OTHER_EXPENSE, account_type};

/// What a record might become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// An account's code, a tax's name, or `mirror`.
    pub to: String,
    /// The account's name in Odoo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// From 0 to 1.
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub confidence: Decimal,
    pub reason: String,
}

/// What Odoo's charts call the accounts that QuickBooks tells apart by subtype.
const CALLED: &[(&str, &[&str])] = &[
    ("UndepositedFunds", &["outstanding receipts", "undeposited funds"]),
    ("PrepaidExpenses", &["prepaid expenses", "prepayments"]),
    ("Inventory", &["stock valuation", "inventory"]),
    ("GlobalTaxPayable", &["tax received", "sales tax payable", "vat payable"]),
    ("GlobalTaxSuspense", &["tax received", "sales tax payable", "vat payable"]),
    ("SalesTaxPayable", &["tax received", "sales tax payable", "vat payable"]),
    ("InternalTransfers", &["liquidity transfer"]),
    ("DeferredRevenue", &["deferred revenue"]),
    ("PayrollClearing", &["salary payable"]),
    ("PayrollTaxPayable", &["employee payroll taxes"]),
    ("CommonStock", &["capital", "common stock"]),
    ("OwnersEquity", &["capital", "owner's equity"]),
    ("PaidInCapitalOrSurplus", &["capital", "paid in capital"]),
    ("PartnersEquity", &["capital"]),
    ("ShareCapital", &["capital", "share capital"]),
    ("DividendDisbursed", &["dividends"]),
    ("PartnerDistributions", &["dividends"]),
    ("BankCharges", &["bank fees", "bank charges"]),
    ("RentOrLeaseOfBuildings", &["rent", "rent expense"]),
    ("PayrollExpenses", &["salary expenses", "wages"]),
    ("PayrollWageExpenses", &["salary expenses", "wages"]),
    ("CostOfLabor", &["salary expenses", "wages"]),
    ("SuppliesMaterialsCogs", &["cost of goods sold"]),
    ("CostOfSales", &["cost of goods sold"]),
    ("CashOnHand", &["cash"]),
];

/// A candidate: where to, how surely in hundredths, and why.
type Guess = (OdooId, i64, String);

impl Sides<'_> {
    /// A suggestion for every account.
    pub fn suggest_accounts(&self) -> BTreeMap<QboId, Suggestion> {
        let mut suggested = BTreeMap::new();
        let mut taken = BTreeSet::new();
        // what is sure takes its account before what is only likely
        let mut accounts: Vec<(&QboId, &AccountFacts, Option<Guess>)> = self
            .source
            .accounts()
            .map(|(id, facts)| (id, facts, self.guess(id, facts, &BTreeSet::new())))
            .collect();
        accounts.sort_by_key(|(id, _, guess)| {
            let surely = guess.as_ref().map_or(0, |(_, surely, _)| *surely);
            (-surely, id.0.len(), *id)
        });
        for (id, facts, guess) in accounts {
            let alone = matches!(facts.account_type.as_str(), "Bank" | "Credit Card");
            let guess = if alone { self.guess(id, facts, &taken) } else { guess };
            let suggestion = match guess {
                Some((odoo, surely, reason)) => {
                    if alone {
                        taken.insert(odoo);
                    }
                    self.to(odoo, surely, reason)
                }
                None => none(facts, alone && !taken.is_empty()),
            };
            suggested.insert(id.clone(), suggestion);
        }
        suggested
    }

    fn to(&self, odoo: OdooId, surely: i64, reason: String) -> Suggestion {
        let account = &self.chart.accounts[&odoo];
        Suggestion {
            to: account.code.clone(),
            name: Some(account.name.clone()),
            confidence: Decimal::new(surely, 2),
            reason,
        }
    }

    /// The best guess, if there is any; `taken` are out of the question.
    fn guess(&self, id: &QboId, facts: &AccountFacts, taken: &BTreeSet<OdooId>) -> Option<Guess> {
        let shown = self.source.shown(id);
        let candidates: BTreeMap<OdooId, &Account> = self
            .chart
            .accounts
            .iter()
            .filter(|(id, account)| {
                !taken.contains(id) && fits(&shown, facts, account, self.source).is_ok()
            })
            .map(|(id, account)| (*id, account))
            .collect();
        let guesser = Guesser { chart: self.chart, facts, of: self.odoo_type(facts)?, candidates };
        guesser.best()
    }

    fn odoo_type(&self, facts: &AccountFacts) -> Option<&'static str> {
        let of = account_type(&facts.account_type, &facts.sub_type)?.odoo;
        let there = |of: &str| self.chart.accounts.values().any(|account| account.of == of);
        Some(if of == OTHER_EXPENSE[0] && !there(of) { OTHER_EXPENSE[1] } else { of })
    }

    /// A suggestion for one use of a tax rate.
    pub fn suggest_tax(&self, rate: &Rate, of: TaxUse) -> Suggestion {
        let fit = self.chart.taxes.values().filter(|tax| tax_fits(rate, of, tax).is_ok());
        let fit: Vec<&str> = fit.map(|tax| tax.name.as_str()).collect();
        let same = format!("same rate {} % on {}s", rate.percent.normalize(), of.word());
        let named = fit.iter().find(|name| words(name) == words(&rate.name));
        let (to, surely, reason) = match (named, &fit[..]) {
            (Some(name), _) => (*name, 95, format!("same name and {same}")),
            (None, [one]) => (*one, 85, same),
            (None, [first, ..]) => (*first, 50, format!("one of {} with the {same}", fit.len())),
            (None, []) => {
                let why = format!("no tax of Odoo's has the {same}");
                (MIRROR, 80, why)
            }
        };
        Suggestion { to: to.to_owned(), name: None, confidence: Decimal::new(surely, 2), reason }
    }
}

/// An account of its own, and why.
fn none(facts: &AccountFacts, spoken_for: bool) -> Suggestion {
    let (surely, reason) = if spoken_for {
        (80, "each bank or card account is one of its own in Odoo, too".to_owned())
    } else if facts.account_type == "Equity" {
        (60, "Odoo's chart has no account like it, and equity is best kept apart".to_owned())
    } else {
        (50, "Odoo's chart has no account like it".to_owned())
    };
    Suggestion { to: MIRROR.to_owned(), name: None, confidence: Decimal::new(surely, 2), reason }
}

struct Guesser<'a> {
    chart: &'a Chart,
    facts: &'a AccountFacts,
    /// The Odoo account type that it would have by itself.
    of: &'static str,
    candidates: BTreeMap<OdooId, &'a Account>,
}

impl Guesser<'_> {
    /// From the surest sign to the weakest.
    fn best(&self) -> Option<Guess> {
        self.by_number()
            .or_else(|| self.by_name())
            .or_else(|| self.by_partner())
            .or_else(|| self.by_sub_type())
            .or_else(|| self.by_words())
            .or_else(|| self.by_type())
            .or_else(|| self.by_family())
    }

    fn by_number(&self) -> Option<Guess> {
        let number = self.facts.number.as_deref()?;
        let (id, account) = self.candidates.iter().find(|(_, a)| a.code == number)?;
        Some(if account.of == self.of {
            (*id, 100, format!("same number {number} and type"))
        } else {
            (*id, 85, format!("same number {number}"))
        })
    }

    fn by_name(&self) -> Option<Guess> {
        let names = [words(&self.facts.name), words(&self.facts.full_name)];
        let same = self.candidates.iter().filter(|(_, a)| names.contains(&words(&a.name)));
        let (id, account) = same.max_by_key(|(_, account)| account.of == self.of)?;
        Some(if account.of == self.of {
            (*id, 95, "same name and type".to_owned())
        } else {
            (*id, 80, "same name".to_owned())
        })
    }

    /// Control accounts: the one that partners get.
    fn by_partner(&self) -> Option<Guess> {
        let (own, who) = match self.of {
            "asset_receivable" => (self.chart.receivable?, "customer"),
            "liability_payable" => (self.chart.payable?, "vendor"),
            _ => return None,
        };
        let there = self.candidates.contains_key(&own);
        there.then(|| (own, 90, format!("the account that every {who} has in Odoo")))
    }

    fn by_sub_type(&self) -> Option<Guess> {
        let sub_type = self.facts.sub_type.as_str();
        let (_, names) = CALLED.iter().find(|(of, _)| *of == sub_type)?;
        let called =
            |name: &&str| self.candidates.iter().find(|(_, a)| words(&a.name) == words(name));
        let (id, _) = names.iter().find_map(called)?;
        Some((*id, 85, format!("subtype {sub_type}")))
    }

    /// Names that have most of their words in common.
    fn by_words(&self) -> Option<Guess> {
        let own = words(&self.facts.name);
        let alike = |account: &Account| {
            let theirs = words(&account.name);
            let common = own.intersection(&theirs).count();
            100 * common / own.union(&theirs).count().max(1)
        };
        let of_type = self.candidates.iter().filter(|(_, account)| account.of == self.of);
        let (id, alike) =
            of_type.map(|(id, account)| (id, alike(account))).max_by_key(|(_, alike)| *alike)?;
        (alike >= 60).then(|| (*id, 70, "similar name".to_owned()))
    }

    fn by_type(&self) -> Option<Guess> {
        // a till is no bank account, though of the same type
        let till = |account: &Account| words(&account.name).contains("cash");
        let fits = |account: &Account| {
            account.of == self.of
                && (self.of != "asset_cash"
                    || till(account) == (self.facts.sub_type == "CashOnHand"))
        };
        let of_type: Vec<OdooId> = self
            .candidates
            .iter()
            .filter(|(_, account)| fits(account))
            .map(|(id, _)| *id)
            .collect();
        let label = self.chart.type_labels.get(self.of).map_or(self.of, String::as_str);
        if let [only] = of_type[..]
            && self.of != "equity"
        {
            return Some((only, 75, format!("the only account of type {label}")));
        }
        let (usual, of) = match self.of {
            "income" => (self.chart.sales, "sales"),
            "expense" => (self.chart.purchases, "purchases"),
            _ => (None, ""),
        };
        if let Some(usual) = usual.filter(|usual| of_type.contains(usual)) {
            return Some((usual, 65, format!("where {of} go if nothing else is said")));
        }
        // charts have an account that is called as its type, for everything else
        let called = |id: &&OdooId| {
            let name = words(&self.candidates[*id].name);
            name == words(label) || (self.of == "asset_cash" && name == words("bank"))
        };
        let general = of_type.iter().find(called)?;
        Some((*general, 60, format!("the general account for {label}")))
    }

    /// The chart has no account of the type, but a general one for expenses.
    fn by_family(&self) -> Option<Guess> {
        let general = self.chart.purchases.filter(|id| self.candidates.contains_key(id))?;
        let label = self.chart.type_labels.get(self.of).map_or(self.of, String::as_str);
        let expense = self.of.starts_with("expense");
        expense.then(|| (general, 45, format!("no account of type {label}; the general one")))
    }
}

/// What a name says, whatever its case, number and small words.
fn words(name: &str) -> BTreeSet<String> {
    let lower = name.to_lowercase().replace("(a/r)", "").replace("(a/p)", "");
    lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 1 && !["and", "of", "or", "the", "to"].contains(word))
        .map(|word| match word.strip_suffix("ies") {
            Some(stem) => format!("{stem}y"),
            None => word.strip_suffix('s').filter(|w| !w.ends_with('s')).unwrap_or(word).to_owned(),
        })
        .collect()
}
