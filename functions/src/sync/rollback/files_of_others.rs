//! Files that somebody hung on records of ours. Odoo deletes a record's files with
//! it, without a word; so the record stays.

use std::collections::BTreeMap;

use q2o_domain::Result;
use serde_json::json;

use super::{
    Unit,
    editors::ODOO_ITSELF,
    weigh::{Scales, Why},
};
use crate::sync::company::{Company, id_of};

/// Records a call.
const PAGE: usize = 1000;

/// What is ours and goes stays where somebody hung a file on it.
pub async fn keep(company: &Company, scales: &mut Scales) -> Result<()> {
    let going: Vec<usize> = (0..scales.units.len()).filter(|at| scales.goes(*at)).collect();
    let units: Vec<&Unit> = going.iter().map(|at| &scales.units[*at]).collect();
    for (at, (class, why)) in by_others(company, &units).await? {
        scales.stay(going[at], class, why);
    }
    Ok(())
}

/// Which of these units have files of others.
pub async fn by_others(company: &Company, units: &[&Unit]) -> Result<BTreeMap<usize, Why>> {
    let mut by_model: BTreeMap<&str, BTreeMap<i64, usize>> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        for record in &unit.records {
            by_model.entry(&record.model).or_default().insert(record.id.0, at);
        }
    }
    let (odoo, mut stay) = (&company.odoo, BTreeMap::new());
    for (model, records) in by_model {
        let ids: Vec<i64> = records.keys().copied().collect();
        for some in ids.chunks(PAGE) {
            let domain = json!([
                ["res_model", "=", model],
                ["res_id", "in", some],
                // who hangs what it prints
                ["create_uid", "!=", ODOO_ITSELF.0]
            ]);
            let fields = ["name", "res_id", "create_uid"];
            let rows = odoo.search_read("ir.attachment", domain, &fields, "id", 0, 0).await?;
            let files: Vec<i64> = rows.iter().filter_map(id_of).map(|id| id.0).collect();
            if files.is_empty() {
                continue;
            }
            let names =
                odoo.call("ir.attachment", "get_external_id", json!([files]), json!({})).await?;
            for row in &rows {
                let own = id_of(row).and_then(|id| names[id.to_string()].as_str());
                if own.is_some_and(|name| name.starts_with(&company.key_prefix())) {
                    continue;
                }
                let text =
                    |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
                if let Some(at) = row["res_id"].as_i64().and_then(|id| records.get(&id)) {
                    let (who, name) = (text(&row["create_uid"][1]), text(&row["name"]));
                    let why = format!("{who} attached the file {name} to it in Odoo.");
                    stay.entry(*at).or_insert(("used", why));
                }
            }
        }
    }
    Ok(stay)
}
