//! Messages that can never be routed: out of the way of the others, and where people see them.

use std::collections::HashMap;

use bellhop_app::ports::PortResult;
use bellhop_core::inbox::event_of;

use super::EngineParts;
use super::crashes::Crashes;
use bellhop_sqlite::Subject;

/// After how many panics over a message it is not routed again.
const MOST_PANICS: u32 = 3;

/// How often the router panicked over the messages that are still in the inbox, by their places.
#[derive(Default)]
pub(super) struct Panics(HashMap<i64, u32>);

impl Panics {
    /// Counts a panic over a message; says whether it was the last that the message may cause.
    pub(super) fn count(&mut self, place: i64) -> bool {
        let panics = self.0.entry(place).or_default();
        *panics += 1;
        if *panics < MOST_PANICS {
            return false;
        }
        self.0.remove(&place);
        true
    }

    /// Forgets a message that is gone.
    pub(super) fn forget(&mut self, place: i64) {
        self.0.remove(&place);
    }
}

/// Takes a message out of the inbox that can never be routed.
///
/// The event in it is recorded with dead tasks; where there is none, the message is kept in the table `poison` with the
/// reason. One that ended a process while this was done is kept there without being read.
pub(super) async fn set_aside(
    parts: &EngineParts,
    crashes: &Crashes,
    place: i64,
    message: &[u8],
    reason: &str,
) -> PortResult<()> {
    let aside = Subject::Aside(place);
    let is_recorded = if crashes.suspects(aside) {
        parts.routing.poison().unread(reason).await?;
        false
    } else {
        crashes.at(aside, parts.routing.set_aside(message, reason)).await?
    };
    if is_recorded {
        parts.database.forget_messages(vec![place]).await?;
    } else {
        let event = if crashes.suspects(aside) { None } else { event_of(message) };
        let event = event.map(|id| id.to_string()).unwrap_or_default();
        log::error!(event, reason; "a message can never be routed; it is kept in the table `poison`");
        parts.database.set_aside(place, reason.to_owned()).await?;
    }
    crashes.clear([Subject::Message(place), aside]);
    Ok(())
}

#[cfg(test)]
mod tests;
