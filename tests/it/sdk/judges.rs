//! Those who vouch for a sender: its own library, in Node or Python, and verifiers written from its documentation.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use bellhop_tests::build::workspace;
use bellhop_tests::{npm, stack};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::request::Request;

/// A request to be signed with a reference.
#[derive(Serialize)]
pub(super) struct Draft {
    /// The sender's name in the table.
    pub(super) sender: String,
    /// When it is signed.
    pub(super) at: u64,
    /// Whether to use the sender's other key, where it has keys.
    pub(super) spare: bool,
    /// The request.
    #[serde(flatten)]
    pub(super) request: Request,
}

/// A request to be judged.
#[derive(Serialize)]
pub(super) struct Suit<'a> {
    /// The sender's name in the table.
    pub(super) sender: &'a str,
    /// The package that judges, or `reference`.
    pub(super) by: &'a str,
    /// When it is judged.
    pub(super) at: u64,
    /// The request.
    #[serde(flatten)]
    pub(super) request: &'a Request,
}

/// Why a request is refused; `None` where it is accepted.
pub(super) type Judgement = Option<String>;

/// The packages that are Python's.
const PYTHON: &[&str] = &["elevenlabs", "polar-sdk", "reference"];

/// Signs requests with the references.
pub(super) fn sign(drafts: &[Draft]) -> Vec<Request> {
    let answer = ask(python(), &json!({"sign": drafts, "judge": []}));
    Vec::deserialize(&answer["signed"]).expect("the answer is a list of requests")
}

/// Has each request judged, in the same order.
pub(super) fn judge(suits: &[Suit<'_>]) -> Vec<Judgement> {
    let (python_suits, node_suits): (Vec<_>, Vec<_>) = suits.iter().partition(|suit| PYTHON.contains(&suit.by));
    let of_python = ask(python(), &json!({"sign": [], "judge": python_suits}));
    let of_node = ask(node(), &json!(node_suits));
    let read = |answer: &Value| Vec::<Judgement>::deserialize(answer).expect("the answer is a list").into_iter();
    let (mut of_python, mut of_node) = (read(&of_python["judged"]), read(&of_node));
    let next = |suit: &Suit<'_>| if PYTHON.contains(&suit.by) { of_python.next() } else { of_node.next() };
    suits.iter().map(next).map(|judgement| judgement.expect("each request is judged")).collect()
}

/// The judge that speaks Python.
fn python() -> Command {
    let mut command = Command::new(stack::python());
    command.arg("-B").arg(senders().join("references.py"));
    command
}

/// The judge that speaks JavaScript.
fn node() -> Command {
    npm::packages();
    let mut command = Command::new("node");
    command.arg(senders().join("libraries.mjs"));
    command
}

/// The folder of the judges.
fn senders() -> PathBuf {
    workspace().join("tests/senders")
}

/// Asks one of them.
fn ask(mut command: Command, question: &Value) -> Value {
    let mut judge = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the judge starts");
    let mut stdin = judge.stdin.take().expect("it listens");
    stdin.write_all(question.to_string().as_bytes()).expect("it reads to the end");
    drop(stdin);
    let output = judge.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?} failed");
    serde_json::from_slice(&output.stdout).expect("it answers in JSON")
}
