//! What is settled whole is told as such: Odoo itself makes a "full reconcile" only where
//! it matches by itself, and shows everything else as matched in part.

use std::collections::{BTreeSet, HashMap};

use q2o_domain::{Failure, OdooId, Result};
use q2o_durable::Attempt;
use serde_json::{Value, json};

use super::documents::KEY;
use crate::sync::{
    company::{Company, id_of, many2one},
    unsorted,
};

const FULL: &str = "account.full.reconcile";

/// Lines asked for in one call.
const ASKED: usize = 2000;

/// Full reconciles made in one call.
const BATCH: usize = 200;

/// Lines that are set against each other, however indirectly, and by what.
#[derive(Default)]
struct Matching {
    lines: Vec<OdooId>,
    partials: Vec<OdooId>,
}

/// Closes every matching of our documents that leaves nothing open, and is not closed.
pub async fn close(company: &Company, attempt: &Attempt) -> Result<()> {
    let matchings = matchings(company, attempt).await?;
    let lines: Vec<i64> = matchings.iter().flat_map(|m| &m.lines).map(|id| id.0).collect();
    let mut stay = BTreeSet::new();
    for some in lines.chunks(ASKED) {
        stay.extend(open_or_foreign(company, some).await?);
    }
    let whole: Vec<_> = matchings
        .iter()
        .filter(|matching| !matching.lines.is_empty())
        .filter(|matching| !matching.lines.iter().any(|line| stay.contains(line)))
        .map(|matching| {
            let ids = |ids: &[OdooId]| json!([[6, 0, ids]]);
            json!({
                "reconciled_line_ids": ids(&matching.lines),
                "partial_reconcile_ids": ids(&matching.partials),
            })
        })
        .collect();
    for some in whole.chunks(BATCH) {
        attempt.renew().await.map_err(unsorted)?;
        company.odoo.create(FULL, some.to_vec(), json!({})).await?;
    }
    Ok(())
}

/// All matchings of the company that are not closed.
async fn matchings(company: &Company, attempt: &Attempt) -> Result<Vec<Matching>> {
    let mut matchings: Vec<Matching> = Vec::new();
    let mut whose: HashMap<OdooId, usize> = HashMap::new();
    let loose = [
        json!(["company_id", "=", company.odoo_company.0]),
        json!(["full_reconcile_id", "=", false]),
    ];
    let fields = ["debit_move_id", "credit_move_id"];
    let see = |row: &Value| {
        let sides = many2one(&row["debit_move_id"]).zip(many2one(&row["credit_move_id"]));
        let (Some(id), Some((debit, credit))) = (id_of(row), sides) else {
            return Err(Failure::bug(format!("Odoo has a partial reconciliation like {row}")));
        };
        let at = join(&mut matchings, &mut whose, debit, credit);
        matchings[at].partials.push(id);
        Ok(())
    };
    company.each("account.partial.reconcile", &loose, &fields, attempt, see).await?;
    Ok(matchings)
}

/// Puts two lines into one matching; says which.
fn join(
    matchings: &mut Vec<Matching>,
    whose: &mut HashMap<OdooId, usize>,
    debit: OdooId,
    credit: OdooId,
) -> usize {
    let at = match (whose.get(&debit).copied(), whose.get(&credit).copied()) {
        (None, None) => {
            matchings.push(Matching::default());
            matchings.len() - 1
        }
        (Some(at), None) | (None, Some(at)) => at,
        (Some(one), Some(other)) if one == other => return one,
        (Some(one), Some(other)) => {
            let size = |at: usize| matchings[at].lines.len();
            let (into, from) = if size(one) < size(other) { (other, one) } else { (one, other) };
            let Matching { lines, partials } = std::mem::take(&mut matchings[from]);
            for line in &lines {
                whose.insert(*line, into);
            }
            matchings[into].lines.extend(lines);
            matchings[into].partials.extend(partials);
            return into;
        }
    };
    for line in [debit, credit] {
        if whose.insert(line, at).is_none() {
            matchings[at].lines.push(line);
        }
    }
    at
}

/// Those of these lines that are still open, or somebody else's: what people match is
/// theirs to close.
async fn open_or_foreign(company: &Company, lines: &[i64]) -> Result<Vec<OdooId>> {
    let origin = format!("move_id.{KEY}");
    let domain = json!([
        ["id", "in", lines],
        "|",
        ["reconciled", "=", false],
        "!",
        [origin, "=like", format!("{}%", company.key_prefix())]
    ]);
    let rows = company.odoo.scan("account.move.line", domain, &["id"], 0).await?;
    Ok(rows.iter().filter_map(id_of).collect())
}
