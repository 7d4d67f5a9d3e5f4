//! The snapshot: all that a job read from QuickBooks, as lines of canonical JSON
//! in a fixed order. Its SHA-256 is that of the lines, each with its line feed,
//! and so that of the file which `GET /api/reports/snapshot/{job}` gives.

use std::mem;

use q2o_domain::{
    JobId, RealmId, Result,
    ports::Select,
    records::{LedgerTxn, Reported, Staged},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    canonical,
    entities::ENTITIES,
    store::{Read, Tenant, collection, fetched_key},
};

/// What the first line says.
const FORMAT: &str = "quick2odoo-snapshot-1";

/// Records of a page of lines.
const PAGE: u32 = 500;

/// Goes through a job's snapshot, page by page.
pub struct Pages {
    tenant: Tenant,
    job: JobId,
    realm: RealmId,
    part: Part,
    after: Option<(String, String)>,
    pub records: u64,
    pub transactions: u64,
    pub reports: u64,
}

/// What comes in which order.
#[derive(Clone, Copy)]
enum Part {
    Head,
    /// Records, by kind in the order of the entities' list, then by date and id.
    Records(usize),
    /// QuickBooks' ledger, by date and transaction.
    Ledger,
    /// Its trial balances and stock valuation, by name.
    Reports,
    End,
}

impl Pages {
    pub fn new(tenant: &Tenant, job: &JobId, realm: &RealmId) -> Self {
        Self {
            tenant: tenant.clone(),
            job: job.clone(),
            realm: realm.clone(),
            part: Part::Head,
            after: None,
            records: 0,
            transactions: 0,
            reports: 0,
        }
    }

    /// The next lines; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<String>> {
        let mut text = String::new();
        while text.is_empty() {
            let next = match self.part {
                Part::Head => {
                    let head = json!({ "format": FORMAT, "realm": self.realm });
                    line(&mut text, &head);
                    Part::Records(0)
                }
                Part::Records(at) => {
                    let Some(entity) = ENTITIES.get(at) else {
                        self.part = Part::Ledger;
                        continue;
                    };
                    let key = fetched_key(&self.job, entity.kind());
                    let page = self.page::<Staged>(collection::STAGED, key).await?;
                    self.records += page.len() as u64;
                    for Staged { kind, record, .. } in page {
                        line(&mut text, &json!({ "kind": kind, "record": record }));
                    }
                    Part::Records(at + 1)
                }
                Part::Ledger => {
                    let key = self.job.0.clone();
                    let page = self.page::<LedgerTxn>(collection::LEDGER, key).await?;
                    self.transactions += page.len() as u64;
                    for txn in page {
                        line(&mut text, &json!({ "transaction": of_no_job(&txn) }));
                    }
                    Part::Reports
                }
                Part::Reports => {
                    let key = self.job.0.clone();
                    let page = self.page::<Reported>(collection::REPORTED, key).await?;
                    self.reports += page.len() as u64;
                    for reported in page {
                        line(&mut text, &json!({ "report": reported }));
                    }
                    Part::End
                }
                Part::End => return Ok(None),
            };
            if self.after.is_none() {
                self.part = next;
            }
        }
        Ok(Some(text))
    }

    /// One page of a part; `after` is left where another follows.
    async fn page<T: DeserializeOwned>(
        &mut self,
        collection: &'static str,
        key: String,
    ) -> Result<Vec<T>> {
        let after = mem::take(&mut self.after);
        let page: Vec<Read<T>> =
            self.tenant.list(collection, Select::Key(key), after, PAGE).await?;
        if page.len() == PAGE as usize {
            let last = page.last();
            self.after = last.map(|last| (last.sort.clone().unwrap_or_default(), last.id.clone()));
        }
        Ok(page.into_iter().map(|read| read.value).collect())
    }
}

fn line(text: &mut String, value: &impl Serialize) {
    let value = serde_json::to_value(value).unwrap_or_default();
    text.push_str(&canonical::text(&value));
    text.push('\n');
}

/// The same books read by another job are the same.
fn of_no_job(txn: &LedgerTxn) -> Value {
    let mut value = serde_json::to_value(txn).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("job");
    }
    value
}
