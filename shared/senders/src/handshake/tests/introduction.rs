//! The first POST of senders that cannot prove themselves yet.

use super::*;

/// The answer to an introduction and the secret it brings; `-` where the request is none.
fn meet(name: &str, target: &str, headers: &[(&str, &str)], body: &str) -> String {
    let pairs = pairs(headers);
    let inbound = Inbound { url: Url::new(BASE, target), ..Inbound::new(Headers::new(&pairs), body.as_bytes()) };
    introduction(sender(name), inbound).map_or_else(
        || "-".to_owned(),
        |Introduction { offer, reply }| {
            let offer = offer.map_or(String::new(), |secret| format!(" offers {}", secret.expose()));
            line(&reply) + &offer
        },
    )
}

/// Checks rows of a sender: the target, headers, body and answer.
fn check(name: &str, rows: &[(&str, Sent<'_>, &str, &str)]) {
    for (target, headers, body, expected) in rows {
        assert_eq!(meet(name, target, headers, body), *expected, "{name} {target} {headers:?} {body}");
    }
}

#[test]
fn asana_offers_its_secret_and_has_it_back() {
    let (secret, p) = (("x-hook-secret", "octo0hello1"), "/webhook/p");
    let answer = "200  x-hook-secret=octo0hello1 |  offers octo0hello1";
    let event = r#"{"events":[{"action":"changed"}]}"#;
    check(
        "asana",
        &[
            (p, &[secret], "", answer),
            (p, &[secret], " {}\n", answer),
            (p, &[secret, ("x-hook-signature", "00")], "", "-"),
            (p, &[secret, ("x-hook-signature", "")], "{}", "-"),
            (p, &[secret], event, "-"),
            (p, &[secret, secret], "", "-"),
            (p, &[("x-hook-secret", "")], "", "-"),
            (p, &[("x-hook-secret", "a b")], "", "-"),
            (p, &[("x-hook-secret", "é")], "", "-"),
            (p, &[("x-hook-secret", &"a".repeat(257))], "", "-"),
            (p, &[("x-hook-signature", "00")], event, "-"),
            (p, &[], "", "-"),
        ],
    );
}

#[test]
fn notion_offers_its_token_where_it_says_nothing_else() {
    let p = "/webhook/p";
    let long = format!(r#"{{"verification_token":"{}"}}"#, "a".repeat(257));
    let padded = format!(r#"{{"verification_token":"a"{}}}"#, " ".repeat(LONGEST_BODY));
    check(
        "notion",
        &[
            (p, &[], r#"{"verification_token":"secret_octo"}"#, "200  |  offers secret_octo"),
            (p, &[], r#" { "verification_token" : "secret_octo" } "#, "200  |  offers secret_octo"),
            (p, &[], r#"{"verification_token":"secret_octo","id":"1","type":"page.created"}"#, "-"),
            (p, &[], r#"{"id":"1","type":"page.created","data":{"verification_token":"secret_octo"}}"#, "-"),
            (p, &[], r#"{"verification_token":""}"#, "-"),
            (p, &[], r#"{"verification_token":" "}"#, "-"),
            (p, &[], r#"{"verification_token":"a\nb"}"#, "-"),
            (p, &[], r#"{"verification_token":7}"#, "-"),
            (p, &[], r#"[{"verification_token":"a"}]"#, "-"),
            (p, &[], r#"{"verification_token":"a""#, "-"),
            (p, &[], &long, "-"),
            (p, &[], &padded, "-"),
            (p, &[], "", "-"),
        ],
    );
}

#[test]
fn microsoft_graph_has_its_token_back_decoded() {
    let token = "Hello%3a+octo+%3cb%3e";
    let long = format!("/webhook/p?validationToken={}", "a".repeat(1_025));
    check(
        "microsoft-graph",
        &[
            (&format!("/webhook/p?validationToken={token}"), &[], "", &echoed("Hello: octo <b>")),
            (&format!("/webhook/p?a=1&validationToken={token}"), &[], " ", &echoed("Hello: octo <b>")),
            (&format!("/webhook/p?validationToken={token}"), &[], r#"{"value":[]}"#, "-"),
            ("/webhook/p?validationToken=a&validationToken=b", &[], "", "-"),
            ("/webhook/p?validationToken=", &[], "", "-"),
            ("/webhook/p?validationToken=a%0Db", &[], "", "-"),
            ("/webhook/p?notvalidationToken=a", &[], "", "-"),
            (&long, &[], "", "-"),
            ("/webhook/p", &[], "", "-"),
        ],
    );
}

#[test]
fn unsigned_tests_of_a_connection_are_answered_and_signed_ones_are_events() {
    let (ping, signed) = (("x-event-key", "diagnostics:ping"), ("x-hub-signature", "sha256=00"));
    let p = "/webhook/p";
    check(
        "bitbucket-server",
        &[
            (p, &[ping], r#"{"test":true}"#, "200  | "),
            (p, &[ping], r#"{ "test": true }"#, "200  | "),
            (p, &[ping], "{}", "200  | "),
            (p, &[ping], "", "200  | "),
            (p, &[ping, signed], r#"{"test":true}"#, "-"),
            (p, &[ping], r#"{"test":true,"actor":{}}"#, "-"),
            (p, &[ping], r#"{"eventKey":"repo:refs_changed"}"#, "-"),
            (p, &[ping, ping], "", "-"),
            (p, &[("x-event-key", "repo:refs_changed")], r#"{"test":true}"#, "-"),
            (p, &[], r#"{"test":true}"#, "-"),
        ],
    );
    check(
        "woocommerce",
        &[
            (p, &[], "webhook_id=12", "200  | "),
            (p, &[("x-wc-webhook-signature", "a")], "webhook_id=12", "-"),
            (p, &[], "webhook_id=", "-"),
            (p, &[], "webhook_id=12&a=1", "-"),
            (p, &[], "webhook_id=123456789012345678901", "-"),
            (p, &[], r#"{"webhook_id":12}"#, "-"),
        ],
    );
}

#[test]
fn nobody_else_introduces_itself() {
    let headers = [("x-hook-secret", "a"), ("x-event-key", "diagnostics:ping")];
    let own = ["asana", "notion", "microsoft-graph", "bitbucket-server", "woocommerce"];
    for sender in Sender::all().iter().filter(|sender| !own.contains(&sender.name)) {
        for body in ["", "{}", r#"{"verification_token":"a"}"#, r#"{"test":true}"#, "webhook_id=1"] {
            assert_eq!(meet(sender.name, "/webhook/p?validationToken=a", &headers, body), "-", "{}", sender.name);
        }
    }
}

#[test]
fn no_sample_is_an_introduction() {
    for sender in Sender::all() {
        assert_eq!(meet(sender.name, "/webhook/p", sender.sample().headers, sender.sample().body), "-");
    }
}
