//! What can be wrong with a record, and what helps.

use q2o_domain::{Kind, MapError, QboId, Remedy, records::ErrorEntry};

use super::Batch;

/// Why a record is not in Odoo as it should be.
pub struct Problem {
    pub class: &'static str,
    pub why: String,
    pub remedy: Option<Remedy>,
    pub waits_for: Vec<String>,
}

impl Batch<'_> {
    pub fn unmapped(&self, id: &QboId, error: &MapError) -> Problem {
        let fix = Remedy::FixRecord { kind: self.entity.kind(), id: id.clone() };
        let (class, remedy) = match error {
            MapError::NotMoved(_) => ("not_moved", None),
            MapError::Unreadable(_) => ("unreadable", Some(fix)),
            MapError::Missing(_) => ("missing", Some(fix)),
        };
        Problem { class, why: error.to_string(), remedy, waits_for: Vec::new() }
    }

    pub fn changed(&self, id: &QboId) -> Problem {
        let why = "It was changed in QuickBooks after it had been moved and posted, or confirmed. \
                   Odoo still holds what it was.";
        Problem {
            class: "changed",
            why: why.to_owned(),
            remedy: Some(Remedy::FixRecord { kind: self.entity.kind(), id: id.clone() }),
            waits_for: Vec::new(),
        }
    }

    pub fn refused(&self, id: &QboId, part: &str, why: &str) -> Problem {
        let kind = self.entity.kind();
        let of = if part.is_empty() { String::new() } else { format!(" (its {part})") };
        Problem {
            class: "refused",
            why: format!("Odoo refused {kind} {id}{of}: {why}"),
            remedy: Some(Remedy::FixRecord { kind, id: id.clone() }),
            waits_for: Vec::new(),
        }
    }

    /// It went elsewhere before it was decided otherwise.
    pub fn settled_elsewhere() -> Problem {
        Problem {
            class: "changed",
            why: "It was loaded into Odoo before it was decided otherwise, and other records \
                  point at it. Roll the migration back, then load it anew."
                .to_owned(),
            remedy: Some(Remedy::RollBack),
            waits_for: Vec::new(),
        }
    }

    pub fn parked(&self, waits_for: Vec<String>) -> Problem {
        let class = if self.tools.settings.strict { "missing" } else { "parked" };
        let why = format!("It points at records that are not in Odoo: {}.", waits_for.join(", "));
        let remedy = waits_for.first().and_then(|first| {
            let (kind, id) = first.split_once(' ')?;
            Some(Remedy::Map { kind: Kind::named(kind)?, id: id.into() })
        });
        Problem { class, why, remedy, waits_for }
    }

    pub fn entry(&self, id: &QboId, problem: &Problem) -> ErrorEntry {
        ErrorEntry {
            kind: self.entity.kind(),
            id: id.clone(),
            class: problem.class.to_owned(),
            why: problem.why.clone(),
            remedy: problem.remedy.clone(),
            waits_for: problem.waits_for.clone(),
            at: self.tools.clock.now(),
        }
    }
}
