//! Sets documents against each other, by exactly the amounts QuickBooks says.

use std::collections::BTreeMap;

use q2o_domain::{Allocation, Failure, Kind, Money, OdooId, Ref, Result};
use serde_json::{Value, json};

use super::{
    company::{Company, id_of, many2one},
    resolve::Known,
};

/// An open line of a posted move.
struct Line {
    id: OdooId,
    of: OdooId,
    account: OdooId,
    debit: bool,
    /// What is left of it, above zero.
    left: Money,
}

/// Makes the partial reconciliations that are not there yet. `own` is the
/// record that each allocation belongs to.
pub async fn settle(
    company: &Company,
    known: &Known,
    allocations: &[(Ref, &Allocation)],
) -> Result<u64> {
    let wanted: Vec<Wanted> =
        allocations.iter().filter_map(|(own, a)| Wanted::of(known, own, a)).collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    let mut lines = lines(company, &wanted).await?;
    let mut done = partials(company, &lines).await?;
    let mut records = Vec::new();
    for want in &wanted {
        let mut left = want.amount;
        // what an earlier try made counts
        for from in ids(&lines, &want.from, want.account) {
            for to in ids(&lines, &want.to, want.account) {
                for pair in [(from, to), (to, from)] {
                    if let Some(made) = done.get_mut(&pair) {
                        let used = left.min(*made);
                        *made -= used;
                        left -= used;
                    }
                }
            }
        }
        while left > Money::ZERO {
            let Some((debit, credit)) = pair(&lines, want) else { break };
            let amount = left.min(lines[debit].left).min(lines[credit].left);
            lines[debit].left -= amount;
            lines[credit].left -= amount;
            left -= amount;
            let exact: Value = serde_json::from_str(&amount.to_string())
                .map_err(|error| Failure::bug(error.to_string()))?;
            records.push(json!({
                "debit_move_id": lines[debit].id.0,
                "credit_move_id": lines[credit].id.0,
                "amount": exact,
                "debit_amount_currency": exact,
                "credit_amount_currency": exact,
            }));
        }
    }
    let made = records.len() as u64;
    for some in records.chunks(200) {
        company.odoo.create("account.partial.reconcile", some.to_vec(), json!({})).await?;
    }
    Ok(made)
}

/// An allocation in Odoo's ids.
struct Wanted {
    account: OdooId,
    from: Vec<OdooId>,
    to: Vec<OdooId>,
    amount: Money,
}

impl Wanted {
    /// `None` where one of the two is not in Odoo: its open balance will tell.
    fn of(known: &Known, own: &Ref, allocation: &Allocation) -> Option<Self> {
        let moves = |of: &Option<Ref>| known.all(of.as_ref().unwrap_or(own));
        let account = known.id(&Ref::new(Kind::Account, allocation.account.clone()))?;
        let (from, to) = (moves(&allocation.from), moves(&allocation.to));
        (!from.is_empty() && !to.is_empty()).then_some(Self {
            account,
            from,
            to,
            amount: allocation.amount,
        })
    }
}

/// A line of the one and a line of the other, on opposite sides, both open.
fn pair(lines: &[Line], want: &Wanted) -> Option<(usize, usize)> {
    let open = |of: &[OdooId]| -> Vec<usize> {
        (0..lines.len())
            .filter(|at| {
                let line = &lines[*at];
                line.account == want.account && line.left > Money::ZERO && of.contains(&line.of)
            })
            .collect()
    };
    let to = open(&want.to);
    for from in open(&want.from) {
        if let Some(to) = to.iter().copied().find(|to| lines[*to].debit != lines[from].debit) {
            return Some(if lines[from].debit { (from, to) } else { (to, from) });
        }
    }
    None
}

fn ids(lines: &[Line], of: &[OdooId], account: OdooId) -> Vec<OdooId> {
    lines.iter().filter(|l| l.account == account && of.contains(&l.of)).map(|l| l.id).collect()
}

async fn lines(company: &Company, wanted: &[Wanted]) -> Result<Vec<Line>> {
    let mut moves: Vec<i64> =
        wanted.iter().flat_map(|w| w.from.iter().chain(&w.to)).map(|id| id.0).collect();
    let mut accounts: Vec<i64> = wanted.iter().map(|w| w.account.0).collect();
    for list in [&mut moves, &mut accounts] {
        list.sort_unstable();
        list.dedup();
    }
    let domain = json!([
        ["move_id", "in", moves],
        ["account_id", "in", accounts],
        ["parent_state", "=", "posted"]
    ]);
    let fields = ["move_id", "account_id", "balance", "amount_residual"];
    let rows = company.odoo.search_read("account.move.line", domain, &fields, "id", 0, 0).await?;
    let lines = rows.iter().filter_map(|row| {
        Some(Line {
            id: id_of(row)?,
            of: many2one(&row["move_id"])?,
            account: many2one(&row["account_id"])?,
            debit: money(&row["balance"])? > Money::ZERO,
            left: money(&row["amount_residual"])?.abs(),
        })
    });
    Ok(lines.collect())
}

/// What is reconciled between these lines, by debit and credit line.
async fn partials(company: &Company, lines: &[Line]) -> Result<BTreeMap<(OdooId, OdooId), Money>> {
    let ids: Vec<i64> = lines.iter().map(|line| line.id.0).collect();
    let domain = json!([["debit_move_id", "in", ids], ["credit_move_id", "in", ids]]);
    let fields = ["debit_move_id", "credit_move_id", "amount"];
    let rows =
        company.odoo.search_read("account.partial.reconcile", domain, &fields, "id", 0, 0).await?;
    let mut done = BTreeMap::new();
    for row in &rows {
        let pair = many2one(&row["debit_move_id"]).zip(many2one(&row["credit_move_id"]));
        if let (Some(pair), Some(amount)) = (pair, money(&row["amount"])) {
            *done.entry(pair).or_insert(Money::ZERO) += amount;
        }
    }
    Ok(done)
}

/// An amount as Odoo writes it: a JSON float's text, to the cent.
pub fn money(value: &Value) -> Option<Money> {
    let text = value.as_number()?.to_string();
    let decimal = text.parse().or_else(|_| rust_decimal::Decimal::from_scientific(&text)).ok()?;
    Some(Money(decimal).cents())
}
