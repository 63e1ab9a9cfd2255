//! The bare server: axum on one thread, which reads the body, verifies GitHub's signature and answers 202.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Answers 202 where the signature over the body is right, else 401.
async fn accept(State(key): State<Hmac<Sha256>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok()?.strip_prefix("sha256="))
        .and_then(|value| hex::decode(value).ok());
    let Some(signature) = signature else {
        return StatusCode::UNAUTHORIZED;
    };
    let mut mac = key;
    mac.update(&body);
    match mac.verify_slice(&signature) {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::UNAUTHORIZED,
    }
}

/// Serves `ADDRESS` with the secret of the second argument.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("usage: bare ADDRESS SECRET")?;
    let secret = arguments.next().ok_or("usage: bare ADDRESS SECRET")?;
    let key = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
    let router =
        Router::new().route("/webhook/{*path}", post(accept)).layer(DefaultBodyLimit::max(4 << 20)).with_state(key);
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("listening on http://{address}");
    axum::serve(listener, router).await?;
    Ok(())
}
