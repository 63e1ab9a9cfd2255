//! The far end of calls: connections that a test answers itself.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use crate::Aws;

/// The way to an AWS of which this answers every connection, each on a thread of its own.
pub(super) fn far_end(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> Aws {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, serve) = (stream.unwrap(), serve.clone());
            std::thread::spawn(move || serve(stream));
        }
    });
    let aws = Aws::from_variables(|name| match name {
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" | "AWS_SESSION_TOKEN" => Some("canary".to_owned()),
        "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
        _ => None,
    });
    aws.unwrap()
}

/// Reads a request: its operation and its body; it must be signed.
pub(super) fn read(reader: &mut BufReader<TcpStream>) -> Option<(String, Value)> {
    let (mut length, mut target, mut signed) = (0, String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        let line = line.trim();
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap(),
            "x-amz-target" => value.split_once('.').unwrap().1.clone_into(&mut target),
            "authorization" => signed += usize::from(value.starts_with("AWS4-HMAC-SHA256 Credential=canary/")),
            "x-amz-security-token" => signed += usize::from(value == "canary"),
            "content-type" => {
                let is_json = value.starts_with("application/x-amz-json-1.") || value == "application/json";
                assert!(is_json, "{value}");
            }
            "" => break,
            _ => {}
        }
    }
    assert_eq!(signed, 2, "who asks is said and proved");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((target, serde_json::from_slice(&body).unwrap_or_default()))
}
