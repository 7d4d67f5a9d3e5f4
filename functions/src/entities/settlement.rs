//! How payments say which documents they pay, exactly.

use q2o_domain::{Allocation, Kind, Money, QboId, Ref};

use super::wire;

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
    // a journal entry can stand on either side: it gives where more is taken than given
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
                    home: amount,
                });
            }
        }
    }
    allocations
}
