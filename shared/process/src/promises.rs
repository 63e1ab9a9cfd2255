//! The numbers that the documents promise, as literals: whoever changes one changes it here and there too.

#[path = "../../core/src/promises/reader.rs"]
mod reader;

use crate::listener::Listener;

#[test]
fn constants_are_what_is_promised() {
    reader::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("engine.rs", "AFTER_FAILURE", &[1_000.0]),
            ("engine.rs", "NICENESS", &[5.0]),
            ("engine.rs", "PURGE_EVERY", &[300_000.0]),
            ("engine/maintenance.rs", "EVERY", &[300_000.0]),
            ("engine/crashes.rs", "MOST_POINTS", &[6.0]),
            ("engine/poison.rs", "MOST_PANICS", &[3.0]),
            ("engine/routing.rs", "TOGETHER", &[64.0]),
            ("engine/routing.rs", "TOGETHER_BYTES", &[4_194_304.0]),
            ("engine/routing.rs", "UNANNOUNCED", &[2_000.0]),
            ("engine/delivery.rs", "TURNS_AT_ONCE", &[256.0]),
            ("engine/delivery.rs", "OF_DESTINATION", &[16.0]),
            ("engine/delivery.rs", "LONGEST_PAUSE", &[5_000.0]),
            ("engine/delivery.rs", "MESSAGES_AT_ONCE", &[200.0]),
            ("listener/budget.rs", "FREE_BYTES", &[16_384.0]),
            ("listener/budget.rs", "SHARES", &[4.0]),
            ("listener/connection.rs", "LAST_TIME", &[60_000.0]),
            ("listener/places.rs", "LOOPBACK_PLACES", &[16.0]),
            ("listener/places.rs", "PATIENCE", &[50.0]),
            ("listener/refusal.rs", "MOST_AT_ONCE", &[256.0]),
            ("listener/refusal.rs", "TIME", &[1_000.0]),
            ("listener/source.rs", "NETWORK_BITS", &[64.0]),
            ("listener/stream.rs", "LINGER_BYTES", &[4_194_304.0]),
            ("listener/stream.rs", "LINGER_TIME", &[1_000.0]),
            ("listener/stream.rs", "TURN_BYTES", &[65_536.0]),
            ("smtp.rs", "MAIL_TIME", &[15_000.0]),
            ("smtp.rs", "QUIT_TIME", &[1_000.0]),
            ("smtp.rs", "MOST_ANSWER_CHARS", &[500.0]),
            ("verify_worker.rs", "NICENESS", &[10.0]),
            ("verify_worker/turns.rs", "MOST_BEGUN", &[64.0]),
            ("verify_worker/turns.rs", "MOST_BEGUN_OF_SOURCE", &[16.0]),
            ("verify_worker/turns.rs", "MOST_WAITING_OF_SOURCE", &[256.0]),
        ],
    );
}

#[test]
fn the_listener_allows_what_is_promised() {
    let limits = Listener::default();
    assert_eq!((limits.most_connections, limits.connections_per_address), (1024, 512));
    assert_eq!((limits.bytes_in_flight, limits.header_bytes, limits.stall_bytes), (67_108_864, 49_152, 10_240));
    let times = [limits.header_time, limits.stall_time, limits.longest, limits.stop_time];
    assert_eq!(times.map(|time| time.as_secs()), [10, 10, 600, 5]);
}
