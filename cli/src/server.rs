//! A server to talk to: its address, its token and its lists.

use std::net::IpAddr;

use bellhop_http::Client;
use clap::Args;
use http::Uri;
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

    /// Makes one call and reads its JSON answer, null where it is empty; the failure says what the server said.
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<String>) -> Result<Value, Failure> {
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
        if status < 300 && answer.is_empty() {
            return Ok(Value::Null);
        }
        let answer: Value = serde_json::from_slice(&answer)
            .map_err(|_| Failure(format!("{} answered {status} with something that is not Bellhop's", self.url)))?;
        match answer["error"]["message"].as_str() {
            None if status < 300 => Ok(answer),
            message => Err(Failure(format!("{} answered {status}: {}", self.url, plain(message.unwrap_or_default())))),
        }
    }

    /// Reads a list page by page, until it ends or `each` has had enough.
    pub(crate) fn pages(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
        mut each: impl FnMut(&Value) -> bool,
    ) -> Result<(), Failure> {
        let (mut cursor, limit) = (None::<String>, PAGE.to_string());
        loop {
            let page = [("limit", Some(limit.as_str())), ("cursor", cursor.as_deref())];
            let page = self.call("GET", &with_query(path, &[query, &page].concat()), None)?;
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if !each(&page) || cursor.is_none() {
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
        self.pages("/api/hooks", &[], |page| {
            let found = items(page).find(|hook| hook["name"] == name);
            id = found.and_then(|hook| hook["id"].as_str()).map(str::to_owned);
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

/// The entries of a page.
pub(crate) fn items(page: &Value) -> impl Iterator<Item = &Value> {
    page["items"].as_array().into_iter().flatten()
}

/// A field's text; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
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

    #[test]
    fn what_people_type_stays_one_part_of_the_url() {
        let path = with_query("/api/events", &[("hook", Some("a&b=c d")), ("status", None), ("limit", Some("5"))]);
        assert_eq!(path, "/api/events?hook=a%26b%3Dc%20d&limit=5");
        assert_eq!(with_query("/api/events", &[("hook", None)]), "/api/events");
        assert_eq!(encoded("../hooks?x#y"), "..%2Fhooks%3Fx%23y");
    }
}
