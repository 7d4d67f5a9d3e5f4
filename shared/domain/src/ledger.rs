//! Postings, balances, and how two ledgers differ.
//!
//! Amounts are home currency, debit positive, unless said otherwise.

use std::collections::BTreeMap;

use compact_str::{CompactString, ToCompactString};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Currency, Kind, Money, QboId};

/// A QuickBooks transaction: its type as QuickBooks' reports or entities name
/// it, and its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Txn {
    /// The entity's name where the type is one we know, else the report's word.
    pub txn_type: CompactString,
    pub id: QboId,
}

impl Txn {
    pub fn new(kind: Kind, id: impl Into<QboId>) -> Self {
        Self { txn_type: kind.to_compact_string(), id: id.into() }
    }

    /// The transaction that a report calls `name`. Reports have their own words
    /// for some entities, and more than one spelling of them.
    pub fn reported(name: &str, id: impl Into<QboId>) -> Self {
        let plain: String =
            name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let kind = match plain.as_str() {
            "invoice" => Some(Kind::Invoice),
            "creditmemo" | "creditnote" => Some(Kind::CreditMemo),
            "salesreceipt" => Some(Kind::SalesReceipt),
            "refund" | "refundreceipt" => Some(Kind::RefundReceipt),
            "payment" | "receivepayment" => Some(Kind::Payment),
            "bill" => Some(Kind::Bill),
            "vendorcredit" | "suppliercredit" | "billcredit" => Some(Kind::VendorCredit),
            "billpayment" | "billpaymentcheck" | "billpaymentcheque" | "billpaymentcreditcard" => {
                Some(Kind::BillPayment)
            }
            "expense" | "check" | "cheque" | "cashexpense" | "cashpurchase" | "purchase"
            | "creditcardexpense" | "creditcardcharge" | "creditcardcredit" | "checkexpense"
            | "chequeexpense" | "creditcardpurchase" => Some(Kind::Purchase),
            "deposit" => Some(Kind::Deposit),
            "transfer" => Some(Kind::Transfer),
            "creditcardpayment" => Some(Kind::CreditCardPayment),
            "inventoryqtyadjust" | "inventoryadjustment" | "inventoryquantityadjustment" => {
                Some(Kind::InventoryAdjustment)
            }
            "journalentry" | "journal" | "generaljournal" => Some(Kind::JournalEntry),
            _ => None,
        };
        let txn_type = kind.map_or_else(|| name.into(), |kind| kind.to_compact_string());
        Self { txn_type, id: id.into() }
    }

    pub fn kind(&self) -> Option<Kind> {
        Kind::named(&self.txn_type)
    }
}

impl std::fmt::Display for Txn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.txn_type, self.id)
    }
}

/// Who a posting concerns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Partner {
    pub kind: Kind,
    pub id: QboId,
}

/// One journal line of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    pub date: Date,
    pub account: QboId,
    pub amount: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<Partner>,
    /// The amount in the transaction's own currency, where that is not home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<(Currency, Money)>,
}

/// A transaction's net home amount on each account; accounts that come to zero
/// are left out.
pub type Net = BTreeMap<QboId, Money>;

/// The net of some postings.
pub fn net<'a>(postings: impl IntoIterator<Item = &'a Posting>) -> Net {
    let mut net = Net::new();
    for posting in postings {
        *net.entry(posting.account.clone()).or_default() += posting.amount;
    }
    net.retain(|_, amount| !amount.is_zero());
    net
}

/// What has to be added to `ours` to make `theirs`.
pub fn residue(ours: &Net, theirs: &Net) -> Net {
    let mut residue = theirs.clone();
    for (account, amount) in ours {
        *residue.entry(account.clone()).or_default() -= *amount;
    }
    residue.retain(|_, amount| !amount.is_zero());
    residue
}

/// Whether debits equal credits.
pub fn balanced(net: &Net) -> bool {
    net.values().copied().sum::<Money>().is_zero()
}

/// The sum of the debits.
pub fn debits(net: &Net) -> Money {
    net.values().copied().filter(|amount| !amount.is_negative()).sum()
}

/// Balances of accounts by month: what moved in it, then what stands at its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Months {
    moved: BTreeMap<(QboId, Date), Money>,
}

impl Months {
    /// Books `amount` in the month of `date`.
    pub fn book(&mut self, account: &QboId, date: Date, amount: Money) {
        *self.moved.entry((account.clone(), date.last_of_month())).or_default() += amount;
    }

    /// The same with everything before the month of `day` counted to that month.
    #[must_use]
    pub fn fold_before(&self, day: Date) -> Self {
        let mut folded = Self::default();
        for ((account, month), amount) in &self.moved {
            folded.book(account, (*month).max(day), *amount);
        }
        folded
    }

    /// What moved on each account in each month, keyed by the month's last day.
    pub fn moved(&self) -> &BTreeMap<(QboId, Date), Money> {
        &self.moved
    }

    /// What stands on one account on the last day of a month.
    pub fn on(&self, account: &QboId, day: Date) -> Money {
        let until = (account.clone(), Date::MIN)..=(account.clone(), day);
        self.moved.range(until).map(|(_, amount)| *amount).sum()
    }

    /// The last month in which anything moved.
    pub fn last(&self) -> Option<Date> {
        self.moved.keys().map(|(_, month)| *month).max()
    }

    /// What stands on each account at the end of every one of `months`
    /// (last days, ascending). Nothing is closed at year ends.
    pub fn standing(&self, months: &[Date]) -> BTreeMap<(QboId, Date), Money> {
        let mut by_account: BTreeMap<&QboId, Vec<(Date, Money)>> = BTreeMap::new();
        for ((account, month), amount) in &self.moved {
            by_account.entry(account).or_default().push((*month, *amount));
        }
        let mut standing = BTreeMap::new();
        for (account, moves) in by_account {
            let (mut balance, mut next) = (Money::ZERO, 0);
            for month in months {
                while let Some((_, amount)) = moves.get(next).filter(|(at, _)| at <= month) {
                    balance += *amount;
                    next += 1;
                }
                standing.insert((account.clone(), *month), balance);
            }
        }
        standing
    }
}

/// The last days of all months from that of `from` to that of `to`.
pub fn month_ends(from: Date, to: Date) -> Vec<Date> {
    let mut ends = vec![from.last_of_month()];
    while let Some(last) = ends.last().copied().filter(|last| *last < to.last_of_month()) {
        match last.tomorrow() {
            Ok(next) => ends.push(next.last_of_month()),
            Err(_) => break,
        }
    }
    ends
}

/// One level of a proof: how many things were compared, how many differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub checked: u64,
    pub different: u64,
    pub max_abs_difference: Money,
}

impl Level {
    /// Adds what another part of the same comparison came to.
    pub fn merge(&mut self, other: &Self) {
        self.checked += other.checked;
        self.different += other.different;
        self.max_abs_difference = self.max_abs_difference.max(other.max_abs_difference);
    }

    /// Compares one amount.
    pub fn amount(&mut self, ours: Money, theirs: Money) -> bool {
        self.checked += 1;
        let same = ours == theirs;
        if !same {
            self.different += 1;
            self.max_abs_difference = self.max_abs_difference.max((ours - theirs).abs());
        }
        same
    }

    /// Compares something that is not an amount.
    pub fn fact(&mut self, same: bool) -> bool {
        self.checked += 1;
        self.different += u64::from(!same);
        same
    }

    /// Compares two tables of amounts, a missing cell being zero.
    pub fn table<K: Ord + Clone>(
        &mut self,
        ours: &BTreeMap<K, Money>,
        theirs: &BTreeMap<K, Money>,
    ) -> Vec<(K, Money, Money)> {
        let keys: std::collections::BTreeSet<&K> = ours.keys().chain(theirs.keys()).collect();
        let mut different = Vec::new();
        for key in keys {
            let ours = ours.get(key).copied().unwrap_or_default();
            let theirs = theirs.get(key).copied().unwrap_or_default();
            if !self.amount(ours, theirs) {
                different.push((key.clone(), ours, theirs));
            }
        }
        different
    }
}
