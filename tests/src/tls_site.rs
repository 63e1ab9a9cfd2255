//! An HTTPS site on loopback whose certificate comes from an authority of its own.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A running site; it ends with its runtime.
#[derive(Debug)]
pub struct TlsSite {
    address: SocketAddr,
    root: String,
    seen: Arc<Seen>,
}

/// What the site knows of its visitors.
#[derive(Debug, Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

impl TlsSite {
    /// Starts a site with a certificate for this name at an address whose port may be 0. It answers each path with these
    /// bytes, and keeps silent at every other.
    pub async fn start(name: &str, address: &str, answers: &[(&str, &[u8])]) -> Self {
        let (config, root) = identity(name);
        let listener = TcpListener::bind(address).await.expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound listener has an address");
        let answers: HashMap<String, Vec<u8>> =
            answers.iter().map(|(path, answer)| ((*path).to_owned(), answer.to_vec())).collect();
        let (answers, seen) = (Arc::new(answers), Arc::new(Seen::default()));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let watching = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                watching.connections.fetch_add(1, Ordering::SeqCst);
                let (acceptor, answers, seen) = (acceptor.clone(), Arc::clone(&answers), Arc::clone(&watching));
                // Visitors may turn away at any moment.
                tokio::spawn(async move { serve(stream, acceptor, &answers, &seen).await.ok() });
            }
        });
        Self { address, root, seen }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of its authority, in PEM.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// The requests as they came, heads and bodies; none from now on.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An answer with this status, further headers and this body.
pub fn answer(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A server's identity under this name, and its authority's certificate.
pub(crate) fn identity(name: &str) -> (ServerConfig, String) {
    let key = || KeyPair::generate().expect("a key can be made");
    let mut authority = CertificateParams::new([]).expect("no name is a good list of names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(authority, key()).expect("an authority can be made");
    let own = key();
    let mut names = CertificateParams::new([name.to_owned()]).expect("the name is a host's");
    // OpenSSL takes a certificate with its authority's name for one that signed itself.
    names.distinguished_name.push(DnType::CommonName, name);
    names.use_authority_key_identifier_extension = true;
    let certificate = names.signed_by(&own, &authority).expect("a certificate can be made");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(own.serialize_der().into()))
        .expect("the key fits the certificate");
    (config, authority.pem())
}

/// Reads requests of one connection and answers them.
async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    answers: &HashMap<String, Vec<u8>>,
    seen: &Seen,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut text = String::new();
    let mut room = [0; 4096];
    loop {
        let read = stream.read(&mut room).await?;
        if read == 0 {
            return Ok(());
        }
        text.push_str(&String::from_utf8_lossy(&room[..read]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let promised = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() < promised.unwrap_or(0) {
            continue;
        }
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        seen.requests.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut text));
        if let Some(answer) = answers.get(&path) {
            stream.write_all(answer).await?;
            stream.flush().await?;
        }
    }
}
