//! Purchase order → `purchase.order`. A closed one is confirmed and tied to the
//! bills it became; an open one can be confirmed in Odoo, which then expects the goods.

use q2o_domain::{
    App, Books, Entity, Facts, Field, Fields, Kind, MapError, Mapped, Order, Sums, Write,
};
use serde::Deserialize;

use super::{
    document::found,
    orders::{Line, Words, billed_by, foreign, head, message, noon},
    purchases::levied,
    sales::flat,
    wire::{self, Head, LinkedTxn, Reference, TxnTaxDetail, id},
};

pub struct PurchaseOrder;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(flatten)]
    head: Head,
    vendor_ref: Option<Reference>,
    /// `Open` or `Closed`.
    #[serde(rename = "POStatus")]
    po_status: Option<String>,
    email_status: Option<String>,
    sales_term_ref: Option<Reference>,
    memo: Option<String>,
    #[serde(default)]
    line: Vec<wire::Line>,
    txn_tax_detail: Option<TxnTaxDetail>,
    #[serde(default)]
    linked_txn: Vec<LinkedTxn>,
}

const WORDS: Words = Words { quantity: "product_qty", taxes: "taxes_id" };

impl Entity for PurchaseOrder {
    const KIND: Kind = Kind::PurchaseOrder;
    const MODEL: &'static str = "purchase.order";
    const AFTER: &'static [Kind] =
        &[Kind::Vendor, Kind::Account, Kind::Item, Kind::TaxRate, Kind::Term, Kind::Bill];
    const WRITE: Write = Write::NonPosting;
    const APP: Option<App> =
        Some(App { name: "Purchase", model: Self::MODEL, field: "order_line" });
    type Source = Source;

    fn order(order: &Source) -> String {
        order.head.order()
    }

    fn map(order: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let vendor = order.vendor_ref.as_ref().map(|vendor| vendor.to(Kind::Vendor));
        let lines = lines(order, books.facts).iter().map(|line| line.fields(&WORDS)).collect();
        let mut draft = head(Self::MODEL, &order.head, Self::KIND, vendor, lines)?;
        let closed = order.po_status.as_deref() == Some("Closed");
        let memo = message(order.memo.as_ref());
        draft.fields.extend(Fields::from([
            // called `note` from Odoo 19 on
            ("notes", memo.clone()),
            ("note", memo),
            ("date_approve", if closed { noon(&order.head) } else { Field::Nothing }),
        ]));
        if let Some(term) = &order.sales_term_ref {
            draft.fields.insert("payment_term_id", Field::Ref(term.to(Kind::Term)));
        }
        if let Some(currency) = foreign(&order.head, books) {
            draft.fields.insert("currency_id", found("res.currency", "name", &currency.0));
        }
        let sent = order.email_status.as_deref() == Some("EmailSent");
        let state = match (closed, sent) {
            (true, _) => "purchase",
            (false, true) => "sent",
            (false, false) => "draft",
        };
        let billed_by = billed_by(&order.linked_txn, Kind::Bill);
        let order = Some(Order { state, closed, billed_by });
        Ok(Mapped { order, ..Mapped::from(draft) })
    }

    fn sums(order: &Source, _: &Facts) -> Option<Sums> {
        Some(Sums {
            date: order.head.txn_date,
            total: order.head.total_amt,
            tax: None,
            open: None,
            debits: None,
            due: None,
            currency: order.head.currency(),
        })
    }
}

fn lines(order: &Source, facts: &Facts) -> Vec<Line> {
    let tax = order.txn_tax_detail.as_ref();
    let mut lines = Vec::new();
    for line in flat(&order.line) {
        if let Some(detail) = &line.item_based_expense_line_detail {
            let taxes = levied(id(detail.tax_code_ref.as_ref()), tax, facts);
            lines.push(Line::item(detail, line.amount, line.description.as_ref(), taxes, facts));
        } else if let Some(detail) = &line.account_based_expense_line_detail {
            let account = id(detail.account_ref.as_ref());
            let account = account.and_then(|account| facts.accounts.get(account));
            let named = || account.map(|account| account.name.clone());
            lines.push(Line {
                name: line.description.clone().or_else(named).unwrap_or_else(|| "Expense".into()),
                product: None,
                quantity: None,
                price: None,
                amount: line.amount,
                taxes: levied(id(detail.tax_code_ref.as_ref()), tax, facts),
            });
        }
    }
    lines
}
