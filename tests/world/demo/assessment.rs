//! An assessment for people: what there is, what stands in the way, what it takes.

use serde_json::Value;

use super::show::line;

pub fn show(found: &Value) {
    line("");
    line(&format!(
        "ASSESSMENT  {} -> {} (Odoo {})",
        text(&found["quickbooks_company"]),
        text(&found["odoo_company"]),
        found["odoo_version"].as_str().unwrap_or("cannot be asked"),
    ));
    counts(found);
    line("");
    line("In use:");
    for feature in list(&found["features"]) {
        line(&format!("  {:22} {}", text(&feature["id"]), text(&feature["evidence"])));
    }
    line("Not moved:");
    for left in list(&found["not_moved"]) {
        let (what, why) = (text(&left["what"]), text(&left["why"]));
        line(&format!("  {what:22} {:>6}  {why}", number(&left["records"])));
    }
    line("Checks:");
    // the worst first
    for severity in ["block", "review", "warn", "ok"] {
        for check in list(&found["checks"]).iter().filter(|c| c["severity"] == severity) {
            let (id, says) = (text(&check["id"]), text(&check["says"]));
            line(&format!("  {:6} {id:24} {says}", severity.to_uppercase()));
            if let Some(what) = check["fix"]["what"].as_str() {
                line(&format!("  {:6} {:24} -> {what}", "", ""));
            }
        }
    }
    forecast(&found["forecast"]);
    line("");
    let state = text(&found["state"]).replace('_', " ");
    line(&format!("{} of 100: {state}.", found["score"]));
}

/// Records by kind and calendar year.
fn counts(found: &Value) {
    let years: Vec<&String> =
        found["by_year"].as_object().into_iter().flat_map(|y| y.keys()).collect();
    let head: Vec<String> = years.iter().map(|year| format!("{year:>8}")).collect();
    line(&format!("{:24} {:>8}{}", "", "records", head.concat()));
    for (kind, counted) in found["counts"].as_object().into_iter().flatten() {
        if let Some(why) = counted["not_answered"].as_str() {
            line(&format!("{kind:24} not answered: {why}"));
            continue;
        }
        let of = |year: &&String| match &counted["by_year"][year.as_str()] {
            Value::Null => format!("{:>8}", ""),
            records => format!("{:>8}", number(records)),
        };
        let years: Vec<String> = years.iter().map(of).collect();
        line(&format!("{kind:24} {:>8}{}", number(&counted["records"]), years.concat()));
    }
    if let (Some(first), Some(last)) = (found["first"].as_str(), found["last"].as_str()) {
        line(&format!("Transactions from {first} to {last}."));
    }
}

fn forecast(forecast: &Value) {
    line(&format!(
        "Forecast: about {} min; {} QuickBooks calls, {} Odoo calls; {} master records, {} documents, \
         {} files and notes, {} before {} (plan {}).",
        forecast["minutes"],
        forecast["quickbooks_calls"],
        forecast["odoo_calls"],
        forecast["masters"],
        forecast["documents"],
        forecast["files"],
        forecast["before"],
        text(&forecast["cut"]),
        text(&forecast["plan"]),
    ));
    match forecast["plan_for_all"].as_str() {
        Some(plan) => line(&format!("The {plan} plan covers all of history.")),
        None => line("No plan covers all of history; opening balances stand for what is before."),
    }
    for assumed in list(&forecast["assumes"]) {
        line(&format!("  {}", text(assumed)));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A number as such: JSON values heed no width.
fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
