//! Python's `smtplib` against the fake, and `aiosmtpd` asked for its opinion of the same mails and dialogues.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use bellhop_tests::build::workspace;
use bellhop_tests::far_ends::smtp::{FakeSmtp, Mail, Options, Tls, Turn, USER};
use bellhop_tests::stack;
use serde::Deserialize as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::run;

/// The program that speaks for Python.
fn python(mode: &str) -> Command {
    let mut command = Command::new(stack::python());
    command.arg("-B").arg(workspace().join("tests/it/far_ends/mail.py")).arg(mode);
    command
}

/// A running aiosmtpd; it ends when dropped.
struct Aiosmtpd {
    child: Child,
    lines: BufReader<ChildStdout>,
    port: u16,
}

impl Aiosmtpd {
    fn start() -> Self {
        let mut command = python("serve");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("aiosmtpd starts");
        let lines = BufReader::new(child.stdout.take().expect("it prints"));
        let mut server = Self { child, lines, port: 0 };
        server.port = server.line().trim().parse().expect("it prints its port");
        server
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("it prints text");
        line
    }
}

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What `smtplib` makes of handing mails to a port.
async fn send(question: Value) -> Vec<Value> {
    let answer = tokio::task::spawn_blocking(move || run(&mut python("send"), &question)).await;
    Vec::deserialize(answer.expect("it ends")).expect("it answers with a list")
}

/// A mail to write, to one address.
fn draft(subject: &str, more: &[(&str, &str)], text: &str) -> Value {
    let mut headers = vec![
        ("From", "Bellhop <desk@bellhop.example>"),
        ("To", "me@example.com"),
        ("Subject", subject),
        ("Date", "Mon, 30 Nov 2026 16:40:00 +0000"),
        ("Message-ID", "<1@bellhop.example>"),
    ];
    headers.extend_from_slice(more);
    json!({"headers": headers, "to": ["me@example.com"], "text": text})
}

/// Mails with everything that a mail of ours may have.
fn drafts() -> Vec<Value> {
    let many = "the quick brown fox 🦊 jumps over the lazy dog — ".repeat(12);
    let mut both = draft("two parts", &[], "plain, grüß\n");
    both["html"] = json!("<p>html, <b>grüß</b> &amp; more</p>\n");
    let mut plain = draft("7 bits", &[], "only ASCII\n");
    plain["encoding"] = json!("7bit");
    let mut coded = draft("Base64", &[], &many);
    coded["encoding"] = json!("base64");
    // Python breaks long lines at 78 letters, where RFC 2045 allows 76.
    let mut quoted = draft("quoted", &[], "grüß dich = dich\n= \n\t\t\n.\n..\nFrom here on\n");
    quoted["encoding"] = json!("quoted-printable");
    vec![
        draft("plain", &[], "Hello\n"),
        draft("dots", &[], ".\n..\n.a\n\n.\n"),
        draft(&format!("grüße 🛎 {}", many.trim()), &[], "a long subject\n"),
        draft(
            "Re: thread",
            &[("In-Reply-To", "<0@bellhop.example>"), ("References", "<0@bellhop.example> <00@bellhop.example>")],
            "in a thread\n",
        ),
        draft("names", &[("Cc", "\"Last, First\" <a@b.example>, Grüß Dich <c@d.example>")], "a\n"),
        draft("empty", &[], "\n"),
        both,
        plain,
        coded,
        quoted,
    ]
}

/// A mail as aiosmtpd and Python tell it.
fn told(mail: &Mail) -> Value {
    let parts: Vec<_> = mail.parts.iter().map(|part| (&part.content_type, &part.text)).collect();
    json!({"from": mail.from, "to": mail.to, "headers": mail.headers, "parts": parts, "defects": []})
}

#[tokio::test(flavor = "multi_thread")]
async fn both_servers_read_the_same_out_of_each_mail() {
    let (smtp, mut other) = (FakeSmtp::start().await, Aiosmtpd::start());
    let drafts = drafts();
    for port in [smtp.port(), other.port] {
        let answers = send(json!({"port": port, "mails": drafts})).await;
        assert!(answers.iter().all(|answer| *answer == json!({"refused": {}})), "{answers:?}");
    }
    let mails = smtp.mails();
    assert_eq!(mails.len(), drafts.len());
    for mail in &mails {
        let theirs: Value = serde_json::from_str(&other.line()).expect("it prints JSON");
        assert_eq!(told(mail), theirs, "{}", String::from_utf8_lossy(&mail.raw));
    }
    assert_eq!(mails[1].text("text/plain"), ".\n..\n.a\n\n.\n");
    assert!(mails[2].header("subject").starts_with("grüße 🛎 the quick brown fox 🦊"), "{:?}", mails[2].headers);
}

#[tokio::test(flavor = "multi_thread")]
async fn smtplib_is_answered_as_it_expects() {
    let smtp = FakeSmtp::start_with(Options { tls: Tls::Required, auth: true, size: 20_000 }).await;
    smtp.set_mailbox("gone@example.com", "550 5.1.1 no such user");
    let question = |mail: &Value, more: Value| {
        let mut question = json!({"port": smtp.port(), "root": smtp.root(), "user": USER.0, "password": USER.1});
        for (name, value) in more.as_object().into_iter().flatten() {
            question[name] = value.clone();
        }
        question["mails"] = json!([mail]);
        question
    };
    let good = draft("plain", &[], "Hello\n");
    let to = |addresses: &[&str]| {
        let mut mail = good.clone();
        mail["to"] = json!(addresses);
        mail
    };
    let open = json!({"port": smtp.port(), "mails": [good]});
    smtp.next("MAIL", [Turn::Answer("421 4.3.2 closing"), Turn::Answer("451 4.3.0 later")]);
    for (question, answer) in [
        (question(&good, json!({})), json!({"error": "SMTPSenderRefused", "code": 421})),
        (question(&good, json!({})), json!({"error": "SMTPSenderRefused", "code": 451})),
        (open, json!({"error": "SMTPSenderRefused", "code": 530})),
        (question(&good, json!({"password": "x"})), json!({"error": "SMTPAuthenticationError", "code": 535})),
        (question(&to(&["gone@example.com"]), json!({})), json!({"refused": {"gone@example.com": 550}})),
        (
            question(&to(&["me@example.com", "gone@example.com"]), json!({})),
            json!({"refused": {"gone@example.com": 550}}),
        ),
        (
            question(&draft("long", &[], &"x\n".repeat(20_000)), json!({})),
            json!({"error": "SMTPSenderRefused", "code": 552}),
        ),
        (question(&draft("twice", &[("Bcc", "a@b.example")], "a\n"), json!({})), json!({"refused": {}})),
        (
            question(&draft("no id", &[("References", "x")], "a\n"), json!({})),
            json!({"error": "SMTPDataError", "code": 554}),
        ),
        (question(&good, json!({})), json!({"refused": {}})),
    ] {
        assert_eq!(send(question.clone()).await, [answer], "{question}");
    }
    let mails = smtp.mails();
    assert!(mails.iter().all(|mail| mail.encrypted && mail.user.as_deref() == Some(USER.0)));
    assert_eq!(mails.len(), 3, "smtplib leaves a Bcc out");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodemailer_is_answered_as_it_expects() {
    let smtp = FakeSmtp::start_with(Options { tls: Tls::Required, auth: true, size: 20_000 }).await;
    smtp.set_mailbox("gone@example.com", "550 5.1.1 no such user");
    let many = "the quick brown fox 🦊 jumps over the lazy dog — ".repeat(12);
    let mail = json!({
        "from": "\"Bell, hop\" <desk@bellhop.example>", "to": ["me@example.com"], "subject": format!("grüße 🛎 {}", many.trim()),
        "date": "2026-11-30T16:40:00Z", "messageId": "<1@bellhop.example>", "inReplyTo": "<0@bellhop.example>",
        "references": ["<0@bellhop.example>", "<00@bellhop.example>"], "text": many.trim(), "html": "<b>grüß</b>",
        "attachments": [{"filename": "a.csv", "contentType": "text/csv; charset=utf-8", "content": "ü,2\n"}],
    });
    let with = |name: &str, value: Value| {
        let mut mail = mail.clone();
        mail[name] = value;
        mail
    };
    let call = |mail: &Value, password: &str| {
        json!({"via": "nodemailer", "port": smtp.port(), "root": smtp.root(), "mail": mail,
            "auth": {"user": USER.0, "pass": password}})
    };
    smtp.next("MAIL", [Turn::Answer("451 4.3.0 later")]);
    let cases = [
        (call(&mail, USER.1), "EENVELOPE", 451),
        (call(&mail, USER.1), "", 250),
        (call(&mail, "x"), "EAUTH", 535),
        (call(&with("to", json!(["gone@example.com"])), USER.1), "EENVELOPE", 550),
        (call(&with("text", json!("x\n".repeat(20_000))), USER.1), "EMESSAGE", 552),
        (call(&with("headers", json!({"Auto-Submitted": ["auto-generated", "no"]})), USER.1), "EMESSAGE", 554),
    ];
    let answers = super::ask(cases.iter().map(|(call, ..)| call.clone()).collect(), false).await;
    for ((call, code, status), answer) in cases.iter().zip(answers) {
        if code.is_empty() {
            assert_eq!(answer["result"]["accepted"], json!(["me@example.com"]), "{answer}");
        } else {
            assert_eq!(
                (&answer["error"]["code"], &answer["error"]["status"]),
                (&json!(code), &json!(status)),
                "{answer}: {call}"
            );
        }
    }
    let [mail] = &smtp.mails()[..] else { panic!("{} mails", smtp.mails().len()) };
    assert_eq!(
        (mail.header("Subject"), mail.header("In-Reply-To")),
        (format!("grüße 🛎 {}", many.trim()).as_str(), "<0@bellhop.example>")
    );
    assert_eq!((mail.text("text/plain").trim(), mail.text("text/html").trim()), (many.trim(), "<b>grüß</b>"));
    assert_eq!(mail.text("text/csv"), "ü,2\n");
}

/// The code of each answer to lines that are said one by one; 0 where there was none.
async fn codes(port: u16, lines: &[&str]) -> Vec<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("it accepts connections");
    let mut codes = Vec::new();
    for line in std::iter::once(&"").chain(lines) {
        if !line.is_empty() {
            stream.write_all(format!("{line}\r\n").as_bytes()).await.ok();
        }
        let mut heard = Vec::new();
        let hearing = async {
            loop {
                let read = stream.read_buf(&mut heard).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&heard);
                let last = text.trim_end().lines().last().unwrap_or_default();
                if read == 0 || text.ends_with("\r\n") && last.as_bytes().get(3) == Some(&b' ') {
                    return last.get(..3).and_then(|code| code.parse().ok()).unwrap_or_default();
                }
            }
        };
        codes.push(tokio::time::timeout(Duration::from_secs(5), hearing).await.unwrap_or_default());
    }
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn both_servers_answer_the_same_dialogues_the_same_way() {
    let (smtp, other) = (FakeSmtp::start().await, Aiosmtpd::start());
    let mail = "From: a@b.example\r\nTo: c@d.example\r\nSubject: a\r\nDate: Mon, 30 Nov 2026 16:40:00 +0000\r\n\
                Message-ID: <1@b.example>\r\n\r\n..\r\n.";
    let (from, to) = ("MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>");
    for dialogue in [
        &["EHLO a.example", from, to, "DATA", mail, "QUIT"][..],
        &["HELO a.example", from, to, to, "RSET", "NOOP", "QUIT"],
        &["EHLO a.example", "MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME", "mail from:<a@b.example>"],
        &["EHLO a.example", "MAIL FROM:<a@b.example> SIZE=99999999"],
        &["EHLO a.example", "MAIL FROM:<a@b.example> SIZE=x", "MAIL FROM:<a@b.example> COLOUR=red"],
        &["EHLO a.example", "MAIL FROM:<>", "RCPT TO:<c@d.example>"],
        &[from],
        &["EHLO"],
        &["EHLO a.example", to, "DATA"],
        &["EHLO a.example", from, "DATA", from],
        &["EHLO a.example", "MAIL FROM", "MAIL", from, "RCPT TO", "RCPT", "DATA now"],
        &["EHLO a.example", "FLY", "VRFY a@b.example"],
        &["EHLO a.example", from, "EHLO a.example", to],
    ] {
        let (ours, theirs) = (codes(smtp.port(), dialogue).await, codes(other.port, dialogue).await);
        assert!(ours.iter().all(|code| *code > 0), "{dialogue:?}: {ours:?}");
        assert_eq!(ours, theirs, "{dialogue:?}");
    }
}
