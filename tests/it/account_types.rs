//! Every account subtype that QuickBooks names has its Odoo account type.

use q2o_functions::entities::account_types::{OTHER_EXPENSE, Proposed, account_type};

const LIST: &str = include_str!("account_sub_types.csv");

#[test]
fn every_subtype_of_the_list_becomes_what_the_list_says() {
    let mut seen = 0;
    for row in csv::Reader::from_reader(LIST.as_bytes()).records() {
        let row = row.unwrap();
        let (of, sub_type, odoo_18) = (&row[0], &row[1], &row[2]);
        let Proposed { odoo, review } = account_type(of, sub_type).unwrap();
        // what Odoo 18 has for a type of its own from 19 on
        let odoo = if odoo == OTHER_EXPENSE[0] { OTHER_EXPENSE[1] } else { odoo };
        assert_eq!(odoo, odoo_18, "{of} {sub_type}");
        assert!(!review, "{of} {sub_type} is known");
        seen += 1;
    }
    assert_eq!(seen, 297, "QuickBooks' schema has 298, one of them twice");
}

/// Where the subtype says something else than the type, or nothing.
#[test]
fn a_subtype_that_does_not_fit_gives_way_to_the_type_and_is_marked() {
    for (of, sub_type, odoo) in [
        ("Expense", "OfficeExpenses", "expense"),
        ("Long Term Liability", "DeferredTax", "liability_non_current"),
        ("Other Current Asset", "SundryDebtorsAndCreditors", "asset_current"),
        ("Other Current Asset", "AccountsReceivable", "asset_current"),
        ("Accounts Receivable", "TradeAndOtherReceivables", "asset_receivable"),
        ("Bank", "OtherCurrentAssets", "asset_cash"),
        ("Other Income", "ExchangeGainOrLoss", "income_other"),
        ("Cost of Goods Sold", "Sundry", "expense_direct_cost"),
        ("Income", "OtherMiscellaneousIncome", "income"),
        ("Other Expense", "PurelyMadeUp", OTHER_EXPENSE[0]),
    ] {
        let proposed = account_type(of, sub_type);
        assert_eq!(proposed, Some(Proposed { odoo, review: true }), "{of} {sub_type}");
    }
    for (of, sub_type, odoo) in [
        ("Other Asset", "PrepaidExpenses", "asset_prepayments"),
        ("Other Current Asset", "PrepaymentsAndAccruedIncome", "asset_prepayments"),
        ("Expense", "Depreciation", "expense_depreciation"),
        ("Fixed Asset", "SecurityDeposits", "asset_non_current"),
    ] {
        let proposed = account_type(of, sub_type);
        assert_eq!(proposed, Some(Proposed { odoo, review: false }), "{of} {sub_type}");
    }
    assert_eq!(account_type("Non-Posting", "Anything"), None);
}
