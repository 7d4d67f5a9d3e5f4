//! How payments say which documents they pay, exactly.

use q2o_domain::{Allocation, Facts, Kind, Money, QboId, Ref};

use super::{
    document::Line,
    wire::{self, Head},
};

/// One side's share: the record (`None` is the payment itself) and how much.
struct Share {
    of: Option<Ref>,
    left: Money,
}

/// Sets what a payment and the credits it uses up are worth against what they
/// pay, in the order in which they are listed. `credits` are the kinds that
/// count with the payment rather than against it.
pub fn allocate(
    lines: &[wire::Line],
    paid: Money,
    account: &QboId,
    credits: &[Kind],
) -> Vec<Allocation> {
    let mut giving = vec![Share { of: None, left: paid }];
    let mut taking = Vec::new();
    let mut either = Vec::new();
    for line in lines {
        let Some(target) = line.linked_txn.first().and_then(wire::LinkedTxn::target) else {
            continue;
        };
        let negative = line.amount.is_negative();
        let share = Share { of: Some(target), left: line.amount.abs() };
        let kind = share.of.as_ref().map(|r| r.kind);
        if kind.is_some_and(|kind| credits.contains(&kind)) || negative {
            giving.push(share);
        } else if matches!(kind, Some(Kind::Invoice | Kind::Bill)) {
            taking.push(share);
        } else {
            either.push(share);
        }
    }
    // entries, deposits and checks can stand on either side: they give where more is
    // taken than given
    for share in either {
        let given: Money = giving.iter().map(|s| s.left).sum();
        let taken: Money = taking.iter().map(|s| s.left).sum();
        if taken > given { giving.push(share) } else { taking.push(share) }
    }
    // credits first: what is left over is then the payment's own
    giving.rotate_left(1);
    let mut allocations = Vec::new();
    for take in &mut taking {
        for give in &mut giving {
            let amount = take.left.min(give.left);
            if amount > Money::ZERO {
                take.left -= amount;
                give.left -= amount;
                allocations.push(Allocation {
                    account: account.clone(),
                    from: give.of.clone(),
                    to: take.of.clone(),
                    amount,
                });
            }
        }
    }
    allocations
}

/// The lines of a payment: its money, the control account, and in a foreign
/// currency the realised gain. `sign` is one where the control account is debited.
pub fn lines(
    money: Option<Line>,
    mut control: Line,
    sign: i64,
    allocations: &[Allocation],
    head: &Head,
    facts: &Facts,
) -> Vec<Line> {
    if let Some(reduced) = reduced(allocations, head, facts) {
        control.home = reduced * sign.into();
    }
    let mut lines: Vec<Line> = money.into_iter().chain([control]).collect();
    let gain: Money = -lines.iter().map(|line| line.home).sum::<Money>();
    if let Some(account) = facts.exchange_account() {
        let line = Line::from_ledger(account.clone(), Money::ZERO, gain);
        lines.push(line.name(Some("Exchange gain or loss".into())));
    }
    lines.retain(|line| !line.home.is_zero());
    lines
}

/// What a payment takes off a control account in home currency, above zero:
/// each document at its own rate, the rest at the payment's. `None` where
/// everything is home currency.
fn reduced(allocations: &[Allocation], head: &Head, facts: &Facts) -> Option<Money> {
    let own = head.exchange_rate.filter(|_| !facts.is_home(head.currency().as_ref()))?;
    let rate = |of: &Option<Ref>| {
        let of = of.as_ref()?;
        facts.rates.get(&(of.kind, of.id.clone())).copied()
    };
    let (mut reduced, mut left) = (Money::ZERO, head.total_amt);
    for Allocation { from, to, amount, .. } in allocations {
        reduced += amount.at(rate(to).unwrap_or(own));
        match from {
            None => left -= *amount,
            // a credit that is used up comes back at the rate it was given at
            Some(_) => reduced -= amount.at(rate(from).unwrap_or(own)),
        }
    }
    Some(reduced + left.at(own))
}
