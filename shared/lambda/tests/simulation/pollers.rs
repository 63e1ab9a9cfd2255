//! What takes messages from the queues and gives them to the functions.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bellhop_app::testing::memory::{Memory, Queue, Received};
use bellhop_core::action::QueueName;
use bellhop_core::id::{EventId, TaskId};
use bellhop_core::inbox::{self, Read};
use bellhop_core::task::Task;
use bellhop_core::work::Work;
use bellhop_lambda::batch::Outcome;

use crate::quiet::release;
use crate::sandbox::Sandbox;
use crate::sim::{Removed, Sim};

/// Which function's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Router,
    Worker(QueueName),
}

impl Function {
    pub(crate) fn with<T>(self, memory: &Memory, look: impl FnOnce(&mut Queue) -> T) -> T {
        match self {
            Self::Router => memory.with_inbox(look),
            Self::Worker(_) => memory.with_work(look),
        }
    }
}

/// The queue of the work that a message is.
pub(crate) fn queue_of(body: &str) -> QueueName {
    serde_json::from_str::<Work>(body).map_or(QueueName::Telegram, |work| work.kind().queue())
}

/// Polls a queue until the world ends.
pub(crate) async fn poll(sim: Arc<Sim>, function: Function) {
    let mut sandbox = Sandbox::new(&sim);
    while !sim.has_ended() {
        let news = sim.something_new.notified();
        tokio::pin!(news);
        news.as_mut().enable();
        let now = sim.now();
        let most = usize::try_from(sim.random.between(1, 10)).unwrap();
        let pick = |count: usize| usize::try_from(sim.random.below(count as u64)).unwrap();
        let received = match function {
            Function::Router => sim.memory.with_inbox(|queue| queue.receive(most, now, pick)),
            // Each worker has a queue of its own.
            Function::Worker(name) => {
                sim.memory.with_work(|queue| queue.receive_of(|body| queue_of(body) == name, most, now, pick))
            }
        };
        if received.is_empty() {
            // The last message may just have become a dead letter.
            sim.look_around();
            let next = function.with(&sim.memory, |queue| queue.next_visible(now));
            let wait = next.map_or(Duration::from_secs(86_400), |next| Duration::from_millis(next.ms_since(now)));
            tokio::select! {
                biased;
                () = news => {}
                () = tokio::time::sleep(wait) => {}
            }
            continue;
        }
        sim.is_busy();
        sim.note(&format!("{function:?} {:?}", received.iter().map(|message| &message.receipt).collect::<Vec<_>>()));
        let parcels: Vec<_> = received.iter().map(|message| Parcel::new(&sim, function, message)).collect();
        sandbox.plan.begin();
        let outcome = match function {
            Function::Router => sandbox.route(&received).await,
            Function::Worker(name) => sandbox.carry(name, &received).await,
        };
        if sandbox.plan.is_hurt() || outcome.is_none() {
            sim.observed.lock().unwrap().pace_excuses += 1;
        }
        match outcome {
            Some(outcome) => settle(&sim, function, &parcels, &outcome, sandbox.plan.is_hurt()).await,
            None => {
                sandbox = Sandbox::new(&sim);
                let mut observed = sim.observed.lock().unwrap();
                for parcel in &parcels {
                    if let Wish::Route(event) = parcel.wish {
                        *observed.deaths.entry(event).or_default() += 1;
                    }
                }
            }
        }
        sim.is_quiet();
    }
}

/// A message that was received, and what it asks for.
struct Parcel<'r> {
    message: &'r Received,
    wish: Wish,
    /// Whether that was done before.
    was_done: bool,
}

/// What a message asks for, as far as can be seen of it.
enum Wish {
    Do(TaskId, u32),
    /// To do it later: then it goes into the chat's own line.
    Hold(TaskId, u32),
    Route(EventId),
    /// Whether an order is done, its effects tell in the end.
    Obey,
}

impl<'r> Parcel<'r> {
    fn new(sim: &Sim, function: Function, message: &'r Received) -> Self {
        let wish = match function {
            Function::Worker(_) => {
                let work: Work = serde_json::from_str(&message.body).unwrap();
                match work.task.held_until {
                    Some(_) => Wish::Hold(work.task.id, work.task.retries),
                    None => Wish::Do(work.task.id, work.task.retries),
                }
            }
            Function::Router => match inbox::read(message.body.as_bytes()).unwrap() {
                Read::Whole(event) => Wish::Route(event.head.id),
                Read::Claim(head) => Wish::Route(head.id),
                Read::Order(_) => Wish::Obey,
            },
        };
        let was_done = wish.is_done(sim);
        Self { message, wish, was_done }
    }
}

impl Wish {
    /// Whether this asks for the same task as another.
    fn is_twin(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Do(a, _), Self::Do(b, _)) | (Self::Hold(a, _), Self::Hold(b, _)) if a == b)
    }

    /// Whether it is done, as far as the message goes.
    fn is_done(&self, sim: &Sim) -> bool {
        match self {
            Self::Do(id, retries) => {
                sim.memory.task(id).is_some_and(|task| task.retries > *retries || task.status.is_final())
            }
            Self::Hold(id, retries) => {
                let is_released = sim.memory.with_work(|queue| queue.put_keys.contains(&release(id)));
                is_released || Self::Do(id.clone(), *retries).is_done(sim)
            }
            Self::Route(event) => {
                let tasks = sim.memory.event_tasks(*event);
                // What an order opened again is that order's to queue, and it comes again until it has.
                let first_round = |task: &&Task| is_own(task) && task.retries == 0;
                let mut open = tasks.iter().filter(first_round).filter(|task| !task.status.is_final());
                let put = |key: &String| sim.memory.with_work(|queue| queue.put_keys.contains(key));
                open.all(|task| put(&format!("{}#{}", task.id, task.retries)))
            }
            Self::Obey => true,
        }
    }
}

/// Deletes what is done, unless the deletion is lost or late, and checks that it is done.
async fn settle(sim: &Sim, function: Function, parcels: &[Parcel<'_>], outcome: &Outcome, hurt: bool) {
    let failures: Vec<_> = outcome.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
    sim.note(&format!("{function:?} failed {failures:?}"));
    let mut stopped = HashSet::new();
    for (place, Parcel { message, wish, was_done }) in parcels.iter().enumerate() {
        let (failed, done) = (failures.contains(&message.id.as_str()), wish.is_done(sim));
        // Behind a message that has to come again, all of its group come again.
        let behind = function != Function::Router && stopped.contains(&message.group);
        if failed && !done {
            stopped.insert(&message.group);
        }
        // A chat that has to wait is not even looked at, so what was done before may be reported once more; and what was
        // postponed for less time than the other chats took may be done already by others. The same goes for a task whose
        // work is in hand twice.
        let twice = parcels[..place].iter().any(|other| other.wish.is_twin(wish));
        let others = || !function.with(&sim.memory, |queue| queue.holds(&message.receipt));
        let excused = failed && (hurt || behind || *was_done || twice || others());
        if sim.removed == Removed::Nothing && failed == done && !excused {
            sim.broken(format!("{function:?}: message {} was reported as failed: {failed}, done: {done}", message.id));
        }
    }
    if sim.random.chance(sim.rates.lost * 2) {
        return;
    }
    if sim.random.chance(sim.rates.slow) {
        tokio::time::sleep(Duration::from_secs(sim.random.between(1, 400))).await;
    }
    let now = sim.now();
    for Parcel { message, .. } in parcels {
        let failed = failures.contains(&message.id.as_str()) && sim.removed != Removed::FailureLists;
        if !failed {
            function.with(&sim.memory, |queue| queue.delete(&message.receipt, now));
        }
    }
}

/// Whether a task was made with its event, of one of its hooks' actions.
pub(crate) fn is_own(task: &Task) -> bool {
    task.id.is_own()
}
