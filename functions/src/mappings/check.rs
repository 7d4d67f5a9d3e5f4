//! What was asked for as decisions, or why it cannot be. Pure.

use std::collections::BTreeSet;

use q2o_domain::{
    AccountFacts, OdooId, QboId,
    mapping::{Decisions, MIRROR, Target, TaxUse},
};

use super::{
    chart::{Account, Chart, Tax},
    source::{Rate, Source},
};
use crate::problem::Refused;

/// One decision as asked for, and where it stands in the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// As in `accounts[3]` or `line 7, column odoo`.
    pub at: String,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Account { id: QboId, to: String },
    Tax { rate: QboId, of: TaxUse, to: String },
    Twin { vendor: QboId, customer: QboId },
}

/// Both sides of a mapping.
pub struct Sides<'a> {
    pub source: &'a Source,
    pub chart: &'a Chart,
}

impl Sides<'_> {
    /// Everything that was asked for as decisions, or all that is wrong with it.
    pub fn decide(&self, asked: &[Asked]) -> Result<Decisions, Vec<Refused>> {
        let (mut decisions, mut refused) = (Decisions::default(), Vec::new());
        let mut customers = BTreeSet::new();
        for Asked { at, what } in asked {
            let decided = match what {
                What::Account { id, to } => self.account(id, to).and_then(|target| {
                    once(decisions.accounts.insert(id.clone(), target).is_none())
                }),
                What::Tax { rate, of, to } => self.tax(rate, *of, to).and_then(|target| {
                    let uses = decisions.taxes.entry(rate.clone()).or_default();
                    once(uses.insert(*of, target).is_none())
                }),
                What::Twin { vendor, customer } if customers.insert(customer) => {
                    once(decisions.twins.insert(vendor.clone(), customer.clone()).is_none())
                }
                What::Twin { customer, .. } => {
                    Err(format!("Customer {customer} is the twin of another vendor already."))
                }
            };
            if let Err(why) = decided {
                refused.push(Refused { row: at.clone(), why });
            }
        }
        if refused.is_empty() { Ok(decisions) } else { Err(refused) }
    }

    /// What has changed on either side since decisions were made, so that they
    /// no longer hold.
    pub fn recheck(&self, decisions: &Decisions) -> Vec<(q2o_domain::Kind, QboId, String)> {
        let mut broken = Vec::new();
        for (id, target) in &decisions.accounts {
            // an account that is gone from QuickBooks needs no decision any more
            let Some(facts) = self.source.facts.accounts.get(id) else { continue };
            let Target::Odoo { id: odoo, code } = target else { continue };
            let still = match self.chart.accounts.get(odoo) {
                Some(account) => fits(&self.source.shown(id), facts, account, self.source),
                None => Err(format!("Odoo's account {code} is not there any more.")),
            };
            broken.extend(still.err().map(|why| (q2o_domain::Kind::Account, id.clone(), why)));
        }
        for (id, uses) in &decisions.taxes {
            let Some(rate) = self.source.rates.get(id) else { continue };
            for (of, target) in uses {
                let Target::Odoo { id: odoo, code } = target else { continue };
                let still = match self.chart.taxes.get(odoo) {
                    Some(tax) => tax_fits(rate, *of, tax),
                    None => Err(format!("Odoo's tax {code} is not there any more.")),
                };
                broken.extend(still.err().map(|why| (q2o_domain::Kind::TaxRate, id.clone(), why)));
            }
        }
        broken
    }

    /// Accounts that nothing was decided on.
    pub fn undecided<'a>(&'a self, decisions: &'a Decisions) -> impl Iterator<Item = &'a QboId> {
        let ids = self.source.accounts().map(|(id, _)| id);
        ids.filter(|id| !decisions.accounts.contains_key(*id))
    }

    fn account(&self, id: &QboId, to: &str) -> Result<Target, String> {
        let facts = self.source.facts.accounts.get(id).ok_or_else(|| {
            format!("QuickBooks has no account {id}: take the ids from an export.")
        })?;
        if to.eq_ignore_ascii_case(MIRROR) {
            return Ok(Target::Mirror);
        }
        let known = self.chart.accounts.iter().find(|(_, account)| account.code == to);
        let (odoo, account) = known.ok_or_else(|| {
            format!(
                "Odoo has no account {to:?} in this company. Say one of its codes, or {MIRROR}."
            )
        })?;
        fits(&self.source.shown(id), facts, account, self.source)?;
        Ok(Target::Odoo { id: *odoo, code: account.code.clone() })
    }

    fn tax(&self, id: &QboId, of: TaxUse, to: &str) -> Result<Target, String> {
        let rate = self.source.rates.get(id).ok_or_else(|| {
            format!("QuickBooks has no tax rate {id}: take the ids from an export.")
        })?;
        if to.eq_ignore_ascii_case(MIRROR) {
            return Ok(Target::Mirror);
        }
        let named: Vec<(&OdooId, &Tax)> = self
            .chart
            .taxes
            .iter()
            .filter(|(_, tax)| tax.name == to && tax.used_on == of.word())
            .collect();
        match named[..] {
            [(odoo, tax)] => {
                tax_fits(rate, of, tax)?;
                Ok(Target::Odoo { id: *odoo, code: tax.name.clone() })
            }
            [] => Err(format!(
                "Odoo has no {} tax {to:?} in this company. Say one's name, or {MIRROR}.",
                of.word()
            )),
            _ => Err(format!(
                "Odoo has several {} taxes called {to:?}. Give the one a name of its own there.",
                of.word()
            )),
        }
    }
}

fn once(new: bool) -> Result<(), String> {
    if new {
        Ok(())
    } else {
        Err("It was decided already, further up: one decision is enough.".to_owned())
    }
}

/// Whether an account may go to an account of Odoo's.
pub fn fits(
    shown: &str,
    facts: &AccountFacts,
    account: &Account,
    source: &Source,
) -> Result<(), String> {
    let refuse = |why: String| Err(format!("{shown} cannot go to {}: {why}", account.shown()));
    if account.closed {
        return refuse("it is closed in Odoo.".to_owned());
    }
    // these behave specially in Odoo: nothing else goes there, and they go nowhere else
    for (of, odoo, what) in [
        ("Accounts Receivable", "asset_receivable", "what customers owe"),
        ("Accounts Payable", "liability_payable", "what vendors are owed"),
    ] {
        if (facts.account_type == of) != (account.of == odoo) {
            return refuse(format!(
                "in Odoo {what} stands on accounts of type {odoo}, and nothing else does; this \
                 one is of type {}.",
                account.of
            ));
        }
    }
    for (of, odoo) in [("Bank", "asset_cash"), ("Credit Card", "liability_credit_card")] {
        if facts.account_type == of && account.of != odoo {
            return refuse(format!(
                "a {} account takes one of type {odoo} in Odoo; this one is of type {}.",
                of.to_lowercase(),
                account.of
            ));
        }
    }
    if account.of == "off_balance" {
        return refuse("it is off the balance sheet, and everything moved is on it.".to_owned());
    }
    if account.of == "equity_unaffected" && facts.account_type != "Equity" {
        return refuse("Odoo keeps it for the results of years not yet closed.".to_owned());
    }
    if is_result(&facts.account_type) != is_result_of_odoo(account) {
        return refuse("one is in the balance sheet, the other in the profit and loss.".to_owned());
    }
    if facts.sub_type == "UndepositedFunds" && !account.reconcile {
        return refuse(
            "deposits are matched with their payments on it, and it does not allow \
             reconciliation."
                .to_owned(),
        );
    }
    let own = facts.currency.as_ref().or(source.facts.home.as_ref());
    if let Some(only) = &account.currency
        && own.is_some_and(|own| own.0 != *only)
    {
        return refuse(format!("it takes {only} only."));
    }
    Ok(())
}

/// Whether a type of QuickBooks' is in the profit and loss.
fn is_result(of: &str) -> bool {
    matches!(of, "Income" | "Other Income" | "Cost of Goods Sold" | "Expense" | "Other Expense")
}

fn is_result_of_odoo(account: &Account) -> bool {
    account.of.starts_with("income") || account.of.starts_with("expense")
}

/// Whether a rate may go to a tax of Odoo's.
pub fn tax_fits(rate: &Rate, of: TaxUse, tax: &Tax) -> Result<(), String> {
    let refuse = |why: &str| Err(format!("{} cannot go to tax {}: {why}", rate.name, tax.name));
    if tax.used_on != of.word() {
        return refuse(&format!("it is not levied on {}s.", of.word()));
    }
    if tax.of != "percent" {
        return refuse("it is no percentage.");
    }
    if tax.percent != rate.percent.normalize() {
        let (own, there) = (rate.percent.normalize(), tax.percent);
        return refuse(&format!("QuickBooks levies {own} %, and Odoo {there} %."));
    }
    if tax.included {
        return refuse("prices include it, and QuickBooks' amounts are without tax.");
    }
    if tax.on_payment {
        return refuse("it is due only when paid, so Odoo would post it once more.");
    }
    if tax.lines.is_none() {
        return refuse("it is split over several lines, and QuickBooks has one amount.");
    }
    Ok(())
}
