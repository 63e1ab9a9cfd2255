//! Replays: events done again on request, one, some or a range of time, with how far it is.

use serde::{Deserialize, Serialize};

use crate::event::EventHead;
use crate::filter::type_passes;
use crate::id::{EventId, Owner, ReplayId};
use crate::time::Timestamp;

/// A replay: what is asked for, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Its id.
    pub id: ReplayId,
    /// Which events.
    pub selection: Selection,
    /// For which owner alone; `None`: for all whose an event is.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "hook", alias = "owner")]
    pub owner: Option<Owner>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// How many events were looked at.
    #[serde(default)]
    pub seen: u64,
    /// How many of them were done again.
    #[serde(default)]
    pub replayed: u64,
    /// How many tasks that made.
    #[serde(default)]
    pub tasks: u64,
    /// Where it goes on, for a range: with events older than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_than: Option<EventId>,
    /// When the last event was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// Which events to do again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selection {
    /// These.
    Events(Vec<EventId>),
    /// Those accepted in a range of time that fit.
    Range {
        /// From this moment on.
        from: Timestamp,
        /// Up to this moment, itself left out.
        to: Timestamp,
        /// Only of this sender.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sender: Option<String>,
        /// Only of a type that one of these patterns matches; empty: of any.
        #[serde(default)]
        events: Vec<String>,
    },
}

/// How long a replay is remembered.
const KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// What one order of a replay came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many events were looked at.
    pub seen: u64,
    /// How many of them were done again.
    pub replayed: u64,
    /// How many tasks that made.
    pub tasks: u64,
}

impl Replay {
    /// How many events one order does.
    pub const AT_ONCE: usize = 25;

    /// When it may be forgotten.
    pub const fn expires(&self) -> Timestamp {
        self.created_at.plus_ms(KEPT_MS)
    }

    /// The events that are next, where they are named one by one.
    pub fn next_named(&self) -> &[EventId] {
        let Selection::Events(events) = &self.selection else { return &[] };
        let rest = usize::try_from(self.seen).ok().and_then(|seen| events.get(seen..)).unwrap_or_default();
        &rest[..rest.len().min(Self::AT_ONCE)]
    }

    /// Adds what an order came to; the range goes on with events older than `older_than`, if it does.
    pub fn advance(&mut self, done: Progress, older_than: Option<EventId>, now: Timestamp) {
        self.seen += done.seen;
        self.replayed += done.replayed;
        self.tasks += done.tasks;
        let over = match &self.selection {
            Selection::Events(_) => self.next_named().is_empty(),
            Selection::Range { .. } => older_than.is_none(),
        };
        self.older_than = older_than;
        self.finished_at = over.then_some(now);
    }

    /// Whether an event is among those asked for.
    pub fn takes(&self, head: &EventHead) -> bool {
        let ours = self.owner.as_ref().is_none_or(|owner| head.is_of(owner));
        let selected = match &self.selection {
            Selection::Events(events) => events.contains(&head.id),
            Selection::Range { from, to, sender, events } => {
                (*from..*to).contains(&head.id.accepted_at())
                    && sender.as_ref().is_none_or(|sender| *sender == head.sender)
                    && type_passes(events, head.event_type.as_deref())
            }
        };
        ours && selected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay(selection: Selection) -> Replay {
        Replay {
            id: ReplayId::from_text("rp_1"),
            selection,
            owner: None,
            created_at: Timestamp::from_ms(0),
            seen: 0,
            replayed: 0,
            tasks: 0,
            older_than: None,
            finished_at: None,
        }
    }

    fn ids(count: u8) -> Vec<EventId> {
        (0..count).map(|n| EventId::new(Timestamp::from_ms(u64::from(n)), &[n; 10])).collect()
    }

    #[test]
    fn named_events_come_once_each_and_then_it_is_over() {
        let events = ids(60);
        let mut replay = replay(Selection::Events(events.clone()));
        let mut named = Vec::new();
        while replay.finished_at.is_none() {
            let next = replay.next_named().to_vec();
            assert!((1..=Replay::AT_ONCE).contains(&next.len()));
            named.extend_from_slice(&next);
            let seen = u64::try_from(next.len()).unwrap();
            replay.advance(Progress { seen, replayed: 1, tasks: 2 }, None, Timestamp::from_ms(9));
        }
        assert_eq!((named, replay.seen, replay.replayed, replay.tasks), (events, 60, 3, 6));
    }

    #[test]
    fn a_range_is_over_where_the_list_ends_though_pages_may_be_empty() {
        let range = Selection::Range {
            from: Timestamp::from_ms(0),
            to: Timestamp::from_ms(9),
            sender: None,
            events: Vec::new(),
        };
        let mut replay = replay(range);
        let place = ids(1)[0];
        replay.advance(Progress::default(), Some(place), Timestamp::from_ms(1));
        assert_eq!((replay.older_than, replay.finished_at), (Some(place), None));
        replay.advance(Progress::default(), None, Timestamp::from_ms(2));
        assert_eq!(replay.finished_at, Some(Timestamp::from_ms(2)));
    }
}
