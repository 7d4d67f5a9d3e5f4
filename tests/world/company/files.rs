//! Files and notes that hang on records.

use std::path::Path;

use serde_json::{Value, json};

use super::Business;

impl Business {
    /// Files that are called the same and are as long have the same bytes.
    pub(super) fn attachments(&mut self) {
        let (sold, bought) = (self.invoices[0].id.clone(), self.bills[0].id.clone());
        let (customer, vendor) = (self.people.customers[0].clone(), self.people.vendors[0].clone());
        let receipt = |on: Value| file("receipt.pdf", 48_213, &on);
        let records = [
            receipt(on(&[("Invoice", &sold)])),
            // once more, by mistake
            receipt(on(&[("Invoice", &sold)])),
            receipt(on(&[("Bill", &bought), ("Vendor", &vendor)])),
            // longer than what is read at a time, and no multiple of three
            file("contract & plan.png", 310_001, &on(&[("Customer", &customer)])),
            file("of the company.txt", 1, &json!([])),
            // Odoo has no budgets
            file("plan.xlsx", 900, &on(&[("Budget", "1")])),
            json!({
                "Note": "Called twice.\nShe <will> pay & come back.",
                "AttachableRef": on(&[("Customer", &customer), ("Invoice", &sold)]),
            }),
        ];
        for (at, mut record) in records.into_iter().enumerate() {
            record["Id"] = json!((5_000_000 + at).to_string());
            self.books.add("Attachable", record);
        }
    }
}

fn file(name: &str, size: u32, on: &Value) -> Value {
    let image = Path::new(name).extension().is_some_and(|of| of == "png");
    let of = if image { "image/png" } else { "application/octet-stream" };
    json!({ "FileName": name, "Size": size, "ContentType": of, "AttachableRef": on })
}

fn on(records: &[(&str, &str)]) -> Value {
    let one = |(kind, id): &(&str, &str)| json!({ "EntityRef": { "type": kind, "value": id } });
    records.iter().map(one).collect()
}
