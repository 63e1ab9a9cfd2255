//! The `email` action in one process: two parts, threads, hostile texts, answers, and a password that is told to nobody.

use bellhop_tests::far_ends::smtp::{FakeSmtp, Mail, Options, Tls, Turn};
use http::Method;
use serde_json::json;

use crate::sinks::{Away, event, hook, replay};

const TO: &str = "to = [\"me@example.com\"]";

/// A process that hands its mails to a server, with a hook for each of these actions' fields.
async fn away(smtp: &FakeSmtp, url: &str, hooks: &[(&str, &str)]) -> Away {
    let settings = "[email]\nfrom = \"Bellhop <desk@bellhop.example>\"\nsmtp = \"env:SMTP_URL\"\n".to_owned();
    let hooks: String = hooks.iter().map(|(path, fields)| hook(path, "email", fields)).collect();
    Away::with(&smtp.host(), &[("SMTP_URL", url)], &(settings + &hooks)).await
}

/// The URL of a server that speaks no TLS.
fn plain(smtp: &FakeSmtp) -> String {
    format!("smtp://{}?tls=none", smtp.host())
}

/// The mail of an event.
fn of_event<'a>(mails: &'a [Mail], event: &str) -> &'a Mail {
    mails.iter().find(|mail| mail.header("X-Bellhop-Event") == event).expect("the event's mail came")
}

#[tokio::test]
async fn a_mail_is_plain_text_and_html_and_says_that_a_machine_wrote_it() {
    let smtp = FakeSmtp::start().await;
    let fields =
        format!("{TO}\n  template = \"<b>{{{{ payload.name }}}}</b> is down: <code>{{{{ payload.why }}}}</code>\"");
    let away = away(&smtp, &plain(&smtp), &[("p", &fields)]).await;
    let id = away.say("p", &json!({"name": "api <prod>", "why": "grüß & 🛎"}).to_string()).await;
    let task = away.task(&id, "succeeded").await;
    assert_eq!((task["kind"].as_str(), task["attempts"][0]["response_status"].as_u64()), (Some("email"), Some(250)));
    let mail = smtp.wait_for_mails(1).await.remove(0);
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("desk@bellhop.example", &["me@example.com".to_owned()][..]));
    assert_eq!(mail.header("From"), "Bellhop <desk@bellhop.example>");
    assert_eq!(mail.header("Subject"), "api <prod> is down: grüß & 🛎");
    assert_eq!((mail.header("Auto-Submitted"), mail.header("X-Bellhop-Event")), ("auto-generated", id.as_str()));
    assert_eq!(mail.text("text/plain").trim(), "api <prod> is down: grüß & 🛎");
    let html = mail.text("text/html");
    assert!(html.contains("<b>api &lt;prod&gt;</b> is down: <code>grüß &amp; 🛎</code>"), "{html}");
    let types: Vec<_> = mail.parts.iter().map(|part| part.content_type.as_str()).collect();
    assert_eq!(types, ["text/plain", "text/html"]);
    away.finish();
}

#[tokio::test]
async fn the_mails_of_a_key_are_one_thread_and_one_made_again_is_another_mail() {
    let smtp = FakeSmtp::start().await;
    let fields = format!("{TO}\n  key = \"{{{{ payload.key }}}}\"\n  subject = \"Change {{{{ payload.key }}}}\"");
    let away = away(&smtp, &plain(&smtp), &[("p", &fields)]).await;
    let mut ids = Vec::new();
    for (key, text) in [("7", "opened"), ("8", "opened"), ("7", "merged"), ("", "no key")] {
        let id = away.say("p", &json!({"key": key, "message": text}).to_string()).await;
        away.task(&id, "succeeded").await;
        ids.push(id);
    }
    let mails = smtp.wait_for_mails(4).await;
    let thread = |at: usize| of_event(&mails, &ids[at]).header("References").to_owned();
    assert!(!thread(0).is_empty() && thread(0) == thread(2) && thread(0) != thread(1), "{mails:?}");
    assert!(mails.iter().all(|mail| mail.header("In-Reply-To") == mail.header("References")));
    assert_eq!((thread(3).as_str(), of_event(&mails, &ids[2]).header("Subject")), ("", "Change 7"));
    replay(&away, &ids[0]).await;
    let mails = smtp.wait_for_mails(5).await;
    assert_eq!(mails[4].header("References"), thread(0));
    let mut known: Vec<_> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
    known.sort_unstable();
    known.dedup();
    assert_eq!(known.len(), 5, "{known:?}");
    away.finish();
}

#[tokio::test]
async fn no_text_of_a_payload_becomes_a_header_or_a_command() {
    let smtp = FakeSmtp::start().await;
    let fields = format!("{TO}\n  subject = \"{{{{ payload.text }}}}\"\n  template = \"{{{{ payload.text }}}}\"");
    let away = away(&smtp, &plain(&smtp), &[("p", &fields)]).await;
    let texts = [
        "a\r\nBcc: them@example.com\r\n\r\nbody",
        "a\nTo: them@example.com",
        "\r\n.\r\nMAIL FROM:<them@example.com>\r\n",
        "=?utf-8?Q?a=0D=0ABcc:_them@example.com?=",
        "\u{202e}gnp.exe\u{0}\u{7}\u{2028}Bcc: them@example.com",
        "<img src=x onerror=alert(1)><a href=\"javascript:alert(1)\">a</a>",
        "--boundary--",
    ];
    for text in texts {
        let id = away.say("p", &json!({ "text": text }).to_string()).await;
        away.task(&id, "succeeded").await;
        let mails = smtp.mails();
        let mail = of_event(&mails, &id);
        assert_eq!((mail.to.as_slice(), mail.header("To")), (&["me@example.com".to_owned()][..], "me@example.com"));
        assert_eq!((mail.header("Bcc"), mail.parts.len()), ("", 2), "{text:?}");
        assert!(!mail.header("Subject").contains(char::is_control), "{text:?}: {mail:?}");
        let html = mail.text("text/html");
        assert!(!html.contains("<img") && !html.contains("<a "), "{html}");
    }
    assert_eq!(smtp.mails().len(), texts.len());
    away.finish();
}

#[tokio::test]
async fn every_answer_is_obeyed_and_a_test_is_a_mail_too() {
    let smtp = FakeSmtp::start().await;
    let nobody = "to = [\"me@example.com\", \"nobody@example.com\"]";
    let away = away(&smtp, &plain(&smtp), &[("p", TO), ("n", nobody)]).await;
    smtp.next("RCPT", [Turn::Answer("451 4.7.1 greylisted")]);
    let task = away.task(&away.say("p", &event("one")).await, "succeeded").await;
    let attempts: Vec<_> =
        task["attempts"].as_array().into_iter().flatten().map(|a| a["response_status"].clone()).collect();
    assert_eq!(attempts, [json!(451), json!(250)], "{task}");
    smtp.set_mailbox("nobody@example.com", "550 5.1.1 no such user");
    let task = away.task(&away.say("n", &event("two")).await, "dead").await;
    assert!(task["reason"].as_str().is_some_and(|reason| reason.contains("5.1.1 no such user")), "{task}");
    smtp.next(".", [Turn::Answer("554 5.7.1 it looks like spam")]);
    let task = away.task(&away.say("p", &event("three")).await, "dead").await;
    assert!(task["reason"].as_str().is_some_and(|reason| reason.contains("looks like spam")), "{task}");
    assert_eq!(smtp.mails().len(), 1);
    let hooks = away.api(Method::GET, "/api/hooks", None).await.json();
    let hook = hooks["items"].as_array().into_iter().flatten().find(|hook| hook["path"] == "p").cloned();
    let hook = hook.expect("the hook is there");
    let tried = format!("/api/hooks/{}/test", hook["id"].as_str().unwrap_or_default());
    let answer = away.api(Method::POST, &tried, None).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    let mail = smtp.wait_for_mails(2).await.remove(1);
    assert!(mail.header("Subject").starts_with("Test: ") && mail.header("References").is_empty(), "{mail:?}");
    away.finish();
}

#[tokio::test]
async fn the_password_goes_to_nobody_who_is_not_trusted_and_is_told_to_nobody() {
    let smtp = FakeSmtp::start_with(Options { tls: Tls::Required, auth: true, ..Options::default() }).await;
    let url = format!("smtp://desk%40bellhop.example:canary-7f3a-password@{}", smtp.host());
    let away = away(&smtp, &url, &[("p", TO)]).await;
    let task = away.task(&away.say("p", &event("one")).await, "retrying").await;
    assert!(task["attempts"][0]["detail"].as_str().is_some_and(|detail| detail.contains(&smtp.host())), "{task}");
    let heard = format!("{:?}", smtp.exchanges());
    assert!(heard.contains("STARTTLS") && !heard.contains("AUTH "), "{heard}");
    assert!(smtp.mails().is_empty());
    away.finish_without(&["canary-7f3a-password", "Y2FuYXJ5LTdmM2E"]).await;
}
