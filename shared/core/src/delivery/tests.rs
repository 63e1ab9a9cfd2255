//! What is one delivery: for every sender of the table, by family on thousands of pairs, and in numbers.

mod families;
mod rows;
mod sent;

use serde_json::json;

use super::*;
use sent::{Sent, custom};

#[test]
fn a_path_takes_out_what_it_names_and_nothing_else() {
    // Each pair differs in what the row of its sender calls a change, or in something beside it.
    for (sender, one, two, same) in [
        (
            "stripe",
            json!({"id": "e", "pending_webhooks": 1, "a": 1}),
            json!({"id": "e", "pending_webhooks": 2, "a": 1}),
            true,
        ),
        ("stripe", json!({"id": "e", "pending_webhooks": 1, "a": 1}), json!({"id": "e", "a": 1}), true),
        ("stripe", json!({"id": "e", "data": {"pending_webhooks": 1}}), json!({"id": "e", "data": {}}), false),
        ("hubspot", json!([{"attemptNumber": 0, "eventId": 1}]), json!([{"attemptNumber": 1, "eventId": 1}]), true),
        (
            "hubspot",
            json!([{"attemptNumber": 0, "eventId": 1}]),
            json!([{"attemptNumber": 0, "eventId": 1}, {}]),
            false,
        ),
        ("hubspot", json!([{"a": {"attemptNumber": 0}}]), json!([{"a": {"attemptNumber": 1}}]), false),
        (
            "line",
            json!({"events": [{"deliveryContext": {"isRedelivery": false}}]}),
            json!({"events": [{"deliveryContext": {"isRedelivery": true}}]}),
            true,
        ),
        ("line", json!({"events": [{"type": "a"}]}), json!({"events": [{"type": "b"}]}), false),
        (
            "linear",
            json!({"action": "create", "webhookTimestamp": 1}),
            json!({"action": "create", "webhookTimestamp": 2}),
            true,
        ),
        ("pipedrive", json!({"meta": {"attempt": 1, "id": "m"}}), json!({"meta": {"attempt": 2, "id": "m"}}), true),
        (
            "pipedrive",
            json!({"meta": {"attempt": 1, "id": "m"}, "data": 1}),
            json!({"meta": {"attempt": 1, "id": "m"}, "data": 2}),
            false,
        ),
    ] {
        let keys = [&one, &two].map(|body| Sent::json(body).key(sender));
        assert_eq!(keys[0] == keys[1], same, "{sender}: {one} and {two}");
    }
}

#[test]
fn values_that_look_alike_are_told_apart() {
    let bodies = [
        json!({"id": "e", "v": null}),
        json!({"id": "e", "v": false}),
        json!({"id": "e", "v": "false"}),
        json!({"id": "e", "v": 0}),
        json!({"id": "e", "v": "0"}),
        json!({"id": "e", "v": [0]}),
        json!({"id": "e", "v": [[0]]}),
        json!({"id": "e", "v": [0, 0]}),
        json!({"id": "e", "v": {"0": 0}}),
        json!({"id": "e", "v": {}}),
        json!({"id": "e", "v": []}),
        json!({"id": "e", "v": ""}),
        json!({"id": "e"}),
        json!({"id": "e", "vv": ""}),
        json!({"id": "e", "v": {"a": "b", "c": "d"}}),
        json!({"id": "e", "v": {"a": "bc", "d": ""}}),
    ];
    let keys: std::collections::BTreeSet<_> = bodies.iter().map(|body| Sent::json(body).key("stripe")).collect();
    assert_eq!(keys.len(), bodies.len());
}

#[test]
fn what_cannot_be_read_is_told_apart_by_its_bytes() {
    let key = |body: &str| Sent { body: body.into(), ..Sent::json(&json!({})) }.key("intercom");
    assert_eq!(key("{\"id\": 1"), key("{\"id\": 1"));
    assert_ne!(key("{\"id\": 1"), key("{\"id\": 2"));
    let key = |body: &str| Sent { body: body.into(), ..Sent::json(&json!({})) }.key("adyen");
    assert_eq!(key("not json"), key("not json"));
    assert_ne!(key("not json"), key("nor this"));
}

#[test]
fn a_query_counts_where_somebody_vouches_for_it() {
    let with = |query: &str| Sent { query: query.to_owned(), ..Sent::json(&json!({})) };
    for (sender, counts) in [("messagebird-legacy", true), ("query-token", true), ("none", true), ("github", false)] {
        let [one, two] = ["state=up", "state=down"].map(|query| with(query).key(sender));
        assert_eq!(one != two, counts, "{sender}");
    }
    let [old, new] = ["token=old&a=1", "token=new&a=1"].map(|query| with(query).key("query-token"));
    assert_eq!(old, new, "a rotated token makes no other delivery of it");
    let none = std::iter::empty();
    assert_eq!(query_fingerprint("", none.clone()), None);
    assert_eq!(query_fingerprint("token=x", std::iter::once("token")), None);
    assert_eq!(query_fingerprint("a=1", none.clone()).unwrap().len(), 32);
    assert_ne!(query_fingerprint("ab=c", none.clone()), query_fingerprint("a=bc", none));
}

#[test]
fn a_hook_may_say_what_counts() {
    let with = |id: &str, body: &serde_json::Value| Sent::json(body).header("x-event-id", id);
    let (a1, a2) = (with("a", &json!({"n": 1})), with("a", &json!({"n": 2})));
    let b1 = with("b", &json!({"n": 1}));
    for (own, same_id, same_content) in
        [(None, false, false), (Some(Deduplicate::Id), true, false), (Some(Deduplicate::Content), false, true)]
    {
        let key = |sent: &Sent| sent.delivery("bearer", own).unwrap().key;
        assert_eq!(key(&a1), key(&a1));
        assert_eq!(key(&a1) == key(&a2), same_id, "{own:?}");
        assert_eq!(key(&a1) == key(&b1), same_content, "{own:?}");
    }
    assert_eq!(a1.delivery("bearer", Some(Deduplicate::Off)), None);
    let without = Sent::json(&json!({"n": 1}));
    assert_eq!(without.delivery("bearer", Some(Deduplicate::Id)), None, "there is none to tell by");
    assert_eq!(
        without.delivery("bearer", None).unwrap().key,
        a1.delivery("bearer", Some(Deduplicate::Content)).unwrap().key
    );
}

#[test]
fn a_cause_says_what_agreed() {
    let sent = Sent::json(&json!({"n": 1})).header("x-event-id", "a");
    let cause = |own, later| sent.delivery("bearer", own).unwrap().cause(later);
    assert_eq!(cause(None, 5), "same delivery id and content");
    assert_eq!(cause(Some(Deduplicate::Id), 5), "same delivery id");
    assert_eq!(cause(Some(Deduplicate::Content), 5), "same content");
    let cause = |sender, later| Sent::json(&json!({"n": 1})).delivery(sender, None).unwrap().cause(later);
    assert_eq!(cause("paystack", 299_999), "same content within 300 seconds");
    assert_eq!(cause("home-assistant", 0), "same content within 30 seconds");
    assert_eq!(cause("github", 3_600_000), "same content", "it was claimed by one that had an id");
}

#[test]
fn deliveries_are_remembered_for_as_long_as_they_are_repeated() {
    const DAY: u64 = 86_400_000;
    let remembered = |sender: &str, sent: &Sent| sent.delivery(sender, None).unwrap().remembered_ms;
    let of_row = |sender: &str| remembered(sender, &Sent::sample(Sender::named(sender).unwrap(), "d-1"));
    for (sender, expected) in [
        ("github", 7 * DAY),
        ("stripe", 7 * DAY),
        ("standard-webhooks", 7 * DAY),
        ("wise", 15 * DAY),
        ("docusign", 16 * DAY),
        ("adyen", 31 * DAY),
        ("paystack", 300_000),
        ("home-assistant", 30_000),
    ] {
        assert_eq!(of_row(sender), expected, "{sender}");
    }
    assert_eq!(remembered("bearer", &Sent::json(&json!({}))), 30_000);
    assert_eq!(remembered("hmac-sha256", &Sent::json(&json!({}))), 300_000, "without an id");
    assert_eq!(remembered("hmac-sha256", &Sent::json(&json!({})).header("x-event-id", "1")), 7 * DAY);
    for sender in rows::repeating() {
        let ms = remembered(sender.name, &Sent::sample(sender, "d-1"));
        assert!(!(DAY..4 * DAY).contains(&ms), "{}: no sender's deliveries are remembered for less", sender.name);
    }
}

#[test]
fn a_scheme_of_a_hooks_own_is_judged_like_a_row() {
    let signed = custom(json!({
        "header": "x-sign", "content": "{header:x-time}.{header:x-id}.{body}",
        "timestamp_header": "x-time", "timestamp_unit": "s", "delivery_id_header": "x-id",
    }));
    let timed = custom(json!({
        "header": "x-sign", "content": "{header:x-time}.{body}",
        "timestamp_header": "x-time", "timestamp_unit": "s", "delivery_id_header": "x-id",
    }));
    let bare = custom(json!({"header": "x-sign", "delivery_id_header": "x-id"}));
    let in_body = custom(json!({"header": "x-sign", "delivery_id_field": "delivery.id"}));
    let proved = [signed, timed, bare, in_body].map(|sender| (sender.proves_id(), sender.holds_id()));
    assert_eq!(proved, [(true, true), (false, true), (false, false), (true, true)]);
    let body = json!({"delivery": {"id": 1}});
    let [one, two] = ["1", "2"].map(|id| Sent::json(&body).header("x-id", id));
    for (sender, another) in [(signed, true), (timed, true), (bare, false), (in_body, false)] {
        assert_eq!(one.key_at(sender) != two.key_at(sender), another);
    }
}

#[test]
fn a_sender_whose_events_read_the_same_has_no_copies() {
    for sender in ["bunny-stream", "dropbox", "microsoft-graph"] {
        let sent = Sent::json(&json!({"VideoLibraryId": 1, "VideoGuid": "v1", "Status": 4}));
        assert_eq!(sent.delivery(sender, None), None, "{sender}");
        let asked = sent.delivery(sender, Some(Deduplicate::Content)).unwrap();
        assert_eq!(asked.remembered_ms, 300_000, "{sender}: its hook asks for it");
    }
}

#[test]
fn words_say_what_counts() {
    for (sender, words) in [
        ("github", "the body, as nothing proves the delivery id, for 7 days"),
        ("stripe", "the delivery id and the body without `pending_webhooks`, for 7 days"),
        ("paystack", "the body within 300 seconds"),
        ("home-assistant", "the body within 30 seconds"),
        ("docusign", "the body without `retryCount`, for 16 days"),
        ("bunny-stream", "nothing: it may say the same of two events"),
        ("zoom", "the body within 7200 seconds"),
        ("calendly", "the body, for 7 days"),
        ("adyen", "the delivery id and the signed fields, for 31 days"),
        ("woocommerce", "the body with `x-wc-webhook-topic`, as nothing proves the delivery id, for 7 days"),
    ] {
        let found = Sender::named(sender).unwrap().repeats_in_words();
        assert_eq!(found, words, "{sender}");
    }
}
