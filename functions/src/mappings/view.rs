//! A mapping as people look at it: every account and tax with what was decided,
//! what is suggested, and why.

use std::collections::BTreeMap;

use jiff::Timestamp;
use q2o_domain::{
    LinkId, Money, QboId,
    mapping::{Decisions, Mapping, Mode, Target, TaxUse},
};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{check::Sides, suggest::Suggestion};
use crate::entities::account_types::account_type;

#[derive(Debug, Serialize)]
pub struct View {
    pub link: LinkId,
    /// 0 before the first is saved.
    pub version: u32,
    pub mode: Mode,
    pub note: String,
    pub saved: Option<Timestamp>,
    pub saved_by: Option<String>,
    pub accounts: Vec<Row>,
    pub taxes: Vec<Tax>,
    /// Vendors that are customers too, and which.
    pub twins: BTreeMap<QboId, QboId>,
    /// Accounts that nothing was decided on. Where the mode is `map`, a migration
    /// waits for them.
    pub undecided: usize,
}

/// One account.
#[derive(Debug, Serialize)]
pub struct Row {
    pub id: QboId,
    pub shown: String,
    pub account_type: String,
    pub sub_type: String,
    /// The subtype is unknown, or belongs to other accounts: worth a look.
    pub review: bool,
    pub active: bool,
    /// As of now, in QuickBooks.
    pub balance: Option<Money>,
    /// What was decided: a code of Odoo's, or `mirror`.
    pub to: Option<String>,
    pub odoo_name: Option<String>,
    pub suggestion: Suggestion,
}

/// One use of a tax rate.
#[derive(Debug, Serialize)]
pub struct Tax {
    pub id: QboId,
    #[serde(rename = "use")]
    pub of: TaxUse,
    pub name: String,
    #[serde(with = "rust_decimal::serde::arbitrary_precision")]
    pub percent: Decimal,
    pub to: Option<String>,
    pub suggestion: Suggestion,
}

impl View {
    pub fn new(link: &LinkId, mapping: Option<&Mapping>, sides: &Sides<'_>) -> Self {
        let nothing = Decisions::default();
        let decisions = mapping.map_or(&nothing, |mapping| &mapping.decisions);
        let mut suggested = sides.suggest_accounts();
        let source = sides.source;
        let accounts = source.accounts().filter_map(|(id, facts)| {
            let target = decisions.accounts.get(id);
            let odoo = target.and_then(Target::odoo).and_then(|id| sides.chart.accounts.get(&id));
            let proposed = account_type(&facts.account_type, &facts.sub_type)?;
            Some(Row {
                id: id.clone(),
                shown: source.shown(id),
                account_type: facts.account_type.clone(),
                sub_type: facts.sub_type.clone(),
                review: proposed.review,
                active: facts.active,
                balance: source.balances.get(id).copied(),
                to: target.map(|target| target.word().to_owned()),
                odoo_name: odoo.map(|account| account.name.clone()),
                suggestion: suggested.remove(id)?,
            })
        });
        let mut accounts: Vec<Row> = accounts.collect();
        accounts.sort_by(|a, b| (a.id.0.len(), &a.id).cmp(&(b.id.0.len(), &b.id)));
        let taxes = source.taxes().map(|(id, rate, of)| Tax {
            id: id.clone(),
            of,
            name: rate.name.clone(),
            percent: rate.percent,
            to: decisions
                .taxes
                .get(id)
                .and_then(|uses| uses.get(&of))
                .map(|target| target.word().to_owned()),
            suggestion: sides.suggest_tax(rate, of),
        });
        Self {
            link: link.clone(),
            version: mapping.map_or(0, |mapping| mapping.version),
            mode: mapping.map(|mapping| mapping.mode).unwrap_or_default(),
            note: mapping.map(|mapping| mapping.note.clone()).unwrap_or_default(),
            saved: mapping.map(|mapping| mapping.saved),
            saved_by: mapping.map(|mapping| mapping.saved_by.clone()),
            taxes: taxes.collect(),
            twins: decisions.twins.clone(),
            undecided: sides.undecided(decisions).count(),
            accounts,
        }
    }
}
