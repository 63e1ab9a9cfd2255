use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::wire::Stream;
use super::{FakeSmtp, Mode, NAME, Options, Tls, Turn};

/// A mail with nothing wrong.
const MAIL: &str = "From: Bellhop <desk@bellhop.example>\r\nTo: me@example.com, \"It, us\" <us@example.com>\r\n\
    Subject: =?UTF-8?Q?gr=C3=BC=C3=9Fe?=\r\n =?UTF-8?B?IPCfm44=?=\r\nDate: Mon, 30 Nov 2026 16:40:00 +0000\r\n\
    Message-ID: <1@bellhop.example>\r\n\r\nHello\r\n..\r\nBye\r\n";

/// A client that says what a test has it say.
struct Client {
    stream: Box<dyn Stream>,
}

impl Client {
    /// Connects and hears the greeting.
    async fn connect(smtp: &FakeSmtp) -> (Self, String) {
        let stream = TcpStream::connect(smtp.host()).await.expect("it accepts connections");
        let mut client = Self { stream: Box::new(stream) };
        let greeting = client.hear().await;
        (client, greeting)
    }

    /// Connects and says `EHLO`.
    async fn greeted(smtp: &FakeSmtp) -> Self {
        let (mut client, _) = Self::connect(smtp).await;
        client.says(&[("EHLO a.example", "250")]).await;
        client
    }

    /// Goes on encrypted.
    async fn encrypt(self, smtp: &FakeSmtp) -> Self {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(smtp.root().as_bytes()).expect("the root is a certificate");
        roots.add(root).expect("the root is one");
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from(NAME).expect("it is a name");
        let stream = TlsConnector::from(Arc::new(config)).connect(name, self.stream).await;
        Self { stream: Box::new(stream.expect("the certificate is good")) }
    }

    /// An answer to its last line; empty where the connection is closed.
    async fn hear(&mut self) -> String {
        let mut heard = Vec::new();
        loop {
            let read = self.stream.read_buf(&mut heard).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&heard).into_owned();
            let last = text.trim_end().lines().last().unwrap_or_default();
            if read == 0 || text.ends_with("\r\n") && last.as_bytes().get(3) == Some(&b' ') {
                return text.trim_end().to_owned();
            }
        }
    }

    /// Sends bytes and hears the answer.
    async fn send(&mut self, bytes: &[u8]) -> String {
        self.stream.write_all(bytes).await.ok();
        self.stream.flush().await.ok();
        self.hear().await
    }

    /// Says lines one by one; each answer must begin so.
    async fn says(&mut self, lines: &[(&str, &str)]) {
        for (line, begins) in lines {
            let answer = self.send(format!("{line}\r\n").as_bytes()).await;
            assert!(answer.starts_with(begins), "{line}: {answer} instead of {begins}");
        }
    }

    /// Hands a mail over and hears what becomes of it.
    async fn hand_over(&mut self, parameters: &str, mail: &[u8]) -> String {
        let from = format!("MAIL FROM:<desk@bellhop.example>{parameters}");
        self.says(&[(&from, "250"), ("RCPT TO:<me@example.com>", "250"), ("DATA", "354")]).await;
        self.send(&[mail, b".\r\n"].concat()).await
    }
}

#[tokio::test]
async fn a_mail_is_kept_as_it_was_meant() {
    let smtp = FakeSmtp::start().await;
    let mut client = Client::greeted(&smtp).await;
    client.says(&[("MAIL FROM:<desk@bellhop.example> SIZE=500 BODY=8BITMIME", "250")]).await;
    client.says(&[("RCPT TO:<me@example.com>", "250"), ("rcpt to:<us@example.com>", "250"), ("DATA", "354")]).await;
    assert!(client.send(format!("{MAIL}.\r\n").as_bytes()).await.starts_with("250"));
    client.says(&[("QUIT", "221")]).await;
    let mail = smtp.wait_for_mails(1).await.remove(0);
    assert_eq!(
        (mail.from.as_str(), mail.to.join(" ")),
        ("desk@bellhop.example", "me@example.com us@example.com".into())
    );
    assert_eq!((mail.header("subject"), mail.header("x-none")), ("grüße 🛎", ""));
    assert_eq!(mail.header("To"), "me@example.com, \"It, us\" <us@example.com>");
    assert_eq!(mail.text("text/plain"), "Hello\n.\nBye\n", "the doubled dot is one");
    let commands: Vec<_> = smtp.exchanges().into_iter().map(|one| one.command).collect();
    assert_eq!(commands.len(), 8, "{commands:?}");
    assert_eq!((commands[0].as_str(), commands[6].as_str()), ("CONNECT", "."));
}

#[tokio::test]
async fn parts_are_decoded_where_they_lie() {
    let smtp = FakeSmtp::start().await;
    let head = MAIL.split("\r\n\r\n").next().expect("it has a head");
    let mail = format!(
        "{head}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"out\"\r\n\r\nfor old programs\r\n\
         --out\r\nContent-Type: multipart/alternative;\r\n boundary=in\r\n\r\n\
         --in\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         gr=C3=BC=\r\n=C3=9Fe\r\nagain\r\n\
         --in\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         PGI+Z3LDvMOf\r\nPC9iPg==\r\n--in--\r\n\
         --out\r\nContent-Type: text/csv; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nü,2\r\n--out--\r\n"
    );
    let mut client = Client::greeted(&smtp).await;
    let answer = client.hand_over(" BODY=8BITMIME", mail.as_bytes()).await;
    assert!(answer.starts_with("250"), "{answer}");
    let mail = smtp.mails().remove(0);
    assert_eq!((mail.text("text/plain"), mail.text("text/html")), ("grüße\nagain", "<b>grüß</b>"));
    assert_eq!(mail.text("text/csv"), "ü,2");
    assert_eq!(mail.parts[1].within, ["multipart/mixed", "multipart/alternative"]);
}

#[tokio::test]
async fn what_is_no_mail_is_refused() {
    let smtp = FakeSmtp::start().await;
    let replaced = |from: &str, to: &str| {
        let mail = MAIL.replace(from, to);
        assert_ne!(mail, MAIL, "{from}");
        mail
    };
    let mime = |headers: &str, body: &str| {
        let head = MAIL.split("\r\n\r\n").next().unwrap_or_default();
        format!("{head}\r\nMIME-Version: 1.0\r\n{headers}\r\n\r\n{body}\r\n")
    };
    let multipart = "Content-Type: multipart/mixed; boundary=b";
    for mail in [
        replaced("From: Bellhop", "X-From: Bellhop"),
        replaced("Date: ", "Subject: again\r\nDate: "),
        replaced("Date: ", "From: a@b.example\r\nDate: "),
        replaced("Date: ", "Bcc: c@d.example\r\nDate: "),
        replaced("Date: ", "Content-Type: text/plain\r\nContent-Type: text/html\r\nDate: "),
        replaced("Date: ", "no header at all\r\nDate: "),
        replaced("Date: ", "Two words: a\r\nDate: "),
        replaced("Date: ", " \r\nDate: "),
        replaced("Subject: ", "Subject: gr\u{fc}n "),
        replaced("Subject: ", "Subject: a\u{7}b "),
        replaced("=?UTF-8?Q?gr=C3=BC=C3=9Fe?=", "=?UTF-8?Q?gr=FC?="),
        replaced("Mon, 30 Nov 2026", "2026-11-30"),
        replaced("<1@bellhop.example>", "1@bellhop.example"),
        replaced("<1@bellhop.example>", "<1@bellhop.example> <2@bellhop.example>"),
        replaced("me@example.com,", "me at example.com,"),
        replaced("Bellhop <", "Bell, hop <"),
        replaced("Bellhop <", "Bell@hop <"),
        replaced("Date: ", "References: one\r\nDate: "),
        replaced("Date: ", "Content-Type: text/plain\r\nDate: "),
        replaced("Hello", "Gr\u{fc}n"),
        mime("Content-Type: text/plain", "gr\u{fc}n"),
        mime("Content-Type: text/plain; charset=koi8-r", "a"),
        mime("Content-Type: text", "a"),
        mime("Content-Type: text/plain\r\nContent-Transfer-Encoding: binary", "a"),
        mime("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", "a"),
        mime("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", &"YWJj".repeat(20)),
        mime("Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable", "a=b"),
        mime("Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable", "a "),
        mime("Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable", &"a".repeat(77)),
        mime(multipart, "--b\r\n\r\na"),
        mime(multipart, "--b--"),
        mime("Content-Type: multipart/mixed", "--b\r\n\r\na\r\n--b--"),
        mime(&format!("{multipart}\r\nContent-Transfer-Encoding: base64"), "--b\r\n\r\na\r\n--b--"),
    ] {
        let mut client = Client::greeted(&smtp).await;
        let answer = client.hand_over(" BODY=8BITMIME", mail.as_bytes()).await;
        assert!(answer.starts_with("554 5.6.0"), "{answer}: {mail}");
    }
    let long = format!("{MAIL}{}\r\n", "x".repeat(999));
    for (parameters, mail, begins) in [
        ("", MAIL.replace("Hello", "Gr\u{fc}n"), "554 5.6.1"),
        (" SIZE=20", MAIL.to_owned(), "552 5.3.4"),
        ("", long.clone(), "500 5.6.0"),
        ("", MAIL.replace("Hello", "a\rb"), "554 5.6.0"),
        ("", MAIL.replace("Hello", "a\nb"), "554 5.6.0"),
        ("", MAIL.replace("Hello", "a\n.\r\nMAIL FROM:<x@y.example>"), "554 5.6.0"),
        ("", long.replacen("xx", "x", 1), "250"),
    ] {
        let answer = Client::greeted(&smtp).await.hand_over(parameters, mail.as_bytes()).await;
        assert!(answer.starts_with(begins), "{answer}: {mail}");
    }
    assert_eq!(smtp.mails().len(), 1);
}

#[tokio::test]
async fn commands_come_in_their_order_and_form() {
    let smtp = FakeSmtp::start().await;
    smtp.set_mailbox("gone@example.com", "550 5.1.1 no such user");
    let (mut client, greeting) = Client::connect(&smtp).await;
    assert!(greeting.starts_with("220"), "{greeting}");
    let long = format!("NOOP {}", "x".repeat(506));
    client
        .says(&[
            ("MAIL FROM:<a@b.example>", "503"),
            ("EHLO", "501"),
            ("EHLO a b", "501"),
            ("HELO [127.0.0.1]", "250"),
            ("MAIL FROM:<a@b.example> SIZE=1", "555"),
            ("EHLO a.example", "250"),
            ("RCPT TO:<a@b.example>", "503"),
            ("DATA", "503"),
            ("MAIL FROM: <a@b.example>", "501"),
            ("MAIL FROM:a@b.example", "501"),
            ("MAIL FROM:<a b@c.example>", "553"),
            ("MAIL FROM:<a@@c.example>", "553"),
            ("MAIL FROM:<gr\u{fc}n@c.example>", "553"),
            ("MAIL FROM:<a@b.example> SIZE=99999999", "552"),
            ("MAIL FROM:<a@b.example> SMTPUTF8", "555"),
            ("MAIL FROM:<>", "250"),
            ("MAIL FROM:<a@b.example>", "503"),
            ("RCPT TO:<>", "553"),
            ("RCPT TO:<gone@example.com>", "550 5.1.1"),
            ("DATA", "503"),
            ("RCPT TO:<a@b.example> NOTIFY=NEVER", "555"),
            ("RCPT TO:<a@b.example>", "250"),
            ("DATA now", "501"),
            ("RSET", "250"),
            ("RCPT TO:<a@b.example>", "503"),
            ("STARTTLS", "502"),
        ])
        .await;
    for (line, begins) in [
        ("NOOP\nNOOP", "500"),
        ("a\rb", "500"),
        (long.as_str(), "500"),
        ("TURN", "500"),
        ("VRFY a", "252"),
        ("AUTH PLAIN AA==", "502"),
    ] {
        Client::greeted(&smtp).await.says(&[(line, begins)]).await;
    }
}

#[tokio::test]
async fn passwords_are_heard_over_tls_alone() {
    let smtp = FakeSmtp::start_with(Options { tls: Tls::Required, auth: true, ..Options::default() }).await;
    let plain = "AUTH PLAIN AGRlc2tAYmVsbGhvcC5leGFtcGxlAG5vdCBhIHJlYWwgcGFzc3dvcmQ=";
    let mut client = Client::greeted(&smtp).await;
    client.says(&[("MAIL FROM:<a@b.example>", "530"), (plain, "538"), ("STARTTLS", "220")]).await;
    let mut client = client.encrypt(&smtp).await;
    client.says(&[("MAIL FROM:<a@b.example>", "503")]).await;
    let offered = client.send(b"EHLO a.example\r\n").await;
    assert!(offered.contains("AUTH PLAIN LOGIN") && !offered.contains("STARTTLS"), "{offered}");
    client
        .says(&[
            ("MAIL FROM:<a@b.example>", "530 5.7.0"),
            ("AUTH PLAIN AGEAYg==", "535"),
            ("AUTH LOGIN", "334"),
            ("ZGVza0BiZWxsaG9wLmV4YW1wbGU=", "334"),
            ("bm90IGEgcmVhbCBwYXNzd29yZA==", "235"),
            (plain, "503"),
        ])
        .await;
    assert!(client.hand_over("", MAIL.as_bytes()).await.starts_with("250"));
    let mail = smtp.mails().remove(0);
    assert_eq!((mail.user.as_deref(), mail.encrypted), (Some("desk@bellhop.example"), true));
    let mut eager = Client::greeted(&smtp).await;
    let answer = eager.send(b"STARTTLS\r\nNOOP\r\n").await;
    assert!(answer.starts_with("220") && eager.hear().await.is_empty(), "{answer}");
    let implicit = FakeSmtp::start_with(Options { tls: Tls::Implicit, ..Options::default() }).await;
    let stream = TcpStream::connect(implicit.host()).await.expect("it accepts connections");
    let mut client = Client { stream: Box::new(stream) }.encrypt(&implicit).await;
    assert!(client.hear().await.starts_with("220"));
}

#[tokio::test]
async fn turns_and_modes_are_as_a_test_says() {
    let smtp = FakeSmtp::start().await;
    smtp.next("RCPT", [Turn::Answer("450 4.2.1 busy")]);
    smtp.next(".", [Turn::Answer("451 4.3.0 later"), Turn::Slow(Duration::from_millis(200)), Turn::Lost, Turn::Cut]);
    let mut client = Client::greeted(&smtp).await;
    client.says(&[("MAIL FROM:<a@b.example>", "250"), ("RCPT TO:<a@b.example>", "450"), ("RSET", "250")]).await;
    assert_eq!(client.hand_over("", MAIL.as_bytes()).await, "451 4.3.0 later");
    let began = Instant::now();
    assert!(client.hand_over("", MAIL.as_bytes()).await.starts_with("250"));
    assert!(began.elapsed() >= Duration::from_millis(200));
    assert_eq!((client.hand_over("", MAIL.as_bytes()).await.as_str(), smtp.mails().len()), ("", 2));
    let mut client = Client::greeted(&smtp).await;
    assert_eq!((client.hand_over("", MAIL.as_bytes()).await.as_str(), smtp.mails().len()), ("", 2));
    smtp.next("MAIL", [Turn::Answer("421 4.3.2 closing"), Turn::Hang]);
    let mut client = Client::greeted(&smtp).await;
    client.says(&[("MAIL FROM:<a@b.example>", "421")]).await;
    assert_eq!(client.hear().await, "");
    let mut client = Client::greeted(&smtp).await;
    let waited = tokio::time::timeout(Duration::from_millis(200), client.send(b"MAIL FROM:<a@b.example>\r\n")).await;
    assert!(waited.is_err());
    smtp.set_mode(Mode::Flap { up: 1, down: 1 });
    let mut greetings = Vec::new();
    for _ in 0..3 {
        greetings.push(Client::connect(&smtp).await.1);
    }
    let codes: Vec<_> = greetings.iter().map(|greeting| &greeting[..3]).collect();
    assert_eq!(codes, ["220", "421", "220"]);
    smtp.set_mode(Mode::Down);
    assert_eq!(Client::connect(&smtp).await.1, "");
    smtp.set_mode(Mode::Hang);
    assert!(tokio::time::timeout(Duration::from_millis(200), Client::connect(&smtp)).await.is_err());
}
