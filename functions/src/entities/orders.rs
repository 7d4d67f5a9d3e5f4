//! What estimates and purchase orders have in common as Odoo's orders.

use q2o_domain::{Books, Currency, Draft, Facts, Field, Fields, Kind, MapError, Money, QboId, Ref};
use rust_decimal::Decimal;

use super::{
    document::{found, shown_price},
    wire::{Head, ItemDetail, LinkedTxn, id, text},
};

/// The product of lines that name none: Odoo confirms no order without products.
/// By its internal reference, and its name.
pub const LINE: (&str, &str) = ("QBLINE", "QuickBooks order line");

/// How the lines of one of Odoo's order models are spelled.
pub struct Words {
    pub quantity: &'static str,
    /// Odoo 18's field of taxes; from 19 on both models say `tax_ids`.
    pub taxes: &'static str,
}

/// A line of an order.
pub struct Line {
    pub name: String,
    pub product: Option<QboId>,
    pub quantity: Option<Decimal>,
    pub price: Option<Decimal>,
    pub amount: Money,
    pub taxes: Vec<Ref>,
}

impl Line {
    /// Of an item, at so many for so much.
    pub fn item(
        detail: &ItemDetail,
        amount: Money,
        name: Option<&String>,
        taxes: Vec<Ref>,
        facts: &Facts,
    ) -> Self {
        let item = id(detail.item_ref.as_ref()).filter(|item| facts.items.contains_key(*item));
        let own = || item.and_then(|item| facts.items.get(item)).map(|item| item.name.clone());
        Self {
            name: name.cloned().or_else(own).unwrap_or_else(|| LINE.1.to_owned()),
            product: item.cloned(),
            quantity: detail.qty,
            price: detail.unit_price,
            amount,
            taxes,
        }
    }

    pub fn fields(&self, words: &Words) -> Fields {
        let (quantity, price) = shown_price(self.quantity, self.price, self.amount);
        let product = match &self.product {
            Some(item) => Field::to(Kind::Item, item),
            None => found("product.product", "default_code", LINE.0),
        };
        Fields::from([
            ("product_id", product),
            ("name", self.name.as_str().into()),
            (words.quantity, quantity.into()),
            ("price_unit", price.into()),
            (words.taxes, Field::Refs(self.taxes.clone())),
            ("tax_ids", Field::Refs(self.taxes.clone())),
        ])
    }
}

/// The order itself, less what only one of the two has.
pub fn head(
    model: &'static str,
    head: &Head,
    kind: Kind,
    partner: Option<Ref>,
    lines: Vec<Fields>,
) -> Result<Draft, MapError> {
    let nobody = || MapError::Missing("It names nobody, and Odoo's orders need a partner.".into());
    let number = head.doc_number.clone().filter(|number| !number.trim().is_empty());
    let fields = Fields::from([
        ("name", number.unwrap_or_else(|| format!("QB-{}", head.id)).into()),
        ("partner_id", Field::Ref(partner.ok_or_else(nobody)?)),
        ("date_order", noon(head)),
        ("origin", format!("QuickBooks {kind} {}", head.id).into()),
        // nobody here sold or bought it
        ("user_id", Field::Nothing),
        ("order_line", Field::Lines(lines)),
    ]);
    Ok(Draft::new(model, fields))
}

/// In the middle of its day, which is the same day almost everywhere.
pub fn noon(head: &Head) -> Field {
    format!("{} 12:00:00", head.txn_date).into()
}

/// The currency of an order, where it is a foreign one.
pub fn foreign(head: &Head, books: &Books<'_>) -> Option<Currency> {
    head.currency().filter(|currency| !books.facts.is_home(Some(currency)))
}

/// The documents that billed an order.
pub fn billed_by(linked: &[LinkedTxn], kind: Kind) -> Vec<Ref> {
    linked.iter().filter_map(LinkedTxn::target).filter(|to| to.kind == kind).collect()
}

/// A message, where there is one.
pub fn message(memo: Option<&String>) -> Field {
    text(memo.cloned().unwrap_or_default())
}
