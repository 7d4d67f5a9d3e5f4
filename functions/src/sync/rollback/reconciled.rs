//! What documents are reconciled with: by us, by somebody, with what is not ours.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use q2o_domain::{OdooId, Result};
use serde_json::{Value, json};

use super::{
    MOVE, Unit,
    editors::Editors,
    weigh::{Scales, Why},
};
use crate::sync::{
    company::{Company, id_of, many2one},
    load::documents::KEY,
};

/// Records a call.
const PAGE: usize = 1000;

/// The moves that lines belong to.
pub async fn line_owners(
    company: &Company,
    moves: impl Iterator<Item = OdooId>,
) -> Result<BTreeMap<OdooId, OdooId>> {
    let moves: Vec<i64> = moves.map(|id| id.0).collect();
    let mut owners = BTreeMap::new();
    for some in moves.chunks(PAGE) {
        let domain = json!([["move_id", "in", some]]);
        let rows =
            company.odoo.search_read("account.move.line", domain, &["move_id"], "id", 0, 0).await?;
        owners
            .extend(rows.iter().filter_map(|row| Some((id_of(row)?, many2one(&row["move_id"])?))));
    }
    Ok(owners)
}

pub async fn partials(
    company: &Company,
    lines: impl Iterator<Item = OdooId>,
) -> Result<Vec<Value>> {
    let lines: Vec<i64> = lines.map(|id| id.0).collect();
    let fields = ["debit_move_id", "credit_move_id", "create_uid", "create_date"];
    let mut partials: BTreeMap<OdooId, Value> = BTreeMap::new();
    for some in lines.chunks(PAGE * 5) {
        for side in ["debit_move_id", "credit_move_id"] {
            let domain = json!([[side, "in", some]]);
            let model = "account.partial.reconcile";
            let rows = company.odoo.search_read(model, domain, &fields, "id", 0, 0).await?;
            partials.extend(rows.into_iter().filter_map(|row| Some((id_of(&row)?, row))));
        }
    }
    Ok(partials.into_values().collect())
}

/// What the documents are reconciled with. What is not ours keeps them; what is
/// says which of them cannot go without which: a reconciliation belongs to the
/// record that asked for it, a payment as a rule, and goes with that.
pub async fn edges(
    company: &Company,
    editors: &Editors,
    scales: &mut Scales,
) -> Result<Vec<(usize, usize)>> {
    let moves: Vec<OdooId> = (0..scales.units.len())
        .filter(|at| scales.goes(*at))
        .flat_map(|at| scales.units[at].moves())
        .map(|record| record.id)
        .collect();
    let mut owners = line_owners(company, moves.into_iter()).await?;
    let partials = partials(company, owners.keys().copied()).await?;
    let sides = |row: &Value| {
        ["debit_move_id", "credit_move_id"].map(|side| many2one(&row[side]).unwrap_or(OdooId(0)))
    };
    let other: BTreeSet<i64> = partials
        .iter()
        .flat_map(sides)
        .filter(|line| !owners.contains_key(line))
        .map(|line| line.0)
        .collect();
    let mut names: HashMap<OdooId, String> = HashMap::new();
    for some in other.into_iter().collect::<Vec<_>>().chunks(PAGE) {
        let domain = json!([["id", "in", some]]);
        let fields = ["move_id"];
        for row in
            company.odoo.search_read("account.move.line", domain, &fields, "id", 0, 0).await?
        {
            if let Some((line, of)) = id_of(&row).zip(many2one(&row["move_id"])) {
                owners.insert(line, of);
                names.insert(of, row["move_id"][1].as_str().unwrap_or_default().to_owned());
            }
        }
    }
    let asked_by: HashMap<OdooId, usize> = (0..scales.units.len())
        .flat_map(|at| scales.units[at].settled.iter().map(move |partial| (*partial, at)))
        .collect();
    let mut edges = Vec::new();
    for row in &partials {
        let Some(id) = id_of(row) else { continue };
        let of = sides(row).map(|line| owners.get(&line).copied());
        let units = of.map(|of| scales.of.get(&(MOVE.to_owned(), of?.0)).copied());
        for (at, other) in [(units[0], 1), (units[1], 0)] {
            let Some(at) = at else { continue };
            scales.units[at].partials.insert(id);
            if units[other].is_none() {
                let name = of[other].and_then(|of| names.get(&of)).cloned().unwrap_or_default();
                let why = format!("It is reconciled with {name}, which is not the migration's.");
                scales.stay(at, "reconciled", why);
            } else if let Some(who) = editors.made_by_others(row) {
                scales.stay(at, "reconciled", format!("It was reconciled by {who}."));
            }
        }
        let (Some(one), Some(two)) = (units[0], units[1]) else { continue };
        match asked_by.get(&id) {
            Some(&owner) => edges.extend([(owner, one), (owner, two)]),
            None => edges.extend([(one, two), (two, one)]),
        }
    }
    Ok(edges.into_iter().filter(|(first, second)| first != second).collect())
}

/// Notes what the units are reconciled by; says which of them are reconciled with
/// what is not the migration's, or by somebody else.
pub async fn by_others(
    company: &Company,
    editors: &Editors,
    units: &mut [Unit],
) -> Result<BTreeMap<usize, Why>> {
    let moves: Vec<OdooId> = units.iter().flat_map(Unit::moves).map(|r| r.id).collect();
    let own = line_owners(company, moves.into_iter()).await?;
    let partials = partials(company, own.keys().copied()).await?;
    let strangers = strangers(company, &own, &partials).await?;
    let mut stay = BTreeMap::new();
    for row in &partials {
        let sides = ["debit_move_id", "credit_move_id"].map(|side| many2one(&row[side]));
        let who = editors.made_by_others(row).map(|who| format!("It was reconciled by {who}."));
        let with = sides.iter().flatten().find_map(|line| strangers.get(line));
        let with =
            with.map(|name| format!("It is reconciled with {name}, which is not the migration's."));
        for of in sides.iter().flatten().filter_map(|line| own.get(line)) {
            let at = units.iter().position(|unit| unit.moves().any(|record| record.id == *of));
            let (Some(at), Some(id)) = (at, id_of(row)) else { continue };
            units[at].partials.insert(id);
            if let Some(why) = with.clone().or_else(|| who.clone()) {
                stay.entry(at).or_insert(("reconciled", why));
            }
        }
    }
    Ok(stay)
}

/// Lines on the other side of these reconciliations that no document of ours has,
/// with the name of their move.
async fn strangers(
    company: &Company,
    own: &BTreeMap<OdooId, OdooId>,
    partials: &[Value],
) -> Result<BTreeMap<OdooId, String>> {
    let sides = |row: &Value| {
        ["debit_move_id", "credit_move_id"]
            .into_iter()
            .filter_map(|side| many2one(&row[side]))
            .collect::<Vec<_>>()
    };
    let others: BTreeSet<i64> = partials
        .iter()
        .flat_map(sides)
        .filter(|line| !own.contains_key(line))
        .map(|line| line.0)
        .collect();
    let mut strangers = BTreeMap::new();
    for some in others.into_iter().collect::<Vec<_>>().chunks(PAGE) {
        let domain = json!([["id", "in", some]]);
        let of_line = ["move_id"];
        let lines =
            company.odoo.search_read("account.move.line", domain, &of_line, "id", 0, 0).await?;
        let moves: Vec<i64> =
            lines.iter().filter_map(|row| Some(many2one(&row["move_id"])?.0)).collect();
        let domain = json!([["id", "in", moves]]);
        let rows = company.odoo.search_read(MOVE, domain, &[KEY, "name"], "id", 0, 0).await?;
        let ours = |row: &&Value| {
            row[KEY].as_str().is_some_and(|key| key.starts_with(&company.key_prefix()))
        };
        let ours: BTreeSet<OdooId> = rows.iter().filter(ours).filter_map(id_of).collect();
        strangers.extend(lines.iter().filter_map(|row| {
            let (line, of) = (id_of(row)?, many2one(&row["move_id"])?);
            let name = row["move_id"][1].as_str().unwrap_or_default();
            (!ours.contains(&of)).then(|| (line, name.to_owned()))
        }));
    }
    Ok(strangers)
}
