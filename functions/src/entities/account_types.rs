//! QuickBooks' account types and subtypes as Odoo's account types.

/// The Odoo account type of a QuickBooks account. The subtype decides where it
/// says more than the type; but QuickBooks' own statements go by the type, so a
/// subtype of another family is not followed.
pub fn account_type(of: &str, sub_type: &str) -> Option<&'static str> {
    let (by_type, family) = match of {
        "Bank" => ("asset_cash", "asset"),
        "Accounts Receivable" => ("asset_receivable", "asset"),
        "Other Current Asset" => ("asset_current", "asset"),
        "Fixed Asset" => ("asset_fixed", "asset"),
        "Other Asset" => ("asset_non_current", "asset"),
        "Accounts Payable" => ("liability_payable", "liability"),
        "Credit Card" => ("liability_credit_card", "liability"),
        "Other Current Liability" => ("liability_current", "liability"),
        "Long Term Liability" => ("liability_non_current", "liability"),
        "Equity" => ("equity", "equity"),
        "Income" => ("income", "income"),
        "Other Income" => ("income_other", "income"),
        "Cost of Goods Sold" => ("expense_direct_cost", "expense"),
        // Odoo 18 has no other-expense type
        "Expense" | "Other Expense" => ("expense", "expense"),
        _ => return None,
    };
    let by_sub_type = match sub_type {
        "PrepaidExpenses" => "asset_prepayments",
        "AmortizationExpense"
        | "AppropriationsToDepreciation"
        | "Amortization"
        | "Depletion"
        | "Depreciation" => "expense_depreciation",
        _ => by_type,
    };
    // control, bank and card accounts behave specially in Odoo: only the type makes one
    let special = matches!(of, "Bank" | "Accounts Receivable" | "Accounts Payable" | "Credit Card");
    Some(if !special && by_sub_type.starts_with(family) { by_sub_type } else { by_type })
}

/// Whether an account's lines are matched against each other: money on its way.
pub fn reconciled(of: &str, sub_type: &str) -> bool {
    matches!(of, "Accounts Receivable" | "Accounts Payable")
        || matches!(
            sub_type,
            "UndepositedFunds"
                | "InternalTransfers"
                | "Retainage"
                | "DirectDepositPayable"
                | "PayrollClearing"
        )
}

/// The type of the journal that a bank or card account gets.
pub fn journal_type(of: &str, sub_type: &str) -> Option<&'static str> {
    match (of, sub_type) {
        ("Bank", "CashOnHand") => Some("cash"),
        ("Bank", _) => Some("bank"),
        ("Credit Card", _) => Some("credit"),
        _ => None,
    }
}

/// Where generated account codes of a type begin.
pub fn code_prefix(of: &str) -> char {
    match of {
        "Bank" | "Accounts Receivable" | "Other Current Asset" | "Fixed Asset" | "Other Asset" => {
            '1'
        }
        "Accounts Payable" | "Credit Card" | "Other Current Liability" | "Long Term Liability" => {
            '2'
        }
        "Equity" => '3',
        "Income" => '4',
        "Cost of Goods Sold" => '5',
        "Expense" => '6',
        "Other Income" => '7',
        _ => '8',
    }
}
