//! A worker's batches: each group's messages in their order, groups side by side.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bellhop_app::delivery::{Engine, Worker};
use bellhop_app::ports::{PortError, Postponed, Receipts};
use bellhop_core::action::Lane;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use crate::batch::{Batch, Outcome, Record};
use crate::crashes::{Crashes, REASON};
use crate::metrics::flush;

/// A wait up to this long is slept through; during a longer one the function may end.
const SHORT_WAIT_MS: u64 = 2_500;

/// A turn is begun only with this much time left: a call of the Bot API may take 15 s, and be made twice; one to another URL
/// may take 30 s.
const TURN_MS: u64 = 32_000;

/// After how many seconds a message comes again whose turn failed in the store, and one that cannot be read or made us
/// panic: a thousand receipts later it is dead, after some hours of the former and one of the latter.
const TROUBLE_SECONDS: u64 = 30;
const POISON_SECONDS: u64 = 5;

/// How long a group that is done waits for the others of its batch before its messages are deleted without them: most that
/// start together end together, and a call less is money saved.
const LINGER: Duration = Duration::from_millis(25);

/// What one invocation works with.
pub struct Groups<'a, W> {
    /// The engine.
    pub engine: &'a Engine<W>,
    /// The queue the messages came from.
    pub receipts: &'a dyn Receipts,
    /// When the invocation must have ended.
    pub deadline: Timestamp,
}

/// With so many counted ends work is not tried again: the first in company, the second alone.
const MOST_ENDS: u32 = 2;

/// What is known of a group's messages that came before.
#[derive(Default)]
struct Watch<'r> {
    /// The one that is counted at the moment, and its count before.
    counted: Option<(&'r Record, u32)>,
    /// Whether one was.
    begun: bool,
    /// Whether each goes alone, for one of them has ended a function.
    alone: bool,
}

/// What ends while a batch is worked through.
enum Step {
    /// The group at this place, of which these messages are left.
    Worked(usize, Vec<String>),
    /// A call that deleted settled messages.
    Deleted,
}

/// A message, or why it is none.
type Parcel<'r> = (&'r Record, Result<Work, String>);

impl<W: Worker> Groups<'_, W> {
    /// Works through a batch, and says which messages must come again.
    pub async fn work(&self, batch: &Batch) -> Outcome {
        let mut groups: Vec<Vec<Parcel<'_>>> = Vec::new();
        for record in &batch.records {
            let name = &record.attributes.message_group_id;
            let is_its = |group: &&mut Vec<Parcel<'_>>| {
                group.first().is_some_and(|(first, _)| first.attributes.message_group_id == *name)
            };
            let known = groups.iter_mut().find(is_its);
            let parcel = (record, read::<W>(&record.body));
            match known {
                Some(group) => group.push(parcel),
                None => groups.push(vec![parcel]),
            }
        }
        let left = self.side_by_side(&groups).await;
        flush();
        Outcome::failed(left)
    }

    /// Works through groups side by side, and names the messages that are left.
    ///
    /// The queue holds a group back until the whole batch has ended, however slow another group of it is. So what is
    /// settled of a group whose order is kept is deleted as soon as it is seen that others take longer.
    async fn side_by_side(&self, groups: &[Vec<Parcel<'_>>]) -> Vec<String> {
        let mut steps: FuturesUnordered<BoxFuture<'_, Step>> = FuturesUnordered::new();
        steps.extend(
            groups
                .iter()
                .enumerate()
                .map(|(place, group)| self.work_group(group).map(move |left| Step::Worked(place, left)).boxed()),
        );
        let (mut running, mut all_left, mut settled) = (groups.len(), Vec::new(), Vec::new());
        loop {
            match tokio::time::timeout(LINGER, steps.next()).await {
                Ok(None) => break all_left,
                Ok(Some(Step::Deleted)) => {}
                Ok(Some(Step::Worked(place, left))) => {
                    running -= 1;
                    settled.extend(settled_in_order(&groups[place], left.len()));
                    all_left.extend(left);
                }
                Err(_) if running == 0 || settled.is_empty() => {}
                Err(_) => steps.push(self.delete(std::mem::take(&mut settled)).boxed()),
            }
        }
    }

    /// Deletes messages; one that is not comes to no harm, for the batch's end deletes it too.
    async fn delete(&self, receipts: Vec<&str>) -> Step {
        if let Err(error) = self.receipts.delete(&receipts).await {
            log::warn!(error:%; "settled messages hold their groups back until the batch has ended");
        }
        Step::Deleted
    }

    /// Works through one group's messages, has those that are left come again, and names them.
    async fn work_group(&self, group: &[Parcel<'_>]) -> Vec<String> {
        let readable = group.iter().map_while(|(_, work)| work.as_ref().ok().cloned());
        let mut works: Vec<Work> = readable.collect();
        let mut watch = Watch::default();
        let wait = loop {
            let place = group.len() - works.len() - unreadable(group);
            if works.is_empty() {
                let Some((record, Err(reason))) = group.get(place) else { break 0 };
                log::error!(message_id = record.message_id.as_str(), reason = reason.as_str(); "not work of ours");
                break POISON_SECONDS;
            }
            match self.watch(&mut watch, group[place].0, &works[0]).await {
                Ok(true) => {}
                Ok(false) => {
                    works.remove(0);
                    continue;
                }
                Err(seconds) => break seconds,
            }
            match self.turn(&mut works, group[place].0, watch.alone).await {
                Ok(_) if works.is_empty() => {}
                Ok(wait_ms) if wait_ms <= SHORT_WAIT_MS && self.has_time(wait_ms) => {
                    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                }
                Ok(wait_ms) => break wait_ms.div_ceil(1000),
                Err(seconds) => break seconds,
            }
        };
        if let Some((record, count)) = watch.counted {
            self.crashes().survived(record, count).await;
        }
        let left = &group[group.len() - works.len() - unreadable(group)..];
        if !left.is_empty() {
            self.give_back(left, wait).await;
        }
        left.iter().map(|(record, _)| record.message_id.clone()).collect()
    }

    /// Counts the first message before its turn, where it has come before; false where it was set aside because it ended
    /// the function too often.
    ///
    /// Waiting for the pace of a group makes messages come again, too. So only the first is counted, with those that may be
    /// sent together with it; once that has ended a function, each goes alone, and is counted.
    async fn watch<'r>(&self, watch: &mut Watch<'r>, first: &'r Record, work: &Work) -> Result<bool, u64> {
        if watch.counted.is_some_and(|(counted, _)| counted.message_id == first.message_id) {
            return Ok(true);
        }
        let trouble = |error: PortError| {
            log::error!(message_id = first.message_id.as_str(), error:%; "no turn for the group");
            TROUBLE_SECONDS
        };
        let crashes = self.crashes();
        if let Some((record, count)) = watch.counted.take() {
            crashes.survived(record, count).await;
        }
        if !first.came_before() || (watch.begun && !watch.alone) {
            return Ok(true);
        }
        watch.begun = true;
        let count = crashes.count(first).await.map_err(trouble)?;
        if count >= MOST_ENDS {
            self.engine.set_aside(work, REASON).await.map_err(trouble)?;
            watch.alone = true;
            return Ok(false);
        }
        watch.alone |= count > 0;
        crashes.begin(first, count).await.map_err(trouble)?;
        // A turn that only waits has not survived what the message may do, so it takes back no more than its own count.
        watch.counted = Some((first, count));
        Ok(true)
    }

    /// The counts of ends.
    fn crashes(&self) -> Crashes<'_> {
        Crashes { documents: &*self.engine.documents, clock: &*self.engine.clock }
    }

    /// Takes one turn, with the first message alone or with as many as there is room for, and drops what is settled; how
    /// many milliseconds to wait for the next one, or after how many seconds to come again where the turn failed.
    async fn turn(&self, works: &mut Vec<Work>, first: &Record, alone: bool) -> Result<u64, u64> {
        let message = first.message_id.as_str();
        let event = works.first().map(|work| work.task.event.to_string()).unwrap_or_default();
        let together = if alone { 1 } else { works.len() };
        let turn = match AssertUnwindSafe(self.engine.turn(&works[..together])).catch_unwind().await {
            Ok(Ok(turn)) => turn,
            Ok(Err(error)) => {
                log::error!(event, message_id = message, error:%; "no turn for the group");
                return Err(TROUBLE_SECONDS);
            }
            Err(_) => {
                // What the panic says may quote the message; where it happened is in the log.
                log::error!(event, message_id = message; "panic at a turn for the group");
                return Err(POISON_SECONDS);
            }
        };
        works.drain(..turn.settled.min(works.len()));
        let wait = turn.next.ms_since(self.engine.clock.now());
        // Nothing settled and no wait would be a circle.
        Ok(if turn.settled == 0 { wait.max(50) } else { wait })
    }

    /// Whether there is time for a turn after a wait.
    fn has_time(&self, wait_ms: u64) -> bool {
        self.deadline.ms_since(self.engine.clock.now()) >= wait_ms + TURN_MS
    }

    /// Has the first message come again after a wait, and the others right behind it.
    ///
    /// The queue holds a group back as long as any of its messages is out of sight, so none may be left out.
    async fn give_back(&self, left: &[Parcel<'_>], wait: u64) {
        let postponed: Vec<_> = left
            .iter()
            .enumerate()
            .map(|(place, (record, _))| Postponed {
                receipt: &record.receipt_handle,
                seconds: if place == 0 { wait } else { 0 },
            })
            .collect();
        if let Err(error) = self.receipts.postpone(&postponed).await {
            log::warn!(error:%; "the group's messages come again later than they could");
        }
    }
}

/// The receipts of those of a group's messages that are settled, if others may wait behind them.
fn settled_in_order<'r>(group: &[Parcel<'r>], left: usize) -> impl Iterator<Item = &'r str> {
    let keeps_order = group.first().is_some_and(|(_, work)| work.as_ref().is_ok_and(|work| work.lane == Lane::Ordered));
    let settled = if keeps_order { group.len() - left } else { 0 };
    group[..settled].iter().map(|(record, _)| record.receipt_handle.as_str())
}

/// How many messages there are from the first unreadable one on.
fn unreadable(group: &[Parcel<'_>]) -> usize {
    group.iter().position(|(_, work)| work.is_err()).map_or(0, |place| group.len() - place)
}

/// Reads a message.
fn read<W: Worker>(body: &str) -> Result<Work, String> {
    // Where it went wrong, not what stood there.
    W::read(body).map_err(|error| format!("unreadable at column {}", error.column()))
}
