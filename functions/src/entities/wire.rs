//! The shapes that QuickBooks' records share, as much of them as we read.

use jiff::civil::Date;
use q2o_domain::{Currency, Facts, Field, Kind, Money, QboId, Ref};
use rust_decimal::Decimal;
use serde::Deserialize;

/// `{"value": "24", "name": "…"}`; the name is a snapshot and may be stale.
#[derive(Debug, Clone, Deserialize)]
pub struct Reference {
    pub value: QboId,
    /// Of what kind, where it can be several: `Vendor`, `Customer`, `Employee`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

impl Reference {
    pub fn to(&self, kind: Kind) -> Ref {
        Ref::new(kind, self.value.clone())
    }

    /// The person or company that this reference's type says it is. Types are
    /// written `Customer` here, `CUSTOMER` there.
    pub fn partner(&self) -> Option<Ref> {
        let kind = match self.kind.as_deref()?.to_lowercase().as_str() {
            "customer" | "job" => Kind::Customer,
            "vendor" => Kind::Vendor,
            "employee" => Kind::Employee,
            _ => return None,
        };
        Some(Ref::new(kind, self.value.clone()))
    }
}

/// The id behind an optional reference.
pub fn id(reference: Option<&Reference>) -> Option<&QboId> {
    reference.map(|r| &r.value)
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Address {
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub line3: Option<String>,
    pub city: Option<String>,
    pub country_sub_division_code: Option<String>,
    pub postal_code: Option<String>,
}

impl Address {
    /// As Odoo's address fields. The state is kept in the city's line: Odoo's
    /// states belong to countries, and QuickBooks' addresses often name none.
    pub fn fields(&self) -> Vec<(&'static str, Field)> {
        let second = [&self.line2, &self.line3].into_iter().flatten().cloned().collect::<Vec<_>>();
        let city = [&self.city, &self.country_sub_division_code].into_iter().flatten().cloned();
        vec![
            ("street", self.line1.clone().into()),
            ("street2", text(second.join(", "))),
            ("city", text(city.collect::<Vec<_>>().join(", "))),
            ("zip", self.postal_code.clone().into()),
        ]
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Phone {
    pub free_form_number: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Email {
    pub address: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WebAddress {
    #[serde(rename = "URI")]
    pub uri: Option<String>,
}

/// What a customer is told.
#[derive(Debug, Clone, Deserialize)]
pub struct Memo {
    pub value: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LinkedTxn {
    pub txn_id: QboId,
    pub txn_type: String,
}

impl LinkedTxn {
    /// The record behind the link, if its type is one we move.
    pub fn target(&self) -> Option<Ref> {
        Some(Ref::new(kind_named(&self.txn_type)?, self.txn_id.clone()))
    }
}

/// The kind that a link's type means. Links use names of their own for purchases
/// and bill payments.
pub fn kind_named(name: &str) -> Option<Kind> {
    match name {
        "BillPaymentCheck" | "BillPaymentCreditCard" => Some(Kind::BillPayment),
        "Expense" | "Check" | "CashPurchase" | "CreditCardExpense" | "CreditCardCredit" => {
            Some(Kind::Purchase)
        }
        "ReceivePayment" => Some(Kind::Payment),
        "Refund" => Some(Kind::RefundReceipt),
        name => Kind::named(name),
    }
}

/// What every transaction's head has.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Head {
    pub id: QboId,
    pub txn_date: Date,
    pub doc_number: Option<String>,
    pub private_note: Option<String>,
    pub currency_ref: Option<Reference>,
    /// Home currency for one unit of the document's.
    pub exchange_rate: Option<Decimal>,
    pub department_ref: Option<Reference>,
    pub class_ref: Option<Reference>,
    #[serde(default)]
    pub total_amt: Money,
}

impl Head {
    /// By date, then id, ids being numbers as a rule.
    pub fn order(&self) -> String {
        format!("{} {:0>20}", self.txn_date, self.id.as_str())
    }

    pub fn currency(&self) -> Option<Currency> {
        self.currency_ref.as_ref().map(|r| r.value.as_str().into())
    }

    /// Payments reduce what is owed at the rate of what they pay.
    pub fn inform(&self, kind: Kind, facts: &mut Facts) {
        let foreign = !facts.is_home(self.currency().as_ref());
        if let Some(rate) = self.exchange_rate.filter(|_| foreign) {
            facts.rates.insert((kind, self.id.clone()), rate);
        }
    }

    /// QuickBooks voids by emptying: no amounts, and a note that says so.
    pub fn voided(&self) -> bool {
        self.total_amt.is_zero()
            && self.private_note.as_deref().is_some_and(|note| note.starts_with("Voided"))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TxnTaxDetail {
    pub total_tax: Option<Money>,
    #[serde(default)]
    pub tax_line: Vec<TaxLine>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaxLine {
    #[serde(default)]
    pub amount: Money,
    pub tax_line_detail: Option<TaxLineDetail>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaxLineDetail {
    pub tax_rate_ref: Option<Reference>,
    #[serde(default)]
    pub net_amount_taxable: Option<Money>,
}

/// A document's line. Which detail is filled in, its `DetailType` says; links
/// to other transactions have none.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Line {
    pub description: Option<String>,
    #[serde(default)]
    pub amount: Money,
    pub detail_type: Option<String>,
    #[serde(default)]
    pub linked_txn: Vec<LinkedTxn>,
    pub sales_item_line_detail: Option<ItemDetail>,
    pub item_based_expense_line_detail: Option<ItemDetail>,
    pub account_based_expense_line_detail: Option<AccountDetail>,
    pub group_line_detail: Option<GroupDetail>,
    pub discount_line_detail: Option<DiscountDetail>,
    pub deposit_line_detail: Option<DepositDetail>,
    pub journal_entry_line_detail: Option<JournalDetail>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ItemDetail {
    pub item_ref: Option<Reference>,
    /// The account at posting time; the item may name another by now.
    pub item_account_ref: Option<Reference>,
    pub qty: Option<Decimal>,
    pub unit_price: Option<Decimal>,
    pub tax_code_ref: Option<Reference>,
    pub class_ref: Option<Reference>,
    /// Whom it was bought for.
    pub customer_ref: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccountDetail {
    pub account_ref: Option<Reference>,
    pub tax_code_ref: Option<Reference>,
    pub class_ref: Option<Reference>,
    /// Whom it was bought for.
    pub customer_ref: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupDetail {
    #[serde(default)]
    pub line: Vec<Line>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DiscountDetail {
    pub discount_account_ref: Option<Reference>,
    pub class_ref: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DepositDetail {
    pub account_ref: Option<Reference>,
    pub entity: Option<Reference>,
    pub class_ref: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct JournalDetail {
    pub posting_type: String,
    pub account_ref: Option<Reference>,
    pub entity: Option<JournalEntity>,
    pub class_ref: Option<Reference>,
    pub department_ref: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct JournalEntity {
    #[serde(rename = "Type")]
    pub kind: Option<String>,
    pub entity_ref: Option<Reference>,
}

impl JournalEntity {
    pub fn partner(&self) -> Option<Ref> {
        let reference = self.entity_ref.as_ref()?;
        let kind = self.kind.clone().or_else(|| reference.kind.clone());
        Reference { value: reference.value.clone(), kind }.partner()
    }
}

/// Text, unless there is none.
pub fn text(text: impl Into<String>) -> Field {
    let text = text.into();
    if text.trim().is_empty() { Field::Nothing } else { Field::Text(text) }
}
