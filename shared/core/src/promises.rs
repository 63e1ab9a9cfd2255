//! The numbers that the documents promise, as literals: whoever changes one changes it here and there too.

mod reader;

use crate::config::{Capacity, HookSpec, SecretsAs, Settings, check_hook};
use crate::pace::{Pace, Scope};
use crate::retry::next_attempt;
use crate::time::Timestamp;

#[test]
fn constants_are_what_is_promised() {
    reader::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("action/email.rs", "MOST_ADDRESSES", &[20.0]),
            ("action/email.rs", "MOST_BYTES", &[163_840.0]),
            ("action/envelope.rs", "MOST_BYTES", &[262_144.0]),
            ("action/eventbridge.rs", "MOST_NAME_BYTES", &[256.0]),
            ("action/eventbridge.rs", "MOST_TYPE_CHARS", &[128.0]),
            ("action/eventbridge.rs", "TIME_BYTES", &[14.0]),
            ("action/forward.rs", "MOST_HEADERS", &[30.0]),
            ("action/forward.rs", "MOST_TIMEOUT_SECONDS", &[30.0]),
            ("action/forward.rs", "TIMEOUT_SECONDS", &[10.0]),
            ("action/forward/headers.rs", "MOST_HOPS", &[5.0]),
            ("action/forward/url.rs", "SHOWN_CHARS", &[15.0]),
            ("action/forward/request.rs", "LONGEST_VALUE", &[4_096.0]),
            ("arn.rs", "MOST_BYTES", &[1_600.0]),
            ("breaker.rs", "COUNT_MS", &[15_000.0]),
            ("breaker.rs", "DISABLED_AFTER_MS", &[432_000_000.0]),
            ("breaker.rs", "FAILED_PERCENT", &[70.0]),
            ("breaker.rs", "FEWEST_RESULTS", &[10.0]),
            ("breaker.rs", "OPEN_MS", &[60_000.0]),
            ("breaker.rs", "WINDOW_MS", &[300_000.0]),
            ("action/discord.rs", "THREAD_NAME_CHARS", &[100.0]),
            ("action/key.rs", "LEAST_SECONDS", &[60.0]),
            ("action/key.rs", "MOST_SECONDS", &[31_536_000.0]),
            ("action/key.rs", "SECONDS", &[604_800.0]),
            ("action/lambda.rs", "MOST_TIMEOUT_SECONDS", &[30.0]),
            ("action/material.rs", "MOST_BYTES", &[163_840.0]),
            ("action/material.rs", "MOST_PARTS", &[8.0]),
            ("action/material.rs", "NOTE", &[160.0]),
            ("action/slack.rs", "MOST_CHANNEL_CHARS", &[80.0]),
            ("action/telegram/message.rs", "MOST_DOCUMENT_BYTES", &[153_600.0]),
            ("budget.rs", "BYTES_A_STEP", &[64.0]),
            ("budget.rs", "MOST_BYTES", &[8_388_608.0]),
            ("budget.rs", "MOST_STEPS", &[1_000_000.0]),
            ("config/check/hook.rs", "CAPABILITY_LENGTH", &[22.0]),
            ("config/check/hook/unsigned.rs", "WIDEST_V4", &[8.0]),
            ("config/check/hook/unsigned.rs", "WIDEST_V4_TOGETHER", &[7.0]),
            ("config/check/hook/unsigned.rs", "WIDEST_V6", &[20.0]),
            ("config/check/hook/unsigned.rs", "WIDEST_V6_TOGETHER", &[19.0]),
            ("config/configured/hook.rs", "MOST_RETIRING", &[10.0]),
            ("filter/check.rs", "LONGEST_VALUE", &[65_536.0]),
            ("filter/condition.rs", "LONGEST_CONDITION", &[4_096.0]),
            ("limit/bucket.rs", "ONE", &[60_000.0]),
            ("limit/lease.rs", "ALONE_MS", &[10_000.0]),
            ("limit/sampler.rs", "MOST", &[10.0]),
            ("reconcile.rs", "HORIZON_MS", &[259_200_000.0]),
            ("reconcile.rs", "MINUTE_MS", &[60_000.0]),
            ("reconcile.rs", "MOST_TIMES", &[5.0]),
            ("reconcile.rs", "OVERLAP_MS", &[600_000.0]),
            ("reconcile.rs", "PATIENCE_MS", &[600_000.0]),
            ("reconcile.rs", "REMEMBERED_MS", &[3_600_000.0]),
            ("replay.rs", "AT_ONCE", &[25.0]),
            ("replay.rs", "KEPT_MS", &[604_800_000.0]),
            ("retry.rs", "JITTER", &[0.2]),
            ("retry.rs", "WAITS_SECONDS", &[5.0, 30.0, 120.0, 600.0, 3_600.0, 10_800.0, 28_800.0]),
            ("mail.rs", "MOST_ADDRESS_BYTES", &[254.0]),
            ("mail.rs", "MOST_LABEL_BYTES", &[63.0]),
            ("mail.rs", "MOST_LOCAL_BYTES", &[64.0]),
            ("mail.rs", "MOST_NAME_CHARS", &[100.0]),
            ("markup.rs", "MOST_ESCAPED", &[8.0]),
            ("markup.rs", "SHORTEST", &[32.0]),
            ("markup/native.rs", "LONGEST_ESCAPE", &[5.0]),
            ("markup/native.rs", "LONGEST_LINK", &[2_048.0]),
            ("markup/native.rs", "MOST_MARKS", &[13.0]),
            ("markup/native/marks.rs", "LONGEST_MARKED", &[2_048.0]),
            ("markup/read.rs", "LONGEST_ADDRESS", &[1_024.0]),
            ("task.rs", "MOST_ANSWER_BYTES", &[2_048.0]),
            ("task.rs", "MOST_ATTEMPTS", &[40.0]),
            ("telegram.rs", "MESSAGE_TAGS", &[100.0]),
            ("telegram.rs", "MESSAGE_UNITS", &[4_096.0]),
            ("template.rs", "MAX_OUTPUT_BYTES", &[1_048_576.0]),
            ("template.rs", "MAX_SOURCE_BYTES", &[32_768.0]),
            ("template/engine.rs", "FRAMES", &[50.0]),
            ("template/engine.rs", "FUEL", &[250_000.0]),
            ("template/source.rs", "LONGEST_NAME", &[128.0]),
            ("template/source.rs", "MOST_BRACKETS", &[40.0]),
            ("template/source.rs", "MOST_CHAINED", &[500.0]),
            ("template/source.rs", "MOST_TAGS", &[200.0]),
            ("token.rs", "CHECKSUM_LETTERS", &[6.0]),
            ("token.rs", "LEAST_ADMIN_CHARS", &[16.0]),
            ("token.rs", "RANDOM_LETTERS", &[34.0]),
            ("quota.rs", "REMEMBERED", &[50.0]),
        ],
    );
}

#[test]
fn defaults_are_what_is_promised() {
    let Settings { retention_days, rate_per_minute, telegram_api_base, .. } = Settings::default();
    assert_eq!((retention_days, rate_per_minute, telegram_api_base.as_str()), (90, 1000, "https://api.telegram.org"));
    let Capacity { connections, connections_per_address, bytes_in_flight } = Capacity::default();
    assert_eq!((connections, connections_per_address, bytes_in_flight), (1024, 512, 67_108_864));
    let spec = HookSpec {
        name: "h".to_owned(),
        sender: "shared-secret".to_owned(),
        secrets: vec!["env:ONE".to_owned()],
        actions: vec![serde_json::from_value(serde_json::json!({"kind": "telegram", "chat": 1})).unwrap()],
        ..HookSpec::default()
    };
    let draft = check_hook(&spec, SecretsAs::References).unwrap();
    assert_eq!(
        (draft.hook.rate_per_minute, draft.hook.max_body_bytes, draft.hook.cooldown_seconds),
        (100, 4_194_304, 0)
    );
    for (most, is_taken) in [(26_214_400, true), (26_214_401, false)] {
        let spec = HookSpec { max_body_bytes: Some(most), ..spec.clone() };
        assert_eq!(check_hook(&spec, SecretsAs::References).is_ok(), is_taken, "{most}");
    }
}

#[test]
fn a_failed_task_waits_as_long_as_is_promised() {
    let begin = Timestamp::from_seconds(1_000_000);
    let waits: Vec<_> =
        (1..=8).map(|failed| next_attempt(failed, begin, None, 0.5).map(|due| due.ms_since(begin))).collect();
    let promised = [5_000, 30_000, 120_000, 600_000, 3_600_000, 10_800_000, 28_800_000].map(Some);
    assert_eq!(waits, [&promised[..], &[None]].concat());
    let bounds = [0.0, 1.0].map(|jitter| next_attempt(6, begin, None, jitter).map(|due| due.ms_since(begin)));
    assert_eq!(bounds, [Some(8_640_000), Some(12_960_000)], "within a fifth");
}

#[test]
fn telegram_is_called_no_faster_than_is_promised() {
    for (scope, count, span_ms) in [(Scope::Chat, 2, 1_000), (Scope::Group, 21, 60_000), (Scope::Bot, 31, 1_000)] {
        let (mut pace, begin) = (Pace::new(scope), Timestamp::from_ms(1_000_000));
        let mut now = begin;
        for _ in 1..count {
            now = pace.next(now);
            pace.sent(now);
        }
        let next = pace.next(now).ms_since(begin);
        assert_eq!(next, span_ms, "{scope:?}: message {count}");
    }
}
