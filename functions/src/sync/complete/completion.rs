//! What QuickBooks' ledger holds beyond its documents, told by known classes.

use std::collections::BTreeMap;

use q2o_domain::{
    Draft, Facts, Field, Fields, Kind, Mapped, Money, Net, QboId, Ref,
    ledger::{balanced, debits},
    records::LedgerTxn,
};

use crate::entities::{
    document::{Journal, found},
    heed::moves_stock,
};

/// The class of a ledger transaction that no document stands for, by the
/// report's word for its type.
pub fn class_of_type(reported_as: &str) -> &'static str {
    let plain: String =
        reported_as.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let has = |word: &str| plain.contains(word);
    if has("inventorystart") {
        "inventory_start"
    } else if has("cogs") || has("costofgoods") || has("fifo") {
        "fifo_cogs"
    } else if has("salestax") || has("taxpayment") {
        "sales_tax_payment"
    } else if has("payroll") || has("paycheck") || has("paycheque") {
        "payroll"
    } else if has("revaluation") || has("currencyadjust") || has("exchange") {
        "revaluation"
    } else if has("statementcharge") {
        "statement_charge"
    } else {
        "other"
    }
}

/// The class of what a document's ledger postings hold more than it says;
/// `None` where nobody can explain it.
pub fn class_of_rest(rest: &Net, txn: &LedgerTxn, facts: &Facts) -> Option<&'static str> {
    if !balanced(rest) {
        return None;
    }
    if rest.keys().all(|account| moves_stock(account, facts)) {
        return Some("fifo_cogs");
    }
    let foreign = txn.postings.iter().any(|posting| posting.foreign.is_some());
    let cents = debits(rest) <= Money::from(rust_decimal::Decimal::new(5, 2));
    (foreign && cents).then_some("rounding")
}

/// What the drafts of a record book, by account.
pub fn booked(mapped: &Mapped) -> Net {
    let mut net = Net::new();
    let lines = mapped.drafts.iter().filter_map(|draft| draft.fields.get("line_ids"));
    for line in lines.flat_map(|lines| if let Field::Lines(l) = lines { &l[..] } else { &[] }) {
        if let (Some(Field::Ref(account)), Some(Field::Amount(amount))) =
            (line.get("account_id"), line.get("balance"))
        {
            *net.entry(account.id.clone()).or_default() += *amount;
        }
    }
    net.retain(|_, amount| !amount.is_zero());
    net
}

/// The entry that completes a transaction.
pub fn entry(txn: &LedgerTxn, rest: &Net, class: &str) -> Draft {
    let partners: BTreeMap<&QboId, Ref> = txn
        .postings
        .iter()
        .filter_map(|p| Some((&p.account, p.partner.as_ref()?)))
        .map(|(account, partner)| (account, Ref::new(partner.kind, partner.id.clone())))
        .collect();
    let lines = rest.iter().map(|(account, amount)| {
        let mut line = Fields::from([
            ("account_id", Field::to(Kind::Account, account)),
            ("balance", (*amount).into()),
            (
                "name",
                (if txn.memo.is_empty() { &txn.reported_as } else { &txn.memo }).as_str().into(),
            ),
        ]);
        if let Some(partner) = partners.get(account) {
            line.insert("partner_id", partner.clone().into());
        }
        line
    });
    let number = Some(txn.doc_number.as_str()).filter(|n| !n.is_empty());
    Draft::new(
        "account.move",
        [
            ("move_type", "entry".into()),
            ("journal_id", found("account.journal", "code", Journal::Completions.code())),
            ("date", txn.date.into()),
            ("ref", number.unwrap_or(&txn.reported_as).into()),
            (
                "narration",
                format!(
                    "Completes {} {} ({class}): QuickBooks' ledger holds this, its documents \
                     do not.",
                    txn.reported_as, txn.txn.id
                )
                .into(),
            ),
            ("line_ids", Field::Lines(lines.collect())),
        ],
    )
}
