//! A job's counters and its numbered events, written in the commit that causes them.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use q2o_domain::{
    Failure, JobId, Kind, Remedy, Result,
    ports::{Change, Clock},
    records::{Counts, Event, Job, JobState},
};
use q2o_durable::Rider;
use serde_json::Value;

use crate::{
    store::{Read, Tenant, collection, document, event_key, log_expires},
    sync::sorted,
};

/// Something that happened to a job.
#[derive(Clone)]
pub struct Progress {
    pub tenant: Tenant,
    pub clock: Arc<dyn Clock>,
    pub job: JobId,
    pub what: String,
    pub kind: Option<Kind>,
    pub counts: Counts,
    /// Where it happened to several kinds at once.
    pub all: BTreeMap<Kind, Counts>,
    pub found: Option<Found>,
    /// Calls to QuickBooks and to Odoo that it took.
    pub calls: (u64, u64),
    pub phase: Option<&'static str>,
    pub state: Option<JobState>,
    /// QuickBooks had not changed.
    pub unchanged: bool,
    pub why: Option<(String, Option<Remedy>)>,
    /// Who did it: a person, or `system`.
    pub actor: String,
}

/// What a survey found.
#[derive(Clone)]
pub struct Found {
    /// How much there is to move; counters begin anew with every survey.
    pub counts: BTreeMap<Kind, Counts>,
    /// What is not to be had, and why.
    pub unavailable: BTreeMap<Kind, String>,
    /// The version of the mappings that the job goes by.
    pub mapping: Option<u32>,
}

impl Progress {
    pub fn new(tenant: &Tenant, clock: &Arc<dyn Clock>, job: &JobId, what: &str) -> Self {
        Self {
            tenant: tenant.clone(),
            clock: Arc::clone(clock),
            job: job.clone(),
            what: what.to_owned(),
            kind: None,
            counts: Counts::default(),
            all: BTreeMap::new(),
            found: None,
            calls: (0, 0),
            phase: None,
            state: None,
            unchanged: false,
            why: None,
            actor: "system".to_owned(),
        }
    }

    #[must_use]
    pub fn of(mut self, kind: Kind, counts: Counts) -> Self {
        self.kind = Some(kind);
        self.counts = counts;
        self
    }

    #[must_use]
    pub fn of_all(mut self, all: BTreeMap<Kind, Counts>) -> Self {
        self.all = all;
        self
    }

    #[must_use]
    pub fn found(mut self, found: Found) -> Self {
        self.found = Some(found);
        self
    }

    #[must_use]
    pub fn calls(mut self, calls: (u64, u64)) -> Self {
        self.calls = calls;
        self
    }

    #[must_use]
    pub fn phase(mut self, phase: &'static str) -> Self {
        self.phase = Some(phase);
        self
    }

    #[must_use]
    pub fn state(mut self, state: JobState) -> Self {
        self.state = Some(state);
        self
    }

    /// The job and its next event, as changes that fail together if somebody
    /// else took the number.
    pub async fn written(&self) -> Result<Vec<Change>> {
        let Some(Read { value: mut job, version, .. }) =
            self.tenant.get::<Job>(collection::JOBS, self.job.as_str()).await?
        else {
            return Err(Failure::bug(format!("there is no job {}", self.job)));
        };
        let now = self.clock.now();
        job.events += 1;
        job.calls = (job.calls.0 + self.calls.0, job.calls.1 + self.calls.1);
        if let Some(Found { counts, unavailable, mapping }) = &self.found {
            job.counts.extend(counts);
            job.unavailable.clone_from(unavailable);
            job.mapping = *mapping;
        }
        if let Some(kind) = self.kind {
            job.counts.entry(kind).or_default().add(self.counts);
        }
        for (kind, counts) in &self.all {
            job.counts.entry(*kind).or_default().add(*counts);
        }
        if let Some(phase) = self.phase {
            phase.clone_into(&mut job.phase);
        }
        job.unchanged |= self.unchanged;
        if let Some(state) = self.state {
            job.state = state;
            job.ended = state.ended().then_some(now);
            let (why, remedy) = self.why.clone().map_or((None, None), |(w, r)| (Some(w), r));
            (job.why, job.remedy) = (why, remedy);
        }
        let event = Event {
            number: job.events,
            at: now,
            what: self.what.clone(),
            kind: self.kind,
            counts: self.counts,
            actor: self.actor.clone(),
        };
        let id = event_key(&self.job, event.number);
        let event = document(collection::EVENTS, id, &event)?
            .key(self.job.as_str())
            .sort(format!("{:010}", event.number))
            .expires(log_expires(now));
        let job = document(collection::JOBS, self.job.as_str(), &job)?
            .key("jobs")
            .sort(job.started.to_string());
        Ok(vec![Change::Replace(job, version), Change::Insert(event)])
    }
}

#[async_trait]
impl Rider for Progress {
    async fn changes(&self) -> Result<Vec<Value>, q2o_durable::Failure> {
        let changes = self.written().await.map_err(sorted)?;
        changes
            .iter()
            .map(serde_json::to_value)
            .collect::<Result<_, _>>()
            .map_err(|error| q2o_durable::Failure::bug(error.to_string()))
    }
}
