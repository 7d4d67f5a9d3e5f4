//! What stands on a document: discounts, shipping, bundles, lines that say
//! nothing, lines of nothing, lines that take off.

use serde_json::{Value, json};

use crate::made::{Made, number, sale, sold, with};

fn note(text: &str) -> Value {
    json!({ "Description": text, "DetailType": "DescriptionOnly", "DescriptionLineDetail": {} })
}

fn sub_total(amount: &str) -> Value {
    json!({ "Amount": number(amount), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {} })
}

fn discount(amount: &str, account: Option<&str>) -> Value {
    json!({
        "Amount": number(amount), "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {
            "PercentBased": false, "DiscountAccountRef": account.map(|id| json!({ "value": id })),
        },
    })
}

fn shipping(amount: &str) -> Value {
    json!({
        "Amount": number(amount), "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": { "ItemRef": { "value": "SHIPPING_ITEM_ID" } },
    })
}

/// With so many of it, at this price.
fn priced(mut line: Value, quantity: Value, price: &str) -> Value {
    line["SalesItemLineDetail"]["Qty"] = quantity;
    line["SalesItemLineDetail"]["UnitPrice"] = number(price);
    line
}

fn bundle(lines: &[Value]) -> Value {
    json!({
        "DetailType": "GroupLineDetail", "Amount": 0,
        "GroupLineDetail": { "GroupItemRef": { "value": "4" }, "Quantity": 1, "Line": lines },
    })
}

const fn usd<'a>(id: &'a str, whose: &'a str) -> [&'a str; 4] {
    [id, "2026-01-10", "USD", whose]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_a_document_lands_on_its_account() {
    let mut made = Made::usual(&["USD"]);
    made.add(
        "Preferences",
        json!({
            "Id": "1", "SyncToken": "0", "CurrencyPrefs": { "HomeCurrency": { "value": "USD" } },
            "SalesFormsPrefs": { "DefaultShippingAccount": "8", "DefaultDiscountAccount": "7" },
        }),
    );
    made.add(
        "Item",
        json!({ "Id": "4", "SyncToken": "0", "Name": "Kit", "FullyQualifiedName": "Kit",
                "Type": "Group", "Active": true }),
    );
    // a description stands first, and something is taken off
    let lines = [
        note("As agreed"),
        sold("100.00", "1", "5"),
        sold("-15.00", "2", "5"),
        sub_total("85.00"),
        discount("8.50", Some("7")),
        shipping("12.00"),
        note("Thank you"),
        sub_total("88.50"),
    ];
    made.txn(
        "Invoice",
        usd("101", "c1"),
        sale("1", "88.50", "88.50", &lines),
        &[("2", "88.50", ""), ("5", "-85.00", ""), ("7", "8.50", ""), ("8", "-12.00", "")],
    );
    // a discount that names no account, a bundle in it, and a bundle of a bundle's kind
    let lines = [
        bundle(&[sold("30.00", "1", "5"), sold("20.00", "2", "5"), note("inside")]),
        discount("5.00", None),
    ];
    made.txn(
        "Invoice",
        usd("102", "c2"),
        sale("2", "45.00", "45.00", &lines),
        &[("2", "45.00", ""), ("5", "-50.00", ""), ("7", "5.00", "")],
    );
    // no quantity, a quantity of nothing, a price with more decimals than money has
    let lines = [
        sold("10.00", "1", "5"),
        priced(sold("0", "1", "5"), json!(0), "75.00"),
        priced(sold("99.99", "2", "5"), number("3"), "33.333"),
        priced(sold("0.01", "2", "5"), number("0.0001"), "100"),
        json!({ "Amount": 0, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {} }),
    ];
    made.txn(
        "Invoice",
        usd("103", "c1"),
        sale("1", "110.00", "110.00", &lines),
        &[("2", "110.00", ""), ("5", "-110.00", "")],
    );
    // worth nothing, by lines that cancel out
    let lines = [sold("40.00", "1", "5"), sold("-40.00", "2", "7")];
    made.txn(
        "Invoice",
        usd("104", "c1"),
        sale("1", "0", "0", &lines),
        &[("5", "-40.00", ""), ("7", "40.00", "")],
    );
    // worth nothing at all, and not voided
    made.txn(
        "Invoice",
        usd("105", "c1"),
        sale("1", "0", "0", &[priced(sold("0", "1", "5"), json!(1), "0")]),
        &[],
    );
    made.txn("Invoice", usd("106", "c1"), sale("1", "0", "0", &[note("Nothing but words")]), &[]);
    // a receipt and a refund with a discount, and a credit below nothing
    let receipt = with(
        sale("2", "18.00", "0", &[sold("20.00", "1", "5"), discount("2.00", Some("7"))]),
        json!({ "DepositToAccountRef": { "value": "1" } }),
    );
    made.txn(
        "SalesReceipt",
        usd("107", "c2"),
        receipt.clone(),
        &[("1", "18.00", ""), ("5", "-20.00", ""), ("7", "2.00", "")],
    );
    made.txn(
        "RefundReceipt",
        usd("108", "c2"),
        receipt,
        &[("1", "-18.00", ""), ("5", "20.00", ""), ("7", "-2.00", "")],
    );
    made.txn(
        "Invoice",
        usd("109", "c2"),
        sale("2", "-25.00", "-25.00", &[sold("-25.00", "1", "5")]),
        &[("2", "-25.00", ""), ("5", "25.00", "")],
    );
    let (_, proof) = made.proved("2026-01-31").await;
    assert_eq!(proof["completion_entries"], json!([]));
    assert_eq!(proof["by_documents"]["different"], 0, "{proof:#}");
}

/// Classes stand on lines, locations on documents; in Odoo both are on every
/// line that is a result.
#[tokio::test(flavor = "multi_thread")]
async fn classes_and_locations_are_on_every_line_and_add_up() {
    let mut made = Made::usual(&["USD"]);
    for (entity, id, name) in [
        ("Class", "1", "North"),
        ("Class", "2", "South"),
        ("Department", "1", "Shop"),
        ("Department", "2", "Yard"),
    ] {
        made.add(
            entity,
            json!({ "Id": id, "SyncToken": "0", "Name": name, "FullyQualifiedName": name, "Active": true }),
        );
    }
    let of = |class: &str, mut line: Value| {
        let detail = line["DetailType"].as_str().unwrap().to_owned();
        line[detail]["ClassRef"] = json!({ "value": class });
        line
    };
    let lines = [
        of("1", sold("60.00", "1", "5")),
        of("2", sold("40.00", "1", "5")),
        of("2", discount("10.00", Some("7"))),
    ];
    made.txn(
        "Invoice",
        usd("101", "c1"),
        with(sale("1", "90.00", "90.00", &lines), json!({ "DepartmentRef": { "value": "1" } })),
        &[("2", "90.00", ""), ("5", "-100.00", ""), ("7", "10.00", "")],
    );
    let lines = [of("1", crate::made::spent("25.00", "6"))];
    made.txn(
        "Bill",
        usd("102", "v11"),
        with(
            crate::made::bought("11", "25.00", "25.00", &lines),
            json!({ "DepartmentRef": { "value": "2" } }),
        ),
        &[("3", "-25.00", ""), ("6", "25.00", "")],
    );
    let mut lines = [
        of("1", crate::made::entry("23", "15.00", "")),
        of("2", crate::made::entry("6", "-15.00", "")),
    ];
    lines[1]["JournalEntryLineDetail"]["DepartmentRef"] = json!({ "value": "2" });
    made.txn(
        "JournalEntry",
        usd("103", ""),
        json!({ "Line": lines }),
        &[("23", "15.00", ""), ("6", "-15.00", "")],
    );
    let (app, _) = made.proved("2026-01-31").await;
    // what stands on each class and location, by the names of their analytic accounts
    let named = |name: &str| {
        app.odoo.rows("account.analytic.account", |a| a["name"] == name)[0]["id"].to_string()
    };
    let sum = |name: &str| {
        let id = named(name);
        let on = app.odoo.rows("account.move.line", |line| {
            let keys = line["analytic_distribution"].as_object().into_iter().flat_map(|d| d.keys());
            keys.flat_map(|key| key.split(',')).any(|one| one == id)
        });
        on.iter().map(|line| line["balance"].as_f64().unwrap()).sum::<f64>()
    };
    let sums = ["North", "South", "Shop", "Yard"].map(|name| (name, format!("{:.2}", sum(name))));
    let expected =
        [("North", "-20.00"), ("South", "-45.00"), ("Shop", "-90.00"), ("Yard", "10.00")];
    assert_eq!(sums, expected.map(|(name, sum)| (name, sum.to_owned())));
}
