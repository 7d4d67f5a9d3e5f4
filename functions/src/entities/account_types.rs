//! QuickBooks' account types and subtypes as Odoo's account types.

use super::account_sub_types::usual_type;

/// What an account becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposed {
    /// As in `asset_cash`.
    pub odoo: &'static str,
    /// The subtype is unknown, or belongs to other accounts: worth a look.
    pub review: bool,
}

/// What other expenses are: Odoo has a type of their own from some version on.
pub const OTHER_EXPENSE: &[&str] = &["expense_other", "expense"];

/// The Odoo account type of a QuickBooks account; `None` where it posts nothing.
///
/// The subtype decides where it says more than the type. But QuickBooks' own
/// statements go by the type, so a subtype of another family is not followed,
/// nor one that would move an account within the profit and loss.
pub fn account_type(of: &str, sub_type: &str) -> Option<Proposed> {
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
        "Expense" => ("expense", "expense"),
        "Other Expense" => (OTHER_EXPENSE[0], "expense"),
        _ => return None,
    };
    let usual = match (of, usual_type(sub_type)) {
        ("Other Expense", Some("expense")) => Some(OTHER_EXPENSE[0]),
        ("Other Current Asset", _) if sub_type == "PrepaymentsAndAccruedIncome" => {
            Some("asset_prepayments")
        }
        (_, usual) => usual,
    };
    // these behave specially in Odoo: only the type makes one
    let special = |odoo: &str| {
        matches!(
            odoo,
            "asset_cash" | "asset_receivable" | "liability_payable" | "liability_credit_card"
        )
    };
    let followed = usual.filter(|odoo| {
        *odoo == by_type
            || (odoo.starts_with(family)
                && !special(odoo)
                && !special(by_type)
                && (matches!(family, "asset" | "liability") || *odoo == "expense_depreciation"))
    });
    Some(Proposed { odoo: followed.unwrap_or(by_type), review: followed.is_none() })
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

/// The type of the journal that a bank or card account gets. Odoo has one for
/// cards from 18 on; before, a bank's takes them.
pub fn journal_type(of: &str, sub_type: &str) -> Option<&'static [&'static str]> {
    match (of, sub_type) {
        ("Bank", "CashOnHand") => Some(&["cash"]),
        ("Bank", _) => Some(&["bank"]),
        ("Credit Card", _) => Some(&["credit", "bank"]),
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
