//! The columns of the detail reports, in QuickBooks' own order, whatever order was asked for.

use super::shape::Column;
use crate::qbo::http::Params;

/// Key, title, type, and whether the column exists only with several currencies.
const KNOWN: &[(&str, &str, &str, bool)] = &[
    ("tx_date", "Date", "Date", false),
    ("txn_type", "Transaction Type", "String", false),
    ("doc_num", "Num", "String", false),
    ("is_adj", "Adj", "String", false),
    ("create_date", "Create Date", "Date", false),
    ("last_mod_date", "Last Modified", "Date", false),
    ("name", "Name", "String", false),
    ("cust_name", "Customer", "String", false),
    ("vend_name", "Vendor", "String", false),
    ("dept_name", "Location", "String", false),
    ("klass_name", "Class", "String", false),
    ("memo", "Memo/Description", "String", false),
    ("account_num", "Account #", "String", false),
    ("account_name", "Account", "String", false),
    ("split_acc", "Split", "String", false),
    ("currency", "Currency", "String", true),
    ("exch_rate", "Exchange Rate", "Rate", true),
    ("debt_amt", "Debit", "Money", false),
    ("credit_amt", "Credit", "Money", false),
    ("debt_home_amt", "Debit (home)", "Money", true),
    ("credit_home_amt", "Credit (home)", "Money", true),
    ("subt_nat_amount", "Amount", "Money", false),
    ("subt_nat_home_amount", "Amount (home)", "Money", true),
    ("rbal_nat_amount", "Balance", "Money", false),
    ("rbal_nat_home_amount", "Balance (home)", "Money", true),
];

/// The keys of a report: those asked for that exist here, or the usual ones.
pub fn chosen(params: &Params, usual: &[&str], multicurrency: bool) -> Vec<&'static str> {
    let asked: Option<Vec<String>> = params
        .get("columns")
        .map(|columns| columns.split(',').map(|column| column.trim().to_lowercase()).collect());
    KNOWN
        .iter()
        .filter(|(key, _, _, foreign)| {
            (multicurrency || !foreign)
                && match &asked {
                    Some(asked) => asked.iter().any(|asked| asked == key),
                    None => usual.contains(key),
                }
        })
        .map(|(key, ..)| *key)
        .collect()
}

/// The head of the columns.
pub fn headed(keys: &[&str]) -> Vec<Column> {
    let known = keys.iter().filter_map(|key| KNOWN.iter().find(|(known, ..)| known == key));
    known.map(|(key, title, kind, _)| Column::new(key, *title, kind)).collect()
}
