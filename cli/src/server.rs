//! A server to talk to: its address, its token and its lists.

use bellhop_http::Client;
use clap::Args;
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
}

impl Server {
    /// The server at this URL.
    pub(crate) const fn at(url: String) -> Self {
        Self { url }
    }

    /// Makes one call and reads its JSON answer, null where it is empty; the failure says what the server said.
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<String>) -> Result<Value, Failure> {
        let token = token::from_environment()?;
        let token = token.ok_or_else(|| Failure(format!("set {} to the server's admin token", token::VARIABLE)))?;
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
    fn what_people_type_stays_one_part_of_the_url() {
        let path = with_query("/api/events", &[("hook", Some("a&b=c d")), ("status", None), ("limit", Some("5"))]);
        assert_eq!(path, "/api/events?hook=a%26b%3Dc%20d&limit=5");
        assert_eq!(with_query("/api/events", &[("hook", None)]), "/api/events");
        assert_eq!(encoded("../hooks?x#y"), "..%2Fhooks%3Fx%23y");
    }
}
