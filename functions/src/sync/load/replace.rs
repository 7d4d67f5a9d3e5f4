//! What no longer stands as it was sent is taken out of Odoo, so that it can be
//! written anew: documents that were changed, voided or deleted in QuickBooks, the
//! entries that complete them, opening balances of another day. What somebody
//! touched in Odoo since stays as it is, and is told.

use q2o_domain::Result;

use crate::{
    app::Tools,
    sync::{
        company::{Company, Task},
        rollback::{
            Unit,
            editors::Editors,
            files_of_others, reconciled,
            remove::{self, Refused},
            weigh::{Why, jobs_of},
        },
    },
};

/// Units that are taken out together.
const BATCH: usize = 100;

/// Takes units out of Odoo, and our rows of them; says of those that stay why.
/// What was reconciled with them is reconciled anew when it is loaded again, as
/// all records of a job are.
pub async fn take_out(
    tools: &Tools,
    company: &Company,
    task: &Task,
    units: &mut [Unit],
) -> Result<Refused<Why>> {
    let mut refused = Refused::new();
    if units.is_empty() {
        return Ok(refused);
    }
    let editors = Editors::of(company, &jobs_of(company, task).await?).await?.under_way();
    for (number, some) in units.chunks_mut(BATCH).enumerate() {
        let mut stay = reconciled::by_others(company, &editors, some).await?;
        let units: Vec<&Unit> = some.iter().collect();
        for (at, why) in files_of_others::by_others(company, &units).await? {
            stay.entry(at).or_insert(why);
        }
        let stay = remove::take_out(tools, company, &editors, some, stay).await?;
        refused.extend(stay.into_iter().map(|(at, why)| (number * BATCH + at, why)));
    }
    Ok(refused)
}
