//! QuickBooks' ledger, read month by month where there are documents; what lies
//! before in one go.

use jiff::civil::Date;
use q2o_domain::{RealmId, ledger::month_ends};
use q2o_durable::{Context, Halt, Orchestration, Turn};
use serde::{Deserialize, Serialize};

use super::read_ledger::{self, ReadLedger};
use crate::sync::company::Task;

/// QuickBooks Online has no books older than this.
const DAWN: Date = jiff::civil::date(1980, 1, 1);

/// Windows read side by side.
const ABREAST: usize = 24;

/// Windows after which a journal begins anew.
const LONG: usize = 5 * ABREAST;

pub struct ReadBooks;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Input {
    task: Task,
    realm: RealmId,
    /// The first day of the first window that is next; the one before all documents
    /// if `None`.
    from: Option<Date>,
    /// The first day of the month that documents begin in.
    busy: Date,
    until: Date,
}

impl Input {
    /// `dates` are the first and the last day that documents have.
    pub fn new(task: &Task, realm: &RealmId, dates: Option<(Date, Date)>, until: Date) -> Self {
        let busy = dates.map_or(until, |(first, _)| first).first_of_month().max(DAWN);
        Self { task: task.clone(), realm: realm.clone(), from: None, busy, until }
    }

    /// First and last day of the windows that are next.
    fn windows(&self) -> Vec<(Date, Date)> {
        let before = self.from.is_none().then(|| (DAWN, self.busy.yesterday().unwrap_or(DAWN)));
        let months = month_ends(self.from.unwrap_or(self.busy), self.until).into_iter();
        before.into_iter().chain(months.map(|end| (end.first_of_month(), end))).collect()
    }
}

impl Orchestration for ReadBooks {
    const NAME: &'static str = "read-books";
    type Input = Input;
    type Output = ();

    fn run(cx: &mut Context<'_>, mut input: Input) -> Turn<()> {
        for some in input.windows().chunks(ABREAST) {
            if cx.length() >= LONG {
                input.from = some.first().map(|(from, _)| *from);
                return cx.restart(&input);
            }
            let step = |(from, to): &(Date, Date)| read_ledger::Input {
                task: input.task.clone(),
                realm: input.realm.clone(),
                from: *from,
                to: *to,
            };
            for answer in cx.call_all::<ReadLedger>(some.iter().map(step))? {
                answer.map_err(Halt::Failed)?;
            }
        }
        Ok(())
    }
}
