//! What stands with each partner on the control accounts, at home and in foreign
//! currencies.

use std::collections::BTreeMap;

use q2o_domain::{Currency, Facts, Kind, Money, Partner, QboId};

use super::{OdooLedger, quickbooks::Theirs, telling::Telling};

/// By control account and the partner's name, with the currency where it is foreign.
type Owed = BTreeMap<(QboId, String), Money>;

/// Odoo's side and QuickBooks', on those control accounts where QuickBooks' ledger
/// names everybody. Sub-customers count to the customer on top.
pub fn owed(odoo: &OdooLedger, theirs: &Theirs, facts: &Facts) -> (Owed, Owed) {
    let roll = |home: &BTreeMap<(QboId, Partner), Money>,
                foreign: &BTreeMap<(QboId, Partner, Currency), Money>| {
        let mut owed = Owed::new();
        let mut add = |account: &QboId, partner: &Partner, currency: &str, amount: Money| {
            if !theirs.partnerless.contains(account) {
                let name = format!("{}{currency}", name(partner, facts));
                *owed.entry((account.clone(), name)).or_default() += amount;
            }
        };
        for ((account, partner), amount) in home {
            add(account, partner, "", *amount);
        }
        for ((account, partner, currency), amount) in foreign {
            add(account, partner, &format!(" in {currency}"), *amount);
        }
        owed
    };
    (roll(&odoo.owed, &odoo.owed_foreign), roll(&theirs.owed, &theirs.owed_foreign))
}

/// Says on which accounts that cannot be compared.
pub fn unnamed(theirs: &Theirs, telling: &mut Telling) {
    for account in &theirs.partnerless {
        telling.not_compared(format!(
            "What stands with each partner on account {account}: QuickBooks' ledger does not name \
             everybody there. The account itself is compared."
        ));
    }
}

fn name(partner: &Partner, facts: &Facts) -> String {
    let id = match partner.kind {
        Kind::Customer => facts.root_customer(&partner.id),
        _ => &partner.id,
    };
    format!("{} {id}", partner.kind)
}
