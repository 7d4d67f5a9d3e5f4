//! What files and notes hang on: records that are in Odoo, or will be, or never.

use std::collections::BTreeSet;

use q2o_domain::{Draft, Field, Mapped, Ref, Result, records::Staged};

use crate::{
    entities::{attachable::ON, entity},
    store::{Read, collection},
    sync::company::{Company, Task},
};

/// Where the drafts of a file hang.
pub enum Hung {
    /// These of them, on records that are there.
    On(Vec<usize>),
    /// On nothing that will ever be in Odoo.
    Nowhere(String),
    /// On records that are not there (yet).
    Waits(Vec<String>),
}

impl Hung {
    /// `never` are records that are deliberately not in Odoo.
    pub fn of(mapped: &Mapped, there: impl Fn(&Ref) -> bool, never: impl Fn(&Ref) -> bool) -> Self {
        let (mut on, mut nowhere, mut waits) = (Vec::new(), Vec::new(), Vec::new());
        for (at, draft) in mapped.drafts.iter().enumerate() {
            match hangs_on(draft) {
                Some(to) if !there(to) && never(to) => {
                    nowhere.push(format!("{} {}", to.kind, to.id));
                }
                Some(to) if !there(to) => waits.push(format!("{} {}", to.kind, to.id)),
                _ => on.push(at),
            }
        }
        if !waits.is_empty() {
            return Self::Waits(waits);
        }
        if !on.is_empty() {
            return Self::On(on);
        }
        Self::Nowhere(format!(
            "What it hangs on is not moved, or lies before the first day of history: {}. Download \
             it from QuickBooks (Attachments) before you leave it.",
            nowhere.join(", ")
        ))
    }
}

/// The record that a draft hangs on.
pub fn hangs_on(draft: &Draft) -> Option<&Ref> {
    match draft.fields.get(ON) {
        Some(Field::Ref(to)) => Some(to),
        _ => None,
    }
}

/// Of these records (by their keys), those that lie before the first day of history.
pub async fn before_cut(
    company: &Company,
    task: &Task,
    keys: Vec<String>,
) -> Result<BTreeSet<String>> {
    let staged: Vec<Read<Staged>> = company.tenant.list_ids(collection::STAGED, keys).await?;
    let cut = task.cut.to_string();
    let before = staged.into_iter().filter(|read| {
        let dated = entity(read.value.kind).is_some_and(|entity| entity.write().dated());
        dated && read.sort.as_ref().is_some_and(|day| *day < cut)
    });
    Ok(before.map(|read| read.id).collect())
}
