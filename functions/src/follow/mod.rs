//! Following what changes in QuickBooks after a migration: by a run of its own, at the
//! latest a day after the last one, and within the hour where QuickBooks tells of a change.

pub mod show;
pub mod switch;

use jiff::{SignedDuration, Timestamp};
use q2o_domain::{
    LinkId, Result,
    ports::{Change, Document},
    records::Follow,
};

use crate::store::{Read, Tenant, collection, document};

/// Whoever changes one record will change more: they go together.
const QUIET: SignedDuration = SignedDuration::from_mins(2);

/// Runs begin no faster than this after each other, since each reads the books through.
const APART: SignedDuration = SignedDuration::from_hours(1);

/// A run begins after this even if nothing was told: notices get lost, and there are
/// none of some kinds.
pub const DAILY: SignedDuration = SignedDuration::from_hours(24);

/// Whether and how the changes of a company are followed.
pub async fn of(tenant: &Tenant, link: &LinkId) -> Result<Option<Read<Follow>>> {
    tenant.get(collection::FOLLOWS, link.as_str()).await
}

/// As it is kept: due when the next run is.
pub fn kept(follow: &Follow) -> Result<Document> {
    Ok(document(collection::FOLLOWS, follow.link.as_str(), follow)?.due(Some(follow.next)))
}

/// No longer followed.
pub fn ended(link: &LinkId) -> Change {
    Change::Delete { collection: collection::FOLLOWS.into(), id: link.to_string() }
}

/// `after` later.
pub fn later(now: Timestamp, after: SignedDuration) -> Timestamp {
    now.saturating_add(after).unwrap_or(Timestamp::MAX)
}

/// QuickBooks told of this many changes more.
pub fn told(mut follow: Follow, more: usize, now: Timestamp) -> Follow {
    follow.told += more as u64;
    let soon = later(now, QUIET);
    let begin = follow.last.as_ref().map_or(soon, |(_, began)| soon.max(later(*began, APART)));
    follow.next = follow.next.min(begin);
    follow
}
