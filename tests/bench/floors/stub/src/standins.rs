//! What stands in for DynamoDB, SQS, SSM, S3 and the Bot API: fixed answers from a file, first match wins.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{Connection, Request};
use crate::report::Seen;
use crate::spec::Spec;
use crate::tls;

/// One answer and the requests that get it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    /// The operation, or the method and the path, begins so.
    operation: String,
    /// The request's body holds this text.
    #[serde(default)]
    contains: String,
    /// The status, 200 where none is given.
    #[serde(default = "ok")]
    status: u16,
    /// A text is sent as it is, everything else as JSON.
    body: Value,
}

/// The status of an ordinary answer.
fn ok() -> u16 {
    200
}

/// The answers and the places where requests are noted.
struct Standins {
    answers: Vec<Answer>,
    seen: Arc<Seen>,
    capture: Option<Mutex<File>>,
}

/// Serves in the background and returns the endpoint's address.
pub fn serve(listener: TcpListener, spec: &Spec, seen: &Arc<Seen>) -> Result<String, Box<dyn Error>> {
    let port = listener.local_addr()?.port();
    let server = spec.tls.as_deref().map(tls::server).transpose()?;
    let endpoint = match server {
        Some(_) => format!("https://localhost:{port}"),
        None => format!("http://127.0.0.1:{port}"),
    };
    let answers = std::fs::read_to_string(&spec.answers)?.replace("{{endpoint}}", &endpoint);
    let standins = Arc::new(Standins {
        answers: serde_json::from_str(&answers)?,
        seen: Arc::clone(seen),
        capture: spec.capture.as_ref().map(File::create).transpose()?.map(Mutex::new),
    });
    thread::Builder::new().spawn(move || {
        for stream in listener.incoming().flatten() {
            let (standins, server) = (Arc::clone(&standins), server.clone());
            thread::spawn(move || {
                let _closed_by_the_function = match server {
                    Some(server) => tls::accept(server, stream).and_then(|s| standins.answer_all(s)),
                    None => plain(stream).and_then(|s| standins.answer_all(s)),
                };
            });
        }
    })?;
    Ok(endpoint)
}

/// A plain connection that sends at once.
fn plain(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Standins {
    /// Reads request after request.
    fn answer_all<S: Read + Write>(&self, stream: S) -> io::Result<()> {
        let mut connection = Connection::new(stream);
        while let Some(request) = connection.request()? {
            let operation = operation(&request);
            let body = String::from_utf8_lossy(&request.body);
            let answer = self
                .answers
                .iter()
                .find(|answer| operation.starts_with(&answer.operation) && body.contains(&answer.contains));
            let (status, bytes) = match answer {
                Some(Answer { status, body: Value::String(text), .. }) => (*status, text.clone().into_bytes()),
                Some(answer) => (answer.status, answer.body.to_string().into_bytes()),
                None => (200, b"{}".to_vec()),
            };
            self.capture(&operation, &body, bytes.len())?;
            connection.answer(status, "content-type: application/x-amz-json-1.0\r\n", &bytes)?;
        }
        Ok(())
    }

    /// Writes the request down, where asked to, with the number of events sent before it.
    fn capture(&self, operation: &str, body: &str, bytes_out: usize) -> io::Result<()> {
        let Some(capture) = &self.capture else {
            return Ok(());
        };
        let line = json!({
            "after_events": self.seen.events.load(Ordering::SeqCst),
            "operation": operation,
            "body": body,
            "bytes_out": bytes_out,
        });
        let mut file = capture.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{line}")
    }
}

/// The AWS operation, or the method and the path.
fn operation(request: &Request) -> String {
    match request.header("x-amz-target") {
        Some(target) => target.to_owned(),
        None => format!("{} {}", request.method, request.path),
    }
}
