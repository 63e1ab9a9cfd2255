//! TLS 1.3 with a self-made P-256 certificate.

use std::error::Error;
use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Writes `cert.pem` and `key.pem` for this machine's own name.
pub fn make_certificate(folder: &str) -> Result<(), Box<dyn Error>> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)?;
    std::fs::write(Path::new(folder).join("cert.pem"), made.cert.pem())?;
    std::fs::write(Path::new(folder).join("key.pem"), made.signing_key.serialize_pem())?;
    Ok(())
}

/// Reads the certificate and the key of a folder.
pub fn server(folder: &str) -> Result<Arc<ServerConfig>, Box<dyn Error>> {
    let certificate = CertificateDer::from_pem_file(Path::new(folder).join("cert.pem"))?;
    let key = PrivateKeyDer::from_pem_file(Path::new(folder).join("key.pem"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    Ok(Arc::new(config))
}

/// Takes one connection; the handshake runs with the first read.
pub fn accept(config: Arc<ServerConfig>, stream: TcpStream) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    stream.set_nodelay(true)?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}
