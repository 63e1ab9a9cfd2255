//! Mails on their way to a mail server, over SMTP.

use std::error::Error as _;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bellhop_app::ports::{MailAnswer, MailError, MailFailure, Mailer, OutboundMail};
use bellhop_core::address::{PrivateHosts, is_public};
use bellhop_core::mail::{Relay, RelayTls};
use http::Uri;
use lettre::address::{Address, Envelope};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

/// How long a mail may take, from looking the server up to its last answer.
const MAIL_TIME: Duration = Duration::from_secs(15);

/// How long the server may take to say goodbye, once it has the mail.
const QUIT_TIME: Duration = Duration::from_secs(1);

/// How much of a server's answer is told, in characters.
const MOST_ANSWER_CHARS: usize = 500;

/// The codes of addresses that nobody has, or that the server takes nothing for (RFC 5321, section 4.2.2).
const NO_MAILBOX: [u16; 4] = [550, 551, 553, 556];

/// Hands mails to the server that the configuration names: a public one, or a host that the operator named as private.
#[derive(Debug, Default)]
pub struct Smtp {
    hosts: PrivateHosts,
    roots: Vec<Certificate>,
}

impl Smtp {
    /// A mailer without connections; these hosts may be private.
    pub fn new(hosts: PrivateHosts) -> Self {
        Self { hosts, roots: Vec::new() }
    }

    /// Hands a mail over.
    async fn hand_over(&self, relay: &Relay, mail: OutboundMail<'_>) -> Result<MailAnswer, MailError> {
        let envelope = envelope(mail)?;
        let domain = mail.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let mut session = self.session(relay, &ClientId::Domain(domain.to_owned())).await?;
        if let Some((user, password)) = &relay.login {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            let answered = session.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await;
            answered.map_err(|error| {
                let failed = failed(relay, &error);
                match failed.kind {
                    MailFailure::Passing => failed,
                    _ => MailError {
                        kind: MailFailure::Setup,
                        text: format!("{}; mend the user and the password of `smtp` in `[email]`", failed.text),
                        ..failed
                    },
                }
            })?;
        }
        let answer = session.send(&envelope, mail.raw).await.map_err(|error| failed(relay, &error))?;
        // The mail is theirs already.
        let _ = timeout(QUIT_TIME, session.quit()).await;
        let text = answer.message().collect::<Vec<_>>().join(" ");
        Ok(MailAnswer { code: answer.code().into(), text: told(relay, &text) })
    }

    /// A session with a server, encrypted as its URL says.
    async fn session(&self, relay: &Relay, own_name: &ClientId) -> Result<AsyncSmtpConnection, MailError> {
        let addresses = self.addresses(relay).await?;
        let tls = self.tls(relay).map_err(|error| failed(relay, &error))?;
        let (implicit, started) = match relay.tls {
            RelayTls::Implicit => (Some(tls), None),
            RelayTls::Started => (None, Some(tls)),
            RelayTls::Never => (None, None),
        };
        let connected = AsyncSmtpConnection::connect_tokio1(&addresses[..], Some(MAIL_TIME), own_name, implicit, None);
        let mut session = connected.await.map_err(|error| failed(relay, &error))?;
        if let Some(tls) = started {
            if !session.can_starttls() {
                session.abort().await;
                return Err(set_up(format!(
                    "{} offers no STARTTLS, and mails go over TLS alone: write `smtps://` for a port that is encrypted \
                     from the start, or `?tls=none` for a private host",
                    name(relay)
                )));
            }
            session.starttls(tls, own_name).await.map_err(|error| failed(relay, &error))?;
        }
        Ok(session)
    }

    /// The addresses of a server that may be called.
    async fn addresses(&self, relay: &Relay) -> Result<Vec<SocketAddr>, MailError> {
        let found = tokio::net::lookup_host((relay.host.as_str(), relay.port)).await;
        let found = found.map_err(|error| passing(format!("{}: {error}", name(relay))))?;
        let url: Option<Uri> = format!("http://{}", name(relay)).parse().ok();
        let is_named = url.is_some_and(|url| self.hosts.names(&url));
        let kept: Vec<_> = found.filter(|address| is_named || is_public(address.ip())).collect();
        if kept.is_empty() || (relay.tls == RelayTls::Never && !is_named) {
            return Err(set_up(format!(
                "{} was not called: mail servers must be public and encrypted, unless `network.allow_private_hosts` names \
                 them",
                name(relay)
            )));
        }
        Ok(kept)
    }

    /// Whom to trust that the server is the one of this name.
    fn tls(&self, relay: &Relay) -> Result<TlsParameters, Error> {
        let trust = TlsParameters::builder(relay.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
        self.roots.iter().cloned().fold(trust, |trust, root| trust.add_root_certificate(root)).build_rustls()
    }
}

#[async_trait]
impl Mailer for Smtp {
    fn uses_relay(&self) -> bool {
        true
    }

    async fn send(&self, mail: OutboundMail<'_>) -> Result<MailAnswer, MailError> {
        let Some(relay) = mail.relay else {
            return Err(set_up("there is no mail server: set `smtp` in `[email]`".to_owned()));
        };
        match timeout(MAIL_TIME, self.hand_over(relay, mail)).await {
            Ok(sent) => sent,
            Err(_) => Err(passing(format!("{} did not take the mail within {} s", name(relay), MAIL_TIME.as_secs()))),
        }
    }
}

/// Who a mail is from and for.
fn envelope(mail: OutboundMail<'_>) -> Result<Envelope, MailError> {
    let refused = |error: String| MailError { kind: MailFailure::Refused, code: None, text: error };
    let address = |text: &str| text.parse::<Address>().map_err(|error| refused(format!("an address is none: {error}")));
    let to = mail.to.iter().map(|to| address(to)).collect::<Result<_, _>>()?;
    Envelope::new(Some(address(mail.from)?), to).map_err(|error| refused(error.to_string()))
}

/// What a failure of a session means.
fn failed(relay: &Relay, error: &Error) -> MailError {
    // Behind what the library says stands what the server or the system said.
    let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let code: Option<u16> = error.status().map(Into::into);
    let text = match code {
        Some(code) => format!("{} answered {code}: {}", name(relay), told(relay, &why)),
        None => format!("{}: {}", name(relay), told(relay, &why)),
    };
    let kind = match code {
        Some(code) if NO_MAILBOX.contains(&code) && !is_policy(&why) => MailFailure::NoMailbox,
        // It asks for a password, or wants none without TLS.
        Some(530 | 534 | 535 | 538) => MailFailure::Setup,
        Some(500..) => MailFailure::Refused,
        None if error.is_client() => MailFailure::Setup,
        _ => MailFailure::Passing,
    };
    MailError { kind, code, text }
}

/// Whether an answer's enhanced code says that it is about the mail, not about an address (RFC 3463, section 3.8).
fn is_policy(answer: &str) -> bool {
    answer.trim_start().starts_with("5.7.") || answer.trim_start().starts_with("5.6.")
}

/// A server's name and port.
fn name(relay: &Relay) -> String {
    match relay.host.contains(':') {
        true => format!("[{}]:{}", relay.host, relay.port),
        false => format!("{}:{}", relay.host, relay.port),
    }
}

/// The beginning of a server's answer on one line, without the password: some repeat what they were told.
fn told(relay: &Relay, answer: &str) -> String {
    let mut text: String = answer.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if let Some((user, password)) = &relay.login {
        let password = password.expose();
        for word in [password, &STANDARD.encode(password), &STANDARD.encode(format!("\0{user}\0{password}"))] {
            text = text.replace(word, "[redacted]");
        }
    }
    text.trim().chars().take(MOST_ANSWER_CHARS).collect()
}

/// A failure that may pass.
const fn passing(text: String) -> MailError {
    MailError { kind: MailFailure::Passing, code: None, text }
}

/// A failure that somebody must mend.
const fn set_up(text: String) -> MailError {
    MailError { kind: MailFailure::Setup, code: None, text }
}

#[cfg(test)]
mod tests;
