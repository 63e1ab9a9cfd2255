//! Checks what one process is to take at once.

use super::{Problems, between};
use crate::config::{Capacity, ConfigSpec};

/// The least a budget of bytes may be: less would not take one ordinary webhook from each of a few addresses.
const LEAST_BYTES: u64 = 1024 * 1024;
const MOST_BYTES: u64 = 64 * 1024 * 1024 * 1024;

/// How many connections there may be.
const LEAST_CONNECTIONS: u32 = 16;
const MOST_CONNECTIONS: u32 = 100_000;

/// Checks the limits of one process; the longest body of a hook must fit the share of one address.
pub(super) fn check(spec: &ConfigSpec, problems: &mut Problems) -> Capacity {
    let mut capacity = Capacity::default();
    if let Some(most) = spec.limits.connections {
        let checked = between(most, LEAST_CONNECTIONS, MOST_CONNECTIONS);
        capacity.connections = problems.take("limits.connections", checked).unwrap_or(capacity.connections);
        capacity.connections_per_address = capacity.connections / 2;
    }
    if let Some(most) = spec.limits.connections_per_address {
        let checked = between(most, 1, capacity.connections)
            .map_err(|why| format!("{why}, which is `limits.connections`, of all addresses together"));
        capacity.connections_per_address = problems.take("limits.connections_per_address", checked).unwrap_or(most);
    }
    let longest = spec.hooks.iter().filter_map(|hook| hook.max_body_bytes).max().unwrap_or_default();
    let needed = longest.saturating_mul(4).min(MOST_BYTES);
    capacity.bytes_in_flight = match spec.limits.bytes_in_flight {
        None => capacity.bytes_in_flight.max(needed),
        Some(most) => {
            let checked = between(most, LEAST_BYTES.max(needed), MOST_BYTES).map_err(|why| match most < needed {
                true => format!("{why}: one address may take a quarter, and a hook takes bodies of {longest} bytes"),
                false => why,
            });
            problems.take("limits.bytes_in_flight", checked).unwrap_or(most)
        }
    };
    capacity
}
