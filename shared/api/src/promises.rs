//! The numbers that the documents promise, as literals: whoever changes one changes it here and there too.

#[path = "../../core/src/promises/reader.rs"]
mod reader;

#[test]
fn constants_are_what_is_promised() {
    reader::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("lib.rs", "MAX_BODY_BYTES", &[2_097_152.0]),
            ("auth.rs", "MOST_SEEN", &[16.0]),
            ("auth.rs", "MOST_SOURCES", &[10_000.0]),
            ("auth.rs", "WRONG_PER_MINUTE", &[10.0]),
            ("events/purge.rs", "LARGEST_PURGE", &[200.0]),
            ("events/view.rs", "MOST_SHOWN", &[2_097_152.0]),
            ("hooks/rotate.rs", "GRACE_SECONDS", &[86_400.0]),
            ("hooks/rotate.rs", "LONGEST_GRACE_SECONDS", &[604_800.0]),
            ("query.rs", "LARGEST_PAGE", &[200.0]),
            ("query.rs", "PAGE", &[50.0]),
            ("replays.rs", "MOST_SELECTED", &[1_000.0]),
            ("tokens.rs", "LONGEST_SECONDS", &[315_360_000.0]),
            ("web/reading.rs", "BODY_TIME", &[15_000.0]),
            ("web/reading.rs", "FIRST_ROOM", &[65_536.0]),
        ],
    );
}
