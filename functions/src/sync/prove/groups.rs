//! QuickBooks' records that are one record in Odoo: accounts mapped to the same
//! account, a vendor that is a customer, too. Both ledgers are compared on what
//! they come to together, under the first of them.

use std::collections::BTreeMap;

use q2o_domain::{
    Facts, Kind, Money, OdooId, Partner, QboId,
    mapping::{Decisions, Target},
    records::Group,
};

use crate::sync::prove::compare::{Links, Taxes};

/// The parts of a tax rate that are taxes: for sales, and for purchases.
pub const TAXES: [&str; 2] = ["", "purchase"];

#[derive(Debug, Default)]
pub struct Groups {
    /// Members to the first of them; who stands alone is not here.
    accounts: BTreeMap<QboId, QboId>,
    rates: BTreeMap<QboId, QboId>,
    partners: BTreeMap<Partner, Partner>,
    members: BTreeMap<QboId, (OdooId, Vec<QboId>)>,
}

impl Groups {
    /// As the links say, which know where everything really is.
    pub fn of(links: &Links) -> Self {
        let mut groups = Self::default();
        let mut accounts: BTreeMap<OdooId, Vec<QboId>> = BTreeMap::new();
        for (key, link) in links.get(&Kind::Account).into_iter().flatten() {
            if let Some(odoo) = link.odoo.get("") {
                accounts.entry(*odoo).or_default().push(id(key));
            }
        }
        for (odoo, mut ids) in accounts.into_iter().filter(|(_, ids)| ids.len() > 1) {
            ids.sort_by(|a, b| (a.0.len(), a).cmp(&(b.0.len(), b)));
            let first = ids[0].clone();
            groups.accounts.extend(ids.iter().map(|id| (id.clone(), first.clone())));
            groups.members.insert(first, (odoo, ids));
        }
        let mut taxes: BTreeMap<OdooId, QboId> = BTreeMap::new();
        for (key, link) in links.get(&Kind::TaxRate).into_iter().flatten() {
            for odoo in TAXES.iter().filter_map(|part| link.odoo.get(*part)) {
                let first = taxes.entry(*odoo).or_insert_with(|| groups.rate(id(key))).clone();
                if first != id(key) {
                    groups.rates.insert(id(key), first);
                }
            }
        }
        let mut partners: BTreeMap<OdooId, Partner> = BTreeMap::new();
        for kind in [Kind::Customer, Kind::Vendor, Kind::Employee] {
            for (key, link) in links.get(&kind).into_iter().flatten() {
                let Some(odoo) = link.odoo.get("") else { continue };
                let own = Partner { kind, id: id(key) };
                match partners.get(odoo) {
                    Some(first) => {
                        groups.partners.insert(own, first.clone());
                    }
                    None => {
                        partners.insert(*odoo, own);
                    }
                }
            }
        }
        groups
    }

    /// The account that this one is compared under.
    pub fn account(&self, id: QboId) -> QboId {
        self.accounts.get(&id).cloned().unwrap_or(id)
    }

    /// The same of tax rates.
    pub fn rate(&self, id: QboId) -> QboId {
        self.rates.get(&id).cloned().unwrap_or(id)
    }

    /// Amounts by account, those of one group together.
    pub fn balances(&self, balances: BTreeMap<QboId, Money>) -> BTreeMap<QboId, Money> {
        let mut together = BTreeMap::new();
        for (account, amount) in balances {
            *together.entry(self.account(account)).or_default() += amount;
        }
        together
    }

    /// Amounts of tax, those of rates that are one tax together.
    pub fn taxes(&self, taxes: Taxes) -> Taxes {
        let mut together = Taxes::new();
        for ((rate, month, currency), amount) in taxes {
            *together.entry((self.rate(rate), month, currency)).or_default() += amount;
        }
        together
    }

    /// How many more accounts are compared under this one.
    pub fn others(&self, account: &QboId) -> usize {
        self.members.get(account).map_or(0, |(_, ids)| ids.len() - 1)
    }

    /// Whom this one is compared as.
    pub fn partner(&self, partner: Partner) -> Partner {
        self.partners.get(&partner).cloned().unwrap_or(partner)
    }

    /// As differences name it.
    pub fn shown(&self, account: &QboId) -> String {
        match self.members.get(account) {
            Some((_, ids)) => {
                let ids: Vec<&str> = ids.iter().map(QboId::as_str).collect();
                format!("accounts {} together", ids.join(", "))
            }
            None => format!("account {account}"),
        }
    }

    /// The groups of accounts, as a proof tells them.
    pub fn told(&self, facts: &Facts, decisions: &Decisions) -> Vec<Group> {
        let name = |id: &QboId| match facts.accounts.get(id) {
            Some(account) => format!("{id} {}", account.full_name),
            None => id.to_string(),
        };
        let told = self.members.iter().map(|(first, (odoo, ids))| Group {
            odoo: match decisions.accounts.get(first) {
                Some(Target::Odoo { code, .. }) => code.clone(),
                _ => format!("account {odoo}"),
            },
            accounts: ids.iter().map(name).collect(),
        });
        told.collect()
    }
}

/// The QuickBooks id at the end of a record's key.
fn id(key: &str) -> QboId {
    key.rsplit('/').next().unwrap_or_default().into()
}
