//! Documents by `create()` as drafts with a searchable key, then posted (or
//! cancelled, where only a number is kept).
//!
//! Odoo may do what it is asked and die before it answers. So keys are looked
//! up before anything is created, and again before anything is posted: what is
//! there already is taken, doubles are dropped.

use std::collections::BTreeMap;

use q2o_domain::{Money, OdooId, Result, ports::OdooError};
use serde_json::{Value, json};

use super::settle::money;
use crate::{
    digest,
    sync::company::{Company, id_of},
};

/// Where the key stands: a field that every user may write, and that posting
/// leaves alone.
pub const KEY: &str = "invoice_origin";

/// One move on its way into Odoo, and what came of it.
pub struct Move {
    pub key: String,
    /// What `create()` takes.
    pub values: Value,
    /// To be cancelled rather than posted.
    pub cancelled: bool,
    pub outcome: Option<Result<OdooId, String>>,
}

impl Move {
    /// What was sent, as [`print`] tells it.
    pub fn print(&self) -> String {
        let lines = self.values["line_ids"].as_array().map(Vec::as_slice).unwrap_or_default();
        let lines = lines.iter().filter_map(|command| {
            let account = command[2]["account_id"].as_i64()?;
            Some((OdooId(account), money(&command[2]["balance"])?))
        });
        let state = if self.cancelled { "cancel" } else { "posted" };
        print(state, self.values["date"].as_str().unwrap_or_default(), lines)
    }
}

/// A document's state, date and what it books, in short: the same from what was sent
/// as from what Odoo holds, until somebody changes it there.
pub fn print(state: &str, date: &str, lines: impl Iterator<Item = (OdooId, Money)>) -> String {
    let mut lines: Vec<String> =
        lines.map(|(account, balance)| format!("{account} {balance}")).collect();
    lines.sort_unstable();
    digest::short(&[state.as_bytes(), date.as_bytes(), lines.join("\n").as_bytes()], 10)
}

struct There {
    id: OdooId,
    /// Posted, or cancelled: no longer a draft.
    done: bool,
}

/// Creates and posts moves. Every one of them gets an outcome.
pub async fn write(company: &Company, moves: &mut [Move]) -> Result<()> {
    let there = look(company, moves).await?;
    let mut missing: Vec<&mut Move> =
        moves.iter_mut().filter(|m| m.outcome.is_none() && !there.contains_key(&m.key)).collect();
    create(company, &mut missing).await?;
    let there = look(company, moves).await?;
    let drafts = |cancelled: bool| -> Vec<OdooId> {
        let such = moves.iter().filter(|m| m.cancelled == cancelled);
        let mut ids: Vec<OdooId> =
            such.filter_map(|m| there.get(&m.key)).filter(|t| !t.done).map(|t| t.id).collect();
        ids.sort();
        ids
    };
    let mut refused = post(company, "action_post", &drafts(false)).await?;
    refused.extend(post(company, "button_cancel", &drafts(true)).await?);
    for one in moves.iter_mut().filter(|m| m.outcome.is_none()) {
        one.outcome = there.get(&one.key).map(|there| match refused.get(&there.id) {
            Some(why) => Err(why.clone()),
            None => Ok(there.id),
        });
    }
    // a draft that Odoo will not post must not be left for somebody to post later
    let debris: Vec<OdooId> = refused.into_keys().collect();
    unlink(company, &debris).await
}

/// What is there under these keys. Doubles that are still drafts are dropped.
async fn look(company: &Company, moves: &[Move]) -> Result<BTreeMap<String, There>> {
    let keys: Vec<&str> = moves.iter().map(|m| m.key.as_str()).collect();
    let domain = json!([[KEY, "in", keys], ["company_id", "=", company.odoo_company.0]]);
    let rows =
        company.odoo.search_read("account.move", domain, &[KEY, "state"], "id", 0, 0).await?;
    let mut there: BTreeMap<String, There> = BTreeMap::new();
    let mut doubles = Vec::new();
    for row in &rows {
        let (Some(id), Some(key)) = (id_of(row), row[KEY].as_str()) else { continue };
        let found = There { id, done: row["state"] != "draft" };
        match there.get_mut(key) {
            None => {
                there.insert(key.to_owned(), found);
            }
            Some(kept) if found.done && !kept.done => {
                doubles.push(kept.id);
                *kept = found;
            }
            Some(_) if !found.done => doubles.push(found.id),
            Some(_) => tracing::error!(odoo.id = id.0, "a document was posted twice"),
        }
    }
    unlink(company, &doubles).await?;
    Ok(there)
}

async fn unlink(company: &Company, ids: &[OdooId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    company.odoo.call("account.move", "unlink", json!([ids]), json!({})).await?;
    Ok(())
}

async fn create(company: &Company, moves: &mut [&mut Move]) -> Result<()> {
    if moves.is_empty() {
        return Ok(());
    }
    let unnamed = |m: &&mut Move| {
        let mut values = m.values.clone();
        // numbered when posted: up to 17 the first draft of a period has a number
        // already, and two that are made at the same time have the same
        values["name"] = "/".into();
        values
    };
    let records = moves.iter().map(unnamed).collect();
    // all lines are given: Odoo must not make any of its own
    let context = json!({ "skip_invoice_sync": true });
    match company.odoo.create("account.move", records, context).await {
        Ok(_) => Ok(()),
        Err(OdooError::Refused { message } | OdooError::Missing { message }) => {
            if let [one] = moves {
                one.outcome = Some(Err(message));
                return Ok(());
            }
            let (left, right) = moves.split_at_mut(moves.len() / 2);
            Box::pin(create(company, left)).await?;
            Box::pin(create(company, right)).await
        }
        // no answer: the next try looks first
        Err(error) => Err(error.into()),
    }
}

/// Posts (or cancels) what it can; says of the rest why not.
async fn post(company: &Company, how: &str, ids: &[OdooId]) -> Result<BTreeMap<OdooId, String>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let plain: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let context = json!({ "context": { "skip_invoice_sync": true } });
    match company.odoo.call("account.move", how, json!([plain]), context).await {
        Ok(_) => Ok(BTreeMap::new()),
        Err(OdooError::Refused { message } | OdooError::Missing { message }) => {
            if let [one] = ids {
                return Ok(BTreeMap::from([(*one, message)]));
            }
            let (left, right) = ids.split_at(ids.len() / 2);
            let mut refused = Box::pin(post(company, how, left)).await?;
            refused.extend(Box::pin(post(company, how, right)).await?);
            Ok(refused)
        }
        Err(error) => Err(error.into()),
    }
}

/// Posted moves whose date Odoo moved: a lock date does that in silence.
pub async fn moved_dates(
    company: &Company,
    expected: &BTreeMap<OdooId, String>,
) -> Result<Vec<(OdooId, String)>> {
    let ids: Vec<i64> = expected.keys().map(|id| id.0).collect();
    let domain = json!([["id", "in", ids]]);
    let rows = company.odoo.search_read("account.move", domain, &["date"], "id", 0, 0).await?;
    let moved = rows.iter().filter_map(|row| {
        let (id, date) = (id_of(row)?, row["date"].as_str()?);
        (expected.get(&id)? != date).then(|| (id, date.to_owned()))
    });
    Ok(moved.collect())
}
