//! Turns away connections for which there is no place: answered rather than left to wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// How many connections are turned away at once with a chance to read why; beyond, they are only closed.
const MOST_AT_ONCE: usize = 256;

/// How long one has to read it.
const TIME: Duration = Duration::from_secs(1);

/// What it reads.
const ANSWER: &str = "HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/json\r\n\
    content-length: 116\r\n\
    retry-after: 1\r\n\
    connection: close\r\n\
    \r\n\
    {\"error\":{\"code\":\"busy\",\"message\":\"too many connections; come back later\",\"request_id\":\"none: no request was read\"}}";

/// Turns connections away.
pub(super) struct Turnaway {
    places: Arc<Semaphore>,
}

impl Turnaway {
    /// One that turns nobody away yet.
    pub(super) fn new() -> Self {
        Self { places: Arc::new(Semaphore::new(MOST_AT_ONCE)) }
    }

    /// Tells a connection to come back later, and closes it.
    pub(super) fn refuse(&self, mut stream: TcpStream) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return };
        tokio::spawn(async move {
            let farewell = async {
                stream.write_all(ANSWER.as_bytes()).await?;
                stream.shutdown().await?;
                // Closing before the request was read would throw the answer away.
                let mut scratch = [0; 4096];
                while stream.read(&mut scratch).await? > 0 {}
                Ok::<_, std::io::Error>(())
            };
            let _ = tokio::time::timeout(TIME, farewell).await;
            drop(place);
        });
    }
}

#[test]
fn the_answer_is_as_long_as_it_says() {
    let (head, body) = ANSWER.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
    assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
}
