//! Moves that nobody of us wrote or caused. On accounts and taxes that were there
//! before us they are others' business: told apart, and not compared.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use q2o_domain::{Currency, Failure, Money, OdooId, QboId, Result};
use q2o_durable::Attempt;
use serde_json::{Value, json};

use super::{
    compare::Taxes,
    odoo_ledger::{Move, What},
};
use crate::sync::{
    company::{Company, PAGE, id_of, many2one},
    load::settle::money,
};

#[derive(Debug, Default)]
pub struct Strangers(BTreeSet<OdooId>);

impl Strangers {
    /// Everything posted that is neither ours nor carries our key, nor was booked by
    /// Odoo because of ours.
    pub async fn read(
        company: &Company,
        what: &What<'_>,
        moves: &BTreeMap<OdooId, Move>,
    ) -> Result<Self> {
        if what.adopted.accounts.is_empty() && what.adopted.taxes.is_empty() {
            return Ok(Self::default());
        }
        let key = company.key_prefix();
        let stranger = |(id, own): &(&OdooId, &Move)| {
            let of = own.because_of.as_ref().unwrap_or(id);
            let keyed = own.key.as_ref().is_some_and(|own| own.starts_with(&key));
            !what.moves.contains_key(of) && !keyed
        };
        let mut strangers: BTreeSet<OdooId> =
            moves.iter().filter(stranger).map(|(id, _)| *id).collect();
        if !strangers.is_empty() {
            for exchange in exchanges(company, what).await? {
                strangers.remove(&exchange);
            }
        }
        Ok(Self(strangers))
    }

    pub fn wrote(&self, of: OdooId) -> bool {
        self.0.contains(&of)
    }

    /// Their tax on taxes that were there before us.
    pub async fn taxes(
        &self,
        company: &Company,
        what: &What<'_>,
        currencies: &BTreeMap<OdooId, Currency>,
        attempt: &Attempt,
    ) -> Result<Taxes> {
        let mut taxes = Taxes::new();
        let ids: Vec<i64> = what.adopted.taxes.iter().map(|id| id.0).collect();
        if self.0.is_empty() || ids.is_empty() {
            return Ok(taxes);
        }
        let lines = [
            json!(["parent_state", "=", "posted"]),
            json!(["company_id", "=", company.odoo_company.0]),
            json!(["tax_line_id", "in", ids]),
        ];
        let fields = ["move_id", "tax_line_id", "date", "currency_id", "amount_currency"];
        let see = |row: &Value| {
            let Some((of, cell, amount)) = tax(row, what.rates, currencies) else {
                return Err(Failure::bug(format!("Odoo has a tax line like {row}")));
            };
            if self.wrote(of) {
                *taxes.entry(cell).or_default() += amount;
            }
            Ok(())
        };
        company.each("account.move.line", &lines, &fields, attempt, see).await?;
        Ok(taxes)
    }
}

/// A tax line: of which move, by rate, month and currency, and how much.
fn tax(
    row: &Value,
    rates: &BTreeMap<OdooId, QboId>,
    currencies: &BTreeMap<OdooId, Currency>,
) -> Option<(OdooId, (QboId, Date, Currency), Money)> {
    let day: Date = row["date"].as_str()?.parse().ok()?;
    let rate = rates.get(&many2one(&row["tax_line_id"])?)?.clone();
    let currency = currencies.get(&many2one(&row["currency_id"])?)?.clone();
    let cell = (rate, day.last_of_month(), currency);
    Some((many2one(&row["move_id"])?, cell, money(&row["amount_currency"])?))
}

/// Exchange differences that Odoo booked because of our documents.
async fn exchanges(company: &Company, what: &What<'_>) -> Result<Vec<OdooId>> {
    let domain =
        json!([["exchange_move_id", "!=", false], ["company_id", "=", company.odoo_company.0]]);
    let fields = ["exchange_move_id", "debit_move_id", "credit_move_id"];
    let model = "account.partial.reconcile";
    let partials = company.odoo.search_read(model, domain, &fields, "id", 0, 0).await?;
    let lines = |row: &Value| {
        ["debit_move_id", "credit_move_id"].map(|side| many2one(&row[side])).into_iter().flatten()
    };
    let ids: Vec<i64> = partials.iter().flat_map(lines).map(|id| id.0).collect();
    let mut of = BTreeMap::new();
    for some in ids.chunks(PAGE as usize) {
        let domain = json!([["id", "in", some]]);
        let fields = ["move_id"];
        let rows =
            company.odoo.search_read("account.move.line", domain, &fields, "id", 0, 0).await?;
        of.extend(rows.iter().filter_map(|row| Some((id_of(row)?, many2one(&row["move_id"])?))));
    }
    let ours = |row: &&Value| {
        lines(row).filter_map(|line| of.get(&line)).any(|of| what.moves.contains_key(of))
    };
    Ok(partials.iter().filter(ours).filter_map(|row| many2one(&row["exchange_move_id"])).collect())
}
