//! A server to talk to: its address, its token and its lists.

use std::net::IpAddr;

use bellhop_api::view::{Board, ErrorBody, HookView, Listed};
use bellhop_core::config::field_problem;
use bellhop_http::Client;
use clap::Args;
use http::Uri;
use serde::de::{Deserialize as _, DeserializeOwned};
use serde_json::Value;

use crate::failure::Failure;
use crate::print::plain;
use crate::token;

/// How many entries a call asks for.
const PAGE: usize = 200;

/// A server to talk to. The admin token comes from `BELLHOP_ADMIN_TOKEN`.
#[derive(Args)]
pub(crate) struct Server {
    /// The server's URL, as `sam deploy` or `bellhop serve` printed it.
    #[arg(long, env = "BELLHOP_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Send the token over plain `http://` to another machine, where everybody on the way can read it.
    #[arg(long)]
    insecure_http: bool,
}

impl Server {
    /// The server at this URL, which may be another machine's over plain HTTP only where that is wanted.
    pub(crate) const fn at(url: String, insecure_http: bool) -> Self {
        Self { url, insecure_http }
    }

    /// Makes one call and reads its answer; the failure says what the server said, or what of its answer is missing.
    pub(crate) fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> Result<T, Failure> {
        let (status, answer) = self.ask(method, path, body)?;
        read(answer.as_ref()).map_err(|why| match why {
            Unread::NoJson => self.not_ours(status),
            Unread::Misfit(what) => Failure(format!(
                "{} answered {method} {path} in a way that this version ({}) cannot read: {}",
                self.url,
                env!("CARGO_PKG_VERSION"),
                plain(&what)
            )),
        })
    }

    /// Makes one call whose answer says nothing.
    pub(crate) fn send(&self, method: &str, path: &str) -> Result<(), Failure> {
        self.ask(method, path, None).map(drop)
    }

    /// Makes one call; its status and its answer, where that is no refusal.
    fn ask(&self, method: &str, path: &str, body: Option<String>) -> Result<(u16, impl AsRef<[u8]> + use<>), Failure> {
        let token = token::from_environment()?;
        let token = token.ok_or_else(|| Failure(format!("set {} to the server's admin token", token::VARIABLE)))?;
        if !self.insecure_http && !keeps_secrets(&self.url) {
            let what = "everybody on the way could read the token and all secrets sent with it";
            let how = "use its https:// address, or a tunnel to this machine; --insecure-http sends them all the same";
            return Err(Failure(format!("{} is plain HTTP to another machine: {what}; {how}", self.url)));
        }
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Failure::new("no runtime", e))?;
        let (status, answer) = runtime
            .block_on(Client::new().call(method, &url, &token, body))
            .map_err(|why| Failure::new(&format!("{} was not reached", self.url), why))?;
        if status < 300 {
            return Ok((status, answer));
        }
        let refusal: Value = serde_json::from_slice(&answer).map_err(|_| self.not_ours(status))?;
        let message = ErrorBody::deserialize(refusal).map(|refusal| refusal.error.message).unwrap_or_default();
        Err(Failure(format!("{} answered {status}: {}", self.url, plain(&message))))
    }

    /// An answer that no server of ours gives.
    fn not_ours(&self, status: u16) -> Failure {
        Failure(format!("{} answered {status} with something that is not Bellhop's", self.url))
    }

    /// Reads a list page by page, until it ends or `each` has had enough.
    pub(crate) fn pages<P: Page>(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
        mut each: impl FnMut(P) -> bool,
    ) -> Result<(), Failure> {
        let (mut cursor, limit) = (None::<String>, PAGE.to_string());
        loop {
            let page = [("limit", Some(limit.as_str())), ("cursor", cursor.as_deref())];
            let mut page: P = self.call("GET", &with_query(path, &[query, &page].concat()), None)?;
            cursor = page.next_cursor().take();
            if !each(page) || cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// The id of the hook with this name; an id stays as it is, for a deleted hook has no name.
    pub(crate) fn hook_id(&self, name: &str) -> Result<String, Failure> {
        if name.starts_with("hk_") {
            return Ok(name.to_owned());
        }
        let mut id = None;
        self.pages("/api/hooks", &[], |page: Listed<HookView>| {
            id = page.items.into_iter().find(|hook| hook.name == name).map(|hook| hook.id);
            id.is_none()
        })?;
        id.ok_or_else(|| Failure(format!("no hook is called `{name}`; `bellhop hooks` lists them")))
    }

    /// The id of the hook with this name, where one is given.
    pub(crate) fn hook_id_of(&self, name: Option<&str>) -> Result<Option<String>, Failure> {
        name.map(|name| self.hook_id(name)).transpose()
    }
}

/// Whether nobody on the way can read what is sent to a URL: it is https, or leads nowhere but to this machine.
fn keeps_secrets(url: &str) -> bool {
    let Ok(url) = url.parse::<Uri>() else { return false };
    let host = url.host().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_here =
        address.map_or(host == "localhost" || host.ends_with(".localhost"), |ip| ip.to_canonical().is_loopback());
    url.scheme_str() == Some("https") || is_here
}

/// A page of a list.
pub(crate) trait Page: DeserializeOwned {
    /// What to ask the next page with.
    fn next_cursor(&mut self) -> &mut Option<String>;
}

impl<T: DeserializeOwned> Page for Listed<T> {
    fn next_cursor(&mut self) -> &mut Option<String> {
        &mut self.next_cursor
    }
}

impl Page for Board {
    fn next_cursor(&mut self) -> &mut Option<String> {
        &mut self.next_cursor
    }
}

/// Why an answer could not be read.
#[derive(Debug, PartialEq, Eq)]
enum Unread {
    /// It is no JSON.
    NoJson,
    /// A field is missing, or is something else than it should be.
    Misfit(String),
}

/// Reads an answer; fields that are not known are a newer server's, and are passed over.
fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Unread> {
    let reader = &mut serde_json::Deserializer::from_slice(answer);
    let value = serde_path_to_error::deserialize(&mut *reader).map_err(|error| match error.inner().classify() {
        serde_json::error::Category::Data => {
            let problem = field_problem(&error);
            Unread::Misfit(format!("{}: {}", problem.field, problem.message))
        }
        _ => Unread::NoJson,
    })?;
    reader.end().map_err(|_| Unread::NoJson)?;
    Ok(value)
}

/// A path with those parameters that have a value.
pub(crate) fn with_query(path: &str, query: &[(&str, Option<&str>)]) -> String {
    let given = query.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    let pairs: Vec<_> = given.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// A text as one part of a path or query.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use bellhop_api::view::Entry;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_goes_over_plain_http_to_this_machine_alone() {
        for (url, kept) in [
            ("https://hooks.example.com", true),
            ("HTTPS://hooks.example.com/base", true),
            ("https://192.0.2.7:8443", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9", true),
            ("http://localhost:4566/_aws/execute-api/1/$default", true),
            ("http://LocalHost", true),
            ("http://1a2b3c4d.execute-api.localhost:4566", true),
            ("http://[::1]:8080", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://hooks.example.com", false),
            ("HTTP://hooks.example.com", false),
            ("http://10.0.0.7:8080", false),
            ("http://0.0.0.0:8080", false),
            ("http://[::]:8080", false),
            ("http://[::ffff:10.0.0.7]", false),
            ("http://localhost.example.com", false),
            ("http://notlocalhost", false),
            ("http://127.0.0.1.example.com", false),
            ("http://127.0.0.1@example.com", false),
            ("http://localhost:x@example.com", false),
            ("http://2130706433", false),
            ("ws://example.com", false),
            ("hooks.example.com", false),
            ("", false),
        ] {
            assert_eq!(keeps_secrets(url), kept, "{url}");
        }
    }

    /// A list of one event, without some of its fields and with others.
    fn events(change: impl FnOnce(&mut Value)) -> Vec<u8> {
        let mut event = json!({
            "id": "e", "status": "accepted", "received_at": "t", "path": "p", "sender": "github", "type": null,
            "delivery_id": null, "source_ip": null, "body_bytes": 2, "hooks": [{"id": "hk_1", "secret": 0}],
            "test": false, "erased_at": null, "duplicate_of": null, "cause": null,
            "tasks": [{"id": "t", "hook": "hk_1", "kind": "telegram", "status": "queued"}],
        });
        change(&mut event);
        json!({"items": [event], "next_cursor": null}).to_string().into_bytes()
    }

    #[test]
    fn a_newer_server_is_understood() {
        let answer = events(|event| {
            event["colour"] = "red".into();
            event["status"] = "postponed".into();
            event["tasks"][0]["kind"] = "pigeon".into();
            event["tasks"][0]["status"] = "flying".into();
            event["hooks"][0]["new"] = json!({"a": [1]});
        });
        let mut page = read::<Listed<Entry>>(&answer).unwrap();
        let Some(Entry::Event(event)) = page.items.pop() else { panic!("no event: {page:?}") };
        assert_eq!(event.head.status.to_string(), "postponed");
        assert_eq!(
            (event.tasks[0].kind.to_string(), event.tasks[0].status.to_string()),
            ("pigeon".into(), "flying".into())
        );
        let refused = json!({
            "id": "e", "received_at": "t", "hook": null, "path": "p", "source_ip": null, "status": 401, "cause": "c",
            "body_bytes": 2, "new": true,
        });
        let answer = json!({"items": [refused], "next_cursor": "c", "total": 7}).to_string();
        let page = read::<Listed<Entry>>(answer.as_bytes()).unwrap();
        assert!(matches!(&page.items[..], [Entry::Refused(refused)] if refused.status == 401), "{page:?}");
    }

    #[test]
    fn what_is_missing_is_named_with_its_place() {
        let missing = |why: Unread, words: [&str; 2]| {
            let Unread::Misfit(what) = &why else { panic!("{why:?}") };
            assert!(words.iter().all(|word| what.contains(word)), "{what}");
        };
        let without = |field: &'static str| events(|event| drop(event.as_object_mut().unwrap().remove(field)));
        missing(
            read::<Listed<Entry>>(&without("received_at")).unwrap_err(),
            ["items[0]", "missing field `received_at`"],
        );
        missing(read::<Listed<Entry>>(b"{}").unwrap_err(), ["the body", "missing field `items`"]);
        missing(
            read::<Listed<HookView>>(br#"{"items":[{"id":7}]}"#).unwrap_err(),
            ["items[0].id", "expected a string"],
        );
        missing(read::<Board>(br#"{"groups":{"queued":[]}}"#).unwrap_err(), ["groups", "missing field `running`"]);
        assert_eq!(read::<Board>(b"<html>").unwrap_err(), Unread::NoJson);
        assert_eq!(read::<Board>(b"").unwrap_err(), Unread::NoJson);
    }

    #[test]
    fn what_people_type_stays_one_part_of_the_url() {
        let path = with_query("/api/events", &[("hook", Some("a&b=c d")), ("status", None), ("limit", Some("5"))]);
        assert_eq!(path, "/api/events?hook=a%26b%3Dc%20d&limit=5");
        assert_eq!(with_query("/api/events", &[("hook", None)]), "/api/events");
        assert_eq!(encoded("../hooks?x#y"), "..%2Fhooks%3Fx%23y");
    }
}
