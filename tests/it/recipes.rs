//! The recipes, from the very text of docs/RECIPES.md: each is configured as it stands there, its events are sent as its
//! sender signs them, and what arrives is compared with what stands below.

use std::time::Duration;

use bellhop_tests::bot_api::FakeBotApi;
use bellhop_tests::build::workspace;
use bellhop_tests::far_ends::discord::FakeDiscord;
use bellhop_tests::far_ends::ntfy::FakeNtfy;
use bellhop_tests::far_ends::slack::FakeSlack;
use bellhop_tests::far_ends::smtp::FakeSmtp;
use bellhop_tests::http::{Http, headers};
use bellhop_tests::sink::Sink;
use bellhop_tests::stand_in::{Kind, REGION, StandIn};
use http::Method;
use serde_json::Value;

use crate::eventbridge::{arrived, bus, make_bus};
use crate::sinks::Away;
use crate::world::{World, assert_accepted, config, setup};

/// How long to look for what is to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every secret that signs webhooks is in these tests, whatever its sender's form of one.
const SECRET: &str = "whsec_Y2FuYXJ5LXN0YW5kYXJkLXdlYmhvb2tzLWtleQ==";

/// One recipe.
struct Recipe {
    title: String,
    config: String,
    /// The events: their type, where a header says it, and their body.
    events: Vec<(String, String)>,
    /// What arrives, and where.
    arrives: Vec<(String, String)>,
}

/// The recipes of the document.
fn recipes() -> Vec<Recipe> {
    let document = std::fs::read_to_string(workspace().join("docs/RECIPES.md")).expect("there are recipes");
    let recipes: Vec<_> = document.split("\n## ").skip(1).map(Recipe::read).collect();
    assert!(recipes.len() >= 10, "{} recipes", recipes.len());
    recipes
}

impl Recipe {
    /// Reads a section of the document.
    fn read(section: &str) -> Self {
        let title = section.lines().next().unwrap_or_default().to_owned();
        let (mut config, mut events, mut arrives) = (String::new(), Vec::new(), Vec::new());
        let fenced = section.split("\n```").skip(1).step_by(2);
        for block in fenced {
            let (info, text) = block.split_once('\n').expect("a block has lines");
            let (language, word) = info.split_once(' ').unwrap_or((info, ""));
            match language {
                "toml" => config.extend([text, "\n"]),
                "json" => events.push((word.to_owned(), text.to_owned())),
                "text" => arrives.push((word.to_owned(), text.to_owned())),
                other => panic!("{title}: what is a block of `{other}` for?"),
            }
        }
        assert!(!config.is_empty() && !events.is_empty() && !arrives.is_empty(), "{title} lacks a part");
        Self { title, config, events, arrives }
    }

    /// Where its first hook is, and the hook's name.
    fn hook(&self) -> (String, String) {
        let config: toml::Table = toml::from_str(&self.config).expect("the recipe is TOML");
        let hook = &config["hooks"][0];
        let text = |field: &str| hook[field].as_str().expect("a hook has it").to_owned();
        (text("path"), text("name"))
    }

    /// The variables of secrets that it names, but those of the far ends.
    fn variables(&self) -> impl Iterator<Item = &str> {
        let names = self.config.split("\"env:").skip(1).filter_map(|rest| rest.split('"').next());
        names.filter(|name| !name.ends_with("_URL"))
    }

    /// Sends its events, each signed as its sender signs; their ids.
    async fn send(&self, away: &Away) -> Vec<String> {
        let (path, name) = self.hook();
        let hooks = away.api(Method::GET, "/api/hooks", None).await.json();
        let hooks = hooks["hooks"].as_array().or(hooks["items"].as_array()).cloned().unwrap_or_default();
        let hook = hooks.iter().find(|hook| hook["name"] == name.as_str()).expect("its hook is there");
        let mut ids = Vec::new();
        for (event_type, body) in &self.events {
            let sign = format!("/api/hooks/{}/sign", hook["id"].as_str().unwrap_or_default());
            let body: Value = serde_json::from_str(body).expect("an event is JSON");
            let signed = away.api(Method::POST, &sign, Some(&body)).await.json();
            let signed = signed["headers"].as_object().cloned().unwrap_or_default();
            let mut sent = headers(&[("content-type", "application/json")]);
            sent.extend(signed.iter().map(|(name, value)| {
                let secret = if name == "authorization" { format!("Bearer {SECRET}") } else { SECRET.to_owned() };
                (name.clone(), value.as_str().unwrap_or_default().replace("<the hook's secret>", &secret))
            }));
            if !event_type.is_empty() {
                sent.extend(headers(&[("x-github-event", event_type), ("x-github-delivery", &path)]));
            }
            let url = away.world.bellhop.at(&format!("/webhook/{path}"));
            let answer = away.world.http.post(&url, &sent, body.to_string()).await;
            assert_eq!(answer.status, 200, "{}: {}", self.title, answer.text());
            let id = assert_accepted(&answer);
            away.task(&id, "succeeded").await;
            ids.push(id);
        }
        ids
    }
}

/// Every far end that recipes name.
struct FarEnds {
    slack: FakeSlack,
    discord: FakeDiscord,
    ntfy: FakeNtfy,
    smtp: FakeSmtp,
    sink: Sink,
}

impl FarEnds {
    /// Starts them.
    async fn start() -> Self {
        Self {
            slack: FakeSlack::start().await,
            discord: FakeDiscord::start_unlimited().await,
            ntfy: FakeNtfy::start().await,
            smtp: FakeSmtp::start().await,
            sink: Sink::start().await,
        }
    }

    /// Starts Bellhop with a recipe, as it stands.
    async fn away(&self, recipe: &Recipe) -> Away {
        let hosts =
            [self.slack.host(), self.discord.host(), self.ntfy.host(), self.smtp.host(), self.sink.host.clone()];
        let network = format!("\n[network]\nallow_private_hosts = {hosts:?}\n\n");
        let fake = FakeBotApi::start_unlimited().await;
        let mut setup = setup(&config(&fake.url(), &(network + &recipe.config)));
        for (name, value) in [
            ("SLACK_URL", self.slack.url()),
            ("DISCORD_URL", self.discord.url()),
            ("NTFY_URL", self.ntfy.url("alerts")),
            ("SMTP_URL", format!("smtp://{}?tls=none", self.smtp.host())),
            ("OUT_URL", self.sink.url("/in")),
        ] {
            setup = setup.env(name, &value);
        }
        let setup = recipe.variables().fold(setup, |setup, name| setup.env(name, SECRET));
        let bellhop = setup.start();
        Away { world: World { fake, setup, bellhop, http: Http::new() } }
    }

    /// What has arrived, as the document writes it, at each far end.
    fn arrived(&self, away: &Away) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let mut add = |end: &str, text: String| all.push((end.to_owned(), text.trim().to_owned()));
        away.world.fake.messages().into_iter().for_each(|message| add("telegram", message.text));
        self.slack.messages().into_iter().for_each(|message| add("slack", message.content.text.text));
        self.discord.messages().into_iter().for_each(|message| add("discord", message.content.text));
        for message in self.ntfy.messages() {
            let said = message.said;
            let head = format!("{} {} {}", said.priority, said.tags.join(","), said.click);
            add("ntfy", format!("{}\n{}\n{}", head.trim(), said.title, said.message));
        }
        for mail in self.smtp.mails() {
            add(
                "email",
                format!("{}\n{}", mail.header("Subject"), mail.text("text/plain").replace("\r\n", "\n").trim()),
            );
        }
        for came in self.sink.at("/in") {
            assert!(!came.header("webhook-signature").is_empty(), "it is signed");
            add("forward", String::from_utf8_lossy(&came.body).into_owned());
        }
        all
    }
}

/// The same without the marks that keep a sink from reading markup in what a payload holds, and with JSON in one form.
fn as_read(arrived: &[(String, String)]) -> Vec<(String, String)> {
    let mut all: Vec<_> = arrived
        .iter()
        .map(|(end, text)| {
            let json: Result<Value, _> = serde_json::from_str(text);
            let text = json.map_or_else(|_| text.replace(['\u{2060}', '\u{200b}'], ""), |json| json.to_string());
            (end.clone(), text)
        })
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn every_recipe_does_what_it_says() {
    for recipe in recipes().iter().filter(|recipe| recipe.arrives[0].0 != "eventbridge") {
        let ends = FarEnds::start().await;
        let away = ends.away(recipe).await;
        recipe.send(&away).await;
        let wanted = as_read(&recipe.arrives);
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while as_read(&ends.arrived(&away)).len() < wanted.len() && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(as_read(&ends.arrived(&away)), wanted, "{}", recipe.title);
        away.finish();
    }
}

#[tokio::test]
async fn the_recipe_for_eventbridge_puts_what_it_says_on_the_bus() {
    let recipes = recipes();
    let recipe = recipes.iter().find(|recipe| recipe.arrives[0].0 == "eventbridge").expect("it is there");
    let aws = StandIn::start(Kind::MiniStack);
    make_bus(&aws, "default");
    let env = [
        ("AWS_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", aws.endpoint()),
        ("BELLHOP_ACTION_TARGETS", &bus("default")),
        ("STANDARD_SECRET", SECRET),
    ];
    let away = Away::with("localhost", &env, &recipe.config).await;
    recipe.send(&away).await;
    let event = arrived(&aws, "default", 1).remove(0);
    let (source, kind) = (event["source"].as_str(), event["detail-type"].as_str());
    let shown = format!("{} {} {}", source.unwrap_or_default(), kind.unwrap_or_default(), event["detail"]);
    assert_eq!(shown, recipe.arrives[0].1.trim());
    away.finish();
}
