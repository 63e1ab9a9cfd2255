//! The numbers that the documents promise, as literals: whoever changes one changes it here and there too.

#[path = "../../core/src/promises/reader.rs"]
mod reader;

#[test]
fn constants_are_what_is_promised() {
    reader::check(
        env!("CARGO_MANIFEST_DIR"),
        &[("document.rs", "FETCH_TIME", &[2_000.0]), ("document.rs", "MOST_BYTES", &[65_536.0])],
    );
}
