//! Master records by `load()`: idempotent under their external ids.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{
    Draft, Failure, Field, Fields, OdooId, Result,
    ports::{Loaded, OdooError},
};
use serde_json::json;

use super::resolve::Known;
use crate::{app::Tools, connect::OdooFields, sync::company::Company};

/// One draft on its way into Odoo, and what came of it.
pub struct Outgoing<'a> {
    pub draft: &'a Draft,
    pub external_id: String,
    pub outcome: Option<Result<OdooId, String>>,
}

/// Most records a call.
const BATCH: usize = 200;

/// Loads drafts of one model. Every one of them gets an outcome.
///
/// Fields that this Odoo does not have (an application is missing, or a version
/// dropped them) are left out; of a choice, the first is taken that it has.
pub async fn load(
    tools: &Tools,
    company: &Company,
    known: &Known,
    out: &mut [Outgoing<'_>],
) -> Result<()> {
    // an empty cell is not "nothing said": it overrides Odoo's default. So only
    // records that say the same things go together
    let mut alike: BTreeMap<(&str, Vec<String>), Vec<&mut Outgoing<'_>>> = BTreeMap::new();
    for one in out.iter_mut().filter(|one| one.outcome.is_none()) {
        let said = said("", &one.draft.fields);
        alike.entry((one.draft.model, said)).or_default().push(one);
    }
    for ((model, _), mut all) in alike {
        let odoo = company.odoo.as_ref();
        let fields = tools.connect.fields(&company.link.odoo, odoo, model).await?;
        // those of lines have fields of their own
        let mut inner = BTreeMap::new();
        for (name, field) in all.iter().flat_map(|one| &one.draft.fields) {
            let of = fields.get(*name).and_then(|field| field.relation.as_deref());
            if let (Field::Lines(_), Some(of), false) = (field, of, inner.contains_key(*name)) {
                inner.insert(*name, tools.connect.fields(&company.link.odoo, odoo, of).await?);
            }
        }
        let fields = Columns { fields: &fields, inner };
        for some in all.chunks_mut(BATCH) {
            load_some(company, known, (model, &fields), some).await?;
        }
    }
    Ok(())
}

/// The fields that a model and its lines have.
struct Columns<'a> {
    fields: &'a OdooFields,
    inner: BTreeMap<&'static str, std::sync::Arc<OdooFields>>,
}

impl Columns<'_> {
    /// Whether Odoo has the column, as in `line_ids/nb_days` or `parent_id/.id`.
    fn has(&self, column: &str) -> bool {
        let mut steps = column.split('/');
        let (field, next) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
        let inner = self.inner.get(field).filter(|_| !matches!(next, "id" | ".id"));
        field == "id"
            || self.fields.contains_key(field) && inner.is_none_or(|inner| inner.contains_key(next))
    }
}

/// The names of the fields, and of those of lines.
fn said(above: &str, fields: &Fields) -> Vec<String> {
    fields
        .iter()
        .flat_map(|(name, field)| match field {
            Field::Lines(lines) => {
                lines.iter().flat_map(|line| said(&format!("{above}{name}/"), line)).collect()
            }
            _ => vec![format!("{above}{name}")],
        })
        .collect()
}

async fn load_some(
    company: &Company,
    known: &Known,
    (model, there): (&str, &Columns<'_>),
    out: &mut [&mut Outgoing<'_>],
) -> Result<()> {
    // each refusal names its rows; without them the rest goes through
    loop {
        let waiting: Vec<usize> = (0..out.len()).filter(|i| out[*i].outcome.is_none()).collect();
        if waiting.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::new();
        // which record a row belongs to: lines take rows of their own
        let mut owner = Vec::new();
        for &at in &waiting {
            let chosen = chosen(&out[at].draft.fields, there.fields);
            let cells = known.cells(&chosen, &out[at].external_id);
            for (row, cells) in cells.into_iter().enumerate() {
                let mut cells: BTreeMap<_, _> = cells.into_iter().collect();
                if row == 0 {
                    // what we bring is one company's, and no other company of the
                    // database sees it (accounts take the company of the context)
                    cells.insert("company_id/.id".to_owned(), company.odoo_company.to_string());
                }
                rows.push(cells);
                owner.push(at);
            }
        }
        let columns: BTreeSet<&String> =
            rows.iter().flat_map(BTreeMap::keys).filter(|column| there.has(column)).collect();
        let columns: Vec<String> = columns.into_iter().cloned().collect();
        let table = rows
            .iter()
            .map(|row| columns.iter().map(|c| row.get(c).cloned().unwrap_or_default()).collect())
            .collect();
        match company.odoo.load(model, &columns, table).await {
            Ok(Loaded::Done(ids)) if ids.len() == waiting.len() => {
                for (at, id) in waiting.into_iter().zip(ids) {
                    out[at].outcome = Some(Ok(id));
                }
            }
            Ok(Loaded::Done(ids)) => {
                return Err(Failure::bug(format!(
                    "Odoo answered {} ids for {} records of {model}",
                    ids.len(),
                    waiting.len()
                )));
            }
            Ok(Loaded::Refused(errors)) => {
                let mut blamed = false;
                for error in errors {
                    let Some(&at) = owner.get(error.row) else { continue };
                    let field = error.field.map(|f| format!("{f}: ")).unwrap_or_default();
                    out[at].outcome = Some(Err(format!("{field}{}", error.message)));
                    blamed = true;
                }
                if !blamed {
                    refuse_all(out, &waiting, "Odoo refused the batch and named no row");
                }
            }
            Err(OdooError::Refused { message }) if waiting.len() == 1 => {
                refuse_all(out, &waiting, &message);
            }
            Err(OdooError::Refused { .. }) => {
                // it does not say which: halve until it does
                let (left, right) = out.split_at_mut(out.len() / 2);
                Box::pin(load_some(company, known, (model, there), left)).await?;
                return Box::pin(load_some(company, known, (model, there), right)).await;
            }
            // no answer: loading again under the same external ids is harmless
            Err(error) => return Err(error.into()),
        }
    }
}

/// The fields with every choice made.
fn chosen(fields: &Fields, there: &OdooFields) -> Fields {
    let choose = |(name, field): (&&'static str, &Field)| {
        let there =
            |one: &&&str| there.get(*name).is_some_and(|field| field.choices.contains(**one));
        let field = match field {
            Field::Choice(of) => of
                .iter()
                .find(there)
                .or(of.last())
                .copied()
                .map_or_else(|| Field::Nothing, Into::into),
            other => other.clone(),
        };
        (*name, field)
    };
    fields.iter().map(choose).collect()
}

fn refuse_all(out: &mut [&mut Outgoing<'_>], which: &[usize], why: &str) {
    for &at in which {
        out[at].outcome = Some(Err(why.to_owned()));
    }
}

/// Records that Odoo made by itself beside a loaded one: their ids by part, with
/// the fields completed that only we know.
pub async fn made(
    company: &Company,
    known: &Known,
    draft: &Draft,
    id: OdooId,
) -> Result<BTreeMap<String, OdooId>> {
    let mut parts = BTreeMap::new();
    if draft.made.is_empty() {
        return Ok(parts);
    }
    let lists: Vec<&str> = draft.made.iter().map(|made| made.field).collect();
    let domain = json!([["id", "=", id.0], ["active", "in", [true, false]]]);
    let rows = company.odoo.search_read(draft.model, domain, &lists, "id", 0, 1).await?;
    for made in &draft.made {
        let listed = rows.first().map(|row| &row[made.field][made.index]);
        let Some(one) = listed.and_then(serde_json::Value::as_i64).map(OdooId) else {
            return Err(Failure::bug(format!(
                "{} {id} has no {} {}",
                draft.model, made.field, made.index
            )));
        };
        if !made.fields.is_empty() {
            company.odoo.write(made.model, &[one], known.values(&made.fields)).await?;
        }
        parts.insert(made.part.to_owned(), one);
    }
    Ok(parts)
}
