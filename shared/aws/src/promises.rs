//! The numbers that the documents promise, as literals: whoever changes one changes it here and there too.

#[path = "../../core/src/promises/reader.rs"]
mod reader;

#[test]
fn constants_are_what_is_promised() {
    reader::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("batch.rs", "MOST_ROWS", &[25.0]),
            ("batch.rs", "CALLS_AT_ONCE", &[8.0]),
            ("batch.rs", "ATTEMPTS", &[6.0]),
            ("client.rs", "ATTEMPT_TIME", &[1_200.0]),
            ("client.rs", "CALL_TIME", &[2_500.0]),
            ("client.rs", "ATTEMPTS", &[3.0]),
            ("client.rs", "EVENTS_TIME", &[10_000.0]),
            ("client.rs", "SHORTEST_KEY", &[5.0]),
            ("client.rs", "MAIL_TIME", &[10_000.0]),
            ("configurations.rs", "MOST_CHANGES", &[100.0]),
            ("dead_letters.rs", "MOST_MESSAGES", &[10.0]),
            ("days.rs", "MOST_SINGLE", &[4.0]),
            ("days.rs", "MOST_KNOWN", &[64.0]),
            ("days.rs", "LONGER_MS", &[2_592_000_000.0]),
            ("due.rs", "SPARE_ROWS", &[10.0]),
            ("table.rs", "LATE_MS", &[5_000.0]),
            ("history.rs", "READ_TOGETHER", &[16.0]),
            ("http.rs", "CONNECT_TIME", &[1_000.0]),
            ("http.rs", "IDLE_TIME", &[18_000.0]),
            ("http.rs", "MOST_ANSWER_BYTES", &[27_262_977.0]),
            ("inbox.rs", "BATCHES_AT_ONCE", &[4.0]),
            ("inbox.rs", "MOST_CARRIED_BYTES", &[327_680.0]),
            ("key.rs", "DUE_SHARDS", &[8.0]),
            ("key.rs", "SHARDS", &[16.0]),
            ("merge.rs", "SPARE_ROWS", &[5.0]),
            ("newest.rs", "DAYS_AT_ONCE", &[8.0]),
            ("newest.rs", "MOST_DAYS", &[100.0]),
            ("newest.rs", "MOST_QUERIES", &[32.0]),
            ("pack.rs", "MOST_BYTES", &[27_262_976.0]),
            ("pack.rs", "WELL_PACKED_BYTES", &[65_536.0]),
            ("pack/hashes.rs", "MOST_AGAIN", &[90.0]),
            ("pack/hashes.rs", "SHORTEST", &[8.0]),
            ("parameters.rs", "MOST_NAMES", &[10.0]),
            ("receipts.rs", "MOST_SECONDS", &[42_300.0]),
            ("retry.rs", "FIRST_WAIT", &[50.0]),
            ("retry.rs", "LONGEST_WAIT", &[1_000.0]),
            ("retry.rs", "QUOTA", &[500.0]),
            ("retry.rs", "COST", &[5.0]),
            ("sqs.rs", "MOST_BYTES", &[1_000_000.0]),
            ("sqs.rs", "MOST_ENTRIES", &[10.0]),
            ("sqs.rs", "MOST_SENT", &[3.0]),
            ("turns.rs", "SHORT_BYTES", &[900.0]),
            ("turns.rs", "TOGETHER_MS", &[60_000.0]),
        ],
    );
}
