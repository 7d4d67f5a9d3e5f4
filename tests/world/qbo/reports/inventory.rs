//! The value of the stock: quantities from the items, their sum from the ledger.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::Value;

use super::Source;
use super::open::amount;
use super::period::day;
use super::shape::{Cell, Column, Report, Row};
use crate::qbo::faults::Fault;
use crate::qbo::store::Store;

/// Documents that move stock, and which way.
const MOVES: [(&str, i64); 7] = [
    ("Invoice", -1),
    ("SalesReceipt", -1),
    ("CreditMemo", 1),
    ("RefundReceipt", 1),
    ("Bill", 1),
    ("Purchase", 1),
    ("VendorCredit", -1),
];

pub fn report(source: &Source<'_>) -> Result<Report, Fault> {
    let on = day(source.params, "report_date")?.unwrap_or_else(|| source.world.today());
    let balances = source.store.ledger.balances(on);
    let mut stock: Vec<Stock> = Vec::new();
    for record in source.store.rows("Item") {
        if record.value["Type"] != "Inventory" {
            continue;
        }
        let text = |name: &str| record.value[name].as_str().unwrap_or_default().to_owned();
        let quantity = amount(&record.value["QtyOnHand"]).unwrap_or_default()
            - moved_after(source.store, &record.id, on);
        let cost = amount(&record.value["PurchaseCost"]).unwrap_or_default();
        let account = record.value["AssetAccountRef"]["value"].as_str().unwrap_or_default();
        stock.push(Stock {
            id: record.id.clone(),
            name: text("Name"),
            sku: text("Sku"),
            account: account.to_owned(),
            quantity,
            value: (quantity * cost).round_dp(2),
        });
    }
    stock.sort_by_cached_key(|item| item.name.to_lowercase());
    let mut accounts: Vec<String> = stock.iter().map(|item| item.account.clone()).collect();
    accounts.sort();
    accounts.dedup();
    for account in accounts {
        let mut items: Vec<_> = stock.iter_mut().filter(|item| item.account == account).collect();
        spread(&mut items, balances.get(&account).copied().unwrap_or_default());
    }
    let total: Decimal = stock.iter().map(|item| item.value).sum();
    let mut rows: Vec<Row> = stock.iter().map(Stock::row).collect();
    let sum = vec![
        Cell::text("TOTAL"),
        Cell::text(" "),
        Cell::empty(),
        Cell::money(total),
        Cell::empty(),
    ];
    rows.push(Row { cells: Some(sum), group: Some("GrandTotal"), ..Row::default() });
    let columns = vec![
        Column::new("item_name", "", "ProductsAndService"),
        Column::new("sku", "SKU", "String"),
        Column::new("qty", "Qty", "Money"),
        Column::new("asset_value", "Asset Value", "Money"),
        Column::new("avg_cost", "Avg Cost", "Money"),
    ];
    let mut report = Report::new("InventoryValuationSummary");
    report.header.start = Some(on.to_string());
    report.header.end = Some(on.to_string());
    report.option("report_date", on.to_string());
    Ok(report.filled(columns, rows))
}

struct Stock {
    id: String,
    name: String,
    sku: String,
    account: String,
    quantity: Decimal,
    value: Decimal,
}

impl Stock {
    fn row(&self) -> Row {
        let average =
            if self.quantity.is_zero() { Decimal::ZERO } else { self.value / self.quantity };
        let cells = vec![
            Cell::linked(&self.name, &self.id),
            Cell::text(&self.sku),
            Cell::money(self.quantity),
            Cell::money(self.value),
            Cell::money(average.round_dp(2)),
        ];
        Row { kind: None, ..Row::data(cells) }
    }
}

/// Shares the account's balance out by the items' values at their present cost,
/// since first-in-first-out layers are not kept; the last item takes the cents.
fn spread(items: &mut [&mut Stock], balance: Decimal) {
    let sum: Decimal = items.iter().map(|item| item.value).sum();
    if sum == balance || sum.is_zero() {
        return;
    }
    let mut left = balance;
    let last = items.iter().rposition(|item| !item.value.is_zero()).unwrap_or_default();
    for (at, item) in items.iter_mut().enumerate() {
        if at == last {
            item.value = left;
        } else if !item.value.is_zero() {
            item.value = (balance * item.value / sum).round_dp(2);
            left -= item.value;
        }
    }
}

/// How much the item's quantity has changed since a day.
fn moved_after(store: &Store, item: &str, day: Date) -> Decimal {
    let mut moved = Decimal::ZERO;
    let later = |value: &Value| {
        value["TxnDate"]
            .as_str()
            .and_then(|date| date.parse::<Date>().ok())
            .is_some_and(|date| date > day)
    };
    for (entity, sign) in MOVES {
        for record in store.rows(entity).iter().filter(|record| later(&record.value)) {
            for line in record.value["Line"].as_array().into_iter().flatten() {
                for detail in ["SalesItemLineDetail", "ItemBasedExpenseLineDetail"] {
                    if line[detail]["ItemRef"]["value"] == item {
                        let quantity = amount(&line[detail]["Qty"]).unwrap_or_default();
                        moved += quantity * Decimal::from(sign);
                    }
                }
            }
        }
    }
    for record in store.rows("InventoryAdjustment").iter().filter(|record| later(&record.value)) {
        for line in record.value["Line"].as_array().into_iter().flatten() {
            let detail = &line["ItemAdjustmentLineDetail"];
            if detail["ItemRef"]["value"] == item {
                moved += amount(&detail["QtyDiff"]).unwrap_or_default();
            }
        }
    }
    moved
}
