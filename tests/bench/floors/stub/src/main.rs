//! A Lambda service small enough to measure against: the Runtime API, the AWS calls a function makes, and a clock.
//!
//! `stub SPEC.json` starts one function, feeds it events and prints what was seen as one JSON object.
//! `stub certificate FOLDER` makes the key and the self-signed certificate of the stand-ins.

mod child;
mod http;
mod report;
mod runtime_api;
mod spec;
mod standins;
mod tls;

use std::error::Error;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;

use crate::report::{Report, Seen};
use crate::spec::Spec;

/// Runs one command and turns its error into a line on standard error.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["certificate", folder] => tls::make_certificate(folder),
        [path] => measure(path),
        _ => Err("usage: stub SPEC.json | stub certificate FOLDER".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stub: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures one life of one function and prints the report.
fn measure(path: &str) -> Result<(), Box<dyn Error>> {
    let spec = Spec::read(path)?;
    child::pin(spec.stub_core);
    let seen = Arc::new(Seen::default());

    let standins = TcpListener::bind("127.0.0.1:0")?;
    let endpoint = standins::serve(standins, &spec, &seen)?;
    let api = TcpListener::bind("127.0.0.1:0")?;
    let api_address = api.local_addr()?.to_string();
    let finished = runtime_api::serve(api, &spec, &seen)?;

    let mut child = child::spawn(&spec, &api_address, &endpoint, &seen)?;
    let outcome = child.wait_for(&finished, spec.timeout());
    let memory = child.end(spec.terminate);
    outcome?;
    println!("{}", serde_json::to_string(&Report::of(&seen, memory))?);
    Ok(())
}
