//! `bellhop hooks`: the hooks of a server, and how commands talk to one.

use bellhop_http::Client;
use clap::Args;
use serde_json::Value;

use crate::failure::Failure;
use crate::print::to_stdout;
use crate::token;

/// List the hooks of a deployed stack or a running server.
#[derive(Args)]
pub(crate) struct Hooks {
    #[command(flatten)]
    server: Server,
}

/// A server to talk to. The admin token comes from `BELLHOP_ADMIN_TOKEN`.
#[derive(Args)]
pub(crate) struct Server {
    /// The server's URL, as `sam deploy` or `bellhop serve` printed it.
    #[arg(long, env = "BELLHOP_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
}

impl Hooks {
    /// Prints one line a hook, unsigned ones marked.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut path = "/api/hooks?limit=200".to_owned();
        loop {
            let page = self.server.call("GET", &path, None)?;
            for hook in page["items"].as_array().into_iter().flatten() {
                to_stdout(&line(hook));
            }
            let Some(cursor) = page["next_cursor"].as_str() else {
                return Ok(());
            };
            path = format!("/api/hooks?limit=200&cursor={cursor}");
        }
    }
}

/// One hook for a person.
fn line(hook: &Value) -> String {
    let text = |name: &str| hook[name].as_str().unwrap_or_default();
    let unsigned = if hook["unsigned"] == true { "  UNSIGNED" } else { "" };
    let (id, status, sender) = (text("id"), text("status"), text("sender"));
    format!("{id}  {status:8}  {sender:18}  {:30}  {}{unsigned}", text("url_path"), text("name"))
}

impl Server {
    /// Makes one call and reads its JSON answer; the failure says what the server said.
    pub(crate) fn call(&self, method: &str, path: &str, body: Option<String>) -> Result<Value, Failure> {
        let token = token::from_environment()?;
        let token = token.ok_or_else(|| Failure(format!("set {} to the server's admin token", token::VARIABLE)))?;
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Failure::new("no runtime", e))?;
        let (status, answer) = runtime
            .block_on(Client::new().call(method, &url, &token, body))
            .map_err(|why| Failure::new(&format!("{} was not reached", self.url), why))?;
        let answer: Value = serde_json::from_slice(&answer)
            .map_err(|_| Failure(format!("{} answered {status} with something that is not Bellhop's", self.url)))?;
        match answer["error"]["message"].as_str() {
            None if status < 300 => Ok(answer),
            message => Err(Failure(format!("{} answered {status}: {}", self.url, message.unwrap_or_default()))),
        }
    }
}
