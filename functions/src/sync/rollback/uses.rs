//! Who points at the records that a rollback is to take. Odoo refuses some
//! removals and answers others by emptying a field of somebody else's record;
//! so we look first, at every field that points at such records.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{Failure, Result, ports::OdooError};
use serde_json::{Value, json};

use super::{MOVE, weigh::Scales};
use crate::sync::company::{Company, id_of};

/// Targets a call, and rows an answer.
const TARGETS: usize = 1000;
const PAGE: usize = 5000;

/// Where a user may not read what fields there are, those that matter.
const KNOWN: [&str; 24] = [
    "account.analytic.account",
    "account.analytic.line",
    "account.bank.statement.line",
    "account.fiscal.position",
    "account.fiscal.position.account",
    "account.fiscal.position.tax",
    "account.journal",
    "account.move",
    "account.move.line",
    "account.payment",
    "account.payment.method.line",
    "account.reconcile.model.line",
    "account.tax",
    "account.tax.repartition.line",
    "product.category",
    "product.product",
    "product.template",
    "project.project",
    "purchase.order",
    "purchase.order.line",
    "res.company",
    "res.partner",
    "sale.order",
    "sale.order.line",
];

/// Lines, and the field that says whose they are.
const LINES: [(&str, &str, &str); 8] = [
    ("account.move.line", "move_id", MOVE),
    ("account.tax.repartition.line", "tax_id", "account.tax"),
    ("account.payment.method.line", "journal_id", "account.journal"),
    ("account.payment.term.line", "payment_id", "account.payment.term"),
    ("sale.order.line", "order_id", "sale.order"),
    ("purchase.order.line", "order_id", "purchase.order"),
    // where skills are kept, Odoo begins everybody's career by itself
    ("hr.resume.line", "employee_id", "hr.employee"),
    BESIDE,
];

/// What Odoo makes by itself beside a record, and forgets to delete with it: from
/// 19 on, the history of a product's cost.
pub const BESIDE: (&str, &str, &str) = ("product.value", "product_id", "product.product");

const DISTRIBUTION: &str = "analytic_distribution";

/// A field of a model that points at records of another.
struct Pointer {
    model: String,
    field: String,
    to: String,
}

/// One record that points at another.
struct Use {
    target: usize,
    /// Whose it is, if it is ours.
    by: Option<usize>,
    model: String,
    id: i64,
}

/// Documents that somebody's document points at stay, as an invoice with a
/// credit note.
pub async fn of_documents(company: &Company, scales: &mut Scales) -> Result<()> {
    let documents = |scales: &Scales, at: usize| scales.units[at].is_document();
    for one in uses(company, scales, &[MOVE], documents).await? {
        if one.by.is_none() {
            stay(company, scales, &one).await?;
        }
    }
    Ok(())
}

/// Master records that something points at which stays, stay as well. Which of
/// them point at each other is the answer.
pub async fn of_masters(company: &Company, scales: &mut Scales) -> Result<Vec<(usize, usize)>> {
    let masters = |scales: &Scales, at: usize| !scales.units[at].is_document();
    let models: BTreeSet<String> = scales
        .of
        .iter()
        .filter(|(_, at)| masters(scales, **at) && scales.goes(**at))
        .map(|((model, _), _)| model.clone())
        .collect();
    let models: Vec<&str> = models.iter().map(String::as_str).collect();
    let mut edges = Vec::new();
    for one in uses(company, scales, &models, masters).await? {
        match one.by {
            Some(by) => edges.push((by, one.target)),
            None => stay(company, scales, &one).await?,
        }
    }
    Ok(edges)
}

async fn stay(company: &Company, scales: &mut Scales, one: &Use) -> Result<()> {
    if !scales.goes(one.target) {
        return Ok(());
    }
    let name = name(company, &one.model, one.id).await?;
    scales.stay(one.target, "used", format!("It is used by {name}."));
    Ok(())
}

/// A record as a person knows it.
async fn name(company: &Company, model: &str, id: i64) -> Result<String> {
    let rows = answer(company, model, json!([["id", "=", id]]), &["display_name"], 0).await?;
    let name = rows.first().and_then(|row| row["display_name"].as_str()).unwrap_or_default();
    Ok(format!("{name} ({model} {id})"))
}

/// Whether anything at all points at a record.
pub async fn first_use(company: &Company, model: &str, id: i64) -> Result<Option<String>> {
    for pointer in pointers(company, &[model]).await? {
        let domain = json!([[pointer.field, "in", [id]]]);
        let rows = answer(company, &pointer.model, domain, &["id"], 0).await?;
        if let Some(id) = rows.first().and_then(id_of) {
            return Ok(Some(name(company, &pointer.model, id.0).await?));
        }
    }
    Ok(None)
}

/// All that points at records of these models which go and are chosen: the first
/// of somebody else's for each, and those of ours that do not go for certain.
async fn uses(
    company: &Company,
    scales: &Scales,
    models: &[&str],
    chosen: impl Fn(&Scales, usize) -> bool,
) -> Result<Vec<Use>> {
    let mut targets: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for ((model, id), at) in &scales.of {
        if scales.goes(*at) && chosen(scales, *at) && models.contains(&model.as_str()) {
            targets.entry(model.as_str()).or_default().push(*id);
        }
    }
    let (mut found, mut used) = (Vec::new(), BTreeSet::new());
    for pointer in pointers(company, models).await? {
        let mut ids = targets.get(pointer.to.as_str()).cloned().unwrap_or_default();
        ids.sort_unstable();
        for some in ids.chunks(TARGETS) {
            // one reason is enough
            let some: Vec<i64> = some
                .iter()
                .copied()
                .filter(|id| !used.contains(&(pointer.to.clone(), *id)))
                .collect();
            if some.is_empty() {
                continue;
            }
            pointer.look(company, scales, &some, &mut found, &mut used).await?;
        }
    }
    Ok(found)
}

impl Pointer {
    async fn look(
        &self,
        company: &Company,
        scales: &Scales,
        targets: &[i64],
        found: &mut Vec<Use>,
        used: &mut BTreeSet<(String, i64)>,
    ) -> Result<()> {
        let line = LINES.iter().find(|(model, _, _)| *model == self.model);
        let mut fields = vec![self.field.as_str()];
        fields.extend(line.map(|(_, owner, _)| *owner));
        let mut domain = vec![json!([self.field, "in", targets])];
        if self.model == "account.analytic.line" {
            // those of documents go with them
            domain.push(json!(["move_line_id", "=", false]));
        }
        let among: BTreeSet<i64> = targets.iter().copied().collect();
        let mut edges: BTreeSet<(usize, usize)> = BTreeSet::new();
        for page in 0.. {
            let rows = answer(company, &self.model, json!(domain), &fields, page * PAGE).await?;
            for row in &rows {
                let Some(id) = id_of(row).map(|id| id.0) else { continue };
                let (model, id) = match line {
                    Some((_, owner, model)) => (*model, row[*owner][0].as_i64().unwrap_or(id)),
                    None => (self.model.as_str(), id),
                };
                let by = scales.of.get(&(model.to_owned(), id)).copied();
                for target in pointed(&row[&self.field]).into_iter().filter(|t| among.contains(t)) {
                    let Some(&at) = scales.of.get(&(self.to.clone(), target)) else { continue };
                    let certain = by.is_none_or(|by| !scales.goes(by));
                    // documents that go take their lines along
                    let gone =
                        by.is_some_and(|by| scales.goes(by) && scales.units[by].is_document());
                    if by == Some(at) || gone || by.is_some_and(|by| !edges.insert((by, at))) {
                        continue;
                    }
                    if certain && !used.insert((self.to.clone(), target)) {
                        continue;
                    }
                    found.push(Use { target: at, by, model: model.to_owned(), id });
                }
            }
            if rows.len() < PAGE {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The ids in a field as read: one, many, or the keys of a distribution.
fn pointed(value: &Value) -> Vec<i64> {
    match value {
        Value::Array(many) if many.get(1).is_some_and(Value::is_string) => {
            many.first().and_then(Value::as_i64).into_iter().collect()
        }
        Value::Array(many) => many.iter().filter_map(Value::as_i64).collect(),
        Value::Object(shares) => {
            shares.keys().flat_map(|ids| ids.split(',')).filter_map(|id| id.parse().ok()).collect()
        }
        one => one.as_i64().into_iter().collect(),
    }
}

/// Every stored field that points at these models.
async fn pointers(company: &Company, models: &[&str]) -> Result<Vec<Pointer>> {
    if models.is_empty() {
        return Ok(Vec::new());
    }
    let domain = json!([
        ["relation", "in", models],
        ["store", "=", true],
        ["ttype", "in", ["many2one", "many2many"]],
        ["model_id.transient", "=", false],
        // abstract models give no rights, and views none to delete
        ["model_id.access_ids.perm_unlink", "=", true]
    ]);
    let odoo = &company.odoo;
    let fields = ["model", "name", "relation"];
    let rows = match odoo.search_read("ir.model.fields", domain, &fields, "id", 0, 0).await {
        Ok(rows) => rows,
        Err(OdooError::Failed(Failure::NeedsUser { .. })) => described(company, models).await?,
        Err(error) => return Err(error.into()),
    };
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let mut pointers: Vec<Pointer> = rows
        .iter()
        .map(|row| Pointer {
            model: text(row, "model"),
            field: text(row, "name"),
            to: text(row, "relation"),
        })
        .filter(Pointer::matters)
        .collect();
    if models.contains(&"account.analytic.account") {
        let (model, field) = ("account.move.line".to_owned(), DISTRIBUTION.to_owned());
        pointers.push(Pointer { model, field, to: "account.analytic.account".to_owned() });
    }
    Ok(pointers)
}

impl Pointer {
    /// Reports and conversations point at everything and need nothing; lines point
    /// at their own document; reconciliations are looked at for themselves; routes
    /// only list the products that chose them.
    fn matters(&self) -> bool {
        let told = self.model.split('.').any(|word| word == "report" || word == "mail");
        let lines =
            LINES.iter().any(|(model, field, _)| *model == self.model && *field == self.field);
        let matched = matches!(
            self.model.as_str(),
            "account.partial.reconcile" | "account.full.reconcile" | "stock.route"
        );
        !told && !lines && !matched
    }
}

/// The same by what the models say of themselves.
async fn described(company: &Company, models: &[&str]) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    for model in KNOWN {
        let kwargs = json!({ "attributes": ["relation", "type", "store"] });
        let fields = match company.odoo.call(model, "fields_get", json!([]), kwargs).await {
            Ok(fields) => fields,
            // its application is not installed, or not for us
            Err(OdooError::NotInstalled { .. } | OdooError::Failed(Failure::NeedsUser { .. })) => {
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        for (name, field) in fields.as_object().into_iter().flatten() {
            let points = matches!(field["type"].as_str(), Some("many2one" | "many2many"));
            let to = field["relation"].as_str().filter(|to| models.contains(to));
            if let Some(to) = to.filter(|_| points && field["store"] == true) {
                rows.push(json!({ "model": model, "name": name, "relation": to }));
            }
        }
    }
    Ok(rows)
}

/// Rows that match, archived ones too.
async fn answer(
    company: &Company,
    model: &str,
    domain: Value,
    fields: &[&str],
    offset: usize,
) -> Result<Vec<Value>> {
    let kwargs = json!({
        "fields": fields,
        "order": "id",
        "offset": offset,
        "limit": PAGE,
        "context": { "active_test": false },
    });
    match company.odoo.call(model, "search_read", json!([domain]), kwargs).await? {
        Value::Array(rows) => Ok(rows),
        other => Err(Failure::bug(format!("Odoo's answer about {model} is no list: {other}"))),
    }
}
