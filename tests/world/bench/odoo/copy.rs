//! Another company that gets the same records: what points at a record of the
//! first has to point at this one's.

use std::collections::{BTreeMap, HashMap};

use q2o_clients::odoo::OdooClient;
use q2o_domain::{
    OdooId,
    ports::{Loaded, Odoo, OdooError},
};
use serde_json::{Value, json};

use super::tap::Passed;
use crate::{demo::Failed, odoo::Server};

/// Records a call where master records are loaded.
const BATCH: usize = 500;

pub struct Copy {
    pub odoo: OdooClient,
    company: i64,
    first: OdooClient,
    /// The first company's ids to this one's, by model.
    ids: HashMap<(String, i64), i64>,
    /// What the fields of a model point at.
    relations: HashMap<String, BTreeMap<String, String>>,
}

impl Copy {
    pub async fn found(server: &Server, name: &str, first: i64) -> Result<Self, Failed> {
        let company = server.found_company(name).await?;
        let (ids, relations) = (HashMap::new(), HashMap::new());
        let (odoo, first) = (server.client(Some(company))?, server.client(Some(first))?);
        let mut copy = Self { odoo, company, first, ids, relations };
        for model in ["account.move", "account.move.line", "account.journal"] {
            copy.learn(model).await?;
        }
        copy.same("account.account", "code").await?;
        Ok(copy)
    }

    /// What fields of a model point at.
    async fn learn(&mut self, model: &str) -> Result<(), Failed> {
        if self.relations.contains_key(model) {
            return Ok(());
        }
        let kwargs = json!({ "attributes": ["relation"] });
        let fields = self.odoo.call(model, "fields_get", json!([]), kwargs).await?;
        let fields = fields.as_object().into_iter().flatten();
        let pointing = fields.filter_map(|(name, field)| {
            Some((name.clone(), field["relation"].as_str()?.to_owned()))
        });
        self.relations.insert(model.to_owned(), pointing.collect());
        Ok(())
    }

    /// The same of the lines that a call makes with its records.
    async fn learn_lines(&mut self, call: &Passed) -> Result<(), Failed> {
        for column in call.args[0].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let lines = column.split('/').next().unwrap_or(column);
            let of = self.relations[&call.model].get(lines).cloned();
            if let Some(of) = of.filter(|_| column.contains('/')) {
                self.learn(&of).await?;
            }
        }
        Ok(())
    }

    /// Records that both companies have under the same name.
    async fn same(&mut self, model: &str, by: &str) -> Result<(), Failed> {
        let read = async |odoo: &OdooClient| -> Result<BTreeMap<String, i64>, Failed> {
            let rows = match odoo.search_read(model, json!([]), &[by], "id", 0, 0).await {
                Err(OdooError::NotInstalled { .. }) => Vec::new(),
                other => other?,
            };
            let named = rows
                .iter()
                .filter_map(|row| Some((row[by].as_str()?.to_owned(), row["id"].as_i64()?)));
            Ok(named.collect())
        };
        let (theirs, ours) = (read(&self.first).await?, read(&self.odoo).await?);
        for (name, id) in theirs {
            if let Some(own) = ours.get(&name) {
                self.ids.insert((model.to_owned(), id), *own);
            }
        }
        Ok(())
    }

    /// Loads the same master records, as many a call as is good for Odoo.
    pub async fn load(&mut self, calls: &[Passed]) -> Result<(), Failed> {
        self.set_up(calls).await?;
        for call in calls.iter().filter(|call| call.method == "load") {
            self.learn(&call.model).await?;
            self.learn_lines(call).await?;
            let (columns, table) = self.table(call);
            let (mut made, mut rest) = (Vec::new(), table.as_slice());
            while !rest.is_empty() {
                // lines go with their record: its first row is the one with an id
                let next = rest.iter().skip(BATCH).position(|row| has_id(&columns, row));
                let (some, left) = rest.split_at(next.map_or(rest.len(), |at| BATCH + at));
                match self.odoo.load(&call.model, &columns, some.to_vec()).await? {
                    Loaded::Done(ids) => made.extend(ids),
                    Loaded::Refused(errors) => {
                        return Err(format!("{} {columns:?}: {errors:?}", call.model).into());
                    }
                }
                rest = left;
            }
            for (theirs, ours) in call.made.iter().zip(made) {
                self.ids.insert((call.model.clone(), theirs.0), ours.0);
            }
        }
        self.taxes().await
    }

    /// Makes what the migration set up for documents, for time and for orders.
    async fn set_up(&mut self, calls: &[Passed]) -> Result<(), Failed> {
        let set_up =
            [("account.journal", "code"), ("project.project", "name"), ("product.product", "name")];
        for (model, by) in set_up {
            self.learn(model).await?;
            for call in calls.iter().filter(|call| call.model == model && call.method == "create") {
                let records = call.args[0].as_array().cloned().unwrap_or_default();
                let records = records.iter().map(|values| self.values(model, values));
                self.odoo.create(model, records.collect(), json!({})).await?;
            }
            self.same(model, by).await?;
        }
        Ok(())
    }

    /// Odoo makes the lines of a tax by itself.
    async fn taxes(&mut self) -> Result<(), Failed> {
        const LINES: [&str; 2] = ["invoice_repartition_line_ids", "refund_repartition_line_ids"];
        let of = |ids: &HashMap<(String, i64), i64>| -> Vec<(i64, i64)> {
            let taxes = ids.iter().filter(|((model, _), _)| model == "account.tax");
            taxes.map(|((_, theirs), ours)| (*theirs, *ours)).collect()
        };
        let pairs = of(&self.ids);
        let read = async |odoo: &OdooClient, ids: Vec<i64>| {
            let domain = json!([["id", "in", ids], ["active", "in", [true, false]]]);
            odoo.search_read("account.tax", domain, &LINES, "id", 0, 0).await
        };
        let theirs = read(&self.first, pairs.iter().map(|(theirs, _)| *theirs).collect()).await?;
        let ours = read(&self.odoo, pairs.iter().map(|(_, ours)| *ours).collect()).await?;
        for (tax, own) in pairs {
            let find = |rows: &[Value], id: i64, name: &str| -> Vec<i64> {
                let row = rows.iter().find(|row| row["id"] == id);
                let lines = row.and_then(|row| row[name].as_array());
                lines.into_iter().flatten().filter_map(Value::as_i64).collect()
            };
            for name in LINES {
                let both = find(&theirs, tax, name).into_iter().zip(find(&ours, own, name));
                for (line, own) in both {
                    self.ids.insert(("account.tax.repartition.line".to_owned(), line), own);
                }
            }
        }
        Ok(())
    }

    /// The table of a `load()`, under external ids of this company.
    pub fn table(&self, call: &Passed) -> (Vec<String>, Vec<Vec<String>>) {
        let texts = |value: &Value| -> Vec<String> {
            let cells = value.as_array().into_iter().flatten();
            cells.map(|cell| cell.as_str().unwrap_or_default().to_owned()).collect()
        };
        let columns = texts(&call.args[0]);
        let rows = call.args[1].as_array().into_iter().flatten();
        let table = rows.map(|row| {
            let cells = texts(row).into_iter().zip(&columns);
            cells.map(|(cell, column)| self.cell(&call.model, column, cell)).collect()
        });
        (columns.clone(), table.collect())
    }

    fn cell(&self, model: &str, column: &str, cell: String) -> String {
        // rows of further lines say nothing of their record
        if cell.is_empty() {
            return cell;
        }
        if column == "id" || column.ends_with("/id") {
            return match cell.split_once('.') {
                Some((_, name)) => format!("q2o_bench_{}.{name}", self.company),
                None => cell,
            };
        }
        let Some(path) = column.strip_suffix("/.id") else { return cell };
        if path == "company_id" {
            return self.company.to_string();
        }
        let relation = |model: &str, field: &str| {
            self.relations.get(model).and_then(|fields| fields.get(field)).cloned()
        };
        // of lines (`order_line/tax_id`) it is the last that points
        let to = match path.split_once('/') {
            Some((lines, field)) => relation(model, lines).and_then(|of| relation(&of, field)),
            None => relation(model, path),
        };
        let Some(to) = to else { return cell };
        let ids = cell.split(',').map(|id| match id.parse() {
            Ok(id) => self.id(&to, id).to_string(),
            Err(_) => id.to_owned(),
        });
        ids.collect::<Vec<_>>().join(",")
    }

    fn id(&self, model: &str, id: i64) -> i64 {
        self.ids.get(&(model.to_owned(), id)).copied().unwrap_or(id)
    }

    /// The values of a record, pointing at this company's records.
    pub fn values(&self, model: &str, values: &Value) -> Value {
        let fields = values.as_object().into_iter().flatten();
        let mapped = fields.map(|(name, value)| {
            let value = match name.as_str() {
                "company_id" => json!(self.company),
                "line_ids" => lines(value)
                    .map(|line| json!([0, 0, self.values("account.move.line", line)]))
                    .collect(),
                "analytic_distribution" => self.distribution(value),
                _ => match self.relations.get(model).and_then(|fields| fields.get(name)) {
                    Some(to) => self.pointing(to, value),
                    None => value.clone(),
                },
            };
            (name.clone(), value)
        });
        Value::Object(mapped.collect())
    }

    fn pointing(&self, to: &str, value: &Value) -> Value {
        if let Some(id) = value.as_i64() {
            return json!(self.id(to, id));
        }
        // "exactly these"
        let ids = value[0][2].as_array().into_iter().flatten().filter_map(Value::as_i64);
        let ids: Vec<i64> = ids.map(|id| self.id(to, id)).collect();
        if value.is_array() { json!([[6, 0, ids]]) } else { value.clone() }
    }

    fn distribution(&self, value: &Value) -> Value {
        let shares = value.as_object().into_iter().flatten().map(|(accounts, share)| {
            let accounts = accounts.split(',').map(|id| {
                let id = id.parse().unwrap_or(0);
                self.id("account.analytic.account", id).to_string()
            });
            (accounts.collect::<Vec<_>>().join(","), share.clone())
        });
        if value.is_object() { Value::Object(shares.collect()) } else { value.clone() }
    }

    /// Moves that were made here, and with them their lines, in the same order.
    pub async fn made(&mut self, moves: &[(OdooId, OdooId)]) -> Result<(), Failed> {
        let read = async |odoo: &OdooClient, moves: Vec<i64>| {
            let domain = json!([["move_id", "in", moves]]);
            odoo.scan("account.move.line", domain, &["move_id"], 0).await
        };
        for some in moves.chunks(1000) {
            let theirs = read(&self.first, some.iter().map(|(theirs, _)| theirs.0).collect());
            let ours = read(&self.odoo, some.iter().map(|(_, ours)| ours.0).collect());
            let by_move = |rows: Vec<Value>| {
                let mut lines: HashMap<i64, Vec<i64>> = HashMap::new();
                for row in rows {
                    let (of, id) = (row["move_id"].as_i64(), row["id"].as_i64());
                    lines.entry(of.unwrap_or(0)).or_default().extend(id);
                }
                lines
            };
            let (theirs, mut ours) = (by_move(theirs.await?), by_move(ours.await?));
            let own: HashMap<i64, i64> = some.iter().map(|(a, b)| (a.0, b.0)).collect();
            for (of, lines) in theirs {
                let same = own.get(&of).and_then(|of| ours.remove(of)).unwrap_or_default();
                for (line, own) in lines.into_iter().zip(same) {
                    self.ids.insert(("account.move.line".to_owned(), line), own);
                }
            }
        }
        Ok(())
    }

    /// Remembers what a record of the first company became here.
    pub fn became(&mut self, model: &str, theirs: OdooId, ours: OdooId) {
        self.ids.insert((model.to_owned(), theirs.0), ours.0);
    }

    fn own(&self, model: &str, id: &Value) -> Option<i64> {
        self.ids.get(&(model.to_owned(), id.as_i64()?)).copied()
    }

    /// A partial reconciliation between this company's lines; `None` where one
    /// of them is not here.
    pub fn partial(&self, values: &Value) -> Option<Value> {
        let mut partial = values.clone();
        for name in ["debit_move_id", "credit_move_id"] {
            partial[name] = json!(self.own("account.move.line", &values[name])?);
        }
        Some(partial)
    }

    /// The same of a full one.
    pub fn full(&self, values: &Value) -> Option<Value> {
        let mut full = values.clone();
        let of = [
            ("reconciled_line_ids", "account.move.line"),
            ("partial_reconcile_ids", "account.partial.reconcile"),
        ];
        for (name, model) in of {
            let ids = values[name][0][2].as_array()?.iter().map(|id| self.own(model, id));
            full[name] = json!([[6, 0, ids.collect::<Option<Vec<i64>>>()?]]);
        }
        Some(full)
    }
}

fn has_id(columns: &[String], row: &[String]) -> bool {
    columns.iter().zip(row).any(|(column, cell)| column == "id" && !cell.is_empty())
}

/// The values of the lines that commands make.
pub fn lines(commands: &Value) -> impl Iterator<Item = &Value> {
    commands.as_array().into_iter().flatten().map(|command| &command[2])
}
