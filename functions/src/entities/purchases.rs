//! What bills, vendor credits and purchases have in common: lines of accounts
//! and items, and taxes.

use q2o_domain::{Facts, Kind, MapError, Money, QboId, Ref};

use super::{
    document::{Line, Role},
    sales::{dimensions, flat},
    wire::{self, Head, ItemDetail, TxnTaxDetail, id},
};

/// The lines of what was bought. `sign` is one where buying debits, minus one
/// where something is given back.
pub fn lines(
    lines: &[wire::Line],
    tax: Option<&TxnTaxDetail>,
    head: &Head,
    facts: &Facts,
    sign: i64,
) -> Result<Vec<Line>, MapError> {
    let mut made = Vec::new();
    for line in flat(lines) {
        let amount = line.amount * sign.into();
        if let Some(detail) = &line.account_based_expense_line_detail {
            let account = id(detail.account_ref.as_ref())
                .ok_or_else(|| MapError::Missing("One of its lines names no account.".into()))?;
            let mut one = Line::new(account, amount, head)
                .name(line.description.clone())
                .analytic(dimensions(id(detail.class_ref.as_ref()), head));
            one.taxes = levied(id(detail.tax_code_ref.as_ref()), tax, facts);
            made.push(one);
        } else if let Some(detail) = &line.item_based_expense_line_detail {
            made.push(item(detail, line, amount, tax, head, facts)?);
        }
    }
    for line in tax.iter().flat_map(|detail| &detail.tax_line) {
        if line.amount.is_zero() {
            continue;
        }
        let detail = line.tax_line_detail.as_ref();
        let rate = detail.and_then(|d| id(d.tax_rate_ref.as_ref())).cloned();
        let account = rate
            .as_ref()
            .and_then(|rate| facts.tax_account(rate))
            .ok_or_else(|| MapError::Missing("No account is known for one of its taxes.".into()))?;
        let base = detail.and_then(|d| d.net_amount_taxable).unwrap_or_default();
        made.push(
            Line::new(account, line.amount * sign.into(), head)
                .with(Role::Tax { rate, base: base * sign.into() })
                .name(Some("Tax".into())),
        );
    }
    Ok(made)
}

fn item(
    detail: &ItemDetail,
    line: &wire::Line,
    amount: Money,
    tax: Option<&TxnTaxDetail>,
    head: &Head,
    facts: &Facts,
) -> Result<Line, MapError> {
    let item = id(detail.item_ref.as_ref());
    let stated = id(detail.item_account_ref.as_ref());
    let stocked =
        |item: &&QboId| facts.items.get(*item).is_some_and(|i| i.item_type == "Inventory");
    let account = stated
        .or_else(|| facts.item_account(item.filter(stocked)?, |i| i.asset.as_ref()))
        .or_else(|| facts.item_account(item?, |i| i.expense.as_ref()))
        .or_else(|| facts.item_account(item?, |i| i.income.as_ref()))
        .ok_or_else(|| MapError::Missing("The item of one of its lines has no account.".into()))?;
    let mut made = Line::new(account, amount, head)
        .name(line.description.clone())
        .analytic(dimensions(id(detail.class_ref.as_ref()), head));
    made.inferred = stated.is_none();
    made.product = item.filter(|item| facts.items.contains_key(*item)).cloned();
    made.quantity = detail.qty;
    made.price = detail.unit_price;
    made.taxes = levied(id(detail.tax_code_ref.as_ref()), tax, facts);
    Ok(made)
}

/// The purchase taxes on a line, where the document has any.
fn levied(code: Option<&QboId>, tax: Option<&TxnTaxDetail>, facts: &Facts) -> Vec<Ref> {
    if tax.is_none_or(|detail| detail.tax_line.is_empty()) {
        return Vec::new();
    }
    let rates = code.and_then(|code| facts.tax_codes.get(code)).map(|(_, purchase)| purchase);
    rates
        .into_iter()
        .flatten()
        .map(|rate| Ref::part(Kind::TaxRate, rate.clone(), "purchase"))
        .collect()
}
