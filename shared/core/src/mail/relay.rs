//! The mail server that mails are handed to, as its URL says.

use http::Uri;

use crate::percent;
use crate::secret::Secret;

/// How the URL of a mail server is written.
const FIX: &str = "write `smtps://user:password@mail.example.com:465`, or `smtp://user:password@mail.example.com:587` for \
                   STARTTLS, with the user and the password percent-encoded";

/// The ports of the schemes (RFC 8314, sections 3.3 and 7.3).
const SUBMISSIONS: u16 = 465;
const SUBMISSION: u16 = 587;

/// A mail server, and who hands mails to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// Its name or address; one of IPv6 without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// When the session is encrypted.
    pub tls: RelayTls,
    /// The user and the password, where it asks for them.
    pub login: Option<(String, Secret)>,
}

/// When a session with a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayTls {
    /// From the first byte on: `smtps:`.
    Implicit,
    /// Before anything is said, by `STARTTLS`, which the server must offer: `smtp:`.
    Started,
    /// Never, which is for private hosts alone: `smtp:` with `?tls=none`.
    Never,
}

impl Relay {
    /// Reads the URL of a mail server; the error says how to write one and repeats nothing of it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("not the URL of a mail server; {FIX}");
        let url: Uri = text.trim().parse().map_err(|_| wrong())?;
        let authority = url.authority().ok_or_else(wrong)?;
        if !matches!(url.path(), "" | "/") {
            return Err(wrong());
        }
        let (tls, standard) = match (url.scheme_str(), url.query()) {
            (Some("smtps"), None) => (RelayTls::Implicit, SUBMISSIONS),
            (Some("smtp"), None) => (RelayTls::Started, SUBMISSION),
            (Some("smtp"), Some("tls=none")) => (RelayTls::Never, SUBMISSION),
            _ => return Err(wrong()),
        };
        let host = authority.host();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_owned();
        let (login, place) = match authority.as_str().rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, authority.as_str()),
        };
        let port = match place.rsplit(']').next().and_then(|rest| rest.split_once(':')) {
            Some((_, port)) => port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?,
            None => standard,
        };
        let login = match login {
            None => None,
            Some(login) => {
                let (user, password) = login.split_once(':').ok_or_else(wrong)?;
                let (user, password) = (decoded(user).ok_or_else(wrong)?, decoded(password).ok_or_else(wrong)?);
                Some((user, Secret::new(password).map_err(|_| wrong())?))
            }
        };
        if host.is_empty() {
            return Err(wrong());
        }
        if tls == RelayTls::Never && login.is_some() {
            return Err("a password goes over TLS alone: take `?tls=none` off, or the user and the password".to_owned());
        }
        Ok(Self { host, port, tls, login })
    }
}

/// A user or a password without its percent-encoding; `None` where it is empty, no UTF-8, or has a control character.
fn decoded(text: &str) -> Option<String> {
    let text = String::from_utf8(percent::decoded(text.as_bytes()).into_owned()).ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_how_and_as_whom() {
        let login = |relay: &Relay| relay.login.clone().map(|(user, password)| (user, password.expose().to_owned()));
        let read =
            |text: &str| Relay::parse(text).map(|relay| (relay.host.clone(), relay.port, relay.tls, login(&relay)));
        let as_me = Some(("me@example.com".to_owned(), "p:a/s s".to_owned()));
        for (text, host, port, tls, login) in [
            ("smtps://me%40example.com:p%3Aa%2Fs%20s@m.example", "m.example", 465, RelayTls::Implicit, as_me.clone()),
            ("smtp://me%40example.com:p%3Aa%2Fs%20s@m.example:25", "m.example", 25, RelayTls::Started, as_me),
            ("smtp://m.example/", "m.example", 587, RelayTls::Started, None),
            ("smtp://127.0.0.1:2525?tls=none", "127.0.0.1", 2525, RelayTls::Never, None),
            ("smtp://[::1]:2525?tls=none", "::1", 2525, RelayTls::Never, None),
        ] {
            assert_eq!(read(text), Ok((host.to_owned(), port, tls, login)), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_mail_server_is_not_repeated() {
        for bad in [
            "",
            "canary",
            "https://me:canary@m.example",
            "smtp://me:canary@m.example?tls=none",
            "smtp://me:canary@m.example?tls=maybe",
            "smtps://me:canary@m.example?tls=none",
            "smtp://me:canary@m.example/path",
            "smtp://canary@m.example",
            "smtp://me:@m.example",
            "smtp://:canary@m.example",
            "smtp://me:canary%0d%0aRSET@m.example",
            "smtp://me:canary%ff@m.example",
            "smtp://me:canary@:25",
            "smtp://me:canary@m.example:0",
            "smtp://me:canary@m.example:99999",
            "smtp://me:can ary@m.example",
        ] {
            let error = Relay::parse(bad).unwrap_err();
            assert!(!error.contains("canary") && error.len() > 20, "{bad}: {error}");
        }
    }
}
