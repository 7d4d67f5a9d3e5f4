//! Records that Odoo made and whose links were never written down, because the job
//! ended in between, or Odoo booked them on another day than theirs: documents are
//! told by their key, all others by their external id.

use std::collections::BTreeMap;

use q2o_domain::{
    Kind, OdooId, QboId, Result,
    ports::OdooError,
    records::{Job, Scope},
};
use serde_json::{Value, json};

use super::{
    MOVE, Record, Unit,
    editors::{SLACK, moment},
    weigh::Scales,
};
use crate::{
    entities::ENTITIES,
    sync::{
        company::{Company, id_of},
        load::documents::KEY,
    },
};

/// Records a call.
const PAGE: u32 = 5000;

/// Where Odoo keeps external ids; not every user may read them.
const NAMES: &str = "ir.model.data";

/// What is asked for of it.
pub struct LeftOver<'a> {
    pub company: &'a Company,
    pub scope: &'a Scope,
    /// All other jobs that write to this company.
    pub jobs: &'a [Job],
}

impl LeftOver<'_> {
    pub async fn gather(&self, scales: &mut Scales) -> Result<()> {
        self.documents(scales).await?;
        self.masters(scales).await
    }

    async fn documents(&self, scales: &mut Scales) -> Result<()> {
        let company = self.company;
        let all = company.key("", &"".into(), "");
        let prefix = all.trim_end_matches('_');
        let key = format!("{prefix}%");
        let domain = json!([[KEY, "=like", key], ["company_id", "=", company.odoo_company.0]]);
        let see = |row: &Value| {
            let id = id_of(row)?;
            let (word, rest) = row[KEY].as_str()?.strip_prefix(prefix)?.split_once('_')?;
            if !scales.of.contains_key(&(MOVE.to_owned(), id.0)) {
                let kind = kind_of(word);
                let what =
                    kind.map_or_else(|| "Ledger completion".to_owned(), |kind| kind.to_string());
                let mut unit = Unit::new(what, kind, rest.split('.').next().unwrap_or(rest));
                unit.records.push(Record { model: MOVE.to_owned(), id, sent: None });
                scales.push(unit, self.asks_for(kind, row));
            }
            Some(())
        };
        Ok(self.each(MOVE, domain, &[KEY, "create_date"], see).await?)
    }

    async fn masters(&self, scales: &mut Scales) -> Result<()> {
        let prefix = self.company.key_prefix();
        let domain = json!([["module", "=", prefix.trim_end_matches('.')]]);
        let mut found: BTreeMap<(Kind, QboId), (Unit, bool)> = BTreeMap::new();
        let see = |row: &Value| {
            let (model, id) = (row["model"].as_str()?, row["res_id"].as_i64()?);
            let name = row["name"].as_str()?;
            // what a record inherits from goes with it, as a product's template
            if name.ends_with(&format!("_{}", model.replace('.', "_"))) {
                return None;
            }
            let (word, rest) = name.split_once('_')?;
            let kind = kind_of(word)?;
            let (of, part) = rest.split_once('.').unwrap_or((rest, ""));
            // lines go with what they are of
            if part.starts_with("line") || scales.of.contains_key(&(model.to_owned(), id)) {
                return None;
            }
            let asked = self.asks_for(Some(kind), row);
            let unit = || (Unit::new(kind.to_string(), Some(kind), of), asked);
            let (unit, _) = found.entry((kind, of.into())).or_insert_with(unit);
            unit.records.push(Record { model: model.to_owned(), id: OdooId(id), sent: None });
            Some(())
        };
        let fields = ["model", "res_id", "name", "create_date"];
        match self.each(NAMES, domain, &fields, see).await {
            // then what is linked has to do
            Err(OdooError::Forbidden { .. }) => return Ok(()),
            other => other?,
        }
        for (unit, asked) in found.into_values() {
            scales.push(unit, asked);
        }
        Ok(())
    }

    /// Looks at all rows of a model that match.
    async fn each(
        &self,
        model: &str,
        domain: Value,
        fields: &[&str],
        mut see: impl FnMut(&Value) -> Option<()>,
    ) -> Result<(), OdooError> {
        for page in 0.. {
            let odoo = &self.company.odoo;
            let offset = page * PAGE;
            let rows = odoo.search_read(model, domain.clone(), fields, "id", offset, PAGE).await?;
            for row in &rows {
                see(row);
            }
            if rows.len() < PAGE as usize {
                break;
            }
        }
        Ok(())
    }

    /// Whether a record of this kind, made when its row says, is asked for.
    fn asks_for(&self, kind: Option<Kind>, row: &Value) -> bool {
        let made = row["create_date"].as_str().and_then(moment);
        let by_job = self.scope.job.as_ref().is_none_or(|job| {
            let job = self.jobs.iter().find(|one| one.id == *job);
            job.zip(made).is_some_and(|(job, made)| {
                job.started - SLACK <= made && job.ended.is_none_or(|ended| made <= ended + SLACK)
            })
        });
        let kinds = self.scope.kinds.as_ref();
        by_job && kinds.is_none_or(|kinds| kind.is_some_and(|kind| kinds.contains(&kind)))
    }
}

fn kind_of(word: &str) -> Option<Kind> {
    ENTITIES.iter().map(|entity| entity.kind()).find(|kind| kind.word() == word)
}
