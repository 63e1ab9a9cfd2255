//! The fakes of where events go, against the clients that their makers publish, and against other people's servers.

mod discord;
mod mail;
mod ntfy;
mod slack;
mod texts;

use std::io::Write as _;
use std::process::{Command, Stdio};

use bellhop_tests::build::workspace;
use bellhop_tests::npm;
use serde_json::{Value, json};

/// Makes calls with published clients, one after another or at once, and gives what each client made of its call:
/// a `result` or an `error`.
async fn ask(calls: Vec<Value>, at_once: bool) -> Vec<Value> {
    let question = json!({"calls": calls, "at_once": at_once});
    let asked = tokio::task::spawn_blocking(move || {
        npm::packages();
        let mut node = Command::new("node");
        run(node.arg(workspace().join("tests/it/far_ends/clients.mjs")), &question)
    });
    let Ok(Value::Array(answers)) = asked.await else { panic!("the clients answer with a list") };
    answers
}

/// Runs a program that reads JSON and answers in JSON.
fn run(command: &mut Command, question: &Value) -> Value {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("it listens");
    stdin.write_all(question.to_string().as_bytes()).expect("it reads to the end");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?} failed");
    serde_json::from_slice(&output.stdout).expect("it answers in JSON")
}
