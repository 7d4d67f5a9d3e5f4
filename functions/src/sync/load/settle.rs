//! Sets documents against each other, by exactly the amounts QuickBooks says.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{Allocation, Facts, Failure, Kind, Money, OdooId, Ref, Result};
use serde_json::{Value, json};

use super::resolve::Known;
use crate::sync::company::{Company, id_of, many2one};

/// An open line of a posted move.
struct Line {
    id: OdooId,
    of: OdooId,
    account: OdooId,
    control: bool,
    currency: OdooId,
    partner: Option<OdooId>,
    debit: bool,
    /// What is left of it in its currency and at home, above zero.
    left: Money,
    home: Money,
}

impl Line {
    /// What `amount` of it is worth at home.
    fn worth(&self, amount: Money) -> Money {
        if amount >= self.left {
            self.home
        } else {
            Money(amount.0 * self.home.0 / self.left.0).cents()
        }
    }

    /// What `home` of it is in its currency.
    fn amount(&self, home: Money) -> Money {
        if home >= self.home {
            self.left
        } else {
            Money(home.0 * self.left.0 / self.home.0).cents()
        }
    }
}

/// By the record that asked for them: its partial reconciliations.
pub type Settled = BTreeMap<Ref, BTreeSet<OdooId>>;

/// Makes the partial reconciliations that are not there yet. `own` is the
/// record that each allocation belongs to; it gets those of an earlier try too.
pub async fn settle(
    company: &Company,
    facts: &Facts,
    known: &Known,
    allocations: &[(Ref, &Allocation)],
) -> Result<Settled> {
    let mut settled = Settled::new();
    let wanted: Vec<Wanted> =
        allocations.iter().filter_map(|(own, a)| Wanted::of(facts, known, own, a)).collect();
    if wanted.is_empty() {
        return Ok(settled);
    }
    let mut lines = lines(company, &wanted).await?;
    let mut done = partials(company, &lines).await?;
    let mut records = Vec::new();
    let mut whose = Vec::new();
    for want in &wanted {
        let mut left = want.amount;
        // what an earlier try made counts
        for from in ids(&lines, &want.from, want) {
            for to in ids(&lines, &want.to, want) {
                for pair in [(from, to), (to, from)] {
                    for (id, debit, credit) in done.get_mut(&pair).into_iter().flatten() {
                        let own = if want.own_to { to } else { from };
                        let made = if pair.0 == own { debit } else { credit };
                        let used = left.min(*made);
                        // one of nothing levels what is left at home
                        if used > Money::ZERO || made.is_zero() {
                            settled.entry(want.whose.clone()).or_default().insert(*id);
                        }
                        *made -= used;
                        left -= used;
                    }
                }
            }
        }
        while left > Money::ZERO {
            let Some((from, to)) = pair(&lines, want) else { break };
            let (amounts, home) = share(&lines[from], &lines[to], left, want.own_from);
            left -= if want.own_to { amounts.1 } else { amounts.0 };
            records.push(take(&mut lines, (from, to), amounts, home)?);
            whose.push(&want.whose);
        }
    }
    level(&mut lines, &wanted, &mut records, &mut whose)?;
    for (some, whose) in records.chunks(200).zip(whose.chunks(200)) {
        let made =
            company.odoo.create("account.partial.reconcile", some.to_vec(), json!({})).await?;
        for (id, own) in made.into_iter().zip(whose) {
            settled.entry((*own).clone()).or_default().insert(id);
        }
    }
    Ok(settled)
}

/// How much of two lines is set against each other: in the currency of each,
/// and at home. What is paid counts at its own rate; of two documents set
/// against each other, what both can bear.
fn share(from: &Line, to: &Line, left: Money, own: bool) -> ((Money, Money), Money) {
    if from.currency == to.currency {
        let amount = left.min(from.left).min(to.left);
        let least = if own { from.home } else { from.worth(amount) };
        return ((amount, amount), to.worth(amount).min(least));
    }
    let home = from.worth(left.min(from.left)).min(to.home);
    ((from.amount(home), to.amount(home)), home)
}

/// A realised gain stands on the control account in home currency only; it takes
/// what is left at home of lines that are settled in their own currency.
fn level<'a>(
    lines: &mut [Line],
    wanted: &'a [Wanted],
    records: &mut Vec<Value>,
    whose: &mut Vec<&'a Ref>,
) -> Result<()> {
    for want in wanted {
        let of: Vec<OdooId> =
            [&want.own, &want.from, &want.to].into_iter().flatten().copied().collect();
        let rest = |lines: &[Line], debit: bool| {
            lines.iter().position(|line| {
                line.debit == debit
                    && want.fits(line)
                    && line.left.is_zero()
                    && line.home > Money::ZERO
                    && of.contains(&line.of)
            })
        };
        while let (Some(debit), Some(credit)) = (rest(lines, true), rest(lines, false)) {
            let home = lines[debit].home.min(lines[credit].home);
            records.push(take(lines, (debit, credit), (Money::ZERO, Money::ZERO), home)?);
            whose.push(&want.whose);
        }
    }
    Ok(())
}

/// Takes amounts off both lines, and gives the partial reconciliation that says so.
fn take(
    lines: &mut [Line],
    (one, other): (usize, usize),
    amounts: (Money, Money),
    home: Money,
) -> Result<Value> {
    for (at, amount) in [(one, amounts.0), (other, amounts.1)] {
        lines[at].left -= amount;
        lines[at].home -= home;
    }
    let ((debit, of_debit), (credit, of_credit)) = if lines[one].debit {
        ((one, amounts.0), (other, amounts.1))
    } else {
        ((other, amounts.1), (one, amounts.0))
    };
    let exact = |amount: Money| {
        serde_json::from_str::<Value>(&amount.to_string())
            .map_err(|error| Failure::bug(error.to_string()))
    };
    Ok(json!({
        "debit_move_id": lines[debit].id.0,
        "credit_move_id": lines[credit].id.0,
        "amount": exact(home)?,
        "debit_amount_currency": exact(of_debit)?,
        "credit_amount_currency": exact(of_credit)?,
    }))
}

/// An allocation in Odoo's ids.
struct Wanted {
    whose: Ref,
    account: OdooId,
    /// Whether that is a control account: then any that both sides have will do,
    /// since records rarely say which.
    control: bool,
    from: Vec<OdooId>,
    to: Vec<OdooId>,
    /// What the record became that the allocation belongs to, and whether it is
    /// itself one of the two.
    own: Vec<OdooId>,
    own_from: bool,
    own_to: bool,
    /// In that record's currency.
    amount: Money,
}

impl Wanted {
    /// `None` where one of the two is not in Odoo: its open balance will tell.
    fn of(facts: &Facts, known: &Known, own: &Ref, allocation: &Allocation) -> Option<Self> {
        let moves = |of: &Option<Ref>| known.all(of.as_ref().unwrap_or(own));
        let account = known.id(&Ref::new(Kind::Account, allocation.account.clone()))?;
        let (from, to) = (moves(&allocation.from), moves(&allocation.to));
        (!from.is_empty() && !to.is_empty()).then(|| Self {
            whose: own.clone(),
            account,
            control: facts.is_control(&allocation.account),
            from,
            to,
            own: known.all(own),
            own_from: allocation.from.is_none(),
            own_to: allocation.to.is_none() && allocation.from.is_some(),
            amount: allocation.amount,
        })
    }

    fn fits(&self, line: &Line) -> bool {
        line.account == self.account || (self.control && line.control)
    }
}

/// A line of the one and a line of the other, on opposite sides, both open; of an
/// entry that concerns several partners, the line of the same one if there is one.
fn pair(lines: &[Line], want: &Wanted) -> Option<(usize, usize)> {
    let open = |of: &[OdooId]| -> Vec<usize> {
        (0..lines.len())
            .filter(|at| {
                let line = &lines[*at];
                want.fits(line) && line.left > Money::ZERO && of.contains(&line.of)
            })
            .collect()
    };
    let (all_from, all_to) = (open(&want.from), open(&want.to));
    let opposite = |same: bool| {
        all_from.iter().find_map(|from| {
            let (from, to) = (*from, all_to.iter().copied());
            let mut fits = to.filter(|to| {
                let (from, to) = (&lines[from], &lines[*to]);
                to.debit != from.debit && to.account == from.account
            });
            let to = fits.find(|to| !same || lines[*to].partner == lines[from].partner)?;
            Some((from, to))
        })
    };
    opposite(true).or_else(|| opposite(false))
}

fn ids(lines: &[Line], of: &[OdooId], want: &Wanted) -> Vec<OdooId> {
    lines.iter().filter(|l| want.fits(l) && of.contains(&l.of)).map(|l| l.id).collect()
}

async fn lines(company: &Company, wanted: &[Wanted]) -> Result<Vec<Line>> {
    let mut moves: Vec<i64> =
        wanted.iter().flat_map(|w| [&w.own, &w.from, &w.to]).flatten().map(|id| id.0).collect();
    let mut accounts: Vec<i64> = wanted.iter().map(|w| w.account.0).collect();
    for list in [&mut moves, &mut accounts] {
        list.sort_unstable();
        list.dedup();
    }
    let domain = json!([
        ["move_id", "in", moves],
        ["parent_state", "=", "posted"],
        "|",
        ["account_id", "in", accounts],
        ["account_type", "in", ["asset_receivable", "liability_payable"]]
    ]);
    let fields = [
        "move_id",
        "account_id",
        "account_type",
        "currency_id",
        "partner_id",
        "balance",
        "amount_residual",
        "amount_residual_currency",
    ];
    let rows = company.odoo.scan("account.move.line", domain, &fields, 0).await?;
    let lines = rows.iter().filter_map(|row| {
        Some(Line {
            id: id_of(row)?,
            of: many2one(&row["move_id"])?,
            account: many2one(&row["account_id"])?,
            control: is_control(&row["account_type"]),
            currency: many2one(&row["currency_id"])?,
            partner: many2one(&row["partner_id"]),
            debit: money(&row["balance"])? > Money::ZERO,
            left: money(&row["amount_residual_currency"])?.abs(),
            home: money(&row["amount_residual"])?.abs(),
        })
    });
    Ok(lines.collect())
}

/// By debit and credit line: each one, and how much of either, in its own currency.
type Partials = BTreeMap<(OdooId, OdooId), Vec<(OdooId, Money, Money)>>;

/// What is reconciled between these lines, by debit and credit line, in the
/// currency of each.
async fn partials(company: &Company, lines: &[Line]) -> Result<Partials> {
    let ids: Vec<i64> = lines.iter().map(|line| line.id.0).collect();
    let domain = json!([["debit_move_id", "in", ids], ["credit_move_id", "in", ids]]);
    let fields =
        ["debit_move_id", "credit_move_id", "debit_amount_currency", "credit_amount_currency"];
    let rows = company.odoo.scan("account.partial.reconcile", domain, &fields, 0).await?;
    let mut done = Partials::new();
    for row in &rows {
        let pair = many2one(&row["debit_move_id"]).zip(many2one(&row["credit_move_id"]));
        let amounts =
            money(&row["debit_amount_currency"]).zip(money(&row["credit_amount_currency"]));
        if let (Some(id), Some(pair), Some((debit, credit))) = (id_of(row), pair, amounts) {
            done.entry(pair).or_default().push((id, debit, credit));
        }
    }
    Ok(done)
}

/// Whether an account type of Odoo's is that of a control account.
pub fn is_control(account_type: &Value) -> bool {
    matches!(account_type.as_str(), Some("asset_receivable" | "liability_payable"))
}

/// An amount as Odoo writes it: a JSON float's text, to the cent.
pub fn money(value: &Value) -> Option<Money> {
    let text = value.as_number()?.to_string();
    let decimal = text.parse().or_else(|_| rust_decimal::Decimal::from_scientific(&text)).ok()?;
    Some(Money(decimal).cents())
}
