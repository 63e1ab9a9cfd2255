use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::{CHANNEL, Channel, FakeSlack, HOOK, Hook, TEXT_LIMIT, TOKEN};
use crate::far_ends::{Reply, Turn};
use crate::http::{Answer, Http, headers};

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");

/// What a webhook is answered.
async fn ring(slack: &FakeSlack, path: &str, body: &Value) -> (u16, String) {
    let answer = Http::new().post(&slack.at(path), &headers(&[JSON]), body.to_string()).await;
    (answer.status.as_u16(), answer.text())
}

/// What a method is answered.
async fn call(slack: &FakeSlack, method: &str, body: &Value) -> Answer {
    let authorization = format!("Bearer {TOKEN}");
    let headers = headers(&[JSON, ("authorization", &authorization)]);
    Http::new().post(&format!("{}{method}", slack.api_url()), &headers, body.to_string()).await
}

/// The error of a method that answers 200.
async fn error(slack: &FakeSlack, method: &str, body: &Value) -> String {
    let answer = call(slack, method, body).await;
    assert_eq!(answer.status, 200, "{body}");
    answer.json()["error"].as_str().unwrap_or_default().to_owned()
}

/// Bodies that are refused, with the word of a method and the status and word of a webhook.
fn bad_bodies() -> Vec<(Value, &'static str, &'static str)> {
    let long = "x".repeat(TEXT_LIMIT + 1);
    vec![
        (json!({}), "no_text", "no_text"),
        (json!({"text": " \n"}), "no_text", "no_text"),
        (json!({"blocks": []}), "no_text", "no_text"),
        (json!({"text": 7}), "invalid_arguments", "invalid_payload"),
        (json!({"text": "a", "link_names": "1"}), "invalid_arguments", "invalid_payload"),
        (json!({"text": "a", "username": "x"}), "invalid_arguments", "invalid_payload"),
        (json!({"message": "a"}), "invalid_arguments", "invalid_payload"),
        (json!({"text": long}), "msg_too_long", "msg_too_long"),
        (json!({"text": "a", "blocks": {}}), "invalid_blocks_format", "invalid_blocks_format"),
        (json!({"blocks": [{"type": "paragraph"}]}), "invalid_blocks", "invalid_blocks"),
        (json!({"attachments": "a"}), "invalid_attachments", "invalid_attachments"),
        (json!({"attachments": [{"txt": "a"}]}), "invalid_attachments", "invalid_attachments"),
        (json!({"attachments": vec![json!({"text": "a"}); 101]}), "too_many_attachments", "too_many_attachments"),
        (json!({"text": "a", "thread_ts": "1796000000.999999"}), "thread_not_found", "thread_not_found"),
    ]
}

#[tokio::test]
async fn bodies_are_refused_both_ways() {
    let slack = FakeSlack::start().await;
    for (body, by_method, by_webhook) in bad_bodies() {
        assert_eq!(ring(&slack, HOOK, &body).await, (400, by_webhook.to_owned()), "{body}");
        let mut body = body;
        body["channel"] = json!(CHANNEL);
        assert_eq!(error(&slack, "chat.postMessage", &body).await, by_method, "{body}");
    }
    assert!(slack.messages().is_empty());
    let longest = json!({"text": "x".repeat(TEXT_LIMIT)});
    assert_eq!(ring(&slack, HOOK, &longest).await, (200, "ok".to_owned()));
}

#[tokio::test]
async fn webhooks_and_channels_that_do_not_work_are_told_apart() {
    let slack = FakeSlack::start().await;
    slack.set_hook("/services/T0BELLHOP/B1/a", Hook::Removed, CHANNEL);
    slack.set_hook("/services/T0BELLHOP/B2/a", Hook::Disabled, CHANNEL);
    slack.set_channel("C0OLD", Channel::Archived);
    slack.set_channel("C0STAFF", Channel::Restricted);
    slack.set_channel("C0OTHER", Channel::NotMember);
    for (hook, channel) in [("B3", "C0OLD"), ("B4", "C0STAFF"), ("B5", "C0OTHER"), ("B6", "C0NONE")] {
        slack.set_hook(&format!("/services/T0BELLHOP/{hook}/a"), Hook::Working, channel);
    }
    for (path, status, word) in [
        (HOOK, 200, "ok"),
        ("/services/T0BELLHOP/B0FRONTDESK/another", 403, "invalid_token"),
        ("/services/T0BELLHOP/B9/a", 404, "no_service"),
        ("/services/T9/B9/a", 404, "no_team"),
        ("/services/T0BELLHOP/B1/a", 404, "no_service"),
        ("/services/T0BELLHOP/B2/a", 404, "no_active_hooks"),
        ("/services/T0BELLHOP/B3/a", 410, "channel_is_archived"),
        ("/services/T0BELLHOP/B4/a", 403, "action_prohibited"),
        ("/services/T0BELLHOP/B5/a", 200, "ok"),
        ("/services/T0BELLHOP/B6/a", 404, "channel_not_found"),
        ("/hooks", 404, "not found"),
    ] {
        assert_eq!(ring(&slack, path, &json!({"text": "a"})).await, (status, word.to_owned()), "{path}");
    }
    for (channel, word) in [
        ("C0OLD", "is_archived"),
        ("C0STAFF", "restricted_action"),
        ("C0OTHER", "not_in_channel"),
        ("C0NONE", "channel_not_found"),
        ("", "invalid_arguments"),
    ] {
        assert_eq!(error(&slack, "chat.postMessage", &json!({"channel": channel, "text": "a"})).await, word);
    }
    let seen: Vec<_> = slack.messages().into_iter().map(|message| message.channel).collect();
    assert_eq!(seen, [CHANNEL, "C0OTHER"]);
}

#[tokio::test]
async fn the_way_a_body_is_sent_counts() {
    let slack = FakeSlack::start().await;
    let http = Http::new();
    let good = json!({"text": "a & ü"}).to_string();
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("payload", &good).finish();
    let type_of_form = "application/x-www-form-urlencoded";
    for (kind, body, status) in [
        ("application/json", good.as_str(), 200),
        (type_of_form, &form, 200),
        ("text/plain", &good, 400),
        (type_of_form, &good, 400),
        (type_of_form, "payload=a", 400),
        (type_of_form, "text=a", 400),
        ("application/json; charset=iso-8859-1", &good, 400),
        ("application/json", "{\"text\": \"a\"", 400),
        ("application/json", "[]", 400),
        ("application/json", "\"a\"", 400),
    ] {
        let answer = http.post(&slack.url(), &headers(&[("content-type", kind)]), body.to_owned()).await;
        assert_eq!(answer.status.as_u16(), status, "{kind}: {body}");
        assert_eq!(answer.text(), if status == 200 { "ok" } else { "invalid_payload" });
    }
    let broken = http.post(&slack.url(), &headers(&[JSON]), &b"{\"text\":\"\xff\"}"[..]).await;
    assert_eq!(broken.status, 400);
    assert_eq!(http.send(Method::GET, &slack.url(), &[], "").await.status, 405);

    let url = format!("{}chat.postMessage", slack.api_url());
    let bearer = format!("Bearer {TOKEN}");
    let message = json!({"channel": CHANNEL, "text": "a"}).to_string();
    for (kind, authorization, body, word) in [
        (JSON.1, bearer.as_str(), message.as_str(), ""),
        (type_of_form, &bearer, "channel=C0FRONTDESK&text=a&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D", ""),
        (JSON.1, "", &message, "not_authed"),
        (JSON.1, "Bearer xoxb-another", &message, "invalid_auth"),
        (JSON.1, TOKEN, &message, "invalid_auth"),
        ("", &bearer, &message, "missing_post_type"),
        ("text/plain", &bearer, &message, "invalid_post_type"),
        ("application/json; charset=utf-16", &bearer, &message, "invalid_charset"),
        (JSON.1, &bearer, "{", "invalid_json"),
        (JSON.1, &bearer, "[]", "json_not_object"),
        (type_of_form, &bearer, "channel=C0FRONTDESK&text=%FF", "invalid_form_data"),
    ] {
        let pairs = [("content-type", kind), ("authorization", authorization)];
        let pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let answer = http.post(&url, &headers(&pairs), body.to_owned()).await;
        assert_eq!(answer.json()["error"].as_str().unwrap_or_default(), word, "{kind}, {authorization}: {body}");
    }
    let plain = headers(&[("content-type", "application/json"), ("authorization", &bearer)]);
    assert_eq!(http.post(&url, &plain, message).await.json()["warning"], "missing_charset");
    assert_eq!(error(&slack, "chat.fly", &json!({})).await, "unknown_method");
}

#[tokio::test]
async fn messages_are_answered_threaded_and_edited() {
    let slack = FakeSlack::start().await;
    let first = call(&slack, "chat.postMessage", &json!({"channel": CHANNEL, "text": "red"})).await.json();
    assert_eq!(
        (&first["ok"], &first["channel"], &first["message"]["text"]),
        (&json!(true), &json!(CHANNEL), &json!("red"))
    );
    let ts = first["ts"].as_str().unwrap_or_default();
    let reply =
        call(&slack, "chat.postMessage", &json!({"channel": CHANNEL, "text": "why", "thread_ts": ts})).await.json();
    assert_eq!(reply["message"]["thread_ts"], ts);
    let deeper = json!({"channel": CHANNEL, "text": "x", "thread_ts": reply["ts"]});
    assert_eq!(error(&slack, "chat.postMessage", &deeper).await, "thread_not_found");
    let edited = call(&slack, "chat.update", &json!({"channel": CHANNEL, "ts": ts, "text": "green"})).await.json();
    assert_eq!(edited["ts"], ts);
    for (body, word) in [
        (json!({"channel": CHANNEL, "ts": "1.2", "text": "x"}), "message_not_found"),
        (json!({"channel": "C0NONE", "ts": ts, "text": "x"}), "channel_not_found"),
        (json!({"channel": CHANNEL, "text": "x"}), "invalid_arguments"),
        (json!({"channel": CHANNEL, "ts": ts}), "no_text"),
        (json!({"channel": CHANNEL, "ts": ts, "text": "x", "thread_ts": ts}), "invalid_arguments"),
    ] {
        assert_eq!(error(&slack, "chat.update", &body).await, word, "{body}");
    }
    slack.close_edits(ts);
    let late = json!({"channel": CHANNEL, "ts": ts, "text": "x"});
    assert_eq!(error(&slack, "chat.update", &late).await, "edit_window_closed");
    let seen = slack.messages();
    assert_eq!((seen.len(), seen[0].content.shown(), seen[0].earlier[0].shown()), (2, "green", "red"));
    assert_eq!((seen[0].thread_ts.as_deref(), seen[1].thread_ts.as_deref()), (None, Some(ts)));
}

#[tokio::test]
async fn mentions_and_what_is_not_escaped_are_seen_in_text_blocks_and_attachments() {
    let slack = FakeSlack::start().await;
    let loud = json!({"type": "mrkdwn", "text": "<!here> a & b"});
    for (body, mentions, unescaped) in [
        (json!({"text": "<!channel> &lt;!here&gt; @here"}), 1, 0),
        (json!({"text": "@here", "link_names": true}), 1, 0),
        (json!({"text": "@here", "parse": "full"}), 1, 0),
        (json!({"text": "<!channel>", "mrkdwn": false}), 0, 0),
        (json!({"text": "a", "blocks": [{"type": "section", "text": loud}]}), 1, 1),
        (json!({"attachments": [{"text": "<@U012> >"}]}), 1, 1),
        (json!({"attachments": [{"blocks": [{"type": "section", "text": loud}]}]}), 1, 1),
    ] {
        assert_eq!(ring(&slack, HOOK, &body).await.0, 200, "{body}");
        let last = slack.messages().pop().expect("a message came").content;
        assert_eq!((last.mentions().len(), last.unescaped().len()), (mentions, unescaped), "{body}: {last:?}");
    }
}

#[tokio::test]
async fn a_channel_has_a_pace_when_it_is_switched_on() {
    let slack = FakeSlack::start().await;
    slack.set_channel("C0OTHER", Channel::Open);
    slack.set_burst(Some(2));
    let body = json!({"channel": CHANNEL, "text": "a"});
    assert_eq!(ring(&slack, HOOK, &json!({"text": "a"})).await.0, 200);
    assert_eq!(call(&slack, "chat.postMessage", &body).await.status, 200);
    let refused = call(&slack, "chat.postMessage", &body).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "2"));
    assert_eq!(refused.json(), json!({"ok": false, "error": "ratelimited"}));
    assert_eq!(ring(&slack, HOOK, &json!({"text": "a"})).await, (429, "rate_limited".to_owned()));
    assert_eq!(call(&slack, "chat.postMessage", &json!({"channel": "C0OTHER", "text": "a"})).await.status, 200);
    tokio::time::sleep(Duration::from_millis(2050)).await;
    assert_eq!(ring(&slack, HOOK, &json!({"text": "a"})).await.0, 200);
    slack.next([Turn::Answer(Reply::json(200, &json!({"ok": false, "error": "fatal_error"})))]);
    assert_eq!(error(&slack, "chat.postMessage", &body).await, "fatal_error");
    assert_eq!(slack.messages().len(), 4);
}
