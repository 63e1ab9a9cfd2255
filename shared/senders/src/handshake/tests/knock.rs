//! GET, HEAD and OPTIONS.

use super::*;

/// What a request is answered, or why it is refused; `-` where it is no handshake.
fn ask(name: &str, secrets: &[&str], request: &str, headers: &[(&str, &str)]) -> String {
    let (method, target) = request.split_once(' ').unwrap();
    let (sender, pairs) = (sender(name), pairs(headers));
    let keys = keys(sender, secrets);
    let inbound = Inbound { method, url: Url::new(BASE, target), ..Inbound::new(Headers::new(&pairs), b"") };
    match knock(Host { sender, keys: &keys, rate_per_minute: 70 }, inbound, NOW) {
        Ok(None) => "-".to_owned(),
        Ok(Some(reply)) => line(&reply),
        Err(cause) => format!("refused: {cause}"),
    }
}

/// Checks rows of a sender: the secrets, the request, its headers and the beginning of the answer.
fn check(name: &str, rows: &[(&[&str], &str, Sent<'_>, &str)]) {
    for (secrets, request, headers, expected) in rows {
        let answer = ask(name, secrets, request, headers);
        let fits = if expected.starts_with("refused") { answer.starts_with(expected) } else { answer == *expected };
        assert!(fits && !expected.is_empty(), "{name} {request} {headers:?}\n  is: {answer}\n not: {expected}");
    }
}

#[test]
fn meta_has_its_challenge_back_for_the_token_that_was_made_for_that() {
    let good = "GET /webhook/p?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=verify_octo%26hello";
    let both: &[&str] = &["app-secret", "verify_octo&hello"];
    let long = format!("{}{}", good.replace("4711", ""), "&x=1")
        .replace("challenge=", &format!("challenge={}", "1".repeat(1_025)));
    let fits = long.replacen('1', "", 1);
    assert_eq!(ask("meta", both, &fits, &[]), echoed(&"1".repeat(1_024)));
    check(
        "meta",
        &[
            (both, good, &[], &echoed("4711")),
            (&["verify_octo&hello"], good, &[], &echoed("4711")),
            (&["verify_one", "verify_octo&hello"], good, &[], &echoed("4711")),
            (&["app-secret", "verify_other"], good, &[], "refused: the token in hub.verify_token"),
            (&["app-secret"], good, &[], "refused: the token in hub.verify_token"),
            (&[], good, &[], "refused: the token in hub.verify_token"),
            (both, &good.replace("octo", "Octo"), &[], "refused: the token in hub.verify_token"),
            (both, &good.replace("verify_octo%26hello", "app-secret"), &[], "refused: the token in hub.verify_token"),
            (both, &good.replace("hello", ""), &[], "refused: the token in hub.verify_token"),
            (both, &good.replace("hub.verify_token", "token"), &[], "refused: the query parameter hub.verify_token"),
            (both, &format!("{good}&hub.verify_token=x"), &[], "refused: the query parameter hub.verify_token stands"),
            (both, &good.replace("4711", ""), &[], "refused: the query parameter hub.challenge is missing"),
            (both, &good.replace("4711", "a%0Ab"), &[], "refused: hub.challenge is not"),
            (both, &good.replace("4711", "%C3%A9"), &[], "refused: hub.challenge is not"),
            (both, &long, &[], "refused: hub.challenge is not"),
            (both, &good.replace("=subscribe", "=unsubscribe"), &[], "-"),
            (both, &good.replace("hub.mode", "mode"), &[], "-"),
            (both, "GET /webhook/p", &[], "-"),
            (both, &good.replace("GET", "HEAD"), &[], "-"),
            (both, &good.replace("GET", "OPTIONS"), &[], "-"),
        ],
    );
}

#[test]
fn a_secret_for_metas_handshake_proves_no_event() {
    let meta = sender("meta");
    let secret = Secret::new("verify_octo").unwrap();
    let body = br#"{"object":"page"}"#;
    let headers = crate::sign::sign(meta, &Secret::new("app-secret").unwrap(), body, "1", NOW).unwrap();
    let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let check = |secrets: &[&str]| {
        let inbound = Inbound::new(Headers::new(&pairs), body);
        crate::verify::verify(meta, &keys(meta, secrets), inbound, None, NOW).map(|verified| verified.matched_key())
    };
    assert_eq!(check(&["verify_octo", "app-secret"]), Ok(Some(1)));
    assert_eq!(check(&["verify_octo"]), Err(Refusal::NoSecret));
    assert_eq!(check(&["other", "verify_octo"]), Err(Refusal::Mismatch("x-hub-signature-256")));
    assert!(crate::sign::sign(meta, &secret, body, "1", NOW).unwrap().is_empty(), "nothing is signed with it either");
}

#[test]
fn x_has_the_keyed_hash_of_its_token_and_of_nothing_that_could_be_an_event() {
    let good = "GET /webhook/p?crc_token=hello-crc.1_2&nonce=octo";
    let answer = json(r#"{"response_token":"sha256=CybSnsI3yc9znDR7mn2LTvZmifQrIP/GnBYJBWAaqfY="}"#);
    let key: &[&str] = &["octo-consumer-secret"];
    check(
        "x-twitter",
        &[
            (key, good, &[], &answer),
            (&["octo-consumer-secret", "another"], good, &[], &answer),
            (&[], good, &[], "refused: the hook has no usable secret"),
            (key, "GET /webhook/p?crc_token=%7B%22a%22%3A1%7D", &[], "refused: crc_token is not"),
            (key, "GET /webhook/p?crc_token=a%20b", &[], "refused: crc_token is not"),
            (key, &format!("GET /webhook/p?crc_token={}", "a".repeat(1_025)), &[], "refused: crc_token is not"),
            (key, "GET /webhook/p?crc_token=", &[], "refused: the query parameter crc_token is missing"),
            (key, "GET /webhook/p?crc_token=a&crc_token=b", &[], "refused: the query parameter crc_token stands"),
            (key, "GET /webhook/p?token=a", &[], "-"),
            (key, &good.replace("GET", "HEAD"), &[], "-"),
        ],
    );
    assert_ne!(ask("x-twitter", &["another"], good, &[]), answer);
}

#[test]
fn dropbox_and_nylas_have_their_challenge_back() {
    for name in ["dropbox", "nylas"] {
        let long = "a".repeat(1_025);
        check(
            name,
            &[
                (&["s"], "GET /webhook/p?challenge=hello%2Bocto", &[], &echoed("hello+octo")),
                (&[], "GET /webhook/p?challenge=hello", &[], &echoed("hello")),
                (&["s"], "GET /webhook/p?challenge=%3Cb%3E", &[], &echoed("<b>")),
                (&["s"], "GET /webhook/p?challenge=", &[], "refused: the query parameter challenge is missing"),
                (&["s"], "GET /webhook/p?challenge=a&challenge=b", &[], "refused: the query parameter challenge"),
                (&["s"], "GET /webhook/p?challenge=a%00", &[], "refused: challenge is not"),
                (&["s"], &format!("GET /webhook/p?challenge={long}"), &[], "refused: challenge is not"),
                (&["s"], "GET /webhook/p", &[], "-"),
                (&["s"], "HEAD /webhook/p?challenge=a", &[], "-"),
            ],
        );
    }
}

#[test]
fn okta_has_its_challenge_back_once_it_showed_the_secret() {
    let (challenge, right) = (("x-okta-verification-challenge", "hello\"octo"), ("authorization", "octo-secret"));
    let (key, get): (&[&str], _) = (&["octo-secret"], "GET /webhook/p");
    check(
        "okta",
        &[
            (key, get, &[right, challenge], &json(r#"{"verification":"hello\"octo"}"#)),
            (&["old", "octo-secret"], get, &[right, challenge], &json(r#"{"verification":"hello\"octo"}"#)),
            (key, get, &[("authorization", "octo"), challenge], "refused: the header authorization does not match"),
            (key, get, &[challenge], "refused: the header authorization is missing"),
            (&[], get, &[right, challenge], "refused: the hook has no usable secret"),
            (key, get, &[right, challenge, challenge], "refused: the header x-okta-verification-challenge stands"),
            (key, get, &[right, (challenge.0, "a\nb")], "refused: x-okta-verification-challenge is not"),
            (key, get, &[right, (challenge.0, &"a".repeat(1_025))], "refused: x-okta-verification-challenge is not"),
            (key, get, &[right, (challenge.0, "")], "refused: x-okta-verification-challenge is not"),
            (key, get, &[right], "-"),
            (key, "HEAD /webhook/p", &[right, challenge], "-"),
        ],
    );
}

#[test]
fn cloudevents_may_be_posted_from_where_they_ask_and_as_often_as_the_hook_takes_them() {
    let origin = ("webhook-request-origin", "events.example.com");
    let answer = "200  allow=POST webhook-allowed-origin=events.example.com webhook-allowed-rate=70 | ";
    let (key, ask): (&[&str], _) = (&["octo-secret"], "OPTIONS /webhook/p");
    let (right, wrong) = (("authorization", "Bearer octo-secret"), ("authorization", "Bearer octo"));
    check(
        "cloudevents",
        &[
            (key, ask, &[origin], answer),
            (key, ask, &[origin, ("webhook-request-rate", "120")], answer),
            (key, ask, &[origin, right], answer),
            (key, ask, &[origin, wrong], "refused: the header authorization does not match"),
            (key, ask, &[origin, origin], "refused: the header webhook-request-origin stands"),
            (key, ask, &[(origin.0, "a\nb")], "refused: webhook-request-origin is not"),
            (key, ask, &[(origin.0, "")], "refused: webhook-request-origin is not"),
            (key, ask, &[], "-"),
            (key, "GET /webhook/p", &[origin], "-"),
        ],
    );
    check(
        "azure-event-grid",
        &[
            (key, "OPTIONS /webhook/p?token=octo-secret", &[origin], answer),
            (key, "OPTIONS /webhook/p?token=octo", &[origin], "refused: the token in token"),
            (key, "OPTIONS /webhook/p", &[origin], "refused: the query parameter token"),
            (key, "OPTIONS /webhook/p?token=octo-secret", &[], "-"),
        ],
    );
}

#[test]
fn head_is_answered_for_those_who_ask_so_and_nothing_for_anyone_else() {
    for name in ["trello", "mandrill", "intercom"] {
        check(name, &[(&["s"], "HEAD /webhook/p", &[], "200  | "), (&["s"], "GET /webhook/p", &[], "-")]);
    }
    let query = "/webhook/p?challenge=a&crc_token=a&hub.mode=subscribe&hub.challenge=a&validationToken=a";
    for name in ["github", "slack", "stripe", "none", "microsoft-graph", "terraform", "xero"] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let secrets: &[&str] = if name == "none" { &[] } else { &["s"] };
            let asked = [("webhook-request-origin", "a"), ("x-okta-verification-challenge", "a")];
            assert_eq!(ask(name, secrets, &format!("{method} {query}"), &asked), "-", "{method} {name}");
        }
    }
}

#[test]
fn a_hub_has_its_challenge_back_for_the_topic_that_was_asked_for() {
    let topic = "https://www.youtube.com/xml/feeds/videos.xml?channel_id=octo";
    let asked: String = form_urlencoded::byte_serialize(topic.as_bytes()).collect();
    let good =
        format!("GET /webhook/p?hub.mode=subscribe&hub.topic={asked}&hub.challenge=4711&hub.lease_seconds=432000");
    let both: &[&str] = &["hub-secret", topic];
    for name in ["websub", "websub-sha1", "youtube"] {
        check(
            name,
            &[
                (both, &good, &[], &echoed("4711")),
                (&[topic], &good, &[], &echoed("4711")),
                (&["hub-secret"], &good, &[], "refused: the token in hub.topic"),
                (&["hub-secret", "https://other.example"], &good, &[], "refused: the token in hub.topic"),
                (both, &good.replace(&asked, "hub-secret"), &[], "refused: the token in hub.topic"),
                (both, &good.replace("octo", "octo2"), &[], "refused: the token in hub.topic"),
                (both, &good.replace("hub.topic", "topic"), &[], "refused: the query parameter hub.topic is missing"),
                (both, &format!("{good}&hub.topic=x"), &[], "refused: the query parameter hub.topic stands"),
                (both, &good.replace("4711", ""), &[], "refused: the query parameter hub.challenge is missing"),
                (both, &good.replace("4711", "a%0Ab"), &[], "refused: hub.challenge is not"),
                // Nobody but the operator ends a subscription.
                (both, &good.replace("=subscribe", "=unsubscribe"), &[], "-"),
                (both, &good.replace("=subscribe", "=denied"), &[], "-"),
                (both, "GET /webhook/p", &[], "-"),
                (both, &good.replace("GET", "HEAD"), &[], "-"),
            ],
        );
    }
}

#[test]
fn strava_has_its_challenge_back_in_json_for_the_token_of_the_hook() {
    let good = "GET /webhook/p?hub.verify_token=octo&hub.challenge=15f7d1a91c1f40f8&hub.mode=subscribe";
    check(
        "strava",
        &[
            (&["octo"], good, &[], &json(r#"{"hub.challenge":"15f7d1a91c1f40f8"}"#)),
            (&["other", "octo"], good, &[], &json(r#"{"hub.challenge":"15f7d1a91c1f40f8"}"#)),
            (&["other"], good, &[], "refused: the token in hub.verify_token"),
            (&[], good, &[], "refused: the token in hub.verify_token"),
            (&["octo"], &good.replace("octo", ""), &[], "refused: the query parameter hub.verify_token"),
            (&["octo"], &good.replace("=subscribe", "=unsubscribe"), &[], "-"),
            (&["octo"], "GET /webhook/p", &[], "-"),
        ],
    );
}

#[test]
fn a_get_is_answered_for_those_who_only_look_whether_somebody_is_there() {
    check("mailchimp", &[(&["s"], "GET /webhook/p?secret=s", &[], "200  | "), (&["s"], "HEAD /webhook/p", &[], "-")]);
    check(
        "onfleet",
        &[
            (&["00"], "GET /webhook/p?check=octo", &[], &echoed("octo")),
            (&["00"], "GET /webhook/p?check=", &[], "refused: the query parameter check"),
            (&["00"], "GET /webhook/p?check=%3Cb%3E%0A", &[], "refused: check is not"),
            (&["00"], "GET /webhook/p", &[], "-"),
        ],
    );
}
