//! An Odoo in memory: what drafts would come to there, once loaded and posted.

use std::collections::BTreeMap;

use q2o_domain::{
    Allocation, Currency, Draft, Facts, Field, Fields, Kind, LinkId, Mapped, Money, OdooId,
    Partner, QboId, Ref, Txn, mapping::Decisions, records::IdLink,
};

use super::{compare::OdooSide, groups::Groups, odoo_ledger::Move};
use crate::{store::record_key, sync::load::opening};

pub struct VirtualOdoo<'a> {
    facts: &'a Facts,
    link: &'a LinkId,
    decisions: &'a Decisions,
    side: OdooSide,
    next: i64,
    /// What stands on the control accounts of each record, in its currency.
    open: BTreeMap<String, Money>,
    /// Whose, and what.
    allocations: Vec<(Ref, Allocation)>,
}

impl<'a> VirtualOdoo<'a> {
    pub fn new(facts: &'a Facts, link: &'a LinkId, decisions: &'a Decisions) -> Self {
        Self {
            facts,
            link,
            decisions,
            side: OdooSide::default(),
            // far from what Odoo has already
            next: 1 << 48,
            open: BTreeMap::new(),
            allocations: Vec::new(),
        }
    }

    /// Takes a record in, posting under `txn`; or says which of the records it points at are missing.
    pub fn load(&mut self, kind: Kind, id: &QboId, mapped: &Mapped, txn: &Txn) -> Vec<String> {
        let own = record_key(self.link, kind, id);
        let missing: Vec<String> = mapped
            .drafts
            .iter()
            .flat_map(|draft| draft.refs())
            .filter(|r| (r.kind, &r.id) != (kind, id) && !self.knows(r))
            .map(|r| format!("{} {}", r.kind, r.id))
            .collect();
        if !missing.is_empty() {
            return missing;
        }
        let there = match self.there(kind, id) {
            Ok(there) => there,
            Err(missing) => return vec![missing],
        };
        let mut link = IdLink::default();
        for draft in &mapped.drafts {
            let of = match there {
                Some(there) if draft.part.is_empty() => there,
                _ => self.number(),
            };
            link.odoo.insert(draft.part.to_owned(), of);
            for made in &draft.made {
                link.odoo.insert(made.part.to_owned(), self.number());
            }
            if draft.model == "account.move" && !draft.cancelled {
                self.book(txn, draft);
                self.moved(of, &own, draft);
                self.side.moves.insert(of, txn.clone());
            }
        }
        self.side.links.entry(kind).or_default().insert(own, link);
        let allocated = Ref::new(kind, id.clone());
        self.allocations.extend(mapped.allocations.iter().map(|a| (allocated.clone(), a.clone())));
        Vec::new()
    }

    /// Set against each other as well, for a record that is in the opening balances.
    pub fn allocate(&mut self, allocations: Vec<(Ref, Allocation)>) {
        self.allocations.extend(allocations);
    }

    /// What Odoo has already of a record, or which record has to be there before.
    fn there(&self, kind: Kind, id: &QboId) -> Result<Option<OdooId>, String> {
        match kind {
            Kind::Account => Ok(self.decisions.account(id)),
            Kind::Vendor => self.decisions.twins.get(id).map_or(Ok(None), |customer| {
                let key = record_key(self.link, Kind::Customer, customer);
                let link = self.side.links.get(&Kind::Customer).and_then(|links| links.get(&key));
                let partner = link.and_then(|link| link.odoo.get("")).copied();
                partner.map(Some).ok_or_else(|| format!("Customer {customer}"))
            }),
            _ => Ok(None),
        }
    }

    /// Deliberately not moved.
    pub fn leave_out(&mut self, kind: Kind, id: &QboId) {
        self.side.unmoved.insert(record_key(self.link, kind, id));
    }

    /// Posts a draft's lines under a transaction.
    pub fn book(&mut self, txn: &Txn, draft: &Draft) {
        let Some(Field::Day(date)) = draft.fields.get("date") else { return };
        for line in lines(draft) {
            let (Some(account), Some(home)) = (account(line), amount(line, "balance")) else {
                continue;
            };
            let ledger = &mut self.side.ledger;
            *ledger.by_txn.entry((txn.clone(), account.clone())).or_default() += home;
            ledger.months.book(account, *date, home);
            let foreign = foreign(line).filter(|(currency, _)| !self.facts.is_home(Some(currency)));
            let partner = partner(line).or_else(|| partner(&draft.fields));
            if let Some(partner) = partner.filter(|_| self.facts.is_control(account)) {
                if let Some((currency, amount)) = foreign.clone() {
                    let cell = (account.clone(), partner.clone(), currency);
                    *ledger.owed_foreign.entry(cell).or_default() += amount;
                }
                *ledger.owed.entry((account.clone(), partner)).or_default() += home;
            }
            if let Some(Field::Ref(rate)) = line.get("tax_repartition_line_id") {
                let home = self.facts.home.clone().unwrap_or_else(|| "".into());
                let (currency, amount) =
                    foreign.unwrap_or((home, amount(line, "balance").unwrap_or_default()));
                let cell = (rate.id.clone(), date.last_of_month(), currency);
                *ledger.taxes.entry(cell).or_default() += amount;
            }
        }
    }

    /// The whole side, with everything set against each other that is to be.
    pub fn settled(mut self) -> OdooSide {
        for (own, Allocation { from, to, amount, account }) in &self.allocations {
            if !self.facts.is_control(account) {
                continue;
            }
            for side in [from, to] {
                let of = side.as_ref().unwrap_or(own);
                let key = record_key(self.link, of.kind, &of.id);
                if let Some(open) = self.open.get_mut(&key) {
                    let sign = if open.is_negative() { 1 } else { -1 };
                    *open += *amount * rust_decimal::Decimal::from(sign);
                }
            }
        }
        for (key, link) in self.side.links.values().flatten() {
            let own = link.odoo.get("").or_else(|| link.odoo.get(opening::PART));
            let own = own.and_then(|id| self.side.ledger.moves.get_mut(id));
            if let (Some(own), Some(open)) = (own, self.open.get(key)) {
                own.open = *open;
            }
        }
        let groups = Groups::of(&self.side.links);
        self.side.ledger.group(&groups);
        self.side.ledger.owed.retain(|_, amount| !amount.is_zero());
        self.side.ledger.owed_foreign.retain(|_, amount| !amount.is_zero());
        self.side
    }

    /// Whether anything of a record would be there.
    pub fn has(&self, to: &Ref) -> bool {
        self.linked(to).is_some_and(|link| !link.odoo.is_empty())
    }

    /// Whether a record is deliberately left out.
    pub fn leaves_out(&self, to: &Ref) -> bool {
        self.side.unmoved.contains(&record_key(self.link, to.kind, &to.id))
    }

    /// Hangs a file on records that would be there.
    pub fn hang(&mut self, kind: Kind, id: &QboId) {
        let link = IdLink { odoo: [(String::new(), self.number())].into(), ..IdLink::default() };
        self.side.links.entry(kind).or_default().insert(record_key(self.link, kind, id), link);
    }

    fn knows(&self, to: &Ref) -> bool {
        self.linked(to).is_some_and(|link| link.odoo.contains_key(to.part))
    }

    fn linked(&self, to: &Ref) -> Option<&IdLink> {
        let key = record_key(self.link, to.kind, &to.id);
        self.side.links.get(&to.kind)?.get(&key)
    }

    fn number(&mut self) -> OdooId {
        self.next += 1;
        OdooId(self.next)
    }

    fn moved(&mut self, id: OdooId, own: &str, draft: &Draft) {
        let Some(Field::Day(date)) = draft.fields.get("date") else { return };
        let (mut owed, mut tax, mut debits) = (Money::ZERO, Money::ZERO, Money::ZERO);
        let mut due = None;
        for line in lines(draft) {
            let home = amount(line, "balance").unwrap_or_default();
            let own_amount = amount(line, "amount_currency").unwrap_or(home);
            if home > Money::ZERO {
                debits += own_amount;
            }
            match line.get("display_type") {
                Some(Field::Text(of)) if of == "payment_term" => owed += own_amount,
                Some(Field::Text(of)) if of == "tax" => tax += own_amount,
                _ => {}
            }
            if let Some(Field::Day(day)) = line.get("date_maturity") {
                due = due.max(Some(*day));
            }
            if account(line).is_some_and(|account| self.facts.is_control(account)) {
                *self.open.entry(own.to_owned()).or_default() += own_amount;
            }
        }
        let currency = match draft.fields.get("currency_id") {
            Some(Field::Found { value, .. }) => value.as_str().into(),
            _ => self.facts.home.clone().unwrap_or_else(|| "".into()),
        };
        let is_invoice =
            draft.fields.get("move_type").is_none_or(|of| *of != Field::Text("entry".into()));
        let total = if is_invoice { owed.abs() } else { debits.abs() };
        let (date, tax, open) = (*date, tax.abs(), Money::ZERO);
        let (key, because_of) = (None, None);
        let made = Move { is_invoice, date, total, tax, currency, open, due, key, because_of };
        self.side.ledger.moves.insert(id, made);
    }
}

fn lines(draft: &Draft) -> &[Fields] {
    match draft.fields.get("line_ids") {
        Some(Field::Lines(lines)) => lines,
        _ => &[],
    }
}

fn account(line: &Fields) -> Option<&QboId> {
    match line.get("account_id") {
        Some(Field::Ref(account)) => Some(&account.id),
        _ => None,
    }
}

fn amount(line: &Fields, field: &str) -> Option<Money> {
    match line.get(field) {
        Some(Field::Amount(amount)) => Some(*amount),
        _ => None,
    }
}

/// A line's currency, where it names one, and its amount in that.
fn foreign(line: &Fields) -> Option<(Currency, Money)> {
    match line.get("currency_id") {
        Some(Field::Found { value, .. }) => {
            Some((value.as_str().into(), amount(line, "amount_currency")?))
        }
        _ => None,
    }
}

fn partner(fields: &Fields) -> Option<Partner> {
    match fields.get("partner_id") {
        Some(Field::Ref(partner)) => Some(Partner { kind: partner.kind, id: partner.id.clone() }),
        _ => None,
    }
}
