//! Projects and the time that is kept on them.

use serde_json::json;

use super::{
    fault::{Raised, Result},
    store::Store,
};

/// What follows from a project or a line of time, and what must not be.
pub fn made(store: &mut Store, model: &str, id: i64) -> Result<()> {
    if model == "project.project" {
        account(store, id);
        return Ok(());
    }
    let Some(project) = store.field(model, id, "project_id").as_i64() else { return Ok(()) };
    let employee = store.field(model, id, "employee_id").as_i64().unwrap_or(0);
    if store.field("hr.employee", employee, "active") != &json!(true) {
        return Err(Raised::validation(
            "Timesheets must be created with an active employee in the selected companies.",
        ));
    }
    let account = store.field("project.project", project, "account_id").clone();
    store.set(model, id, "account_id", account);
    Ok(())
}

/// A project takes its analytic account with it, if nothing is on it.
pub fn gone(store: &mut Store, project: i64) {
    let Some(account) = store.field("project.project", project, "account_id").as_i64() else {
        return;
    };
    let on_it =
        |line: i64| store.field("account.analytic.line", line, "account_id") == &json!(account);
    let lines = store.table("account.analytic.line");
    if !lines.is_some_and(|lines| lines.ids().any(on_it)) {
        store.remove("account.analytic.account", account);
    }
}

/// Time is kept on an analytic account: a project that names none gets one.
fn account(store: &mut Store, project: i64) {
    const PROJECT: &str = "project.project";
    let timed = store.field(PROJECT, project, "allow_timesheets") == &json!(true);
    if timed && store.field(PROJECT, project, "account_id") == &json!(false) {
        let name = store.field(PROJECT, project, "name").clone();
        let plan = store.table("account.analytic.plan").and_then(|plans| plans.ids().next());
        let account = [("name", name), ("plan_id", json!(plan))];
        let account = account.into_iter().map(|(of, value)| (of.to_owned(), value));
        let account = store.insert("account.analytic.account", account.collect());
        store.set(PROJECT, project, "account_id", json!(account));
    }
}
