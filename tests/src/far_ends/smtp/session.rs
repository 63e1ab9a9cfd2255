//! A session: commands in their order, and what each is answered.

use std::future::pending;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::mail::{self, Mail};
use super::wire::{NoLine, Wire};
use super::{Shared, Tls, Turn, USER};

/// The longest command, without its end: 512 bytes with it.
const COMMAND: usize = 510;

/// The longest command of `AUTH`.
const AUTH: usize = 12_286;

/// The longest line of a mail, without its end.
const TEXT_LINE: usize = 998;

/// The most recipients of a mail.
const MOST_RECIPIENTS: usize = 100;

/// A session with one client.
pub(super) struct Session<'a> {
    shared: &'a Shared,
    number: usize,
    wire: Option<Wire>,
    /// Whether the client has said who it is; `true`: with `EHLO`.
    greeted: Option<bool>,
    encrypted: bool,
    user: Option<String>,
    envelope: Option<Envelope>,
}

/// Who a mail is from and for.
struct Envelope {
    from: String,
    to: Vec<String>,
    eight_bit: bool,
    size: Option<usize>,
}

/// An answer, and whether the session goes on.
struct Answer(String, bool);

/// An answer after which the session goes on.
fn go_on(answer: &str) -> Answer {
    Answer(answer.to_owned(), true)
}

impl<'a> Session<'a> {
    /// Begins a session.
    pub(super) fn new(shared: &'a Shared, number: usize, wire: Wire, encrypted: bool) -> Self {
        Self { shared, number, wire: Some(wire), greeted: None, encrypted, user: None, envelope: None }
    }

    fn wire(&mut self) -> Result<&mut Wire, NoLine> {
        self.wire.as_mut().ok_or(NoLine::Gone)
    }

    /// Serves the client until one of both ends it.
    pub(super) async fn run(mut self, turn: Option<Turn>) -> Result<(), NoLine> {
        let greeting = self.shared.turn("CONNECT").or(turn);
        if !self.answer("CONNECT", greeting, go_on("220 mail.fake.example ESMTP")).await? {
            return Ok(());
        }
        loop {
            let line = match self.wire()?.line(AUTH).await {
                Ok(line) => line,
                Err(NoLine::Gone) => return Err(NoLine::Gone),
                Err(NoLine::Bare) => return self.end("?", "500 5.5.2 a CR or LF stands alone").await,
                Err(NoLine::Long) => return self.end("?", "500 5.5.6 line too long").await,
            };
            let Ok(line) = String::from_utf8(line) else {
                return self.end("?", "500 5.5.2 the command is not in ASCII").await;
            };
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_ascii_uppercase();
            if line.len() > COMMAND && verb != "AUTH" {
                return self.end(&line, "500 5.5.6 line too long").await;
            }
            let turn = self.shared.turn(&verb);
            let skipped = matches!(turn, Some(Turn::Answer(_) | Turn::Hang | Turn::Cut));
            let answer = if skipped { go_on("") } else { self.command(&verb, rest).await? };
            let code = answer.0.get(..3).unwrap_or_default().to_owned();
            if !self.answer(&line, turn, answer).await? {
                return Ok(());
            }
            match (verb.as_str(), code.as_str()) {
                ("STARTTLS", "220") => self.encrypt().await?,
                ("DATA", "354") => {
                    let (answer, turn) = self.data().await?;
                    if !self.answer(".", turn, answer).await? {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
    }

    /// Sends an answer, or does what a test says; `false` ends the session.
    async fn answer(&mut self, command: &str, turn: Option<Turn>, own: Answer) -> Result<bool, NoLine> {
        let Answer(text, goes_on) = match turn {
            None => own,
            Some(Turn::Answer(text)) => Answer(text.to_owned(), !text.starts_with("421")),
            Some(Turn::Slow(time)) => {
                tokio::time::sleep(time).await;
                own
            }
            Some(Turn::Hang) => {
                self.shared.note(self.number, command, "");
                return pending().await;
            }
            Some(Turn::Cut | Turn::Lost) => {
                self.shared.note(self.number, command, "");
                return Ok(false);
            }
        };
        self.shared.note(self.number, command, &text);
        self.wire()?.send(&text).await?;
        Ok(goes_on)
    }

    /// Sends a last answer.
    async fn end(&mut self, command: &str, text: &str) -> Result<(), NoLine> {
        self.answer(command, None, Answer(text.to_owned(), false)).await.map(|_| ())
    }

    /// Does what a command says.
    async fn command(&mut self, verb: &str, rest: &str) -> Result<Answer, NoLine> {
        Ok(match verb {
            "EHLO" | "HELO" => self.greet(verb == "EHLO", rest),
            "STARTTLS" => self.may_encrypt(rest),
            "AUTH" => self.authenticate(rest).await?,
            "MAIL" => self.mail(rest).map_or_else(go_on, |()| go_on("250 2.1.0 Ok")),
            "RCPT" => self.recipient(rest),
            "DATA" if self.envelope.as_ref().is_none_or(|envelope| envelope.to.is_empty()) => {
                go_on("503 5.5.1 first MAIL and RCPT")
            }
            "DATA" if !rest.is_empty() => go_on("501 5.5.4 no argument is known"),
            "DATA" => go_on("354 end with a line of one dot"),
            "RSET" => {
                self.envelope = None;
                go_on("250 2.0.0 Ok")
            }
            "NOOP" => go_on("250 2.0.0 Ok"),
            "VRFY" => go_on("252 2.1.5 send some mail, and see"),
            "QUIT" => Answer("221 2.0.0 Bye".to_owned(), false),
            _ => go_on("500 5.5.2 no such command"),
        })
    }

    /// Whether passwords are heard now.
    fn hears_passwords(&self) -> bool {
        self.shared.options.auth && (self.encrypted || self.shared.options.tls == Tls::Never)
    }

    fn greet(&mut self, extended: bool, name: &str) -> Answer {
        let is_literal = name.starts_with('[') && name.ends_with(']');
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        if name.is_empty() || !(is_literal || is_name) {
            return go_on("501 5.5.4 a domain or an address in brackets must follow");
        }
        (self.greeted, self.envelope) = (Some(extended), None);
        if !extended {
            return go_on("250 mail.fake.example");
        }
        let mut answer = "250-mail.fake.example\n250-PIPELINING\n250-8BITMIME\n".to_owned();
        if matches!(self.shared.options.tls, Tls::Offered | Tls::Required) && !self.encrypted {
            answer.push_str("250-STARTTLS\n");
        }
        if self.hears_passwords() {
            answer.push_str("250-AUTH PLAIN LOGIN\n");
        }
        answer.push_str(&format!("250-SIZE {}\n250 ENHANCEDSTATUSCODES", self.shared.options.size));
        go_on(&answer)
    }

    fn may_encrypt(&self, rest: &str) -> Answer {
        let offered = matches!(self.shared.options.tls, Tls::Offered | Tls::Required);
        match () {
            () if !offered || self.encrypted => Answer("502 5.5.1 not offered".to_owned(), false),
            () if self.greeted != Some(true) => Answer("503 5.5.1 first EHLO".to_owned(), false),
            () if !rest.is_empty() => Answer("501 5.5.4 no argument is known".to_owned(), false),
            () => go_on("220 2.0.0 ready"),
        }
    }

    /// Goes on encrypted; what the client has said so far is forgotten, and nothing may have come ahead of the key.
    async fn encrypt(&mut self) -> Result<(), NoLine> {
        let stream = self.wire.take().and_then(Wire::into_stream).ok_or(NoLine::Gone)?;
        let stream = self.shared.acceptor.accept(stream).await?;
        self.wire = Some(Wire::new(Box::new(stream)));
        (self.encrypted, self.greeted, self.envelope, self.user) = (true, None, None, None);
        Ok(())
    }

    async fn authenticate(&mut self, rest: &str) -> Result<Answer, NoLine> {
        if self.greeted != Some(true) || self.user.is_some() || self.envelope.is_some() {
            return Ok(go_on("503 5.5.1 not now"));
        }
        if !self.hears_passwords() {
            let needs_key = self.shared.options.auth;
            return Ok(go_on(if needs_key { "538 5.7.11 first STARTTLS" } else { "502 5.5.1 not offered" }));
        }
        let (mechanism, first) = rest.split_once(' ').map_or((rest, None), |(name, first)| (name, Some(first)));
        let known = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let said = self.said(first, "").await?;
                said.is_some_and(|said| matches!(said.split('\0').collect::<Vec<_>>()[..], [_, user, password] if (user, password) == USER))
            }
            "LOGIN" => {
                let user = self.said(first, "Username:").await?;
                let password = self.said(None, "Password:").await?;
                user.as_deref() == Some(USER.0) && password.as_deref() == Some(USER.1)
            }
            _ => return Ok(go_on("504 5.5.4 no such mechanism")),
        };
        if !known {
            return Ok(go_on("535 5.7.8 wrong user or password"));
        }
        self.user = Some(USER.0.to_owned());
        Ok(go_on("235 2.7.0 welcome"))
    }

    /// What the client says to a question, out of Base64; it may have said so at once.
    async fn said(&mut self, at_once: Option<&str>, question: &str) -> Result<Option<String>, NoLine> {
        let line = match at_once {
            Some(line) => line.to_owned(),
            None => {
                self.wire()?.send(&format!("334 {}", STANDARD.encode(question))).await?;
                String::from_utf8_lossy(&self.wire()?.line(AUTH).await?).into_owned()
            }
        };
        Ok(STANDARD.decode(line).ok().and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    fn mail(&mut self, rest: &str) -> Result<(), &'static str> {
        let options = self.shared.options;
        match () {
            () if self.greeted.is_none() => return Err("503 5.5.1 first EHLO"),
            () if options.tls == Tls::Required && !self.encrypted => return Err("530 5.7.0 first STARTTLS"),
            () if options.auth && self.user.is_none() => return Err("530 5.7.0 first AUTH"),
            () if self.envelope.is_some() => return Err("503 5.5.1 one mail after another"),
            () => {}
        }
        let (path, parameters) = path(rest, "FROM:").ok_or("501 5.5.4 MAIL FROM:<address> is the form")?;
        if !path.is_empty() && !mail::is_address(path) {
            return Err("553 5.1.7 no address");
        }
        let mut envelope = Envelope { from: path.to_owned(), to: Vec::new(), eight_bit: false, size: None };
        for parameter in parameters {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match (name.to_ascii_uppercase().as_str(), value.to_ascii_uppercase().as_str()) {
                _ if self.greeted == Some(false) => return Err("555 5.5.4 no parameter after HELO"),
                ("BODY", "8BITMIME") => envelope.eight_bit = true,
                ("BODY", "7BIT") => {}
                ("SIZE", size) => {
                    let size = size.parse().map_err(|_| "501 5.5.4 SIZE is a number")?;
                    if size > options.size {
                        return Err("552 5.3.4 too long");
                    }
                    envelope.size = Some(size);
                }
                _ => return Err("555 5.5.4 no such parameter"),
            }
        }
        self.envelope = Some(envelope);
        Ok(())
    }

    fn recipient(&mut self, rest: &str) -> Answer {
        let Some(envelope) = &mut self.envelope else { return go_on("503 5.5.1 first MAIL") };
        let Some((path, parameters)) = path(rest, "TO:") else {
            return go_on("501 5.5.4 RCPT TO:<address> is the form");
        };
        if !parameters.is_empty() {
            return go_on("555 5.5.4 no such parameter");
        }
        if !mail::is_address(path) {
            return go_on("553 5.1.3 no address");
        }
        if envelope.to.len() >= MOST_RECIPIENTS {
            return go_on("452 4.5.3 too many recipients");
        }
        if let Some(answer) = self.shared.with(|state| state.mailboxes.get(path).copied()) {
            return go_on(answer);
        }
        envelope.to.push(path.to_owned());
        go_on("250 2.1.5 Ok")
    }

    /// Reads a mail to its end and judges it; with what a test says of its end.
    async fn data(&mut self) -> Result<(Answer, Option<Turn>), NoLine> {
        let mut raw = Vec::new();
        loop {
            // A dot at the beginning of a line is doubled, and does not count.
            match self.wire()?.line(TEXT_LINE + 1).await {
                Ok(line) if line == b"." => break,
                Ok(line) => {
                    let line = line.strip_prefix(b".").unwrap_or(&line);
                    if line.len() > TEXT_LINE {
                        return Ok((Answer("500 5.6.0 a line of more than 998 bytes".to_owned(), false), None));
                    }
                    raw.extend_from_slice(line);
                    raw.extend_from_slice(b"\r\n");
                }
                Err(NoLine::Gone) => return Err(NoLine::Gone),
                Err(NoLine::Bare) => return Ok((Answer("554 5.6.0 a CR or LF stands alone".to_owned(), false), None)),
                Err(NoLine::Long) => {
                    return Ok((Answer("500 5.6.0 a line of more than 998 bytes".to_owned(), false), None));
                }
            }
        }
        let Some(envelope) = self.envelope.take() else { return Err(NoLine::Gone) };
        let turn = self.shared.turn(".");
        if matches!(turn, Some(Turn::Answer(_) | Turn::Hang | Turn::Cut)) {
            return Ok((go_on(""), turn));
        }
        Ok((self.judge(envelope, raw), turn))
    }

    /// Takes a mail, or refuses it.
    fn judge(&self, envelope: Envelope, raw: Vec<u8>) -> Answer {
        // A mail whose last line had no end has two bytes more than its client counted.
        let declared = envelope.size.map_or(usize::MAX, |size| size + 2);
        if raw.len() > self.shared.options.size || raw.len() > declared {
            return go_on("552 5.3.4 too long");
        }
        if !envelope.eight_bit && !raw.is_ascii() {
            return go_on("554 5.6.1 8-bit text without BODY=8BITMIME");
        }
        let (headers, parts) = match mail::read(&raw) {
            Ok(read) => read,
            Err(wrong) => return go_on(&format!("554 5.6.0 {wrong}")),
        };
        let at = self.shared.began.elapsed();
        let (session, user, encrypted) = (self.number, self.user.clone(), self.encrypted);
        let mail = Mail { at, session, from: envelope.from, to: envelope.to, user, encrypted, headers, parts, raw };
        let place = self.shared.with(|state| {
            state.mails.push(mail);
            state.mails.len()
        });
        self.shared.changed.notify_waiters();
        go_on(&format!("250 2.0.0 taken as {place}"))
    }
}

/// The path and the parameters of `FROM:<path> …` or `TO:<path> …`.
fn path<'a>(rest: &'a str, word: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let begins = rest.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let (path, parameters) = rest.get(word.len()..)?.strip_prefix('<')?.split_once('>')?;
    let parameters =
        if parameters.is_empty() { Vec::new() } else { parameters.strip_prefix(' ')?.split(' ').collect() };
    begins.then_some((path, parameters))
}
