//! The numbers that the documents promise, as literals: whoever changes one changes it here and there too.

#[path = "../../core/src/promises/reader.rs"]
mod reader;

#[test]
fn constants_are_what_is_promised() {
    reader::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("bot.rs", "CALL_TIME", &[15_000.0]),
            ("bot.rs", "MOST_BYTES", &[65_536.0]),
            ("client.rs", "API_TIME", &[60_000.0]),
            ("client.rs", "CONNECT_TIME", &[5_000.0]),
            ("client.rs", "IDLE_TIME", &[50_000.0]),
            ("client.rs", "MOST_API_BYTES", &[16_777_216.0]),
            ("client.rs", "MOST_HEAD_BYTES", &[65_536.0]),
            ("forward.rs", "PAUSE_TIME", &[5_000.0]),
            ("github.rs", "CALL_TIME", &[15_000.0]),
            ("github.rs", "LONGEST_WAIT_MS", &[86_400_000.0]),
            ("github.rs", "MOST_BYTES", &[4_194_304.0]),
            ("github.rs", "UNSAID_WAIT_MS", &[60_000.0]),
            ("github/app.rs", "BEGINS_BEFORE", &[60.0]),
            ("github/app.rs", "HOLDS", &[540.0]),
            ("otlp.rs", "CALL_TIME", &[10_000.0]),
            ("otlp.rs", "MOST_BYTES", &[65_536.0]),
            ("otlp.rs", "MOST_TOGETHER", &[512.0]),
            ("otlp.rs", "MOST_WAITING", &[2_048.0]),
            ("otlp.rs", "STOP_TIME", &[3_000.0]),
        ],
    );
}
