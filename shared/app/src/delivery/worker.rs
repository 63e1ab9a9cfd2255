//! What a kind of work supplies: its effect, and how to read the answer.

use async_trait::async_trait;
use bellhop_core::action::QueueName;
use bellhop_core::time::Timestamp;
use bellhop_core::work::{Queued, Work};

use super::Batch;
use crate::ports::PortResult;

/// Makes the effects of the kinds on one queue.
#[async_trait]
pub trait Worker: Send + Sync {
    /// The queue.
    const QUEUE: QueueName;

    /// Reads work of the queue.
    fn read(message: &str) -> serde_json::Result<Work> {
        serde_json::from_str(message)
    }

    /// Writes work for the queue.
    fn write(work: &Work) -> serde_json::Result<Queued> {
        work.queued()
    }

    /// How many of the first pieces of work make one effect together; at least one.
    fn fitting(&self, works: &[Work]) -> usize;

    /// The chat that is told of trouble.
    async fn operator_chat(&self) -> PortResult<Option<String>>;

    /// Whether effects are only shown, for something is missing to make them.
    async fn is_dry_run(&self) -> PortResult<bool> {
        Ok(false)
    }

    /// Shows what would be done.
    fn show(&self, _batch: &Batch<'_>) {}

    /// When the worker as a whole may make its next effect, if that is not now; else it counts as made.
    async fn not_before(&self, _now: Timestamp) -> PortResult<Option<Timestamp>> {
        Ok(None)
    }

    /// Makes an effect of a batch that is not empty; `moved_to` is where its destination is now, where that is known.
    ///
    /// An error says that nothing was done and nothing is known: the turn is taken again.
    async fn attempt(&self, batch: &Batch<'_>, moved_to: Option<&str>) -> PortResult<Attempted>;
}

/// What came of an attempt.
#[derive(Debug)]
pub struct Attempted {
    /// When it began.
    pub started_at: Timestamp,
    /// When the last answer was there.
    pub ended_at: Timestamp,
    /// Whether the effect happened.
    pub result: Result<(), Failure>,
    /// The last answer's HTTP status, where one came.
    pub status: Option<u16>,
    /// The beginning of the last answer.
    pub answer: String,
    /// Until when the destination wants no other call.
    pub blocked_until: Option<Timestamp>,
    /// Where the destination has moved to.
    pub moved_to: Option<String>,
    /// What came of each task of the batch, in their order; empty where what is said above holds for all of them.
    pub each: Vec<Single>,
}

/// What came of one task of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Single {
    /// Whether its effect happened.
    pub result: Result<(), Failure>,
    /// The beginning of the answer to it.
    pub answer: String,
}

/// Why an effect did not happen, in words, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The destination asks to come back later, which wears no task out and says nothing against it.
    #[error("{why}")]
    Throttled {
        /// Why.
        why: String,
        /// After how many seconds.
        seconds: u64,
    },
    /// It may happen later.
    #[error("{why}")]
    Passing {
        /// Why.
        why: String,
        /// After how many seconds to come back, where the destination said so.
        seconds: Option<u64>,
        /// Whether it speaks against the destination.
        counts: bool,
    },
    /// It will never happen, for what it is itself: that says nothing of the destination.
    #[error("{0}")]
    Refused(String),
    /// It is not to happen any more: a newer event's effect stands where it would be.
    #[error("{0}")]
    Overtaken(String),
    /// It will never happen there.
    #[error("{0}")]
    Closed(String),
    /// It will never happen there, nor will any other: the destination is disabled.
    #[error("{0}")]
    Gone(String),
}

/// An attempt without an answer.
pub(super) const fn attempted(started_at: Timestamp, ended_at: Timestamp, result: Result<(), Failure>) -> Attempted {
    Attempted {
        started_at,
        ended_at,
        result,
        status: None,
        answer: String::new(),
        blocked_until: None,
        moved_to: None,
        each: Vec::new(),
    }
}

impl Attempted {
    /// An attempt that was answered task by task. To the destination it is a success where one of them succeeded, and else
    /// the failure that says most against it.
    pub(super) fn of_each(started_at: Timestamp, ended_at: Timestamp, each: Vec<Single>) -> Self {
        let failures = || each.iter().filter_map(|single| single.result.as_ref().err());
        let any_succeeded = each.iter().any(|single| single.result.is_ok());
        let worst = failures().find(|failure| failure.speaks_against() == Some(true)).or_else(|| failures().next());
        let result = if any_succeeded { Ok(()) } else { worst.cloned().map_or(Ok(()), Err) };
        Self { each, ..attempted(started_at, ended_at, result) }
    }

    /// What came of the task at this place of the batch.
    pub(super) fn of(&self, place: usize) -> (&Result<(), Failure>, &str) {
        match self.each.get(place) {
            Some(single) => (&single.result, &single.answer),
            None => (&self.result, &self.answer),
        }
    }
}

impl Failure {
    /// A newer event of the key is shown.
    pub(super) fn overtaken() -> Self {
        Self::Overtaken("a newer event of its key is shown already".to_owned())
    }

    /// Whether trying again cannot help.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Overtaken(_) | Self::Closed(_) | Self::Gone(_))
    }

    /// Whether it speaks against the destination; `None` where it says nothing of it.
    pub const fn speaks_against(&self) -> Option<bool> {
        match self {
            Self::Throttled { .. } | Self::Refused(_) | Self::Overtaken(_) | Self::Passing { counts: false, .. } => {
                None
            }
            Self::Passing { .. } | Self::Closed(_) | Self::Gone(_) => Some(true),
        }
    }
}
