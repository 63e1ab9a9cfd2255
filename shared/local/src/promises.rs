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
            ("engine.rs", "NICENESS", &[10.0]),
            ("engine.rs", "PURGE_EVERY", &[300_000.0]),
            ("engine/chores.rs", "EVERY", &[300_000.0]),
            ("engine/crashes.rs", "MOST_POINTS", &[6.0]),
            ("engine/poison.rs", "MOST_PANICS", &[3.0]),
            ("engine/routing.rs", "TOGETHER", &[32.0]),
            ("engine/routing.rs", "UNANNOUNCED", &[2_000.0]),
            ("engine/subject.rs", "ABORTED", &[3.0]),
            ("engine/subject.rs", "HINT", &[1.0]),
            ("engine/subject.rs", "KILLED", &[2.0]),
            ("engine/telegram.rs", "CHATS_AT_ONCE", &[32.0]),
            ("engine/telegram.rs", "LONGEST_PAUSE", &[5_000.0]),
            ("engine/telegram.rs", "MESSAGES_AT_ONCE", &[100.0]),
            ("packed.rs", "MOST_BODY_BYTES", &[27_262_976.0]),
            ("purge.rs", "AT_ONCE", &[500.0]),
            ("purge.rs", "CLAIMS_STAY", &[86_400_000.0]),
            ("queues.rs", "FIRST_LINE", &[16_384.0]),
            ("queues.rs", "LOOKED_AT", &[32.0]),
            ("writer.rs", "MOST_MESSAGES", &[512.0]),
            ("writer.rs", "MOST_OTHERS", &[64.0]),
        ],
    );
}

#[test]
fn the_listener_allows_what_is_promised() {
    let Listener { most_connections, header_time, header_bytes, stop_time } = Listener::default();
    let seconds = (header_time.as_secs(), stop_time.as_secs());
    assert_eq!((most_connections, header_bytes, seconds), (1024, 49_152, (10, 5)));
}
