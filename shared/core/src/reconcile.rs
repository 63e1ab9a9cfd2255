//! Deliveries that did not reach us: which of them to ask a sender for again, and when.
//!
//! GitHub never sends a failed delivery again by itself, but lists its attempts for three days and repeats one on request.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

const MINUTE_MS: u64 = 60_000;

/// How far the list goes back, in milliseconds: GitHub keeps no more.
pub const HORIZON_MS: u64 = 3 * 24 * 60 * MINUTE_MS;

/// How much of what was looked at before is looked at again: an attempt may be listed late.
pub const OVERLAP_MS: u64 = 10 * MINUTE_MS;

/// How long a delivery that was asked for is given to arrive.
pub const PATIENCE_MS: u64 = 10 * MINUTE_MS;

/// How often a delivery is asked for before it is given up.
pub const MOST_TIMES: u32 = 5;

/// How long after its last attempt a delivery may still stand in a list that is looked at.
const REMEMBERED_MS: u64 = 60 * MINUTE_MS;

/// One attempt at a delivery, as the sender lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    /// The attempt's number.
    pub id: u64,
    /// The delivery's id, the same for each of its attempts.
    pub guid: String,
    /// When the attempt was made.
    pub at: Timestamp,
    /// Whether we answered with a status from 200 to 299.
    pub accepted: bool,
}

/// A delivery to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The delivery's id.
    pub guid: String,
    /// The attempt to repeat.
    pub attempt: u64,
    /// When that was.
    pub at: Timestamp,
}

/// What is to be done after a look at the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The deliveries to ask for, the oldest first.
    pub lost: Vec<Lost>,
    /// The deliveries given up just now.
    pub given_up: Vec<String>,
    /// How many that were asked for have arrived since.
    pub arrived: usize,
}

/// How far a hook's deliveries have been looked at, and what was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Everything attempted before this moment was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Timestamp>,
    /// When the sender may be asked anything again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_until: Option<Timestamp>,
    /// The part of a long list that is still to be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Unread>,
    /// What was asked for, by the deliveries' ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub asked: BTreeMap<String, Asked>,
}

/// A part of the list that is still to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Where it begins, in the sender's words.
    pub cursor: String,
    /// How far back it goes.
    pub since: Timestamp,
}

/// A delivery that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The attempt to repeat.
    pub attempt: u64,
    /// How often it was asked for.
    pub times: u32,
    /// When it was asked for last.
    pub last: Timestamp,
    /// Whether it is not asked for any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given_up: bool,
}

impl Asked {
    /// Whether it is time to ask for it again, or to give it up.
    fn is_due(&self, now: Timestamp) -> bool {
        !self.given_up && now.ms_since(self.last) >= PATIENCE_MS
    }
}

impl Progress {
    /// A record of nothing, for looking back a given time.
    pub fn looking_back(ms: u64, now: Timestamp) -> Self {
        let back = now.as_ms().saturating_sub(ms).saturating_add(OVERLAP_MS);
        Self { checked: Some(Timestamp::from_ms(back)), ..Self::default() }
    }

    /// How far back the list is to be read.
    pub fn since(&self, now: Timestamp) -> Timestamp {
        let horizon = now.as_ms().saturating_sub(HORIZON_MS);
        let checked = self.checked.map_or(0, |checked| checked.as_ms().saturating_sub(OVERLAP_MS));
        Timestamp::from_ms(checked.max(horizon))
    }

    /// Whether the sender has asked to be left alone.
    pub fn must_wait(&self, now: Timestamp) -> bool {
        self.wait_until.is_some_and(|until| now < until)
    }

    /// Compares what is listed with what was asked for; forgets what arrived and what was given up long ago.
    pub fn look(&mut self, listed: &[Attempted], now: Timestamp) -> Findings {
        let mut findings = Findings::default();
        let unaccepted = unaccepted(listed);
        self.asked.retain(|guid, _| {
            let arrived = unaccepted.get(guid.as_str()).is_some_and(Option::is_none);
            findings.arrived += usize::from(arrived);
            !arrived
        });
        let since = self.since(now);
        self.asked.retain(|_, asked| !asked.given_up || asked.last.plus_ms(REMEMBERED_MS) >= since);
        for (guid, asked) in &mut self.asked {
            if asked.times >= MOST_TIMES && asked.is_due(now) {
                asked.given_up = true;
                findings.given_up.push(guid.clone());
            }
        }
        let again = self.asked.iter().filter(|(_, asked)| asked.is_due(now)).map(|(guid, asked)| Lost {
            guid: guid.clone(),
            attempt: asked.attempt,
            at: asked.last,
        });
        let fresh = unaccepted.into_iter().filter(|(guid, _)| !self.asked.contains_key(*guid));
        let fresh = fresh.filter_map(|(_, first)| first).map(|attempted| Lost {
            guid: attempted.guid.clone(),
            attempt: attempted.id,
            at: attempted.at,
        });
        findings.lost = again.chain(fresh).collect();
        findings.lost.sort_by(|a, b| (a.at, &a.guid).cmp(&(b.at, &b.guid)));
        findings
    }

    /// Notes that a delivery was asked for.
    pub fn note_asked(&mut self, lost: &Lost, now: Timestamp) {
        let asked = Asked { attempt: lost.attempt, times: 0, last: now, given_up: false };
        let asked = self.asked.entry(lost.guid.clone()).or_insert(asked);
        asked.times += 1;
        asked.last = now;
    }

    /// Notes that everything up to a moment was looked at, and that these could not be asked for yet.
    pub fn note_checked(&mut self, up_to: Timestamp, not_asked: &[Lost]) {
        // Those asked for before are remembered by themselves; the list must show the others again.
        let fresh = not_asked.iter().filter(|lost| !self.asked.contains_key(&lost.guid));
        let oldest = fresh.map(|lost| lost.at).min();
        self.checked = Some(oldest.map_or(up_to, |oldest| oldest.min(up_to)));
    }
}

/// The first failed attempt of each listed delivery; `None` for one that was accepted in any attempt.
fn unaccepted(listed: &[Attempted]) -> HashMap<&str, Option<&Attempted>> {
    let mut found: HashMap<&str, Option<&Attempted>> = HashMap::new();
    for attempted in listed {
        let first = found.entry(&attempted.guid).or_insert(Some(attempted));
        *first = first.filter(|_| !attempted.accepted).map(|known| match known.at <= attempted.at {
            true => known,
            false => attempted,
        });
    }
    found
}

#[cfg(test)]
mod tests;
