//! Whom to trust.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Trust in the roots that came with this version.
///
/// The machine's own roots are not read: that would be most of a function's start-up.
pub fn built_in() -> ClientConfig {
    trusting(store())
}

/// Trust in these and in the certificates of a PEM file; the error says what is wrong with the file.
pub fn with_file(path: impl AsRef<Path>) -> Result<ClientConfig, String> {
    let mut roots = store();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())? {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    Ok(trusting(roots))
}

/// The roots that came with this version.
fn store() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// Trust in these roots.
pub(crate) fn trusting(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}
