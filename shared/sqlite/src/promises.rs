//! The numbers that the documents promise, as literals: whoever changes one changes it here and there too.

#[path = "../../core/src/promises/reader.rs"]
mod reader;

#[test]
fn constants_are_what_is_promised() {
    reader::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("checkpoint.rs", "FEW_PAGES", &[128.0]),
            ("checkpoint.rs", "LONG_LOG", &[4_000.0]),
            ("checkpoint.rs", "MOST_PASSES", &[4.0]),
            ("crashes.rs", "ABORTED", &[3.0]),
            ("crashes.rs", "HINT", &[1.0]),
            ("crashes.rs", "KILLED", &[2.0]),
            ("fresh.rs", "MOST_MESSAGE_BYTES", &[8_388_608.0]),
            ("fresh.rs", "MOST_WORK_BYTES", &[4_194_304.0]),
            ("packed.rs", "MOST_BODY_BYTES", &[27_262_976.0]),
            ("packed.rs", "SHORT_BODY", &[8_192.0]),
            ("purge.rs", "AT_ONCE", &[500.0]),
            ("purge.rs", "CLAIMS_STAY", &[86_400_000.0]),
            ("queues.rs", "FIRST_LINE", &[16_384.0]),
            ("queues.rs", "LOOKED_AT", &[32.0]),
            ("writer/job.rs", "LONGEST", &[1.0]),
            ("writer/job.rs", "LONGEST_ALONE", &[10.0]),
            ("writer.rs", "MOST_MESSAGES", &[512.0]),
            ("writer.rs", "MOST_OTHERS", &[64.0]),
        ],
    );
}
