//! Quiet hours in one process: what waits, what passes it by, and what people see of it.

use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;

use crate::sinks::{Away, event};
use crate::world::{CHAT, shared_hook};

/// A time of day in UTC, so many hours from now.
fn hours_from_now(hours: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
    format!("{:02}:00", (now / 3600 + hours) % 24)
}

#[tokio::test]
async fn in_quiet_hours_only_what_is_urgent_comes_and_people_see_what_waits() {
    let (from, to) = (hours_from_now(23), hours_from_now(3));
    let quiet = format!(
        "  quiet = {{ from = \"{from}\", to = \"{to}\", timezone = \"UTC\", unless = \"payload.message.contains('fire')\" }}\n"
    );
    let away = Away::with("127.0.0.1", &[], &(shared_hook("p", CHAT) + &quiet + &shared_hook("q", CHAT))).await;
    let waits = away.say("p", &event("a disk is rather full")).await;
    away.say("p", &event("a certificate ends soon")).await;
    let urgent = away.say("p", &event("there is a fire")).await;
    let other = away.say("q", &event("a hook without quiet hours")).await;
    away.task(&urgent, "succeeded").await;
    away.task(&other, "succeeded").await;
    let task = away.task(&waits, "queued").await;
    assert_eq!(task["reason"], format!("quiet hours: it waits until {to} UTC"), "{task}");
    let due = task["due_at"].as_str().unwrap_or_default();
    assert!(due.ends_with(&format!("T{to}:00.000Z")), "{task}");
    // What comes close together may be one message.
    let texts: Vec<_> = away.world.fake.messages_of(CHAT).into_iter().map(|message| message.text).collect();
    assert_eq!(texts.join("\n\n"), "there is a fire\n\na hook without quiet hours");
    // Whoever cannot wait asks for it again.
    let answer = away.api(Method::POST, &format!("/api/events/{waits}/replay"), None).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    away.world.fake.wait_for_text("a disk is rather full").await;
    assert!(away.api(Method::GET, "/api/hooks", None).await.text().contains("\"timezone\":\"UTC\""));
    away.finish();
}
