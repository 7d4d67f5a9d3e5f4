//! What stands with each partner on the control accounts.

use std::collections::BTreeMap;

use q2o_domain::{Facts, Kind, Money, Partner, QboId};

use super::quickbooks::Theirs;

/// By control account and the partner's name.
type Owed = BTreeMap<(QboId, String), Money>;

/// What stands with each partner, QuickBooks' side and Odoo's, on those control
/// accounts where QuickBooks' ledger names everybody. Sub-customers count to the
/// customer on top.
pub fn owed(
    theirs: &Theirs,
    odoo: &BTreeMap<(QboId, Partner), Money>,
    facts: &Facts,
) -> (Owed, Owed) {
    let roll = |amounts: &BTreeMap<(QboId, Partner), Money>| {
        let mut owed = Owed::new();
        for ((account, partner), amount) in amounts {
            let of = facts.account_type(account);
            let control = matches!(of, "Accounts Receivable" | "Accounts Payable");
            if control && !theirs.partnerless.contains(account) {
                let id = match partner.kind {
                    Kind::Customer => facts.root_customer(&partner.id),
                    _ => &partner.id,
                };
                let name = format!("{} {id}", partner.kind);
                *owed.entry((account.clone(), name)).or_default() += *amount;
            }
        }
        owed
    };
    (roll(&theirs.partners), roll(odoo))
}
