//! The lists: accounts, taxes, people, goods.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    Plan,
    books::{Books, money, reference},
};

pub const CHECKING: &str = "35";
pub const SAVINGS: &str = "36";
pub const CARD: &str = "41";
pub const RECEIVABLE: &str = "84";
pub const UNDEPOSITED: &str = "4";
pub const INVENTORY: &str = "81";
pub const PAYABLE: &str = "33";
pub const COGS: &str = "80";
pub const OPENING_EQUITY: &str = "34";
pub const RETAINED: &str = "2";
pub const DISCOUNTS: &str = "86";
pub const SHIPPING: &str = "87";
pub const SERVICES: &str = "1";
pub const PRODUCTS: &str = "79";
pub const TRUCK: &str = "37";
pub const NOTES: &str = "44";
pub const WAGES: &str = "60";
pub const PAYROLL_LIABILITY: &str = "46";
pub const STATE_TAX: &str = "90";
pub const CITY_TAX: &str = "89";
pub const PETTY_CASH: &str = "47";
pub const INTEREST: &str = "70";

/// Accounts that anything may be spent on.
pub const SPENT_ON: [&str; 9] = ["50", "51", "52", "53", "54", "55", "56", "57", "58"];

/// Id, name, account above, type, subtype, number.
pub type Account =
    (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const ACCOUNTS: [Account; 46] = [
    (CHECKING, "Checking", "", "Bank", "Checking", "1010"),
    (SAVINGS, "Savings", "", "Bank", "Savings", "1020"),
    (PETTY_CASH, "Petty Cash", "", "Bank", "CashOnHand", ""),
    (RECEIVABLE, "Accounts Receivable (A/R)", "", "Accounts Receivable", "AccountsReceivable", ""),
    (UNDEPOSITED, "Undeposited Funds", "", "Other Current Asset", "UndepositedFunds", ""),
    (INVENTORY, "Inventory Asset", "", "Other Current Asset", "Inventory", ""),
    ("3", "Prepaid Expenses", "", "Other Current Asset", "PrepaidExpenses", ""),
    (TRUCK, "Truck", "", "Fixed Asset", "Vehicles", ""),
    ("38", "Original Cost", TRUCK, "Fixed Asset", "Vehicles", ""),
    ("39", "Depreciation", TRUCK, "Fixed Asset", "AccumulatedDepreciation", ""),
    ("40", "Security Deposits", "", "Other Asset", "SecurityDeposits", ""),
    (PAYABLE, "Accounts Payable (A/P)", "", "Accounts Payable", "AccountsPayable", ""),
    (CARD, "Mastercard", "", "Credit Card", "CreditCard", ""),
    ("42", "Visa", "", "Credit Card", "CreditCard", ""),
    (
        CITY_TAX,
        "Arizona Dept. of Revenue Payable",
        "",
        "Other Current Liability",
        "GlobalTaxPayable",
        "",
    ),
    (
        STATE_TAX,
        "Board of Equalization Payable",
        "",
        "Other Current Liability",
        "GlobalTaxPayable",
        "",
    ),
    (
        PAYROLL_LIABILITY,
        "Payroll Liabilities",
        "",
        "Other Current Liability",
        "PayrollTaxPayable",
        "",
    ),
    ("43", "Loan Payable", "", "Other Current Liability", "OtherCurrentLiabilities", ""),
    (NOTES, "Notes Payable", "", "Long Term Liability", "OtherLongTermLiabilities", ""),
    (OPENING_EQUITY, "Opening Balance Equity", "", "Equity", "OpeningBalanceEquity", ""),
    (RETAINED, "Retained Earnings", "", "Equity", "RetainedEarnings", ""),
    ("5", "Owner's Equity", "", "Equity", "OwnersEquity", ""),
    (SERVICES, "Services", "", "Income", "ServiceFeeIncome", "4000"),
    ("45", "Landscaping Services", "", "Income", "ServiceFeeIncome", "4100"),
    ("48", "Fountains and Garden Lighting", "45", "Income", "SalesOfProductIncome", ""),
    ("49", "Plants and Soil", "45", "Income", "SalesOfProductIncome", ""),
    (PRODUCTS, "Sales of Product Income", "", "Income", "SalesOfProductIncome", "4200"),
    (DISCOUNTS, "Discounts given", "", "Income", "DiscountsRefundsGiven", ""),
    (SHIPPING, "Shipping Income", "", "Income", "OtherPrimaryIncome", ""),
    (INTEREST, "Interest Earned", "", "Other Income", "InterestEarned", ""),
    (COGS, "Cost of Goods Sold", "", "Cost of Goods Sold", "SuppliesMaterialsCogs", "5000"),
    ("50", "Advertising", "", "Expense", "AdvertisingPromotional", "6000"),
    ("51", "Automobile", "", "Expense", "Auto", "6100"),
    ("52", "Fuel", "51", "Expense", "Auto", "6110"),
    ("53", "Insurance", "", "Expense", "Insurance", ""),
    ("54", "Other", "53", "Expense", "Insurance", ""),
    ("55", "Legal & Professional Fees", "", "Expense", "LegalProfessionalFees", ""),
    ("56", "Other", "55", "Expense", "LegalProfessionalFees", ""),
    ("57", "Office Expenses", "", "Expense", "OfficeExpenses", ""),
    ("58", "Utilities", "", "Expense", "Utilities", ""),
    (WAGES, "Wages", "", "Expense", "PayrollExpenses", ""),
    ("61", "Bank Charges", "", "Expense", "BankCharges", ""),
    ("62", "Job Materials", "", "Expense", "SuppliesMaterials", ""),
    ("65", "Depreciation", "", "Other Expense", "Depreciation", ""),
    ("66", "Miscellaneous", "", "Other Expense", "OtherMiscellaneousExpense", ""),
    ("67", "Closed Long Ago (deleted)", "", "Expense", "OtherMiscellaneousServiceCost", ""),
];

pub fn accounts(books: &mut Books) {
    add_accounts(books, &ACCOUNTS, "USD");
}

/// Adds accounts of one currency; those above others come first.
pub fn add_accounts(books: &mut Books, accounts: &[Account], currency: &str) {
    let mut full_names: std::collections::BTreeMap<&str, String> =
        std::collections::BTreeMap::new();
    for (id, name, above, of, sub_type, number) in accounts {
        let full = full_names
            .get(above)
            .map_or_else(|| (*name).to_owned(), |above| format!("{above}:{name}"));
        full_names.insert(id, full.clone());
        let mut record = json!({
            "Id": id,
            "Name": name,
            "FullyQualifiedName": full,
            "SubAccount": !above.is_empty(),
            "Active": !name.ends_with("(deleted)"),
            "AccountType": of,
            "AccountSubType": sub_type,
            "Classification": classification(of),
            "CurrentBalance": 0,
            "CurrencyRef": { "value": currency },
        });
        if !above.is_empty() {
            record["ParentRef"] = reference(above);
        }
        if !number.is_empty() {
            record["AcctNum"] = json!(number);
        }
        books.add("Account", record);
    }
}

fn classification(of: &str) -> &'static str {
    match of {
        "Income" | "Other Income" => "Revenue",
        "Expense" | "Other Expense" | "Cost of Goods Sold" => "Expense",
        "Equity" => "Equity",
        of if of.contains("Payable") || of.contains("Liability") || of == "Credit Card" => {
            "Liability"
        }
        _ => "Asset",
    }
}

/// Only balance sheet accounts say a balance.
pub fn keeps_balance(account: &Value) -> bool {
    matches!(account["Classification"].as_str(), Some("Asset" | "Liability" | "Equity"))
        && account["Id"] != RETAINED
}

pub fn lists(books: &mut Books, plan: &Plan) {
    books.add(
        "CompanyInfo",
        json!({
            "Id": "1",
            "CompanyName": "Green Valley Gardens",
            "LegalName": "Green Valley Gardens LLC",
            "Country": "US",
            "FiscalYearStartMonth": if plan.year_starts() == 1 { "January" } else { "October" },
        }),
    );
    books.add(
        "Preferences",
        json!({
            "Id": "1",
            "CurrencyPrefs": { "HomeCurrency": { "value": "USD" }, "MultiCurrencyEnabled": plan.currencies().len() > 1 },
            "SalesFormsPrefs": { "DefaultShippingAccount": SHIPPING, "AllowDiscount": true },
            "AccountingInfoPrefs": { "ClassTrackingPerTxnLine": true, "TrackDepartments": true },
            "TaxPrefs": { "UsingSalesTax": true },
        }),
    );
    for (id, name, days) in [("1", "Due on receipt", 0), ("2", "Net 15", 15), ("3", "Net 30", 30)] {
        books.add(
            "Term",
            json!({ "Id": id, "Name": name, "Active": true, "Type": "STANDARD", "DueDays": days }),
        );
    }
    books.add(
        "Term",
        json!({
            "Id": "4", "Name": "2% 10 Net 30", "Active": true, "Type": "STANDARD",
            "DueDays": 30, "DiscountPercent": 2, "DiscountDays": 10,
        }),
    );
    books.add(
        "Term",
        json!({
            "Id": "5", "Name": "15th of the month", "Active": true, "Type": "DATE_DRIVEN",
            "DayOfMonthDue": 15, "DueNextMonthDays": 5,
        }),
    );
    for (id, name) in [("1", "Cash"), ("2", "Check"), ("3", "Credit Card")] {
        books.add(
            "PaymentMethod",
            json!({ "Id": id, "Name": name, "Active": true, "Type": "NON_CREDIT_CARD" }),
        );
    }
    for (id, name) in [("1", "Arizona Dept. of Revenue"), ("2", "Board of Equalization")] {
        books.add("TaxAgency", json!({ "Id": id, "DisplayName": name, "TaxTrackedOnSales": true }));
    }
    for (id, name, percent, agency) in [
        ("1", "AZ State tax", "7.1", "1"),
        ("2", "Tucson City", "2", "1"),
        ("3", "California", "8", "2"),
    ] {
        let rate: Value = serde_json::from_str(percent).unwrap_or_default();
        books.add(
            "TaxRate",
            json!({ "Id": id, "Name": name, "Active": true, "RateValue": rate, "AgencyRef": reference(agency) }),
        );
    }
    for (id, name, rates) in [("2", "California", &["3"][..]), ("3", "Tucson", &["1", "2"][..])] {
        let details: Vec<Value> = rates
            .iter()
            .map(|rate| json!({ "TaxRateRef": reference(rate), "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0 }))
            .collect();
        books.add(
            "TaxCode",
            json!({
                "Id": id, "Name": name, "Active": true, "Taxable": true, "TaxGroup": true,
                "SalesTaxRateList": { "TaxRateDetail": details },
                "PurchaseTaxRateList": { "TaxRateDetail": [] },
            }),
        );
    }
    for entity in ["Class", "Department"] {
        let names: &[(&str, &str, &str)] = if entity == "Class" {
            &[("1", "Residential", ""), ("2", "Commercial", ""), ("3", "Parks", "2")]
        } else {
            &[("1", "North", ""), ("2", "South", ""), ("3", "Harbour", "2")]
        };
        for (id, name, above) in names {
            let full = names
                .iter()
                .find(|n| n.0 == *above)
                .map_or_else(|| (*name).to_owned(), |above| format!("{}:{name}", above.1));
            let mut record =
                json!({ "Id": id, "Name": name, "FullyQualifiedName": full, "Active": true });
            if !above.is_empty() {
                record["ParentRef"] = reference(above);
            }
            books.add(if entity == "Class" { "Class" } else { "Department" }, record);
        }
    }
}

pub struct People {
    pub customers: Vec<String>,
    pub vendors: Vec<String>,
    pub employees: Vec<String>,
}

const NAMES: [&str; 16] = [
    "Amber", "Birch", "Cedar", "Dahlia", "Elm", "Fern", "Ginkgo", "Hazel", "Iris", "Juniper",
    "Kapok", "Laurel", "Maple", "Nettle", "Oak", "Poppy",
];
const TRADES: [&str; 12] = [
    "Bakery", "Clinic", "Dental", "Estates", "Farms", "Grill", "Hotel", "Inn", "Jewelers",
    "Kitchens", "Lofts", "Motors",
];

pub fn people(books: &mut Books, rng: &mut Rng, plan: &Plan) -> People {
    let mut customers: Vec<String> = Vec::new();
    let mut full_names: Vec<String> = Vec::new();
    for at in 0..plan.customers {
        let id = (at + 1).to_string();
        let name = format!("{} {} {}", NAMES[at % 16], TRADES[at / 16 % 12], at + 1);
        let name = match at {
            3 => "Zoë's \"Fine\" Garden & Söhne".to_owned(),
            _ => name,
        };
        // every eighth is a job of somebody before, two levels deep at most
        let above = (at % 8 == 7)
            .then(|| rng.usize(0..at))
            .filter(|above| full_names[*above].matches(':').count() < 2);
        let full =
            above.map_or_else(|| name.clone(), |above| format!("{}:{name}", full_names[above]));
        let mut record = json!({
            "Id": id,
            "DisplayName": name,
            "FullyQualifiedName": full,
            "Active": at != 11,
            "Job": above.is_some(),
            "Taxable": at % 2 == 0,
            "PrimaryEmailAddr": { "Address": format!("customer{}@example.com", at + 1) },
            "PrimaryPhone": { "FreeFormNumber": format!("(555) 555-{:04}", at % 10000) },
            "BillAddr": { "Id": "1", "Line1": format!("{} Garden Way", at + 1), "City": "Bayshore", "CountrySubDivisionCode": "CA", "PostalCode": "94326" },
            "SalesTermRef": reference("3"),
            "Balance": 0,
        });
        if at % 3 == 0 {
            record["CompanyName"] = json!(format!("{name} Inc."));
        }
        if let Some(above) = above {
            record["ParentRef"] = reference(&customers[above]);
            record["BillWithParent"] = json!(true);
            record["Level"] = json!(full.matches(':').count());
        }
        books.add("Customer", record);
        customers.push(id);
        full_names.push(full);
    }
    let mut vendors = Vec::new();
    for at in 0..plan.vendors {
        let id = (5000 + at).to_string();
        books.add(
            "Vendor",
            json!({
                "Id": id,
                "DisplayName": format!("{} Supplies {}", NAMES[at % 16], at + 1),
                "CompanyName": format!("{} Supplies {} LLC", NAMES[at % 16], at + 1),
                "Active": true,
                "AcctNum": format!("A{at}"),
                "TermRef": reference("2"),
                "Balance": 0,
            }),
        );
        vendors.push(id);
    }
    let mut employees = Vec::new();
    for (at, name) in ["Emily Platt", "John Johnson", "Ana Díaz"].iter().enumerate() {
        let id = (9000 + at).to_string();
        books.add(
            "Employee",
            json!({ "Id": id, "DisplayName": name, "GivenName": name, "Active": true }),
        );
        employees.push(id);
    }
    // the inactive one gets no new business
    customers.remove(11);
    People { customers, vendors, employees }
}

/// What is sold and bought: id, income account at first, price in cents.
pub struct Goods {
    pub services: Vec<(&'static str, &'static str, i64)>,
    pub stocked: Vec<(&'static str, &'static str, i64)>,
    pub unstocked: Vec<(&'static str, &'static str, i64)>,
}

pub fn goods(books: &mut Books) -> Goods {
    books.add("Item", json!({ "Id": "1", "Name": "Design", "FullyQualifiedName": "Design", "Type": "Category", "Active": true }));
    books.add("Item", json!({ "Id": "2", "Name": "Supplies", "FullyQualifiedName": "Supplies", "Type": "Category", "Active": true }));
    let services = vec![("3", SERVICES, 7500), ("4", "45", 2500), ("5", "45", 3500)];
    let stocked = vec![("6", "48", 27500), ("7", "48", 1250), ("8", "48", 199)];
    let unstocked = vec![("9", "49", 1500), ("10", PRODUCTS, 4999)];
    let mut item = |id: &str, name: &str, of: &str, income: &str, price: i64, above: &str| {
        let mut record = json!({
            "Id": id,
            "Name": name,
            "FullyQualifiedName": format!("{}:{name}", if above == "1" { "Design" } else { "Supplies" }),
            "Sku": format!("SKU-{id}"),
            "Active": true,
            "Type": of,
            "UnitPrice": money(price),
            "PurchaseCost": money(price / 2),
            "IncomeAccountRef": reference(income),
            "ParentRef": reference(above),
            "SubItem": true,
        });
        match of {
            "Inventory" => {
                record["ExpenseAccountRef"] = reference(COGS);
                record["AssetAccountRef"] = reference(INVENTORY);
                record["TrackQtyOnHand"] = json!(true);
            }
            "NonInventory" => record["ExpenseAccountRef"] = reference("62"),
            _ => {}
        }
        books.add("Item", record);
    };
    for (at, (id, income, price)) in services.iter().enumerate() {
        item(id, ["Custom Design", "Gardening", "Trimming"][at], "Service", income, *price, "1");
    }
    for (at, (id, _, price)) in stocked.iter().enumerate() {
        // the account was changed since: lines keep what it was when they were posted
        item(
            id,
            ["Rock Fountain", "Pump", "Sprinkler Head"][at],
            "Inventory",
            PRODUCTS,
            *price,
            "2",
        );
    }
    for (at, (id, income, price)) in unstocked.iter().enumerate() {
        item(id, ["Soil", "Bench"][at], "NonInventory", income, *price, "2");
    }
    books.add(
        "Item",
        json!({
            "Id": "11", "Name": "Fountain Kit", "FullyQualifiedName": "Fountain Kit", "Type": "Group", "Active": true,
            "ItemGroupDetail": { "ItemGroupLine": [
                { "ItemRef": reference("6"), "Qty": 1 }, { "ItemRef": reference("4"), "Qty": 2 },
            ] },
        }),
    );
    Goods { services, stocked, unstocked }
}
