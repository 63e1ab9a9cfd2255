//! A parameter store that refuses as Systems Manager does: one bad name, and nothing of the call is answered.

use std::collections::HashMap;
use std::io::{BufReader, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use bellhop_app::ports::Secrets as _;
use bellhop_core::secret::SecretRef;
use serde_json::{Value, json};

use super::far_end::{far_end, read};
use crate::Aws;

/// The store, and what it was asked for.
struct Store {
    values: HashMap<&'static str, &'static str>,
    asked: Mutex<Vec<Vec<String>>>,
    throttled: Mutex<usize>,
}

impl Store {
    /// Starts one with these parameters; the way to it.
    fn start(values: &[(&'static str, &'static str)], throttled: usize) -> (Arc<Self>, Aws) {
        let values = values.iter().copied().collect();
        let store = Arc::new(Self { values, asked: Mutex::default(), throttled: Mutex::new(throttled) });
        let served = Arc::clone(&store);
        let aws = far_end(move |stream| served.serve(stream));
        (store, aws)
    }

    /// Answers one request and closes the connection.
    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let Some((_, body)) = read(&mut reader) else { return };
        let (status, answer) = self.answer(&body);
        let text = answer.to_string();
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
        let _ = reader.into_inner().write_all((head + &text).as_bytes());
    }

    /// The answer to `GetParameters`.
    fn answer(&self, body: &Value) -> (u16, Value) {
        let names: Vec<String> = serde_json::from_value(body["Names"].clone()).unwrap();
        self.asked.lock().unwrap().push(names.clone());
        let mut throttled = self.throttled.lock().unwrap();
        if *throttled > 0 {
            *throttled -= 1;
            return (400, json!({"__type": "ThrottlingException", "message": "Rate exceeded"}));
        }
        let plain = |name: &str| {
            let (name, _) = name.split_once(':').unwrap_or((name, ""));
            let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
            fits && !name.is_empty() && !name.contains("//") && (name.starts_with('/') || !name.contains('/'))
        };
        if names.is_empty() || names.len() > 10 || !names.iter().all(|name| plain(name)) {
            return (400, json!({"__type": "ValidationException", "message": "1 validation error detected"}));
        }
        if names.iter().any(|name| name == "/team/denied") {
            return (400, json!({"__type": "com.amazonaws.ssm#AccessDeniedException", "Message": "not authorized"}));
        }
        if names.iter().any(|name| name == "/team/key-gone") {
            return (400, json!({"__type": "InvalidKeyId", "message": "the key is disabled"}));
        }
        let found = names.iter().filter_map(|name| {
            let (plain, selector) = name.split_at(name.find(':').unwrap_or(name.len()));
            let arn = format!("arn:aws:ssm:eu-central-1:111122223333:parameter{plain}");
            let value = self.values.get(plain)?;
            Some(json!({"Name": plain, "Value": value, "Selector": selector, "ARN": arn, "Type": "SecureString"}))
        });
        (200, json!({"Parameters": found.collect::<Vec<_>>(), "InvalidParameters": []}))
    }
}

/// What these references resolve to; `None` where the store as a whole is in trouble.
async fn resolved(aws: &Aws, references: &[SecretRef]) -> Option<Vec<Option<String>>> {
    let found = aws.secrets("/bellhop/test".to_owned()).resolve(references).await.ok()?;
    Some(references.iter().map(|one| found.get(one).map(|secret| secret.expose().to_owned())).collect())
}

/// A parameter that somebody points at.
fn ssm(name: &str) -> SecretRef {
    SecretRef::Ssm(name.to_owned())
}

#[tokio::test]
async fn a_name_that_the_store_refuses_takes_no_other_with_it() {
    let values = [("/team/a", "one"), ("/team/b", "two"), ("/bellhop/test/secrets/hk_1-x", "kept")];
    let (store, aws) = Store::start(&values, 0);
    let kept = SecretRef::stored("hk_1-x", "0123abcd");
    for broken in [
        "",
        "/",
        "/team/ ",
        "team/x",
        "/team//x",
        "/caf\u{e9}",
        "/team/{{x}}",
        "/aws/x",
        "/team/x:",
        "/team/denied",
        "/team/key-gone",
        "/team/missing",
        "/bellhop/test/secrets/hk_1-x",
        "/bellhop/other/secrets/hk_1",
        "/BELLHOP/test/secrets/hk_1-x",
        "arn:aws:ssm:eu-central-1:111122223333:parameter/bellhop/test/secrets/hk_1-x",
    ] {
        let references = [ssm("/team/a"), ssm(broken), kept.clone(), ssm("/team/b:3")];
        let expected = [Some("one"), None, Some("kept"), Some("two")].map(|value| value.map(str::to_owned));
        assert_eq!(resolved(&aws, &references).await.as_deref(), Some(&expected[..]), "{broken:?}");
    }
    let asked = store.asked.lock().unwrap().concat();
    let bad = ["", "/", "/team/ ", "team/x", "/bellhop/other/secrets/hk_1", "/aws/x"];
    assert!(!asked.iter().any(|name| bad.contains(&name.as_str())), "{asked:?}");
}

#[tokio::test]
async fn a_store_that_was_asked_too_often_is_asked_again_and_then_in_trouble_itself() {
    let (store, aws) = Store::start(&[("/team/a", "one")], 2);
    assert_eq!(resolved(&aws, &[ssm("/team/a")]).await, Some(vec![Some("one".to_owned())]));
    assert_eq!(store.asked.lock().unwrap().len(), 3);
    let (_, aws) = Store::start(&[("/team/a", "one")], 100);
    assert_eq!(resolved(&aws, &[ssm("/team/a")]).await, None, "a secret that is there is not called missing");
}
