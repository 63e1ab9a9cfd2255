//! A proxy before the local AWS that can make its services fail, and counts what they are asked for.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

/// How a service fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It says that it is asked too often.
    Throttle,
    /// It answers 500.
    Broken,
    /// It closes the connection without an answer.
    Reset,
    /// It does not answer.
    Silent,
}

/// The proxy; it stops when dropped.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    target: u16,
    client: Client<HttpConnector, Full<Bytes>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Which calls fail, by the beginning of their names, and how.
    fault: Option<(&'static str, Fault)>,
    calls: BTreeMap<String, usize>,
}

impl Proxy {
    /// Starts a proxy on one port of this machine before another, where nothing need listen yet.
    pub async fn start(port: u16, target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("the port can be bound");
        let address = listener.local_addr().expect("a bound listener has an address");
        let client = Client::builder(TokioExecutor::new()).build_http();
        let shared = Arc::new(Shared { target, client, state: Mutex::default() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { shared, address, accepting }
    }

    /// Where the proxy listens.
    pub fn url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Makes every call fail whose name begins like this: `AmazonSQS.`, `DynamoDB_20120810.PutItem`.
    pub fn fail(&self, calls: &'static str, fault: Fault) {
        self.shared.state().fault = Some((calls, fault));
    }

    /// Lets every call through again.
    pub fn mend(&self) {
        self.shared.state().fault = None;
    }

    /// How often each call was made so far, failed ones included.
    pub fn calls(&self) -> BTreeMap<String, usize> {
        self.shared.state().calls.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a call is to fail, if it is; it is counted in any case.
    fn fault(&self, call: &str) -> Option<Fault> {
        let mut state = self.state();
        *state.calls.entry(call.to_owned()).or_default() += 1;
        state.fault.filter(|(prefix, _)| call.starts_with(prefix)).map(|(_, fault)| fault)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(stream, Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    stream.set_nodelay(true).ok();
    let service = service_fn(move |request| answer(request, Arc::clone(&shared)));
    // A connection that a fault resets ends with an error, which is what was wanted.
    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Full<Bytes>>, String> {
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    let call = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let call = call.map_or_else(|| format!("{} {}", parts.method, parts.uri.path()), str::to_owned);
    match shared.fault(&call) {
        None => {}
        Some(Fault::Reset) => return Err("reset".to_owned()),
        Some(Fault::Silent) => tokio::time::sleep(Duration::from_secs(600)).await,
        Some(Fault::Broken) => return Ok(failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError")),
        Some(Fault::Throttle) => return Ok(failure(StatusCode::BAD_REQUEST, "ThrottlingException")),
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = format!("http://127.0.0.1:{}{path}", shared.target).parse().map_err(|error| format!("{error}"))?;
    let forwarded = Request::from_parts(parts, Full::new(body));
    let response = shared.client.request(forwarded).await.map_err(|error| error.to_string())?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok(Response::from_parts(parts, Full::new(body)))
}

fn failure(status: StatusCode, code: &str) -> Response<Full<Bytes>> {
    let body = format!(r#"{{"__type":"{code}","message":"a fault on purpose"}}"#);
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/x-amz-json-1.0"));
    response
}
