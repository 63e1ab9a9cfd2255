//! The mailer against a strict fake of a mail server: encryption, passwords, and what each answer means.

use bellhop_tests::far_ends::smtp::{FakeSmtp, Options, Tls, Turn, USER};

use super::*;

const MAIL: &str = "From: desk@bellhop.example\r\nTo: me@example.com\r\nSubject: a\r\n\
                    Date: Mon, 30 Nov 2026 16:40:00 +0000\r\nMessage-ID: <1@bellhop.example>\r\n\r\n.a\r\n";

/// A mailer that may call the fake and trusts it.
fn mailer(smtp: &FakeSmtp) -> Smtp {
    let hosts = [format!("localhost:{}", smtp.port()).parse().unwrap()];
    let root = Certificate::from_pem(smtp.root().as_bytes()).unwrap();
    Smtp { hosts: hosts.into_iter().collect(), roots: vec![root] }
}

/// The URL of the fake, with a password.
fn url(scheme: &str, smtp: &FakeSmtp, password: &str) -> String {
    let encoded = |text: &str| text.replace('@', "%40").replace(' ', "%20");
    format!("{scheme}://{}:{}@localhost:{}", encoded(USER.0), encoded(password), smtp.port())
}

/// Hands a mail to a server.
async fn send(mailer: &Smtp, url: &str) -> Result<MailAnswer, MailError> {
    let (relay, to) = (Relay::parse(url).unwrap(), ["me@example.com".to_owned()]);
    let mail = OutboundMail { relay: Some(&relay), from: "desk@bellhop.example", to: &to, raw: MAIL.as_bytes() };
    mailer.send(mail).await
}

async fn start(tls: Tls, auth: bool) -> FakeSmtp {
    FakeSmtp::start_with(Options { tls, auth, ..Options::default() }).await
}

#[tokio::test]
async fn a_mail_goes_over_tls_with_a_password_either_way() {
    for (scheme, tls) in [("smtps", Tls::Implicit), ("smtp", Tls::Required), ("smtp", Tls::Offered)] {
        let smtp = start(tls, true).await;
        let answer = send(&mailer(&smtp), &url(scheme, &smtp, USER.1)).await.unwrap();
        assert_eq!(answer.code, 250, "{answer:?}");
        let mail = smtp.wait_for_mails(1).await.remove(0);
        assert!(mail.encrypted && mail.user.as_deref() == Some(USER.0), "{mail:?}");
        assert_eq!((mail.from.as_str(), mail.to.join(" ").as_str()), ("desk@bellhop.example", "me@example.com"));
        assert!(String::from_utf8_lossy(&mail.raw).starts_with(MAIL), "{mail:?}");
    }
}

#[tokio::test]
async fn nothing_is_said_to_a_server_that_is_not_trusted_or_speaks_no_tls() {
    for (scheme, tls) in [("smtps", Tls::Implicit), ("smtp", Tls::Required), ("smtp", Tls::Never)] {
        let smtp = start(tls, true).await;
        let trusting = mailer(&smtp);
        let mailer = if tls == Tls::Never { trusting } else { Smtp { roots: Vec::new(), ..trusting } };
        let error = send(&mailer, &url(scheme, &smtp, "canary-7f3a")).await.unwrap_err();
        assert!(!error.text.contains("canary"), "{error}");
        assert_eq!(error.kind == MailFailure::Setup, tls == Tls::Never, "{error:?}");
        let said: Vec<_> = smtp.exchanges().into_iter().map(|exchange| exchange.command).collect();
        assert!(
            said.iter().all(|said| ["CONNECT", "EHLO", "STARTTLS", "QUIT"].iter().any(|known| said.starts_with(known))),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn a_wrong_password_is_said_with_its_fix_and_never_told() {
    let smtp = start(Tls::Implicit, true).await;
    smtp.next("AUTH", [Turn::Answer("535 5.7.8 no: canary-7f3a AGRlc2tAYmVsbGhvcC5leGFtcGxlAGNhbmFyeS03ZjNh")]);
    let error = send(&mailer(&smtp), &url("smtps", &smtp, "canary-7f3a")).await.unwrap_err();
    assert_eq!((error.kind, error.code), (MailFailure::Setup, Some(535)));
    assert!(error.text.contains("mend the user and the password") && error.text.contains("no: [redacted]"), "{error}");
    assert!(
        !error.text.contains("canary") && !error.text.contains("Y2FuYXJ5") && !error.text.contains("AGRl"),
        "{error}"
    );
}

#[tokio::test]
async fn every_answer_has_one_meaning() {
    for (command, answer, kind) in [
        ("CONNECT", "421 4.3.2 not now", MailFailure::Passing),
        ("CONNECT", "554 5.3.2 never", MailFailure::Refused),
        ("AUTH", "454 4.7.0 later", MailFailure::Passing),
        ("MAIL", "451 4.3.0 try again", MailFailure::Passing),
        ("MAIL", "530 5.7.0 first authenticate", MailFailure::Setup),
        ("RCPT", "450 4.2.1 busy mailbox", MailFailure::Passing),
        ("RCPT", "550 5.1.1 no such user", MailFailure::NoMailbox),
        ("RCPT", "553 5.1.3 no such name", MailFailure::NoMailbox),
        ("RCPT", "550 5.7.1 not from you", MailFailure::Refused),
        ("DATA", "554 5.6.0 no", MailFailure::Refused),
        (".", "552 5.3.4 too long", MailFailure::Refused),
        (".", "452 4.3.1 full", MailFailure::Passing),
    ] {
        let smtp = start(Tls::Implicit, true).await;
        smtp.next(command, [Turn::Answer(answer)]);
        let error = send(&mailer(&smtp), &url("smtps", &smtp, USER.1)).await.unwrap_err();
        let (code, text) = answer.split_once(' ').unwrap();
        assert_eq!((error.kind, error.code), (kind, code.parse().ok()), "{command}: {answer}: {error}");
        assert!(error.text.contains(text) && error.text.contains("localhost"), "{error}");
        assert!(smtp.mails().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_breaks_off_may_be_asked_again() {
    for command in ["CONNECT", "EHLO", "MAIL", "."] {
        let smtp = start(Tls::Implicit, true).await;
        smtp.next(command, [Turn::Cut]);
        let error = send(&mailer(&smtp), &url("smtps", &smtp, USER.1)).await.unwrap_err();
        assert_eq!((error.kind, error.code), (MailFailure::Passing, None), "{command}: {error}");
    }
    let mailer = Smtp::new(["127.0.0.1:1".parse().unwrap()].into_iter().collect());
    assert_eq!(send(&mailer, "smtp://127.0.0.1:1?tls=none").await.unwrap_err().kind, MailFailure::Passing);
}

#[tokio::test]
async fn private_servers_are_called_where_the_operator_named_them() {
    let smtp = start(Tls::Never, false).await;
    let plain = format!("smtp://127.0.0.1:{}?tls=none", smtp.port());
    for hosts in [PrivateHosts::default(), ["10.0.0.1".parse().unwrap()].into_iter().collect()] {
        let error = send(&Smtp::new(hosts), &plain).await.unwrap_err();
        assert!(error.kind == MailFailure::Setup && error.text.contains("allow_private_hosts"), "{error}");
    }
    assert!(smtp.exchanges().is_empty());
    let named = Smtp::new([format!("127.0.0.1:{}", smtp.port()).parse().unwrap()].into_iter().collect());
    assert_eq!(send(&named, &plain).await.unwrap().code, 250);
    assert_eq!(smtp.mails().len(), 1);
}
