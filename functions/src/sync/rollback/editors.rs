//! Who writes to Odoo: the migration, Odoo itself, or a person.

use jiff::{SignedDuration, Timestamp};
use q2o_domain::{OdooId, Result, records::Job};
use serde_json::{Value, json};

use crate::sync::company::{Company, id_of, many2one};

/// Clocks differ, and a cancelled job ends its last call.
pub const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// What Odoo itself does, it does as its first user.
pub const ODOO_ITSELF: OdooId = OdooId(1);
/// Tells our own writes from those of people.
pub struct Editors {
    us: OdooId,
    /// When a job of ours last wrote. Later writes are a person's, be it under our name.
    quiet: Option<Timestamp>,
}

impl Editors {
    /// `jobs` are all others that write to this company.
    pub async fn of(company: &Company, jobs: &[Job]) -> Result<Self> {
        let domain = json!([["login", "=", company.odoo_login]]);
        let rows = company.odoo.search_read("res.users", domain, &["login"], "id", 0, 1).await?;
        let us = rows.first().and_then(id_of).unwrap_or(OdooId(0));
        let ended: Option<Vec<Timestamp>> = jobs.iter().map(|job| job.ended).collect();
        let quiet = ended.and_then(|ended| ended.into_iter().max());
        Ok(Self { us, quiet: quiet.and_then(|at| at.checked_add(SLACK).ok()) })
    }

    /// Who changed a record since it was written, and when; `None` if nobody did.
    pub fn edited(&self, row: &Value) -> Option<String> {
        let at = row["write_date"].as_str().unwrap_or_default();
        let by = many2one(&row["write_uid"])?;
        if by == ODOO_ITSELF {
            return None;
        }
        let who = row["write_uid"][1].as_str().unwrap_or_default();
        let ours = by == self.us || Some(by) == many2one(&row["create_uid"]);
        let told = |what: &str| Some(format!("{who} {what} on {at}."));
        if !ours {
            return told("changed it in Odoo");
        }
        let later = self.quiet.zip(moment(at)).is_some_and(|(quiet, at)| at > quiet);
        if later { told("(the migration's own user) changed it in Odoo") } else { None }
    }

    /// While a job is under way, it touches what it takes from: only others can be
    /// told then.
    pub fn under_way(self) -> Self {
        Self { quiet: None, ..self }
    }

    pub fn made_by_others(&self, row: &Value) -> Option<String> {
        let made = json!({ "write_uid": row["create_uid"], "write_date": row["create_date"] });
        let by = many2one(&row["create_uid"])?;
        let who = row["create_uid"][1].as_str().unwrap_or_default();
        let at = row["create_date"].as_str().unwrap_or_default();
        let others = by != self.us && by != ODOO_ITSELF;
        (others || self.edited(&made).is_some()).then(|| format!("{who} on {at}"))
    }
}

/// An instant as Odoo writes it.
pub fn moment(text: &str) -> Option<Timestamp> {
    let text = text.get(..19)?.replace(' ', "T");
    format!("{text}Z").parse().ok()
}
