//! The hand on a simulator: look at its calls, change its data, make it fail.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;

use super::call_log::{Call, CallKind};
use super::clock::Clock;
use super::oauth::{OAuth, TokenPair};
use super::plan::{Incoming, PlannedFault};
use super::throttle::Limits;
use super::webhooks::{self, Change, SignedEvent};
use super::{LoadError, Posting, World, folder, held};

/// Steers one simulated company; clones steer the same one.
#[derive(Clone)]
pub struct Control {
    world: Arc<World>,
}

impl Control {
    pub(super) fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    // What the company is.

    /// The realm id every path of the company carries.
    pub fn realm(&self) -> &str {
        &self.world.company.realm
    }

    pub fn company_name(&self) -> &str {
        &self.world.company.name
    }

    pub fn home_currency(&self) -> &str {
        &self.world.company.home
    }

    /// Records of each entity that has any, without the two made up or single ones.
    pub fn record_counts(&self) -> Vec<(String, usize)> {
        let store = self.world.store();
        let counts = store.tables().map(|(name, table)| (name.to_owned(), table.rows().len()));
        let single = |name: &str| ["CompanyInfo", "Preferences"].contains(&name);
        counts.filter(|(name, count)| *count > 0 && !single(name)).collect()
    }

    /// A record as it would be read now.
    pub fn record(&self, entity: &str, id: &str) -> Option<Value> {
        self.world.store().get(entity, id).map(|record| record.value.clone())
    }

    pub fn clock(&self) -> &Clock {
        &self.world.clock
    }

    // Calls.

    /// Every call so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        held(&self.world.log).calls.clone()
    }

    /// How many calls of a kind there were.
    pub fn count(&self, kind: CallKind) -> usize {
        held(&self.world.log).calls.iter().filter(|call| call.kind == kind).count()
    }

    /// Calls Intuit would charge for: successful reads, queries, batches, CDC, reports.
    pub fn metered_calls(&self) -> usize {
        let log = held(&self.world.log);
        log.calls.iter().filter(|call| call.kind.metered() && call.status == 200).count()
    }

    /// The most calls that were being answered at the same time.
    pub fn most_in_flight(&self) -> usize {
        held(&self.world.log).most_in_flight
    }

    pub fn clear_calls(&self) {
        let mut log = held(&self.world.log);
        log.calls.clear();
        log.most_in_flight = log.in_flight;
    }

    // Data.

    /// Adds or replaces a record, as if a person had saved it now. Postings are
    /// not derived from it: see [`Control::post`].
    pub fn put(&self, entity: &str, value: Value) -> serde_json::Result<()> {
        let now = self.world.clock.now();
        self.world.store_mut().change(entity, value, now)
    }

    /// Deletes a record for good; `false` if there is none.
    pub fn delete(&self, entity: &str, id: &str) -> bool {
        let now = self.world.clock.now();
        self.world.store_mut().remove(entity, id, now)
    }

    /// The same company later on: its books are what this folder holds.
    pub fn go_on(&self, folder: &Path) -> Result<(), LoadError> {
        let (_, store) = folder::load(folder)?;
        *self.world.store_mut() = store;
        Ok(())
    }

    /// Adds lines to the ledger.
    pub fn post(&self, postings: Vec<Posting>) {
        self.world.store_mut().ledger.add(postings);
    }

    /// Takes a transaction's lines out of the ledger.
    pub fn unpost(&self, txn_type: &str, txn_id: &str) {
        self.world.store_mut().ledger.remove(txn_type, txn_id);
    }

    /// The whole ledger, as reports see it.
    pub fn postings(&self) -> Vec<Posting> {
        self.world.store().ledger.postings().to_vec()
    }

    // Failures.

    /// The next `calls` calls that fit fail this way. `calls` of 0 plans nothing.
    pub fn plan(
        &self,
        fault: PlannedFault,
        calls: usize,
        fits: impl Fn(&Incoming<'_>) -> bool + Send + Sync + 'static,
    ) {
        if calls > 0 {
            held(&self.world.plan).add(fault, calls, Box::new(fits));
        }
    }

    /// The next `calls` calls of a kind fail this way.
    pub fn plan_for(&self, kind: CallKind, fault: PlannedFault, calls: usize) {
        self.plan(fault, calls, move |call| call.kind == kind);
    }

    /// Planned faults nobody has run into yet.
    pub fn planned(&self) -> usize {
        held(&self.world.plan).left()
    }

    pub fn forget_plans(&self) {
        held(&self.world.plan).clear();
    }

    /// The company's plan does not have this entity: queries for it fail with 5020.
    pub fn withhold(&self, entity: &str) {
        held(&self.world.knobs).withheld.insert(entity.to_owned());
    }

    /// Makes a row unreadable: pages with it fail with 4002.
    pub fn poison(&self, entity: &str, id: &str) {
        held(&self.world.knobs).odd.poisoned.insert((entity.to_owned(), id.to_owned()));
    }

    /// Pages miss a row from now on; asked for by its id it is there.
    pub fn slip(&self, entity: &str, id: &str) {
        held(&self.world.knobs).odd.slipped.insert((entity.to_owned(), id.to_owned()));
    }

    pub fn heal(&self, entity: &str, id: &str) {
        held(&self.world.knobs).odd.poisoned.remove(&(entity.to_owned(), id.to_owned()));
    }

    /// The file server has lost the file of an attachable.
    pub fn lose_file(&self, attachable: &str) {
        held(&self.world.knobs).lost_files.insert(attachable.to_owned());
    }

    /// Reports of more rows fail with 10100.
    pub fn limit_report_rows(&self, rows: Option<usize>) {
        held(&self.world.knobs).report_row_limit = rows;
    }

    /// Reports name accounts without their ids, as those of the UK do.
    pub fn name_accounts_only(&self) {
        held(&self.world.knobs).accounts_by_name = true;
    }

    /// Intuit's limits, or none.
    pub fn throttle(&self, limits: Option<Limits>) {
        held(&self.world.throttle).limits = limits;
    }

    /// Every answer waits this long.
    pub fn latency(&self, latency: Duration) {
        held(&self.world.knobs).latency = latency;
    }

    // Sign-in.

    /// A first pair of tokens, as after a person's consent.
    pub fn tokens(&self) -> TokenPair {
        held(&self.world.oauth).issue(self.world.clock.now())
    }

    /// Access tokens die at once; refresh tokens live on.
    pub fn expire_access_tokens(&self) {
        held(&self.world.oauth).expire_access();
    }

    /// The person disconnects the application: no token is good any more.
    pub fn disconnect(&self) {
        held(&self.world.oauth).forget_all();
    }

    /// What the sign-in server remembers, to be given to [`super::Options::oauth`].
    pub fn oauth(&self) -> OAuth {
        held(&self.world.oauth).clone()
    }

    /// Moves the simulator's time forward.
    pub fn advance(&self, by: SignedDuration) {
        self.world.clock.advance(by);
    }

    // Webhooks.

    /// A signed notice of changes in the old format.
    pub fn notification(&self, changes: &[Change], verifier: &str) -> SignedEvent {
        webhooks::notification(self.realm(), changes, verifier, self.world.now())
    }

    /// A signed notice of changes as `CloudEvents`.
    pub fn cloud_events(&self, changes: &[Change], verifier: &str) -> SignedEvent {
        webhooks::cloud_events(self.realm(), changes, verifier, self.world.now())
    }
}
