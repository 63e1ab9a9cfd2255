//! Forged and signed bodies at senders whose proof stands in the body, through the real server: what is forged is refused
//! fast and takes little memory, what is signed passes.

use std::time::{Duration, Instant};

use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;
use bellhop_senders::inbound::Url;
use bellhop_senders::sender::Sender;
use bellhop_senders::sign::{Draft, sign_request};
use bellhop_tests::bot_api::FakeBotApi;
use bellhop_tests::http::{Http, headers};
use bellhop_tests::serve::{Bellhop, Setup};
use bellhop_tests::sign::now;
use http::Method;

use crate::world::{ADMIN_TOKEN, config, setup};

/// The URL that senders sign.
const PUBLIC_URL: &str = "https://hooks.example.com";

/// The secret of a sender's hook, as its scheme reads one.
fn secret_of(sender: &Sender) -> Secret {
    sender.new_secret(&[7; 32]).expect("a secret can be made up")
}

/// What a forged body costs at most, with all that the machine has to do besides.
const LIMIT: Duration = Duration::from_secs(2);

/// By how much the server may grow while forged bodies come, one after the other.
const MOST_GROWTH: u64 = 48 * 1024 * 1024;

/// A server with a hook of each of these senders, at a path of its name.
fn server(fake: &FakeBotApi, senders: &[&Sender]) -> Setup {
    let hook = |name: &str| {
        format!(
            "[[hooks]]\nname = \"{name}\"\npath = \"{name}\"\nsender = \"{name}\"\nsecrets = [\"env:{}\"]\n\
             [[hooks.actions]]\nkind = \"telegram\"\nchat = 1\n",
            variable(name)
        )
    };
    let hooks: String = senders.iter().map(|sender| hook(sender.name)).collect();
    let given = setup(&format!("public_url = \"{PUBLIC_URL}\"\n{}", config(&fake.url(), &hooks)));
    senders.iter().fold(given, |given, sender| given.env(&variable(sender.name), secret_of(sender).expose()))
}

/// The variable with the secret of a sender's hook.
fn variable(name: &str) -> String {
    format!("PROOF_{}", name.to_uppercase().replace('-', "_"))
}

/// What the management API shows of an event, once it is recorded.
async fn shown(http: &Http, bellhop: &Bellhop, id: &str) -> String {
    let token = headers(&[("authorization", &format!("Bearer {ADMIN_TOKEN}"))]);
    for _ in 0..300 {
        let answer = http.send(Method::GET, &bellhop.at(&format!("/api/events/{id}")), &token, "").await;
        if answer.status == 200 {
            return answer.text();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the event {id} is not recorded");
}

/// A text again and again, this long.
fn repeated(before: &str, text: &str, length: usize) -> String {
    format!("{before}{}", text.repeat((length - before.len()) / text.len()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_bodies_are_refused_fast_and_take_little_memory() {
    let fake = FakeBotApi::start_unlimited().await;
    let families: Vec<&Sender> = Sender::all()
        .iter()
        .filter(|sender| sender.proof_in_body() && !matches!(sender.name, "app-store" | "app-store-sandbox"))
        .filter(|sender| sender.name != "travis" && sender.name != "aws-sns")
        .collect();
    let setup = server(&fake, &families);
    let bellhop = setup.start();
    let kind = |name| headers(&[("content-type", name)]);
    let before = bellhop.peak_bytes();
    for sender in &families {
        let url = bellhop.at(&format!("/webhook/{}", sender.name));
        let most = usize::try_from(sender.max_proof_bytes().expect("a bound")).expect("a length").min(4_000_000);
        for length in [most, 4_000_000] {
            for (kind, body) in [
                (kind("application/json"), repeated("[", r#"{"":0},"#, length)),
                (kind("application/json"), repeated(r#"{"value":["#, r#"{"":0},"#, length)),
                (kind("application/json"), repeated("", "[", length)),
                (kind("application/x-www-form-urlencoded"), repeated("", "a&", length)),
                (kind("application/x-www-form-urlencoded"), repeated("data=", "%5B", length)),
                (kind("multipart/form-data; boundary=b"), repeated("", "--b\n", length)),
            ] {
                let started = Instant::now();
                // A connection whose body was not read to its end is closed.
                let answer = Http::new().post(&url, &kind, body.clone()).await;
                let refused = if body.len() > most { vec![413] } else { vec![400, 401] };
                let status = answer.status.as_u16();
                assert!(refused.contains(&status), "{}: {status} for {} bytes", sender.name, body.len());
                assert!(started.elapsed() < LIMIT, "{}: {:?}", sender.name, started.elapsed());
            }
        }
    }
    let grown = bellhop.peak_bytes().saturating_sub(before);
    assert!(grown < MOST_GROWTH, "{grown} bytes more than at the start");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_bodies_pass_and_leave_no_token_behind() {
    let fake = FakeBotApi::start_unlimited().await;
    let signs = |sender: &&Sender| {
        sender.proof_in_body() && !matches!(sender.name, "app-store" | "app-store-sandbox" | "travis" | "aws-sns")
    };
    let families: Vec<&Sender> = Sender::all().iter().filter(signs).chain(Sender::named("github")).collect();
    let setup = server(&fake, &families);
    let (bellhop, http) = (setup.start(), Http::new());
    for sender in families {
        let most = usize::try_from(sender.max_proof_bytes().unwrap_or(4_000_000)).expect("a length").min(4_000_000);
        let text = "o".repeat(most / 4);
        let body = match sender.name {
            "twilio" | "mandrill" | "synology-chat" | "ko-fi" => format!("text={text}"),
            "dropbox-sign" => format!("json=%7B%22text%22%3A%22{text}%22%7D"),
            _ => format!(r#"{{"text":"{text}"}}"#),
        };
        let url = bellhop.at(&format!("/webhook/{}", sender.name));
        let target = format!("/webhook/{}", sender.name);
        let draft = Draft { method: "POST", url: Url::new(PUBLIC_URL, &target), body: body.as_bytes(), id: "1" };
        let at = Timestamp::from_seconds(u64::try_from(now()).expect("a time"));
        let secret = secret_of(sender);
        let proof = match sign_request(sender, &secret, draft, at) {
            Ok(proof) => proof,
            Err(why) => panic!("{}: {why}", sender.name),
        };
        let sent = proof.body.unwrap_or_else(|| body.into_bytes());
        let is_form = !sent.starts_with(b"{");
        let kind = if is_form { "application/x-www-form-urlencoded" } else { "application/json" };
        let mut all = headers(&[("content-type", kind)]);
        all.extend(proof.headers);
        let answer = http.post(&url, &all, sent).await;
        assert!(answer.status.is_success(), "{}: {} {}", sender.name, answer.status, answer.text());
        let id = answer.headers.get("x-bellhop-event").and_then(|id| id.to_str().ok().map(str::to_owned));
        let id = id.or_else(|| Some(answer.json()["id"].as_str()?.to_owned())).expect("an event's id");
        let shown = shown(&http, &bellhop, &id).await;
        assert!(!shown.contains(secret.expose()), "{}: {shown:.300}", sender.name);
        assert_eq!(shown.contains("[redacted]"), sender.sends_secret(), "{}: {shown:.300}", sender.name);
    }
    assert!(!bellhop.output().contains(&"07".repeat(32)), "what most of the secrets are");
}
