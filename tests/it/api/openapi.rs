//! The `OpenAPI` document is the one that is kept, and the server does what it says.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use bellhop_tests::build::workspace;
use http::Method;
use serde_json::{Value, json};

use super::{call, get, post, text};
use crate::world::{ADMIN_TOKEN, CHAT, World, assert_refused, no_secret_in, shared_hook};

#[tokio::test]
async fn the_document_served_is_the_one_that_is_kept() {
    let world = World::start("").await;
    let answer = world.http.get(&world.bellhop.at("/openapi.json")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let kept = std::fs::read_to_string(workspace().join("docs/openapi.json")).expect("the document is kept");
    let renew = "RENEW=1 cargo test -p bellhop-api --lib the_kept_document_is_this_one";
    assert!(answer.json() == serde_json::from_str::<Value>(&kept).expect("it is JSON"), "renew it by `{renew}`");
    assert_eq!(answer.json()["openapi"], "3.1.0");
    world.finish();
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_operation_says_what_it_does() {
    let world = World::start("").await;
    let document = get(&world, "/openapi.json").await;
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            assert!(names.insert(text(operation, "operationId")), "{method} {path} has another's name");
            assert!(text(operation, "summary").ends_with('.'), "{method} {path}: {operation}");
        }
    }
    world.finish();
}

/// Every reference in a document.
fn collect(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            into.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| collect(value, into));
        }
        Value::Array(entries) => entries.iter().for_each(|value| collect(value, into)),
        _ => {}
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_our_words() {
    let world = World::start("").await;
    for path in ["/api", "/api/", "/api/nothing", "/api/hooks/x/nothing", "/api/eventsx", "/openapi.yaml"] {
        assert_refused(&call(&world, Method::GET, path, Value::Null).await, 404);
    }
    for (method, path, allowed) in [
        (Method::PUT, "/api/hooks", "POST"),
        (Method::DELETE, "/api/hooks", "GET"),
        (Method::POST, "/api/hooks/x", "PATCH"),
        (Method::GET, "/api/hooks/x/toggle", "POST"),
        (Method::POST, "/api/config", "PUT"),
        (Method::POST, "/openapi.json", "GET"),
    ] {
        let answer = call(&world, method.clone(), path, Value::Null).await;
        assert_refused(&answer, 405);
        assert!(
            answer.header("allow").split(',').any(|one| one.trim() == allowed),
            "{method} {path}: {:?}",
            answer.headers
        );
    }
    let long = json!({"name": "x".repeat(3 * 1024 * 1024)});
    assert_refused(&call(&world, Method::POST, "/api/hooks", long).await, 413);
    world.finish();
}

/// How much of the document schemathesis tries: examples of each operation.
const EXAMPLES: &str = "20";

/// What schemathesis looks for. `positive_data_acceptance` is left out: no schema says what a condition in CEL may be.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
     response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,use_after_free,ignored_auth";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing() {
    let world = World::start(&shared_hook("s", CHAT)).await;
    world.say("/webhook/s", "something to look at").await;
    world.messages_of(CHAT, 1).await;
    let hook = text(&get(&world, "/api/hooks").await["items"][0], "id");
    let event = get(&world, "/api/events").await["items"][0].clone();
    let token = text(&post(&world, "/api/tokens", json!({"scopes": ["jobs"]}), 201).await, "id");
    let (task, event) = (text(&event["tasks"][0], "id"), text(&event, "id"));
    let replay = text(&post(&world, &format!("/api/events/{event}/replay"), Value::Null, 202).await, "replay_id");
    let ids = [
        ("hooks/\\\\{id", hook),
        ("events/\\\\{id", event),
        ("events/replays", replay),
        ("tasks/\\\\{id", task),
        ("tokens/\\\\{id", token),
    ];
    let known: String = ids
        .iter()
        .map(|(path, id)| {
            format!("[[operations]]\ninclude-path-regex = \"{path}\"\nparameters = {{ \"path.id\" = \"{id}\" }}\n")
        })
        .collect();
    let file = world.setup.folder().join("schemathesis.toml");
    std::fs::write(&file, known).expect("a configuration can be written");
    // Side by side: each waits for its answers, one by one.
    let runs = [Some(ADMIN_TOKEN), None].map(|token| {
        let folder = world.setup.folder().join(if token.is_some() { "known" } else { "unknown" });
        std::fs::create_dir(&folder).expect("a folder can be made");
        let mut command = Command::new(schemathesis());
        command.arg("--config-file").arg(&file).args(["run", &world.bellhop.at("/openapi.json"), "--no-color"]);
        command.args(["--checks", CHECKS, "--max-examples", EXAMPLES, "--seed", "1", "--warnings", "off"]);
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.args(token.iter().flat_map(|token| ["-H".to_owned(), format!("Authorization: Bearer {token}")]));
        (token, command.spawn().expect("schemathesis runs; `make test` installs it"))
    });
    for (token, run) in runs {
        let output = run.wait_with_output().expect("its output can be read");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "with{} a token:\n{said}", if token.is_some() { "" } else { "out" });
        no_secret_in(&said);
    }
    world.finish();
}

/// The program, from the virtual environment of `infra/requirements.txt`.
fn schemathesis() -> PathBuf {
    workspace().join(".venv/bin/schemathesis")
}
