//! Item → `product.product`; a category → `product.category`.

use q2o_domain::{
    Books, Draft, Entity, Facts, Field, Fields, ItemFacts, Kind, MapError, Mapped, QboId, Ref,
};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::wire::{Reference, text};

pub struct Item;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Source {
    id: QboId,
    name: String,
    fully_qualified_name: Option<String>,
    #[serde(rename = "Type")]
    item_type: String,
    sku: Option<String>,
    description: Option<String>,
    purchase_desc: Option<String>,
    unit_price: Option<Decimal>,
    purchase_cost: Option<Decimal>,
    income_account_ref: Option<Reference>,
    expense_account_ref: Option<Reference>,
    asset_account_ref: Option<Reference>,
    parent_ref: Option<Reference>,
    active: Option<bool>,
}

/// What is kept in stock: a type of its own up to Odoo 17, goods with
/// `is_storable` from 18 on.
const STORED: &[&str] = &["product", "consu"];

impl Entity for Item {
    const KIND: Kind = Kind::Item;
    const MODEL: &'static str = "product.product";
    const AFTER: &'static [Kind] = &[Kind::Account, Kind::Item];
    const ONLY: Option<&'static str> = Some("Active IN (true,false)");
    type Source = Source;

    /// Categories before what is in them.
    fn order(item: &Source) -> String {
        let name = item.fully_qualified_name.as_deref().unwrap_or_default();
        let category = item.item_type == "Category";
        format!("{} {} {:0>20}", u8::from(!category), name.matches(':').count(), item.id.as_str())
    }

    fn inform(item: &Source, facts: &mut Facts) {
        let account = |r: &Option<Reference>| r.as_ref().map(|r| r.value.clone());
        facts.items.insert(
            item.id.clone(),
            ItemFacts {
                name: item.name.clone(),
                item_type: item.item_type.clone(),
                income: account(&item.income_account_ref),
                expense: account(&item.expense_account_ref),
                asset: account(&item.asset_account_ref),
                parent: account(&item.parent_ref),
            },
        );
    }

    fn map(item: &Source, books: &Books<'_>) -> Result<Mapped, MapError> {
        if item.item_type == "Category" {
            let parent = category_of(item, books.facts);
            let fields = [
                ("name", item.name.as_str().into()),
                ("parent_id", parent.map_or(Field::Nothing, Field::Ref)),
            ];
            return Ok(Draft::new("product.category", fields).into());
        }
        let stored = item.item_type == "Inventory";
        let of = match item.item_type.as_str() {
            "Inventory" => STORED,
            "NonInventory" | "Group" => &["consu"],
            _ => &["service"],
        };
        let mut fields = Fields::from([
            ("name", item.name.as_str().into()),
            ("type", Field::Choice(of)),
            ("default_code", text(item.sku.clone().unwrap_or_default())),
            ("list_price", item.unit_price.unwrap_or_default().into()),
            ("standard_price", item.purchase_cost.unwrap_or_default().into()),
            ("description_sale", text(item.description.clone().unwrap_or_default())),
            ("description_purchase", text(item.purchase_desc.clone().unwrap_or_default())),
            // no taxes by default: history brings its own
            ("taxes_id", Field::Refs(Vec::new())),
            ("supplier_taxes_id", Field::Refs(Vec::new())),
            ("active", item.active.unwrap_or(true).into()),
        ]);
        if stored {
            fields.insert("is_storable", true.into());
        }
        if let Some(category) = category_of(item, books.facts) {
            fields.insert("categ_id", Field::Ref(category));
        }
        let accounts = [
            ("property_account_income_id", &item.income_account_ref),
            ("property_account_expense_id", &item.expense_account_ref),
        ];
        for (field, account) in accounts {
            if let Some(account) = account {
                fields.insert(field, Field::Ref(account.to(Kind::Account)));
            }
        }
        Ok(Draft::new(Self::MODEL, fields).into())
    }
}

/// The category an item stands in. QuickBooks also lets items stand under other
/// items; Odoo has no such thing.
fn category_of(item: &Source, facts: &Facts) -> Option<Ref> {
    let parent = &item.parent_ref.as_ref()?.value;
    let is_category = facts.items.get(parent).is_some_and(|above| above.item_type == "Category");
    is_category.then(|| Ref::new(Kind::Item, parent.clone()))
}
