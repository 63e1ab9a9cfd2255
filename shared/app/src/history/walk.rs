//! Walking back through what happened, a bounded way at a time.

use bellhop_core::id::EventId;
use bellhop_core::order::RefusedRequest;
use bellhop_core::task::TaskStatus;
use bellhop_core::time::{DAY_MS, Timestamp};

use super::Records;
use crate::ports::{Page, PortResult, RecordedEvent};

/// How many entries are read at a time.
const READ: usize = 100;

/// How many entries are looked at for one request, at most; a read that finds fewer counts as [`LEAST`].
const BUDGET: usize = 2000;

/// What a read counts at least.
const LEAST: usize = 50;

/// Which stretch of time is wanted, and how much of it at a time.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Up to this moment, itself left out.
    pub to: Option<Timestamp>,
    /// Where an earlier slice ended.
    pub cursor: Option<EventId>,
    /// How many entries to find.
    pub limit: usize,
}

/// A part of a list, newest first. It may go on though it holds fewer entries than asked for.
#[derive(Debug)]
pub struct Slice<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the list goes on, if it does.
    pub next: Option<EventId>,
}

/// What is walked over.
#[derive(Debug, Clone, Copy)]
pub(super) enum Among {
    /// Events; where a status is given, those with a task that stands so may be all that are met.
    Events(Option<TaskStatus>),
    /// Refused requests.
    Refused,
}

/// Something that happened.
pub(super) enum Entry {
    /// An event.
    Event(RecordedEvent),
    /// A refused request.
    Refused(RefusedRequest),
}

impl Entry {
    /// Its place in time.
    const fn id(&self) -> EventId {
        match self {
            Self::Event(recorded) => recorded.head.id,
            Self::Refused(refused) => refused.id,
        }
    }
}

impl Records {
    /// Walks back through a window until enough was taken, or enough looked at.
    pub(super) async fn walk<T>(
        &self,
        among: Among,
        window: &Window,
        mut take: impl FnMut(Entry) -> Vec<T> + Send,
    ) -> PortResult<Slice<T>> {
        // Nothing lives longer than this, so nothing older need be looked for.
        let days = u64::from(self.hooks.settings().await?.retention_days) + 1;
        let kept = Timestamp::from_ms(self.clock.now().as_ms().saturating_sub(days * DAY_MS));
        let oldest = window.from.unwrap_or_default().max(kept);
        let end = window.to.map(|to| EventId::new(to, &[0; 10]));
        let mut older_than = match (window.cursor, end) {
            (Some(cursor), Some(end)) => Some(cursor.min(end)),
            (cursor, end) => cursor.or(end),
        };
        let (mut items, mut budget) = (Vec::new(), BUDGET);
        loop {
            let page = self.read(among, older_than, oldest).await?;
            budget = budget.saturating_sub(page.items.len().max(LEAST));
            let mut last = None;
            for entry in page.items {
                if items.len() >= window.limit {
                    // There is at least this one more; the next slice begins with it.
                    return Ok(Slice { items, next: last.or(older_than) });
                }
                last = Some(entry.id());
                items.extend(take(entry));
            }
            match page.next {
                Some(next) if budget > 0 && items.len() < window.limit => older_than = Some(next),
                next => return Ok(Slice { items, next }),
            }
        }
    }

    /// Reads some entries.
    async fn read(&self, among: Among, older_than: Option<EventId>, oldest: Timestamp) -> PortResult<Page<Entry>> {
        let status = match among {
            Among::Refused => {
                let page = self.history.refused(older_than, oldest, READ).await?;
                return Ok(Page { items: page.items.into_iter().map(Entry::Refused).collect(), next: page.next });
            }
            Among::Events(status) => status,
        };
        let listed = match status {
            Some(status) => self.history.events_with_task(status, older_than, oldest, READ).await?,
            None => None,
        };
        let page = match listed {
            Some(page) => page,
            None => self.history.events(older_than, oldest, READ).await?,
        };
        Ok(Page { items: page.items.into_iter().map(Entry::Event).collect(), next: page.next })
    }
}
