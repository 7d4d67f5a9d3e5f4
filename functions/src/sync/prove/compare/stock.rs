//! The stock: QuickBooks' valuation of it against Odoo's stock accounts, and its
//! quantities where Odoo holds any.

use std::collections::BTreeMap;

use jiff::civil::Date;
use q2o_domain::{
    Facts, Money, QboId,
    ledger::{Level, Months},
    records::InStock,
};

use super::{
    OdooLedger,
    quickbooks::Theirs,
    telling::{Telling, Told},
};
use crate::sync::prove::groups::Groups;

/// What both sides hold on a day, the last of a month.
pub struct Both<'a> {
    pub day: Date,
    pub items: &'a BTreeMap<QboId, InStock>,
    pub theirs: &'a Theirs,
    pub odoo: &'a OdooLedger,
    pub months: &'a Months,
}

impl Both<'_> {
    pub fn compare(
        &self,
        facts: &Facts,
        groups: &Groups,
        level: &mut Level,
        telling: &mut Telling,
    ) {
        let asset = |id: &QboId| facts.item_account(id, |item| item.asset.as_ref());
        let mut values: BTreeMap<QboId, Money> = BTreeMap::new();
        for (id, item) in self.items {
            if let Some(account) = asset(id) {
                *values.entry(groups.account(account.clone())).or_default() += item.value;
            }
        }
        for (account, value) in &values {
            let value = *value;
            let by_ledger = self.theirs.months.on(account, self.day);
            if by_ledger == value {
                let odoo = self.months.on(account, self.day);
                let what = || {
                    let what = format!("value of the stock, account {account} on {}", self.day);
                    Told::new("stock_differs", what)
                };
                telling.amount("L4", level, (value, odoo), what);
            } else {
                telling.not_compared(format!(
                    "The value of the stock on account {account}: QuickBooks' own valuation says \
                     {value} and its own ledger {by_ledger}. The account itself is compared."
                ));
            }
        }
        match &self.odoo.in_stock {
            None => telling
                .not_compared("Quantities in stock: not compared, Odoo holds no stock.".to_owned()),
            Some(quantities) => {
                for (id, item) in self.items {
                    let odoo = quantities.get(id).copied().unwrap_or_default();
                    let amounts = (Money(item.quantity), Money(odoo));
                    let what = || {
                        Told::new("stock_differs", format!("quantity of item {id}, {}", item.name))
                    };
                    telling.amount("L4", level, amounts, what);
                }
            }
        }
    }
}
