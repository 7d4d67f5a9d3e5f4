//! Accounts, names, partners, items.

use serde_json::{Value, json};

use super::usd;
use crate::made::{Made, bought, entry, sale, sold, spent, with};

/// Lists longer than what a query gives unasked (100), and than a page (1,000).
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_and_one_and_a_thousand_and_one_accounts_all_come() {
    for many in [101, 1001] {
        let mut made = Made::usual(&["USD"]);
        let usual = crate::made::USUAL.len();
        let names: Vec<[String; 2]> =
            (0..many - usual).map(|at| [(1000 + at).to_string(), format!("Fund {at}")]).collect();
        let accounts: Vec<[&str; 5]> = names
            .iter()
            .map(|[id, name]| [id.as_str(), name.as_str(), "Equity", "OwnersEquity", "USD"])
            .collect();
        made.accounts(&accounts);
        let last = names.last().unwrap()[0].as_str();
        made.moves(
            "JournalEntry",
            usd("1", "2026-01-01", ""),
            json!({ "Line": [entry("1", "10.00", ""), entry(last, "-10.00", "")] }),
            ["1", last],
            "10.00",
        );
        let folder = made.write("2026-01-31");
        let app = q2o_tests::app::TestApp::with(folder.path()).await;
        let before = app.odoo.count("account.account");
        let (shown, errors, proof) = super::migrated(&app).await;
        assert_eq!(shown["state"], "done", "{shown:#}");
        assert_eq!(errors, Vec::<Value>::new());
        assert_eq!(super::different(&proof), 0, "{proof:#}");
        assert_eq!(app.odoo.count("account.account"), before + many);
    }
}

/// Accounts within accounts, five deep, ids falling, the same name at the end of
/// two of them, and postings of their own on every level.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_above_others_keep_their_own_postings() {
    let mut made = Made::usual(&["USD"]);
    let deep = ["205", "204", "203", "202", "201"];
    let mut full = String::new();
    for (at, id) in deep.iter().enumerate() {
        let name = if at == 4 { "Other".to_owned() } else { format!("Level {at}") };
        full = if at == 0 { name.clone() } else { format!("{full}:{name}") };
        let mut account = json!({
            "Id": id, "SyncToken": "0", "Name": name, "FullyQualifiedName": full, "Active": true,
            "AccountType": "Expense", "AccountSubType": "Insurance", "SubAccount": at > 0,
        });
        if at > 0 {
            account["ParentRef"] = json!({ "value": deep[at - 1] });
        }
        made.add("Account", account);
    }
    made.add(
        "Account",
        json!({
            "Id": "206", "SyncToken": "0", "Name": "Other", "FullyQualifiedName": "Level 0:Other",
            "Active": true, "AccountType": "Expense", "AccountSubType": "Insurance",
            "SubAccount": true, "ParentRef": { "value": "205" },
        }),
    );
    for (id, account) in ["1", "2", "3", "4", "5", "6"].iter().zip(deep.iter().chain(&["206"])) {
        let record = json!({ "Line": [entry(account, "7.00", ""), entry("1", "-7.00", "")] });
        made.moves("JournalEntry", usd(id, "2026-01-01", ""), record, [account, "1"], "7.00");
    }
    let (app, proof) = made.proved("2026-01-31").await;
    assert_eq!(proof["by_documents"]["different"], 0, "{proof:#}");
    let others = app.odoo.rows("account.account", |a| {
        a["name"].as_str().is_some_and(|name| name.ends_with("Other"))
    });
    assert_eq!(others.len(), 2, "each has a name of its own: {others:#?}");
    assert_ne!(others[0]["name"], others[1]["name"]);
}

/// Answers are read as what they are: a name is no word of a language.
#[tokio::test(flavor = "multi_thread")]
async fn names_like_null_and_true_are_names() {
    let names = ["null", "true", "False", "None", "Annullable & Untrue", "O'Neil \"N/A\" \\ Söhne"];
    let mut made = Made::usual(&["USD"]);
    for (id, name) in (100..).zip(names) {
        let id = id.to_string();
        made.add(
            "Customer",
            json!({ "Id": id, "SyncToken": "0", "DisplayName": name, "Active": true }),
        );
        made.add(
            "Item",
            json!({ "Id": id, "SyncToken": "0", "Name": name, "FullyQualifiedName": name,
                    "Type": "Service", "Active": true, "IncomeAccountRef": { "value": "5" } }),
        );
        let whose = format!("c{id}");
        made.moves(
            "Invoice",
            usd(&id, "2026-01-02", &whose),
            sale(&id, "5.00", "5.00", &[sold("5.00", &id, "5")]),
            ["2", "5"],
            "5.00",
        );
    }
    let (app, _) = made.simulated("2026-01-31").await;
    for name in names {
        assert_eq!(app.odoo.rows("res.partner", |p| p["name"] == name).len(), 1, "{name}");
        assert_eq!(app.odoo.rows("product.product", |p| p["name"] == name).len(), 1, "{name}");
    }
}

/// Somebody who buys and sells is a customer and a vendor in QuickBooks; what is
/// sold to him is no purchase.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_is_a_vendor_too_is_sold_to_by_the_sales_journal() {
    let mut made = Made::usual(&["USD"]);
    for (entity, name) in [("Customer", "Acme"), ("Vendor", "Acme (V)")] {
        made.add(
            entity,
            json!({ "Id": "50", "SyncToken": "0", "DisplayName": name, "CompanyName": "Acme",
                    "Active": true, "PrimaryEmailAddr": { "Address": "acme@example.com" } }),
        );
    }
    made.moves(
        "Invoice",
        usd("101", "2026-01-02", "c50"),
        sale("50", "10.00", "10.00", &[sold("10.00", "1", "5")]),
        ["2", "5"],
        "10.00",
    );
    made.moves(
        "Bill",
        usd("102", "2026-01-02", "v50"),
        bought("50", "4.00", "4.00", &[spent("4.00", "6")]),
        ["6", "3"],
        "4.00",
    );
    let (app, _) = made.simulated("2026-01-31").await;
    for (of, code) in [("out_invoice", "QBINV"), ("in_invoice", "QBBIL")] {
        let moves = app.odoo.rows("account.move", |m| m["move_type"] == of);
        assert_eq!(moves.len(), 1, "{of}");
        let journals = app.odoo.rows("account.journal", |j| j["id"] == moves[0]["journal_id"]);
        assert_eq!(journals[0]["code"], code);
    }
}

/// An item may have another name and another account by now; lines that were
/// posted before keep the account they were posted to. What is bought goes to
/// the expense account of an item that has both, stocked or not.
#[tokio::test(flavor = "multi_thread")]
async fn items_that_changed_since_and_items_with_two_accounts_post_as_they_did() {
    let mut made = Made::usual(&["USD"]);
    let mut stale = sold("12.00", "2", "8");
    stale["SalesItemLineDetail"]["ItemRef"]["name"] = json!("What it was called");
    made.moves(
        "Invoice",
        usd("101", "2026-01-02", "c1"),
        sale("1", "12.00", "12.00", &[stale]),
        ["2", "8"],
        "12.00",
    );
    // older records do not say the account, and the item's is another now
    let mut silent = sold("13.00", "2", "");
    silent["SalesItemLineDetail"].as_object_mut().unwrap().remove("ItemAccountRef");
    made.moves(
        "Invoice",
        usd("102", "2026-01-03", "c1"),
        sale("1", "13.00", "13.00", &[silent]),
        ["2", "8"],
        "13.00",
    );
    let of_item = |amount: &str, item: &str| {
        json!({
            "DetailType": "ItemBasedExpenseLineDetail", "Amount": crate::made::number(amount),
            "ItemBasedExpenseLineDetail": { "ItemRef": { "value": item } },
        })
    };
    for (id, item, account) in [("103", "2", "6"), ("104", "3", "9")] {
        made.moves(
            "Bill",
            usd(id, "2026-01-04", "v11"),
            bought("11", "20.00", "20.00", &[of_item("20.00", item)]),
            [account, "3"],
            "20.00",
        );
    }
    made.moves(
        "VendorCredit",
        usd("105", "2026-01-05", "v11"),
        bought("11", "6.00", "6.00", &[of_item("6.00", "2")]),
        ["3", "6"],
        "6.00",
    );
    let cash = with(
        json!({
            "TotalAmt": crate::made::number("5.00"), "PaymentType": "Cash",
            "AccountRef": { "value": "17" }, "Line": [of_item("5.00", "2")],
        }),
        json!({ "EntityRef": { "value": "21", "type": "Employee" } }),
    );
    made.moves("Purchase", usd("106", "2026-01-06", ""), cash, ["6", "17"], "5.00");
    let (_, proof) = made.simulated("2026-01-31").await;
    assert_eq!(proof["completion_entries"], json!([]));
    assert_eq!(proof["by_documents"]["different"], 1, "only 102 needs the ledger: {proof:#}");
}
