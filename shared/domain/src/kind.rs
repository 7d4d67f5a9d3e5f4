//! The kinds of QuickBooks records, by QuickBooks' own names.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Every kind of QuickBooks record we read. The variant's name is the entity's
/// name in QuickBooks' queries; the slug of functions and queues derives from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    CompanyInfo,
    Preferences,
    CompanyCurrency,
    ExchangeRate,
    Account,
    Term,
    PaymentMethod,
    TaxAgency,
    TaxRate,
    TaxCode,
    Class,
    Department,
    CustomerType,
    Customer,
    Vendor,
    Employee,
    Item,
    Invoice,
    CreditMemo,
    SalesReceipt,
    RefundReceipt,
    Payment,
    Bill,
    VendorCredit,
    BillPayment,
    Purchase,
    Deposit,
    Transfer,
    CreditCardPayment,
    InventoryAdjustment,
    JournalEntry,
    Estimate,
    PurchaseOrder,
    TimeActivity,
    TaxPayment,
    ReimburseCharge,
    Budget,
    RecurringTransaction,
    JournalCode,
    Attachable,
}

impl Kind {
    /// As in `extract-credit-memo`.
    pub fn slug(self) -> String {
        let mut slug = String::new();
        for letter in self.to_string().chars() {
            if letter.is_ascii_uppercase() && !slug.is_empty() {
                slug.push('-');
            }
            slug.push(letter.to_ascii_lowercase());
        }
        slug
    }

    /// As in the external id `q2o_123_1.creditmemo_73`.
    pub fn word(self) -> String {
        self.to_string().to_ascii_lowercase()
    }

    /// The kind that QuickBooks calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
