//! One process whose hooks send events away: what the tests of all kinds have in common.

use std::time::Duration;

use bellhop_tests::bot_api::FakeBotApi;
use bellhop_tests::http::{Answer, Http, headers};
use bellhop_tests::stand_in::{REGION, StandIn};
use http::Method;
use serde_json::{Value, json};

use crate::world::{ADMIN_TOKEN, CHAT, World, assert_accepted, config, setup, shared_hook};

/// The process, and the world around it.
pub(crate) struct Away {
    pub(crate) world: World,
}

/// An event whose text is this.
pub(crate) fn event(text: &str) -> String {
    json!({ "message": text }).to_string()
}

impl Away {
    /// Starts it with an action of a kind at each of these paths, given its other fields; it may call this host, and its
    /// environment has these variables.
    pub(crate) async fn start(kind: &str, host: &str, env: &[(&str, &str)], hooks: &[(&str, &str)]) -> Self {
        let hooks: String = hooks.iter().map(|(path, fields)| hook(path, kind, fields)).collect();
        Self::with(host, env, &hooks).await
    }

    /// Starts it with an action of a kind at each of these paths, which may call these targets in AWS.
    pub(crate) async fn in_aws(kind: &str, aws: &StandIn, targets: &str, hooks: &[(&str, &str)]) -> Self {
        let env = [
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_ENDPOINT_URL", aws.endpoint()),
            ("BELLHOP_ACTION_TARGETS", targets),
        ];
        Self::start(kind, "localhost", &env, hooks).await
    }

    /// Starts it with these hooks.
    pub(crate) async fn with(host: &str, env: &[(&str, &str)], hooks: &str) -> Self {
        let network = format!("\n[network]\nallow_private_hosts = [\"{host}\"]\n");
        let fake = FakeBotApi::start_unlimited().await;
        let setup = setup(&config(&fake.url(), &(network + hooks)));
        let setup = env.iter().fold(setup, |setup, (name, value)| setup.env(name, value));
        let bellhop = setup.start();
        Self { world: World { fake, setup, bellhop, http: Http::new() } }
    }

    /// Posts a body to a hook; the event's id.
    pub(crate) async fn say(&self, path: &str, body: &str) -> String {
        assert_accepted(&self.world.shared(&format!("/webhook/{path}"), body).await)
    }

    /// Calls the management API as its admin.
    pub(crate) async fn api(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let admin =
            headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}")), ("content-type", "application/json")]);
        let body = body.map(Value::to_string).unwrap_or_default().into_bytes();
        self.world.http.send(method, &self.world.bellhop.at(path), &admin, body).await
    }

    /// The first task of an event, once it is as wanted.
    pub(crate) async fn task(&self, event: &str, wanted: &str) -> Value {
        for _ in 0..600 {
            let shown = self.api(Method::GET, &format!("/api/events/{event}"), None).await.json();
            let task = shown["tasks"][0].clone();
            if task["status"] == wanted {
                let id = task["id"].as_str().unwrap_or_default();
                return self.api(Method::GET, &format!("/api/tasks/{id}"), None).await.json();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let shown = self.api(Method::GET, &format!("/api/events/{event}"), None).await.text();
        panic!("the task of {event} is not {wanted}: {shown}");
    }

    /// Stops it; its output.
    pub(crate) fn finish(self) -> String {
        self.world.finish()
    }

    /// Stops it, and asserts that no secret stands in its output, in an answer of its API or in its metrics.
    pub(crate) async fn finish_without(self, secrets: &[&str]) {
        let mut told = String::new();
        for path in ["/api/hooks", "/api/events?limit=100", "/api/tasks?limit=100", "/metrics"] {
            told.push_str(&self.api(Method::GET, path, None).await.text());
        }
        let events = self.api(Method::GET, "/api/events?limit=100", None).await.json();
        for event in events["items"].as_array().into_iter().flatten() {
            let id = event["id"].as_str().unwrap_or_default();
            told.push_str(&self.api(Method::GET, &format!("/api/events/{id}"), None).await.text());
        }
        told.push_str(&self.finish());
        for secret in secrets {
            assert!(!told.contains(secret), "{secret} stands in {told}");
        }
    }
}

/// A hook for shared secrets at a path, whose one action is of a kind and has these fields.
pub(crate) fn hook(path: &str, kind: &str, fields: &str) -> String {
    let hook = shared_hook(path, CHAT);
    let (head, _) = hook.split_once("  [[hooks.actions]]").expect("a hook has actions");
    format!("{head}  [[hooks.actions]]\n  kind = \"{kind}\"\n  {fields}\n")
}

/// Has an event's tasks made once more.
pub(crate) async fn replay(away: &Away, event: &str) {
    let answer = away.api(Method::POST, &format!("/api/events/{event}/replay"), None).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
}
