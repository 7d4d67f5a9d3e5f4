//! Faults planned ahead: the next calls that fit get them instead of, or around, their answer.

use std::fmt;
use std::time::Duration;

use super::call_log::CallKind;

/// A call that has come in and not been answered yet.
#[derive(Debug, Clone)]
pub struct Incoming<'c> {
    pub kind: CallKind,
    pub method: &'c str,
    pub path: &'c str,
    /// As sent, still encoded.
    pub query: &'c str,
    /// The body as text: a statement, or a batch.
    pub body: &'c str,
}

/// What a call may get instead of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlannedFault {
    /// 429 with the JSON envelope.
    Throttled,
    /// 429 in XML although JSON was asked for.
    ThrottledXml,
    /// 429 with a `Retry-After` of so many seconds.
    ThrottledRetryAfter(u32),
    /// 401 with lower-case keys.
    Unauthorized,
    /// 403 with lower-case keys.
    Forbidden,
    /// 502 in HTML.
    BadGateway,
    /// 504 in HTML: the gateway gave up waiting.
    GatewayTimeout,
    /// 200 whose body breaks off in the middle.
    Truncated,
    /// 200 without a body.
    Empty,
    /// 401 in XML: the token is for another company.
    WrongRealm,
    /// 500 with code 10000.
    System,
    /// The right answer, but only after this long.
    Stall(Duration),
    /// On the token endpoint: 400 `invalid_grant`.
    InvalidGrant,
}

type Fits = dyn Fn(&Incoming<'_>) -> bool + Send + Sync;

struct Planned {
    fault: PlannedFault,
    left: usize,
    fits: Box<Fits>,
}

/// The faults still to come, in the order they were planned.
#[derive(Default)]
pub struct Plan(Vec<Planned>);

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|planned| (planned.fault, planned.left))).finish()
    }
}

impl Plan {
    pub fn add(&mut self, fault: PlannedFault, calls: usize, fits: Box<Fits>) {
        self.0.push(Planned { fault, left: calls, fits });
    }

    /// Takes the first fault that fits the call.
    pub fn take(&mut self, call: &Incoming<'_>) -> Option<PlannedFault> {
        let place = self.0.iter().position(|planned| (planned.fits)(call))?;
        let planned = &mut self.0[place];
        let fault = planned.fault;
        planned.left -= 1;
        if planned.left == 0 {
            self.0.remove(place);
        }
        Some(fault)
    }

    /// Faults nobody has run into yet.
    pub fn left(&self) -> usize {
        self.0.iter().map(|planned| planned.left).sum()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}
