//! Lanes: lets calls in, one for each that leaves, so that none floods a queue.

use crate::{Engine, JournalError, Select, Slot, State, Step, rows::Lane, store::Entry};

/// Calls let in by one commit.
const MOST_ADMITTED: usize = 40;

impl Engine {
    /// Fills these lanes. What goes wrong here, the watchdog repairs: a lane
    /// with somebody in line is due.
    pub(crate) async fn admit_all(&self, partition: &str, lanes: impl IntoIterator<Item = String>) {
        for lane in lanes {
            if self.cap(partition, &lane).is_none() {
                continue;
            }
            if let Err(error) = self.admit(partition, &lane).await {
                tracing::warn!(%error, partition, lane, "lane not filled; the watchdog will");
            }
        }
    }

    /// Lets calls into a lane up to its cap, and hints them. The lane's row
    /// changes with each admission, so that two cannot count the same free place.
    pub(crate) async fn admit(&self, partition: &str, name: &str) -> Result<(), JournalError> {
        let cap = self.cap(partition, name).unwrap_or(MOST_ADMITTED);
        for tries in 1.. {
            let lane: Option<Entry<Lane>> = self.store.get(partition, name).await?;
            let most = 2 * cap + 1;
            let key = Select::Key(name.to_owned());
            let slots: Vec<Entry<Slot>> = self.store.list(partition, key, most).await?;
            let now = self.clock.now();
            let (mut next, inside): (Vec<_>, Vec<_>) =
                slots.into_iter().partition(|slot| slot.is.state == State::Waiting);
            let ready = next.iter().take_while(|slot| slot.is.not_before <= now).count();
            let free = cap.saturating_sub(inside.len());
            let rest = next.split_off(ready.min(free));
            let due = rest.first().map(|slot| slot.is.not_before.max(self.stale(0)));
            let known = lane.as_ref().and_then(|lane| lane.is.due);
            let fine = match (known, due) {
                (None, None) => true,
                (Some(known), Some(due)) => now < known && known <= due,
                _ => false,
            };
            if next.is_empty() && fine {
                return Ok(());
            }
            let mut step = Step::new(partition);
            if let Some(mut lane) = lane {
                lane.is.due = due;
                step.replace(&lane)?;
            } else {
                let (partition, name) = (partition.to_owned(), name.to_owned());
                step.insert(&Lane { partition, name, due })?;
            }
            let mut hints = Vec::new();
            for slot in &mut next {
                slot.is.state = State::Ready;
                slot.is.hints = 1;
                slot.is.due = Some(self.stale(0));
                hints.push(self.work_hint(&slot.is.id, &slot.is.target, now));
                step.replace(slot)?;
            }
            match self.store.commit(step).await {
                Err(JournalError::Conflict) => self.calm(tries).await?,
                other => {
                    other?;
                    self.hint(hints).await;
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
