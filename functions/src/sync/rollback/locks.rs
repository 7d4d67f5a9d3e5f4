//! What forbids in Odoo that documents go: closed periods, audit trails, hashes.

use jiff::civil::Date;
use q2o_domain::Result;
use serde_json::{Value, json};

use super::MOVE;
use crate::{app::Tools, sync::company::Company};

/// Periods that are closed, and what else forbids that documents go.
#[derive(Default)]
pub struct Locks {
    all: Option<Date>,
    sales: Option<Date>,
    purchases: Option<Date>,
    taxes: Option<Date>,
    /// The company keeps what was posted once.
    audit_trail: bool,
    pub hashes: bool,
}

impl Locks {
    pub async fn of(tools: &Tools, company: &Company) -> Result<Self> {
        let odoo = company.odoo.as_ref();
        let fields = tools.connect.fields(&company.link.odoo, odoo, "res.company").await?;
        // a user may be excepted from a lock: Odoo says what holds for us
        let names = ["fiscalyear", "hard", "sale", "purchase", "tax"].map(|of| {
            let (own, plain) = (format!("user_{of}_lock_date"), format!("{of}_lock_date"));
            [own, plain].into_iter().find(|name| fields.contains_key(name))
        });
        let trails = ["check_account_audit_trail", "restrictive_audit_trail"]
            .into_iter()
            .filter(|name| fields.contains_key(*name));
        let mut asked: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
        asked.extend(trails.clone());
        let domain = json!([["id", "=", company.odoo_company.0]]);
        let rows = odoo.search_read("res.company", domain, &asked, "id", 0, 1).await?;
        let row = rows.first().cloned().unwrap_or_default();
        let day = |at: usize| -> Option<Date> { row[names[at].as_ref()?].as_str()?.parse().ok() };
        let moves = tools.connect.fields(&company.link.odoo, odoo, MOVE).await?;
        Ok(Self {
            all: day(0).max(day(1)),
            sales: day(2),
            purchases: day(3),
            taxes: day(4),
            audit_trail: trails.into_iter().any(|name| row[name] == true),
            hashes: moves.contains_key("inalterable_hash"),
        })
    }

    pub fn forbid(&self, row: &Value, taxed: bool) -> Option<String> {
        let day: Option<Date> = row["date"].as_str().and_then(|day| day.parse().ok());
        let of = row["move_type"].as_str().unwrap_or_default();
        let closed = [
            (self.all, true, "period"),
            (self.sales, of.starts_with("out"), "period for sales"),
            (self.purchases, of.starts_with("in"), "period for purchases"),
            (self.taxes, taxed, "tax period"),
        ];
        for (lock, concerned, what) in closed {
            if concerned && lock.zip(day).is_some_and(|(lock, day)| day <= lock) {
                let lock = lock.unwrap_or_default();
                return Some(format!("Its {what} is closed: the lock date is {lock}."));
            }
        }
        if self.audit_trail {
            return Some(
                "The company keeps an audit trail: Odoo deletes nothing that was posted."
                    .to_owned(),
            );
        }
        row["inalterable_hash"]
            .as_str()
            .filter(|hash| !hash.is_empty())
            .map(|_| "It is sealed by a hash: Odoo lets nobody take it back.".to_owned())
    }
}
