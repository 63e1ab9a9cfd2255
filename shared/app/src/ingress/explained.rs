//! What more can be said of a refused request than the first thing that is wrong with it, for the operator alone.

use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_senders::explain::{Case, Finding, hints};
use bellhop_senders::inbound::Inbound;
use bellhop_senders::verify::Refusal;

use crate::doors::{Door, Doors};

/// The longest body that is looked into, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// How many secrets of other hooks are tried.
const MOST_OTHERS: usize = 100;

/// How long the findings may be together, in characters.
const MOST_CHARS: usize = 500;

/// The findings about a request that a door refused, each after a semicolon; empty where there are none.
pub(super) fn findings(doors: &Doors, door: &Door, inbound: Inbound<'_>, refusal: Refusal, now: Timestamp) -> String {
    if inbound.body.len() > MOST_BYTES {
        return String::new();
    }
    let mut others: Vec<(&str, &Secret)> = doors.others(door).collect();
    // Where several hooks share a secret, it is always the same one that is named.
    others.sort_unstable_by_key(|(name, _)| *name);
    others.truncate(MOST_OTHERS);
    let case = Case { sender: door.sender, secrets: &door.secrets, others: &others, inbound, fetched: None, now };
    let found = hints(case, refusal).into_iter().map(|finding| format!("; {}", placed(finding, door)));
    found.collect::<String>().chars().take(MOST_CHARS).collect()
}

/// A finding that counts all of the hook's secrets, not only the usable ones.
fn placed(finding: Finding, door: &Door) -> Finding {
    match finding {
        Finding::Secret { which, spelling } => {
            Finding::Secret { which: door.places.get(which).copied().unwrap_or(which), spelling }
        }
        finding => finding,
    }
}
