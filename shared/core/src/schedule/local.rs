//! Due times of a clock on a wall: what it shows, and at which instants.

use croner::Cron;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use super::zone::{instant, moment, timestamp};
use super::{Due, cron};
use crate::time::Timestamp;

/// How many shown times are gone through at most for one due time: each minute of two days. No clock is changed by more.
const MOST_SHOWN: usize = 2 * 24 * 60;

/// How many changes of the clock are gone through at most for one due time: four a year for a century.
const MOST_CHANGES: usize = 400;

/// How many due times are gone through at most to count them: each minute of a week.
pub(super) const MOST_COUNTED: u64 = 7 * 24 * 60;

/// A clock on the wall, and what it is to show.
pub(super) struct Clock {
    pub(super) zone: TimeZone,
    pub(super) shows: Shows,
}

/// What a clock is to show.
pub(super) enum Shows {
    /// One of these times, in their order.
    Daily(Vec<Time>),
    /// What an expression says.
    Cron(Box<Cron>),
    /// What an expression says that goes by elapsed time.
    Elapsed(Box<Cron>),
}

impl Shows {
    /// Times of the day, as they are stored.
    pub(super) fn daily(times: &[String]) -> Option<Self> {
        times.iter().map(|time| time.parse().ok()).collect::<Option<_>>().map(Self::Daily)
    }

    /// An expression, as it is stored.
    pub(super) fn cron(expression: &str) -> Option<Self> {
        let cron = Box::new(cron::parse(expression).ok()?);
        Some(if cron::is_elapsed(&cron) { Self::Elapsed(cron) } else { Self::Cron(cron) })
    }

    /// The next shown time after another one.
    fn after(&self, shown: DateTime) -> Option<DateTime> {
        match self {
            Self::Cron(cron) | Self::Elapsed(cron) => cron.find_next_occurrence(&shown, false).ok(),
            Self::Daily(times) => match times.iter().find(|time| **time > shown.time()) {
                Some(time) => Some(shown.date().to_datetime(*time)),
                None => Some(shown.date().tomorrow().ok()?.to_datetime(*times.first()?)),
            },
        }
    }
}

impl Clock {
    /// The first due time at a moment or after it.
    pub(super) fn first(&self, from: Timestamp) -> Option<Due> {
        if let Shows::Elapsed(cron) = &self.shows {
            return self.elapsed(cron, from);
        }
        // What was shown just before: a time that is left out at this very moment is due at it.
        let before = Timestamp::from_ms(from.as_ms().saturating_sub(1));
        self.shown(self.zone.to_datetime(moment(before)?), from)
    }

    /// The due time after another one.
    pub(super) fn next(&self, last: &Due) -> Option<Due> {
        let after = last.at.plus_ms(1);
        match last.local.as_deref().and_then(|local| local.parse().ok()) {
            Some(local) if !matches!(self.shows, Shows::Elapsed(_)) => self.shown(local, after),
            _ => self.first(after),
        }
    }

    /// The last due time after another one, at a moment or before, and how many there are; no more than one above
    /// `MOST_COUNTED` are counted.
    pub(super) fn latest(&self, last: &Due, until: Timestamp) -> Option<(Due, u64)> {
        let is_past = |due: &Due| due.at <= until;
        let mut found = self.next(last).filter(is_past)?;
        for count in 1..=MOST_COUNTED {
            match self.next(&found).filter(is_past) {
                Some(due) => found = due,
                None => return Some((found, count)),
            }
        }
        // There is a due time from each moment up to the last one, and none from any later one.
        let (mut early, mut late) = (found.at.as_ms(), until.as_ms());
        while early < late {
            let middle = early + (late - early).div_ceil(2);
            match self.first(Timestamp::from_ms(middle)).filter(is_past) {
                Some(due) => (early, found) = (due.at.as_ms(), due),
                None => late = middle - 1,
            }
        }
        Some((found, MOST_COUNTED + 1))
    }

    /// The first instant, at a moment or after it, at which the clock shows what an expression says: between two changes of
    /// the clock it goes on as evenly as time does.
    fn elapsed(&self, cron: &Cron, from: Timestamp) -> Option<Due> {
        // Expressions hold at whole seconds.
        let mut from = moment(Timestamp::from_seconds(from.as_ms().div_ceil(1000)))?;
        for _ in 0..MOST_CHANGES {
            let offset = self.zone.to_offset(from);
            let shown = cron.find_next_occurrence(&offset.to_datetime(from), true).ok()?;
            let at = offset.to_timestamp(shown).ok()?;
            match self.zone.following(from).next().map(|change| change.timestamp()) {
                Some(change) if change <= at => from = change,
                _ => return Some(Due { at: timestamp(at)?, local: None }),
            }
        }
        None
    }

    /// The first due time of what is shown after another one, at a moment or after it; of several at one instant, it stands
    /// for the last.
    fn shown(&self, after: DateTime, from: Timestamp) -> Option<Due> {
        let mut found: Option<(Timestamp, DateTime)> = None;
        let mut shown = after;
        for _ in 0..MOST_SHOWN {
            let Some(next) = self.shows.after(shown) else { break };
            let at = instant(&self.zone, next)?;
            match found {
                Some((first, _)) if at != first => break,
                _ if at >= from => found = Some((at, next)),
                _ => {}
            }
            shown = next;
        }
        found.map(|(at, shown)| Due { at, local: Some(shown.to_string()) })
    }
}
