//! Tokens that prove a body are not written down.

use super::*;

/// Texts with what may stand escaped in them written out: `\\u0063`, `%63`, base64 of a user's name and password.
fn spelled_out(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let characters: Vec<char> = (' '..='~').collect();
    for c in characters.into_iter().filter(|c| c.is_ascii_alphanumeric() || "-+:".contains(*c)) {
        for form in [
            format!("\\u{:04x}", u32::from(c)),
            format!("\\u{:04X}", u32::from(c)),
            format!("%{:02x}", u32::from(c)),
            format!("%{:02X}", u32::from(c)),
        ] {
            text = text.replace(&form, &c.to_string());
        }
    }
    text
}

#[tokio::test]
async fn no_token_of_any_sender_is_written_down_in_any_spelling() {
    const CANARY: &str = "canary-user:canary+pass-4f7b1d9e2c";
    // As `base64` writes it.
    const BASIC: &str = "Y2FuYXJ5LXVzZXI6Y2FuYXJ5K3Bhc3MtNGY3YjFkOWUyYw";
    let escaped: String = CANARY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let encoded: String = CANARY.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let mut senders = 0;
    for sender in Sender::all().iter().filter(|sender| sender.signs_nothing() && !sender.is_unsigned()) {
        let hook = json!({"id": "hk_1", "path": "p", "sender": sender.name, "secrets": ["env:CANARY"], "max_body_bytes": 100_000});
        let memory = Memory::with(&[hook], &[("CANARY", CANARY)]);
        let (ingress, secret) = (memory.ingress(), Secret::new(CANARY).unwrap());
        let draft = Draft { method: "POST", url: Url::new("https://x", "/webhook/p"), body: br#"{"a":1}"#, id: "1" };
        let proof = sign_request(sender, &secret, draft, Timestamp::from_ms(1_700_000_000_000)).unwrap();
        let target = format!("/webhook/p?{}", proof.query.join("&"));
        let mut headers = proof.headers.clone();
        headers.extend(header("x-original-uri", &target));
        let body = proof.body.unwrap_or_else(|| br#"{"a":1}"#.to_vec());
        let text = String::from_utf8(body.clone()).unwrap();
        // The same once more in other spellings: escaped, and in fields that stand there twice.
        let mut bodies = vec![text.clone()];
        if text.contains(CANARY) {
            bodies.push(text.replace(CANARY, &escaped));
            bodies.push(format!("\u{feff}{text}"));
            bodies.push(text.replacen('{', &format!("{},", text.trim_end_matches('}').trim_end_matches(']')), 1));
            bodies.push(text.replacen('{', &text.trim_end_matches('}').replace(']', "],"), 1));
        } else if text.contains("canary") {
            let value = form_urlencoded::byte_serialize(CANARY.as_bytes()).collect::<String>();
            bodies.push(text.replace(&value, &encoded));
        }
        let mut accepted = 0;
        for body in &bodies {
            let taken = ring_at(&ingress, ("p", &target), &headers, body.as_bytes()).await;
            accepted += usize::from(taken.is_ok());
            for message in memory.messages() {
                let said = spelled_out(&message);
                assert!(!said.contains("canary") && !said.contains(BASIC), "{}: {body}: {said}", sender.name);
                let kept = said.contains("[redacted]");
                assert!(kept || sender.scheme.carrier().is_empty(), "{}: {said}", sender.name);
            }
        }
        assert!(accepted > 0, "{}: {text}", sender.name);
        senders += 1;
    }
    assert!(senders > 30, "{senders}");
}

#[tokio::test]
async fn a_body_that_carries_no_token_is_written_down_as_it_came() {
    let memory = world(&[
        github(json!({})),
        json!({"id": "hk_chat", "path": "chat", "sender": "mattermost", "secrets": ["env:ONE"]}),
    ]);
    let ingress = memory.ingress();
    ring(&ingress, "github", &signed("one"), BODY).await.unwrap();
    let written = memory.messages().remove(0);
    assert!(written.ends_with(&[b"\n", BODY].concat()));
    ring(&ingress, "chat", &Pairs::new(), br#"{ "token":"one", "text" : "a\u0062 1.0"}"#).await.unwrap();
    let written = memory.messages().remove(0);
    assert!(written.ends_with(b"\n{ \"token\":\"[redacted]\", \"text\" : \"a\\u0062 1.0\"}"));
}
