//! What a test does to the server: reads its call log, makes it fail.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// One call as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    pub model: String,
    pub method: String,
    /// Records given or asked for, where the call says.
    pub records: usize,
}

/// What happens to a call instead of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// An HTML page with this status; nothing is done.
    Html(u16),
    /// The call is done, and the connection closed without an answer.
    DieAfter,
    /// The connection is closed before anything is done.
    DieBefore,
    /// A conflict of transactions that Odoo gave up on.
    Serialization,
    /// The key is no longer accepted.
    Denied,
    /// Records that hold this text are refused.
    Refuse(String),
    /// The answer comes late.
    Late(Duration),
}

#[derive(Debug)]
struct Planned {
    model: String,
    method: String,
    /// Calls that pass before.
    after: usize,
    times: usize,
    plan: Plan,
}

/// The server's log and its planned failures.
#[derive(Debug, Default)]
pub struct Control {
    calls: Mutex<Vec<Logged>>,
    planned: Mutex<Vec<Planned>>,
    /// Model and operation that the user has no right to.
    forbidden: Mutex<Vec<(String, String)>>,
}

impl Control {
    /// Takes a right away from the user: `create`, `write` or `unlink` of a model.
    pub fn forbid(&self, model: &str, operation: &str) {
        lock(&self.forbidden).push((model.to_owned(), operation.to_owned()));
    }

    pub(super) fn forbids(&self, model: &str, operation: &str) -> bool {
        lock(&self.forbidden).iter().any(|(of, what)| of == model && what == operation)
    }

    /// The next `times` calls of a method (`""` is any) end so.
    pub fn plan(&self, model: &str, method: &str, times: usize, plan: Plan) {
        let (model, method) = (model.to_owned(), method.to_owned());
        lock(&self.planned).push(Planned { model, method, after: 0, times, plan });
    }

    /// After so many calls of any kind, one ends so.
    pub fn plan_after(&self, after: usize, plan: Plan) {
        let (model, method) = Default::default();
        lock(&self.planned).push(Planned { model, method, after, times: 1, plan });
    }

    /// Planned failures that nobody has run into yet.
    pub fn planned(&self) -> usize {
        lock(&self.planned).iter().map(|one| one.times).sum()
    }

    pub fn calls(&self) -> Vec<Logged> {
        lock(&self.calls).clone()
    }

    pub fn clear(&self) {
        lock(&self.calls).clear();
    }

    pub(super) fn log(&self, call: Logged) {
        lock(&self.calls).push(call);
    }

    /// What is planned for this call, used up by one.
    pub(super) fn take(&self, model: &str, method: &str) -> Option<Plan> {
        let mut planned = lock(&self.planned);
        let fits = |one: &&mut Planned| {
            one.times > 0
                && (one.model.is_empty() || one.model == model)
                && (one.method.is_empty() || one.method == method)
        };
        let one = planned.iter_mut().find(fits)?;
        if one.after > 0 {
            one.after -= 1;
            return None;
        }
        one.times -= 1;
        Some(one.plan.clone())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
