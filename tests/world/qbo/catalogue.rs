//! What the simulator knows of QuickBooks' entities before it has seen a record.

/// How an entity behaves in queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Ordered by last update, newest first, when a query names no order.
    Transaction,
    /// Ordered by name; inactive rows are hidden unless asked for.
    List,
    /// Neither: ordered as it is stored.
    Other,
}

/// One entity as the API names it.
#[derive(Debug, Clone, Copy)]
pub struct Entity {
    pub name: &'static str,
    pub class: Class,
}

const fn txn(name: &'static str) -> Entity {
    Entity { name, class: Class::Transaction }
}
const fn list(name: &'static str) -> Entity {
    Entity { name, class: Class::List }
}
const fn other(name: &'static str) -> Entity {
    Entity { name, class: Class::Other }
}

/// Every entity that can be queried, whether or not the company has any.
pub const ENTITIES: &[Entity] = &[
    list("Account"),
    other("Attachable"),
    txn("Bill"),
    txn("BillPayment"),
    list("Budget"),
    list("Class"),
    other("CompanyCurrency"),
    other("CompanyInfo"),
    txn("CreditCardPayment"),
    txn("CreditMemo"),
    list("Customer"),
    other("CustomerType"),
    list("Department"),
    txn("Deposit"),
    list("Employee"),
    txn("Estimate"),
    other("ExchangeRate"),
    txn("InventoryAdjustment"),
    txn("Invoice"),
    list("Item"),
    other("JournalCode"),
    txn("JournalEntry"),
    txn("Payment"),
    list("PaymentMethod"),
    other("Preferences"),
    txn("Purchase"),
    txn("PurchaseOrder"),
    other("RecurringTransaction"),
    txn("RefundReceipt"),
    txn("ReimburseCharge"),
    txn("SalesReceipt"),
    other("TaxAgency"),
    other("TaxClassification"),
    list("TaxCode"),
    txn("TaxPayment"),
    list("TaxRate"),
    list("Term"),
    txn("TimeActivity"),
    txn("Transfer"),
    list("Vendor"),
    txn("VendorCredit"),
];

/// The entity of a name in any case, as in `select * from invoice`.
pub fn find(name: &str) -> Option<&'static Entity> {
    ENTITIES.iter().find(|entity| entity.name.eq_ignore_ascii_case(name))
}

/// The key of an entity's rows in an answer, which is its name but for one.
pub fn json_key(entity: &str) -> &str {
    if entity == "CreditCardPayment" { "CreditCardPaymentTxn" } else { entity }
}

/// Whether the entity has the property `Active`, and hides what is inactive.
pub fn has_active(entity: &str) -> bool {
    find(entity).is_some_and(|entity| entity.class == Class::List)
}

/// Only these say in a page how many rows there are in all.
pub fn tells_total(entity: &str) -> bool {
    ["Invoice", "Bill", "Deposit", "JournalEntry", "BillPayment"].contains(&entity)
}

/// Whether change data capture covers the entity.
pub fn in_cdc(entity: &str) -> bool {
    ![
        "JournalCode",
        "TaxAgency",
        "TaxCode",
        "TaxRate",
        "TimeActivity",
        "CompanyInfo",
        "Preferences",
        "ExchangeRate",
        "RecurringTransaction",
        "TaxClassification",
    ]
    .contains(&entity)
}

/// Properties a query may name even where no record carries them.
pub fn properties(class: Class) -> &'static [&'static str] {
    match class {
        Class::Transaction => &[
            "Id",
            "SyncToken",
            "MetaData.CreateTime",
            "MetaData.LastUpdatedTime",
            "TxnDate",
            "DocNumber",
            "PrivateNote",
            "TotalAmt",
            "Balance",
            "CustomerRef",
            "VendorRef",
            "EntityRef",
            "ProjectRef",
            "CurrencyRef",
            "DueDate",
            "PaymentType",
        ],
        Class::List => &[
            "Id",
            "SyncToken",
            "MetaData.CreateTime",
            "MetaData.LastUpdatedTime",
            "Active",
            "Name",
            "DisplayName",
            "FullyQualifiedName",
            "ParentRef",
            "Type",
            "AccountType",
            "AccountSubType",
            "Classification",
            "Sku",
            "GivenName",
            "FamilyName",
            "CompanyName",
            "CurrencyRef",
            "Balance",
            "Job",
        ],
        Class::Other => &[
            "Id",
            "SyncToken",
            "MetaData.CreateTime",
            "MetaData.LastUpdatedTime",
            "Name",
            "SourceCurrencyCode",
            "AsOfDate",
            "Code",
            "AttachableRef.EntityRef.Type",
            "AttachableRef.EntityRef.value",
            "FileName",
        ],
    }
}

/// Properties QuickBooks stores but refuses to filter by.
pub fn unfilterable(entity: &str, property: &str) -> bool {
    let first = property.split('.').next().unwrap_or(property);
    matches!(first, "Line" | "TxnTaxDetail" | "LinkedTxn" | "CustomField")
        || (matches!(entity, "Purchase" | "Bill")
            && matches!(first, "DepartmentRef" | "AccountRef" | "APAccountRef"))
}
