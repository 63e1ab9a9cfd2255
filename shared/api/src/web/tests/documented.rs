//! What the doors answer is what the document says, and what it says is answered.

use std::collections::BTreeSet;

use bellhop_core::door::Endpoint;
use bellhop_senders::sender::Sender;

use super::*;
use crate::document::{document, path};
use crate::view::{Accepted, ErrorBody};

/// The fields of a hook, and what is asked of it.
struct Case {
    status: u16,
    hook: Value,
    method: Method,
    query: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: Body,
}

/// A request at a hook of these fields.
fn case(status: u16, method: Method, hook: Value) -> Case {
    Case { status, hook, method, query: "", headers: &[], body: Body::from("{}") }
}

/// Every answer that an event or a handshake may have, but for what depends on the world around: each but 404, 429 and 503.
fn cases() -> Vec<Case> {
    let plain = || json!({});
    let signed = |sender: &str| json!({"sender": sender, "secrets": ["env:S"]});
    let disabled = || json!({"status": "disabled"});
    let slow = stream::iter([Ok::<_, Infallible>("1")]).chain(stream::pending());
    let broken = stream::iter([Ok("1"), Err("gone")]);
    let challenge = "?challenge=hello";
    let mut all = vec![
        case(200, Method::POST, plain()),
        Case { body: Body::from_stream(broken), ..case(400, Method::POST, plain()) },
        case(401, Method::POST, signed("github")),
        Case { body: Body::from_stream(slow), ..case(408, Method::POST, plain()) },
        Case { query: challenge, ..case(200, Method::GET, signed("dropbox")) },
        Case { query: "?challenge=a%0Ab", ..case(400, Method::GET, signed("dropbox")) },
        Case {
            headers: &[("x-okta-verification-challenge", "hello"), ("authorization", "no")],
            ..case(401, Method::GET, signed("okta"))
        },
        case(200, Method::HEAD, signed("trello")),
        Case {
            headers: &[("webhook-request-origin", "events.example.com")],
            ..case(200, Method::OPTIONS, signed("cloudevents"))
        },
    ];
    for method in [Method::POST, Method::GET, Method::HEAD, Method::OPTIONS] {
        all.push(case(403, method.clone(), disabled()));
        all.push(Case { headers: &[("content-encoding", "gzip")], ..case(415, method.clone(), plain()) });
        all.push(Case { headers: &[("content-length", "9999")], ..case(413, method.clone(), plain()) });
        if method != Method::POST {
            all.push(case(405, method, signed("github")));
        }
    }
    all
}

/// What a memory's front door answers.
async fn answer(memory: &Arc<Memory>, method: &Method, uri: &str, headers: &[(&str, &str)], body: Body) -> Response {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let front = Front { ingress: Arc::new(memory.ingress()), worker: None };
    receive(State(Arc::new(front)), request.body(body).unwrap()).await
}

/// A world with one hook at an endpoint, and the address of it.
fn world(endpoint: Endpoint, mut fields: Value) -> (Arc<Memory>, String) {
    let hook_path = if endpoint == Endpoint::Root { "" } else { "p" };
    fields["id"] = "hk_1".into();
    fields["path"] = hook_path.into();
    (Memory::with(&[fields], &[("S", "d75a980182b10ab7d54bfed3c964073a")]), format!("{}{hook_path}", endpoint.path().0))
}

/// Holds an answer to what the document says of its operation, and notes its status as seen.
async fn hold(operation: &Value, response: Response, seen: &mut BTreeSet<String>, what: &str) {
    let status = response.status().as_u16().to_string();
    let said = &operation["responses"][&status];
    assert!(said.is_object(), "{what}: {status} is not in the document");
    let documented = said["headers"].as_object().into_iter().flat_map(|headers| headers.keys());
    for header in documented {
        assert!(response.headers().contains_key(header.as_str()), "{what}: {status} has no {header}");
    }
    for header in ["allow", "retry-after"] {
        let named = said["headers"].as_object().into_iter().flat_map(|headers| headers.keys());
        let is_said = named.map(|name| name.to_lowercase()).any(|name| name == header);
        let is_there = response.headers().contains_key(header) && response.status() != 200;
        assert_eq!(is_there, is_said, "{what}: {status} and {header}");
    }
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    let schema = said["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or_default();
    match schema.rsplit('/').next() {
        Some("Error") => drop(serde_json::from_slice::<ErrorBody>(&body).unwrap()),
        Some("Accepted") => drop(serde_json::from_slice::<Accepted>(&body).unwrap()),
        _ => {}
    }
    seen.insert(status);
}

#[tokio::test(start_paused = true)]
async fn every_answer_of_a_door_is_in_the_document_and_every_one_there_is_given() {
    let document = document();
    for endpoint in Endpoint::ALL.into_iter().filter(|endpoint| *endpoint != Endpoint::Health) {
        let operations = &document["paths"][path(endpoint)];
        let (mut events, mut handshakes) = (BTreeSet::new(), BTreeSet::new());
        let methods = || endpoint.methods().iter().map(|method| method.parse::<Method>().unwrap());
        for case in cases().into_iter().filter(|case| methods().any(|method| method == case.method)) {
            let (memory, url) = world(endpoint, case.hook);
            let what = format!("{endpoint:?} {} {}", case.method, case.status);
            let response =
                answer(&memory, &case.method, &format!("{url}{}", case.query), case.headers, case.body).await;
            assert_eq!(response.status(), case.status, "{what}");
            let seen = if case.method == Method::POST { &mut events } else { &mut handshakes };
            hold(&operations[case.method.as_str().to_lowercase()], response, seen, &what).await;
        }
        for method in methods() {
            let operation = &operations[method.as_str().to_lowercase()];
            let seen = if method == Method::POST { &mut events } else { &mut handshakes };
            let nobodys = Memory::with(&[], &[]);
            let (memory, url) = world(endpoint, json!({"rate_per_minute": 1}));
            let response = answer(&nobodys, &method, &url, &[], Body::empty()).await;
            hold(operation, response, seen, "nobody's path").await;
            memory.fail();
            hold(operation, answer(&memory, &method, &url, &[], Body::empty()).await, seen, "no store").await;
        }
        let (memory, url) = world(endpoint, json!({"rate_per_minute": 1}));
        let front = Arc::new(Front { ingress: Arc::new(memory.ingress()), worker: None });
        for _ in 0..20 {
            let request = Request::builder().method("POST").uri(&url).body(Body::empty()).unwrap();
            let response = receive(State(front.clone()), request).await;
            hold(&operations["post"], response, &mut events, "one too many").await;
        }
        for (method, operation) in operations.as_object().unwrap() {
            let said: BTreeSet<_> = operation["responses"].as_object().unwrap().keys().cloned().collect();
            match method.as_str() {
                // What senders want to hear themselves is held to their rows below.
                "post" => assert_eq!(said.difference(&events).collect::<Vec<_>>(), ["204"], "{endpoint:?} {method}"),
                _ => assert_eq!(said, handshakes, "{endpoint:?} {method}"),
            }
        }
    }
}

#[test]
fn what_senders_want_to_hear_is_in_the_document() {
    let document = document();
    let said = &document["paths"]["/webhook/{path}"]["post"]["responses"];
    for sender in Sender::all() {
        for answer in sender.answers {
            assert!(said[answer.status.to_string()].is_object(), "{} wants {}", sender.name, answer.status);
        }
    }
}

#[tokio::test]
async fn the_health_check_answers_as_the_document_says() {
    let said = &document()["paths"]["/health"];
    assert_eq!(said.as_object().unwrap().keys().collect::<Vec<_>>(), ["get"]);
    let memory = Memory::with(&[], &[]);
    let response = answer(&memory, &Method::GET, "/health", &[], Body::empty()).await;
    assert_eq!(response.status(), 200);
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    let schema = &said["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["status"], schema["properties"]["status"]["const"]);
}
