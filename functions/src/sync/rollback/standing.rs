//! What Odoo says of the records that a rollback is to take: whether somebody
//! changed them, or closed their period since.

use std::collections::{BTreeMap, HashMap};

use q2o_domain::{Money, OdooId, Result};
use serde_json::{Value, json};

use super::{
    MOVE, Record, Unit,
    editors::Editors,
    locks::Locks,
    reconciled::{line_owners, partials},
    weigh::Scales,
};
use crate::{
    app::Tools,
    sync::{
        company::{Company, id_of, many2one},
        load::{documents, settle::money},
    },
};

/// Records a call.
const PAGE: usize = 1000;

/// A line of a move.
struct Line {
    account: OdooId,
    balance: Money,
    taxed: bool,
}

/// Looks at the documents that are asked for: what is not there any more is taken
/// off its unit; what was changed or is closed stays.
pub async fn documents(
    tools: &Tools,
    company: &Company,
    editors: &Editors,
    scales: &mut Scales,
) -> Result<()> {
    let locks = Locks::of(tools, company).await?;
    let asked: Vec<usize> = (0..scales.units.len())
        .filter(|at| scales.asked[*at] && scales.units[*at].is_document())
        .collect();
    for some in asked.chunks(PAGE) {
        let units: Vec<&Unit> = some.iter().map(|at| &scales.units[*at]).collect();
        let (rows, mut lines) = read(company, &units, &locks).await?;
        for &at in some {
            scales.units[at].records.retain(|record| rows.contains_key(&record.id));
            let unit = scales.units[at].clone();
            for record in unit.moves() {
                let row = &rows[&record.id];
                let day = row["date"].as_str().unwrap_or_default().to_owned();
                scales.days.entry(at).or_insert(day);
                let lines = lines.remove(&record.id).unwrap_or_default();
                if let Some(why) = changed(editors, &unit, record, row, &lines) {
                    scales.stay(at, "edited", why);
                }
                let taxed = lines.iter().any(|line| line.taxed);
                if let Some(why) = locks.forbid(row, taxed) {
                    scales.stay(at, "locked", why);
                }
            }
        }
    }
    Ok(())
}

/// Whether somebody changed any of these units since they were weighed.
pub async fn changed_since(
    tools: &Tools,
    company: &Company,
    editors: &Editors,
    units: &[&Unit],
) -> Result<Vec<Option<String>>> {
    let locks = Locks::of(tools, company).await?;
    let (rows, lines) = read(company, units, &locks).await?;
    let of_lines = line_owners(company, rows.keys().copied()).await?;
    let mut since: HashMap<OdooId, String> = HashMap::new();
    for row in partials(company, of_lines.keys().copied()).await? {
        for side in ["debit_move_id", "credit_move_id"] {
            let of = many2one(&row[side]).and_then(|line| of_lines.get(&line));
            if let Some((of, id)) = of.copied().zip(id_of(&row)) {
                let unit = units.iter().find(|unit| unit.moves().any(|record| record.id == of));
                if unit.is_some_and(|unit| !unit.partials.contains(&id)) {
                    since.insert(of, "It was reconciled in Odoo just now.".to_owned());
                }
            }
        }
    }
    Ok(units
        .iter()
        .map(|unit| {
            unit.moves().filter(|record| rows.contains_key(&record.id)).find_map(|record| {
                let lines = lines.get(&record.id).map_or(&[][..], Vec::as_slice);
                changed(editors, unit, record, &rows[&record.id], lines)
                    .or_else(|| since.get(&record.id).cloned())
            })
        })
        .collect())
}

type Rows = BTreeMap<OdooId, Value>;

async fn read(
    company: &Company,
    units: &[&Unit],
    locks: &Locks,
) -> Result<(Rows, HashMap<OdooId, Vec<Line>>)> {
    let ids: Vec<i64> = units.iter().flat_map(|unit| unit.moves()).map(|r| r.id.0).collect();
    let mut fields =
        vec!["name", "state", "date", "move_type", "create_uid", "write_uid", "write_date"];
    if locks.hashes {
        fields.push("inalterable_hash");
    }
    let (mut rows, mut lines) = (Rows::new(), HashMap::new());
    for some in ids.chunks(PAGE) {
        let domain = json!([["id", "in", some]]);
        for row in company.odoo.search_read(MOVE, domain, &fields, "id", 0, 0).await? {
            rows.extend(id_of(&row).map(|id| (id, row)));
        }
        let domain = json!([["move_id", "in", some]]);
        let of_line = ["move_id", "account_id", "balance", "tax_ids", "tax_repartition_line_id"];
        for row in
            company.odoo.search_read("account.move.line", domain, &of_line, "id", 0, 0).await?
        {
            let (Some(of), Some(account)) =
                (many2one(&row["move_id"]), many2one(&row["account_id"]))
            else {
                continue;
            };
            let taxed = row["tax_ids"].as_array().is_some_and(|taxes| !taxes.is_empty())
                || many2one(&row["tax_repartition_line_id"]).is_some();
            let balance = money(&row["balance"]).unwrap_or_default();
            lines.entry(of).or_insert_with(Vec::new).push(Line { account, balance, taxed });
        }
    }
    Ok((rows, lines))
}

fn changed(
    editors: &Editors,
    unit: &Unit,
    record: &Record,
    row: &Value,
    lines: &[Line],
) -> Option<String> {
    // what we began to take out looks changed, and it was us
    if unit.leaving {
        return None;
    }
    if let Some(why) = editors.edited(row) {
        return Some(why);
    }
    // left over from a job that ended in between: nobody posted it yet
    let sent = record.sent.as_ref()?;
    let state = row["state"].as_str().unwrap_or_default();
    if state == "draft" {
        return Some("It was taken back to a draft in Odoo.".to_owned());
    }
    let day = row["date"].as_str().unwrap_or_default();
    let now = documents::print(state, day, lines.iter().map(|line| (line.account, line.balance)));
    (now != *sent)
        .then(|| "Its state, its date or its lines in Odoo are not what was sent.".to_owned())
}

/// Looks at the master records that are asked for.
pub async fn masters(
    tools: &Tools,
    company: &Company,
    editors: &Editors,
    scales: &mut Scales,
) -> Result<()> {
    let mut by_model: BTreeMap<String, Vec<(i64, usize)>> = BTreeMap::new();
    for at in 0..scales.units.len() {
        if scales.asked[at] && !scales.units[at].is_document() {
            for record in &scales.units[at].records {
                by_model.entry(record.model.clone()).or_default().push((record.id.0, at));
            }
        }
    }
    for (model, records) in by_model {
        let known = tools.connect.fields(&company.link.odoo, company.odoo.as_ref(), &model).await?;
        let mut fields = vec!["create_uid", "write_uid", "write_date"];
        let template = known.contains_key("product_tmpl_id");
        if template {
            fields.push("product_tmpl_id");
        }
        for some in records.chunks(PAGE) {
            let ids: Vec<i64> = some.iter().map(|(id, _)| *id).collect();
            let mut domain = vec![json!(["id", "in", ids])];
            if known.contains_key("active") {
                domain.push(json!(["active", "in", [true, false]]));
            }
            let rows = company.odoo.search_read(&model, json!(domain), &fields, "id", 0, 0).await?;
            let rows: HashMap<i64, Value> =
                rows.into_iter().filter_map(|row| Some((id_of(&row)?.0, row))).collect();
            for &(id, at) in some {
                let Some(row) = rows.get(&id) else {
                    let gone = |r: &Record| !(r.model == model && r.id.0 == id);
                    scales.units[at].records.retain(gone);
                    continue;
                };
                if let Some(why) = editors.edited(row).filter(|_| !scales.units[at].leaving) {
                    scales.stay(at, "edited", why);
                }
                if let Some(of) = many2one(&row["product_tmpl_id"]).filter(|_| template) {
                    scales.of.insert(("product.template".to_owned(), of.0), at);
                }
            }
        }
    }
    Ok(())
}
