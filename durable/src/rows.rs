//! The rows themselves: an instance's head, its slots, its mail, and lanes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Failure, InstanceId, SlotId, hold::ORDER, journal::Table};

/// A typed row: where it goes and what it is found by.
pub(crate) trait Record: Serialize + DeserializeOwned + Clone + PartialEq + Send {
    const TABLE: Table;
    fn row_id(&self) -> String;
    fn key(&self) -> Option<String> {
        None
    }
    fn sort(&self) -> Option<String> {
        None
    }
    fn due(&self) -> Option<Timestamp>;
    fn expires(&self) -> Option<Timestamp> {
        None
    }
}

/// How far an instance is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    Running,
    /// Running calls finish, no new one begins.
    Paused,
    /// Waits for its running calls, then is [`Cancelled`](Self::Cancelled).
    Cancelling,
    Done {
        output: Value,
    },
    Failed {
        failure: Failure,
    },
    Cancelled,
}

impl Status {
    /// Whether nothing will change any more.
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Failed { .. } | Self::Cancelled)
    }
}

/// What holds an instance back; the greater one wins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    #[default]
    Free,
    Paused,
    Cancelled,
}

/// An instance, less its slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub id: InstanceId,
    pub orchestration: String,
    pub input: Value,
    pub status: Status,
    /// The call that waits for this instance, if another instance started it.
    pub parent: Option<SlotId>,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    /// Counts restarts.
    pub generation: u32,
    /// Open activities and children of this generation. At 0 the instance is woken.
    pub pending: u32,
    /// There are answers that no turn has read yet.
    pub ready: bool,
    /// The next moment the instance itself waits for.
    pub timer: Option<Timestamp>,
    /// When the watchdog has to look.
    pub due: Option<Timestamp>,
    pub expires: Option<Timestamp>,
    /// Slots of generations before this one are gone.
    pub tidied: u32,
    /// What it was told itself.
    pub own: Hold,
    /// What its parent was told.
    pub above: Hold,
    /// The parent's last order obeyed.
    pub obeyed: u32,
    /// Orders given to children so far.
    pub orders: u32,
}

impl Head {
    pub(crate) fn new(
        id: InstanceId,
        orchestration: &str,
        input: Value,
        parent: Option<SlotId>,
        now: Timestamp,
        due: Timestamp,
    ) -> Self {
        Self {
            id,
            orchestration: orchestration.to_owned(),
            input,
            status: Status::Running,
            parent,
            started: now,
            ended: None,
            generation: 0,
            pending: 0,
            ready: true,
            timer: None,
            due: Some(due),
            expires: None,
            tidied: 0,
            own: Hold::Free,
            above: Hold::Free,
            obeyed: 0,
            orders: 0,
        }
    }

    pub(crate) fn hold(&self) -> Hold {
        self.own.max(self.above)
    }

    /// One open call fewer; the last one makes the instance ready for a turn.
    /// Says whether it was the last.
    pub(crate) fn count_down(&mut self, due: Timestamp) -> bool {
        self.pending = self.pending.saturating_sub(1);
        if self.pending == 0 {
            self.ready = true;
            self.due = Some(due);
        }
        self.pending == 0
    }
}

impl Record for Head {
    const TABLE: Table = Table::Heads;
    fn row_id(&self) -> String {
        self.id.name.clone()
    }
    fn due(&self) -> Option<Timestamp> {
        self.due
    }
    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }
}

/// What an orchestration asked for, in the order it asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    Activity {
        name: String,
        input: Value,
    },
    Child {
        orchestration: String,
        id: InstanceId,
        input: Value,
    },
    Timer {
        at: Timestamp,
    },
    /// Answered by the first letter of this name.
    Signal {
        name: String,
    },
    /// Answered at once: by a letter of this name, or by none.
    Glance {
        name: String,
    },
}

impl Call {
    /// Whether somebody else has to answer it.
    pub(crate) fn is_work(&self) -> bool {
        matches!(self, Self::Activity { .. } | Self::Child { .. })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Done(Value),
    Failed(Failure),
}

impl Outcome {
    pub(crate) const CANCELLED: Self = Self::Failed(Failure::Cancelled);
}

/// Where a call is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// An activity in line for its lane.
    Waiting,
    /// An activity that may be claimed.
    Ready,
    /// An activity claimed under the current fence, till then.
    Leased(Timestamp),
    /// An activity of a paused instance.
    Parked,
    /// Waits for a child, a moment or a letter.
    Asked,
    /// Answered, for good.
    Settled(Outcome),
}

/// One call of an instance, and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    pub id: SlotId,
    pub call: Call,
    pub state: State,
    /// Who runs it: the queue, and so the function, its hint is sent to.
    pub target: String,
    /// Whose turn it has to wait for.
    pub lane: Option<String>,
    /// Grows with every claim; only the latest holder may change the slot.
    pub fence: u32,
    /// Claims since the last progress.
    pub attempts: u32,
    /// Pauses the other side asked for; they are no attempts.
    pub waits: u32,
    pub not_before: Timestamp,
    /// The instance is being cancelled; the holder learns it at its next checkpoint.
    pub cancelled: bool,
    pub checkpoint: Option<Value>,
    /// Hints sent since the last claim.
    pub hints: u32,
    /// When the watchdog has to look.
    pub due: Option<Timestamp>,
}

impl Slot {
    pub(crate) fn new(
        id: SlotId,
        call: Call,
        target: String,
        lane: Option<String>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            call,
            state: State::Asked,
            target,
            lane,
            fence: 0,
            attempts: 0,
            waits: 0,
            not_before: now,
            cancelled: false,
            checkpoint: None,
            hints: 0,
            due: None,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.state, State::Settled(_))
    }

    /// The first answer stands; whoever calls this has checked that it is the first.
    pub(crate) fn settle(&mut self, outcome: Outcome) {
        self.state = State::Settled(outcome);
        self.checkpoint = None;
        self.due = None;
    }
}

impl Record for Slot {
    const TABLE: Table = Table::Slots;
    fn row_id(&self) -> String {
        self.id.row_id()
    }
    /// Slots in a lane are found by it; journals are found by their ids' prefix.
    fn key(&self) -> Option<String> {
        let inside = matches!(self.state, State::Waiting | State::Ready | State::Leased(_));
        self.lane.clone().filter(|_| inside)
    }
    /// Admitted slots first, then those in line, the one longest due first.
    fn sort(&self) -> Option<String> {
        Some(match self.state {
            State::Waiting => format!("1{:015}", self.not_before.as_millisecond().max(0)),
            _ => "0".to_owned(),
        })
    }
    fn due(&self) -> Option<Timestamp> {
        self.due
    }
}

/// A signal that reached an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub instance: InstanceId,
    /// The sender's own: the same id is delivered once.
    pub id: String,
    pub name: String,
    pub payload: Value,
    pub received: Timestamp,
    /// Read and used. Kept a while, so that a second delivery is recognised.
    pub taken: bool,
    /// When the watchdog has to look: set till a turn has seen it.
    pub due: Option<Timestamp>,
    pub expires: Option<Timestamp>,
}

impl Record for Mail {
    const TABLE: Table = Table::Mail;
    fn row_id(&self) -> String {
        format!("{}:{}", self.instance.name, self.id)
    }
    fn key(&self) -> Option<String> {
        (!self.taken).then(|| self.instance.name.clone())
    }
    /// Orders to the engine come before letters to the orchestration.
    fn sort(&self) -> Option<String> {
        let class = u8::from(self.name != ORDER);
        Some(format!("{class}{:015}", self.received.as_millisecond().max(0)))
    }
    fn due(&self) -> Option<Timestamp> {
        self.due
    }
    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }
}

/// A line of calls that must not all run at once. Holds no counter: what is in
/// the lane is counted from the slots, and this row makes admissions take turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lane {
    pub partition: String,
    pub name: String,
    /// When the watchdog has to look; set while somebody may be in line.
    pub due: Option<Timestamp>,
}

impl Record for Lane {
    const TABLE: Table = Table::Lanes;
    fn row_id(&self) -> String {
        self.name.clone()
    }
    fn due(&self) -> Option<Timestamp> {
        self.due
    }
}
