//! The numbers that the documents promise, as literals: whoever changes one changes it here and there too.

#[path = "../../core/src/promises/reader.rs"]
mod reader;

#[test]
fn constants_are_what_is_promised() {
    reader::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("work.rs", "MOST_ENDS", &[2.0]),
            ("work.rs", "POISON_SECONDS", &[5.0]),
            ("work.rs", "SHORT_WAIT_MS", &[2_500.0]),
            ("work.rs", "TROUBLE_SECONDS", &[30.0]),
            ("work.rs", "TURN_MS", &[32_000.0]),
            ("http.rs", "ANSWER_TIME", &[2_800.0]),
            ("crashes.rs", "KEPT_MS", &[1_209_600_000.0]),
            ("inbox.rs", "MOST_ENDS", &[2.0]),
            ("inbox.rs", "SENDING_MS", &[6_000.0]),
            ("metrics.rs", "MOST_VALUES", &[100.0]),
        ],
    );
}
