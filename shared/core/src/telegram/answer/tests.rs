use super::*;

/// Reads an answer with this status and body.
fn read(status: u16, body: &str) -> Result<Sent, Failure> {
    read_answer(status, body.as_bytes())
}

/// An error as the Bot API writes it.
fn error(code: u16, description: &str, parameters: &str) -> String {
    format!(r#"{{"ok":false,"error_code":{code},"description":"{description}"{parameters}}}"#)
}

#[test]
fn a_sent_message_has_its_id() {
    let body = r#"{"ok":true,"result":{"message_id":42,"chat":{"id":7,"type":"private"},"date":1,"text":"x"}}"#;
    assert_eq!(read(200, body), Ok(Sent { message_id: 42 }));
}

#[test]
fn every_failure_is_told_apart() {
    let blocked = |description: &str| Failure::Blocked { description: description.to_owned() };
    for (code, description, expected, is_final) in [
        (403, "Forbidden: bot was blocked by the user", blocked("Forbidden: bot was blocked by the user"), true),
        (
            403,
            "Forbidden: bot was kicked from the group chat",
            blocked("Forbidden: bot was kicked from the group chat"),
            true,
        ),
        (403, "Forbidden: user is deactivated", blocked("Forbidden: user is deactivated"), true),
        (
            403,
            "Forbidden: bot is not a member of the channel chat",
            blocked("Forbidden: bot is not a member of the channel chat"),
            true,
        ),
        (
            400,
            "Bad Request: not enough rights to send text messages to the chat",
            blocked("Bad Request: not enough rights to send text messages to the chat"),
            true,
        ),
        (400, "Bad Request: chat not found", Failure::ChatNotFound, true),
        (
            400,
            "Bad Request: can't parse entities: Unsupported start tag \\\"x\\\" at byte offset 0",
            Failure::BadEntities {
                description: "Bad Request: can't parse entities: Unsupported start tag \"x\" at byte offset 0"
                    .to_owned(),
            },
            false,
        ),
        (
            400,
            "Bad Request: message is too long",
            Failure::Refused { code: 400, description: "Bad Request: message is too long".to_owned() },
            true,
        ),
        (
            400,
            "Bad Request: message text is empty",
            Failure::Refused { code: 400, description: "Bad Request: message text is empty".to_owned() },
            true,
        ),
        (401, "Unauthorized", Failure::Unauthorized, true),
        (404, "Not Found", Failure::Unauthorized, true),
        (409, "Conflict: x", Failure::Refused { code: 409, description: "Conflict: x".to_owned() }, true),
        (
            500,
            "Internal Server Error",
            Failure::Unavailable { code: 500, description: "Internal Server Error".to_owned() },
            false,
        ),
        (502, "Bad Gateway", Failure::Unavailable { code: 502, description: "Bad Gateway".to_owned() }, false),
    ] {
        assert_eq!(expected.is_final(), is_final, "{description}");
        assert_eq!(read(code, &error(code, description, "")), Err(expected));
    }
}

#[test]
fn waits_and_moves_carry_their_numbers() {
    let wait = error(429, "Too Many Requests: retry after 41", r#","parameters":{"retry_after":41}"#);
    assert_eq!(read(429, &wait), Err(Failure::RetryAfter { seconds: 41 }));
    assert_eq!(read(429, &error(429, "Too Many Requests: retry after 5", "")), Err(Failure::RetryAfter { seconds: 5 }));
    let unsaid = Failure::Unavailable { code: 429, description: "Too Many Requests".to_owned() };
    assert_eq!(read(429, &error(429, "Too Many Requests", "")), Err(unsaid));
    let moved = error(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        r#","parameters":{"migrate_to_chat_id":-1001234567890}"#,
    );
    assert_eq!(read(400, &moved), Err(Failure::Migrated { chat: -1_001_234_567_890 }));
    assert!(!Failure::Migrated { chat: 1 }.is_final() && !Failure::RetryAfter { seconds: 1 }.is_final());
}

#[test]
fn words_of_a_proxy_are_not_final() {
    for (status, body) in
        [(502, "<html>Bad Gateway</html>"), (403, "Forbidden"), (200, ""), (404, "null"), (200, "[1]")]
    {
        let failure = read(status, body).unwrap_err();
        assert!(matches!(failure, Failure::Unavailable { code, .. } if code == status), "{failure:?}");
        assert!(!failure.is_final());
    }
    assert!(read_answer(200, &[0xff; 9]).is_err());
    assert!(read(200, r#"{"ok":true,"result":true}"#).is_err());
    assert!(read(200, &"[".repeat(100_000)).is_err());
}

#[test]
fn no_error_holds_the_token() {
    let token = "123456789:AAE-canaryCANARY_canary0123456789";
    for around in ["no route to /bot{}/sendMessage", "{}", "bad token {}!", "x bot{}: y"] {
        let said = around.replace("{}", token);
        for code in [400, 403, 409, 500] {
            let failure = read(code, &error(code, &said, "")).unwrap_err();
            assert!(!format!("{failure} {failure:?}").contains("canary"), "{failure}");
        }
    }
    let long = read(400, &error(400, &"long ".repeat(1_000), "")).unwrap_err().to_string();
    assert!(long.chars().count() < 300);
}
