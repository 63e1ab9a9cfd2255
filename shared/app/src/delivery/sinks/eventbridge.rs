//! Events on buses of EventBridge: those that wait for one bus go in one call, and what is not taken is tried again alone.

use std::sync::Arc;

use async_trait::async_trait;
use bellhop_core::action::eventbridge::{Entry, MOST_BYTES};
use bellhop_core::task::Task;
use bellhop_core::work::{Payload, Work};

use super::Sink;
use super::aws::{Missing, NO_WAY, failure, said};
use crate::delivery::{Attempted, Batch, Failure, Single, attempted};
use crate::ports::{AwsReach, AwsRefusal, BusEvent, Clock, PortResult};

/// The most events of one call (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>).
const MOST_EVENTS: usize = 10;

/// How often an event may fail in the service while others of its call arrive: it holds up those behind it, and the trouble
/// is its own.
const MOST_ALONE: usize = 4;

/// What is missing where a bus is.
const BUS: Missing = Missing { service: "EventBridge", fix: "make the event bus, or set `bus` to one that there is" };

/// Puts events on buses.
pub struct Eventbridge {
    /// The way to AWS, where there is one.
    pub aws: Option<AwsReach>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Sink for Eventbridge {
    fn fitting(&self, works: &[Work]) -> usize {
        let mut bytes = 0;
        let fits = |work: &&Work| {
            bytes += entry(work).map_or(MOST_BYTES, Entry::bytes);
            bytes <= MOST_BYTES
        };
        works.iter().take(MOST_EVENTS).take_while(fits).count().max(1)
    }

    async fn attempt(&self, batch: &Batch<'_>) -> PortResult<Attempted> {
        let started_at = self.clock.now();
        let failed = |failure| Ok(attempted(started_at, started_at, Err(failure)));
        let entries: Vec<_> = batch.works.iter().filter_map(|work| entry(work)).collect();
        let Some(first) = entries.first().filter(|_| entries.len() == batch.tasks.len()) else {
            return failed(Failure::Refused("it is no event for a bus".to_owned()));
        };
        let Some(AwsReach { api, targets }) = &self.aws else {
            return failed(Failure::Closed(NO_WAY.to_owned()));
        };
        let bus = match targets.find(&first.bus, api.region()) {
            Ok(bus) => bus,
            Err(why) => return failed(Failure::Closed(why)),
        };
        let events = entries.iter().map(|entry| BusEvent {
            source: &entry.source,
            detail_type: &entry.detail_type,
            detail: &entry.detail,
            time: entry.time,
        });
        let put = api.put_events(bus.region, bus.text, &events.collect::<Vec<_>>()).await;
        let ended_at = self.clock.now();
        match put {
            Ok(answers) => {
                let any_arrived = answers.iter().any(Result::is_ok);
                let answers = answers.into_iter().map(Some).chain(std::iter::repeat(None));
                let each = batch.tasks.iter().zip(answers);
                let each = each.map(|(task, answer)| single(task, answer, any_arrived, bus.text)).collect();
                Ok(Attempted { status: Some(200), ..Attempted::of_each(started_at, ended_at, each) })
            }
            Err(refusal) => {
                let answer = if refusal.status.is_some() { said(&refusal) } else { String::new() };
                let result = Err(failure(BUS, &refusal, bus.text));
                Ok(Attempted { status: refusal.status, answer, ..attempted(started_at, ended_at, result) })
            }
        }
    }
}

/// What travels for a bus.
fn entry(work: &Work) -> Option<&Entry> {
    if let Payload::Eventbridge(entry) = &work.payload { Some(entry) } else { None }
}

/// What came of an event; `None` where the service said nothing of it.
fn single(task: &Task, answer: Option<Result<String, AwsRefusal>>, any_arrived: bool, bus: &str) -> Single {
    let refusal = match answer {
        Some(Ok(id)) => return Single { result: Ok(()), answer: id },
        Some(Err(refusal)) => refusal,
        None => AwsRefusal { why: "EventBridge said nothing of this event".to_owned(), ..AwsRefusal::default() },
    };
    let failure = match failure(BUS, &refusal, bus) {
        // The bus works: what fails is this event.
        Failure::Passing { why, seconds, counts: true } if any_arrived => match task.failures() + 1 >= MOST_ALONE {
            true => Failure::Refused(format!("{why}; it failed {MOST_ALONE} times while others arrived")),
            false => Failure::Passing { why, seconds, counts: false },
        },
        other => other,
    };
    Single { result: Err(failure), answer: said(&refusal) }
}

#[cfg(test)]
mod tests;
