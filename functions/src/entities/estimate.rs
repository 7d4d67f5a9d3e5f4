//! Estimate → `sale.order`. What became an invoice is confirmed and tied to it;
//! what is still open can be confirmed in Odoo, which then sends the goods.

use jiff::civil::Date;
use q2o_domain::{
    App, Books, Entity, Facts, Field, Fields, Kind, MapError, Mapped, Order, Ref, Sums, Write,
};
use serde::Deserialize;

use super::{
    orders::{Line, Words, billed_by, foreign, head, message},
    sales::{Sale, flat},
    wire::{LinkedTxn, Memo, Reference},
};

pub struct Estimate;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    #[serde(flatten)]
    sale: Sale,
    /// `Pending`, `Accepted`, `Closed`, `Rejected`, or `Converted`.
    txn_status: Option<String>,
    email_status: Option<String>,
    expiration_date: Option<Date>,
    sales_term_ref: Option<Reference>,
    customer_memo: Option<Memo>,
    #[serde(default)]
    linked_txn: Vec<LinkedTxn>,
}

const WORDS: Words = Words { quantity: "product_uom_qty", taxes: "tax_id" };

impl Entity for Estimate {
    const KIND: Kind = Kind::Estimate;
    const MODEL: &'static str = "sale.order";
    const AFTER: &'static [Kind] = &[
        Kind::Customer,
        Kind::Item,
        Kind::TaxRate,
        Kind::Term,
        Kind::CompanyCurrency,
        Kind::Invoice,
    ];
    const WRITE: Write = Write::NonPosting;
    const APP: Option<App> = Some(App { name: "Sales", model: Self::MODEL, field: "order_line" });
    type Source = Source;

    fn order(estimate: &Source) -> String {
        estimate.sale.head.order()
    }

    fn map(estimate: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        let sale = &estimate.sale;
        let lines = lines(sale, books.facts).iter().map(|line| line.fields(&WORDS)).collect();
        let mut draft = head(Self::MODEL, &sale.head, Self::KIND, sale.customer(), lines)?;
        let memo = estimate.customer_memo.as_ref().and_then(|memo| memo.value.as_ref());
        draft.fields.extend(Fields::from([
            ("validity_date", estimate.expiration_date.into()),
            ("note", message(memo)),
        ]));
        if let Some(term) = &estimate.sales_term_ref {
            draft.fields.insert("payment_term_id", Field::Ref(term.to(Kind::Term)));
        }
        if let Some(currency) = foreign(&sale.head, books) {
            let of = books.facts.currencies.get(&currency).ok_or_else(|| {
                MapError::Missing(format!("{currency} is none of the company's currencies."))
            })?;
            let pricelist = Ref::new(Kind::CompanyCurrency, of.clone());
            draft.fields.insert("pricelist_id", pricelist.into());
        }
        Ok(Mapped { order: Some(order(estimate)), ..Mapped::from(draft) })
    }

    fn sums(estimate: &Source, _: &Facts) -> Option<Sums> {
        Some(estimate.sale.sums(None))
    }
}

fn order(estimate: &Source) -> Order {
    let billed_by = billed_by(&estimate.linked_txn, Kind::Invoice);
    let sent = estimate.email_status.as_deref() == Some("EmailSent");
    let state = match estimate.txn_status.as_deref() {
        Some("Accepted") => "sent",
        Some("Closed" | "Converted") if !billed_by.is_empty() => "sale",
        // nothing came of it
        Some("Closed" | "Rejected") => "cancel",
        _ if sent => "sent",
        _ => "draft",
    };
    Order { state, closed: state == "sale", billed_by }
}

fn lines(sale: &Sale, facts: &Facts) -> Vec<Line> {
    let mut lines = Vec::new();
    for line in flat(&sale.line) {
        if let Some(detail) = &line.sales_item_line_detail {
            let taxes = sale.levied(detail, facts);
            lines.push(Line::item(detail, line.amount, line.description.as_ref(), taxes, facts));
        } else if line.discount_line_detail.is_some() {
            lines.push(Line {
                name: line.description.clone().unwrap_or_else(|| "Discount".to_owned()),
                product: None,
                quantity: None,
                price: None,
                amount: -line.amount,
                taxes: Vec::new(),
            });
        }
    }
    lines
}
