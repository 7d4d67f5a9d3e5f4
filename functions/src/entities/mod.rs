//! What we move, one file each. The order is for readers; the waves are computed.

mod account;
mod account_sub_types;
pub mod account_types;
pub mod attachable;
mod bill;
mod bill_payment;
mod budget;
mod class;
mod company_currency;
mod company_info;
mod credit_card_payment;
mod credit_memo;
mod customer;
mod customer_type;
mod department;
mod deposit;
pub mod document;
mod employee;
mod estimate;
mod exchange_rate;
pub mod heed;
mod inventory_adjustment;
mod invoice;
mod item;
mod journal_code;
mod journal_entry;
pub mod orders;
mod party;
mod payment;
mod payment_method;
mod preferences;
mod purchase;
mod purchase_order;
mod purchases;
mod recurring_transaction;
mod refund_receipt;
mod reimburse_charge;
mod sales;
mod sales_receipt;
mod settlement;
mod tax_agency;
mod tax_code;
mod tax_payment;
mod tax_rate;
mod term;
pub mod time_activity;
mod transfer;
mod vendor;
mod vendor_credit;
pub mod wire;

use q2o_domain::{AnyEntity, Kind};

/// The analytic plans that classes, locations and projects are accounts of.
pub const PLANS: [&str; 3] = [class::PLAN, department::PLAN, customer::PLAN];

pub static ENTITIES: &[&'static dyn AnyEntity] = &[
    &company_info::CompanyInfo,
    &preferences::Preferences,
    &company_currency::CompanyCurrency,
    &exchange_rate::ExchangeRate,
    &account::Account,
    &term::Term,
    &payment_method::PaymentMethod,
    &tax_agency::TaxAgency,
    &tax_rate::TaxRate,
    &tax_code::TaxCode,
    &class::Class,
    &department::Department,
    &customer_type::CustomerType,
    &customer::Customer,
    &vendor::Vendor,
    &employee::Employee,
    &item::Item,
    &invoice::Invoice,
    &credit_memo::CreditMemo,
    &sales_receipt::SalesReceipt,
    &refund_receipt::RefundReceipt,
    &payment::Payment,
    &bill::Bill,
    &vendor_credit::VendorCredit,
    &bill_payment::BillPayment,
    &purchase::Purchase,
    &deposit::Deposit,
    &transfer::Transfer,
    &credit_card_payment::CreditCardPayment,
    &inventory_adjustment::InventoryAdjustment,
    &journal_entry::JournalEntry,
    &estimate::Estimate,
    &purchase_order::PurchaseOrder,
    &time_activity::TimeActivity,
    &tax_payment::TaxPayment,
    &reimburse_charge::ReimburseCharge,
    &budget::Budget,
    &recurring_transaction::RecurringTransaction,
    &journal_code::JournalCode,
    &attachable::Attachable,
];

/// The entity of a kind.
pub fn entity(kind: Kind) -> Option<&'static dyn AnyEntity> {
    ENTITIES.iter().copied().find(|e| e.kind() == kind)
}
