//! Clients for tests: names lead where the test says, and its own certificates are trusted.

use std::net::IpAddr;

use bellhop_core::address::PrivateHosts;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use crate::client::{Client, Sent, Settings};
use crate::guarded::GuardedClient;
use crate::resolver::Resolver;
use crate::roots;

/// What a name leads to; `None` where the system's own resolver is to be asked.
pub type Names = fn(&str) -> Option<Vec<IpAddr>>;

/// Where a test's client may go, and what it trusts.
#[derive(Debug, Clone)]
pub struct World {
    /// Whom it trusts.
    pub trust: ClientConfig,
    /// Where names lead.
    pub names: Names,
    /// Which addresses that names lead to count as public.
    pub is_public: fn(IpAddr) -> bool,
}

impl World {
    /// A guarded client in this world.
    pub fn guarded<B: Sent>(&self, settings: &Settings) -> Client<B> {
        let resolver = Resolver::with_rule(self.is_public).knowing(self.names);
        Client::of(self.trust.clone(), settings, resolver, true)
    }

    /// An open client in this world.
    pub fn open<B: Sent>(&self, settings: &Settings) -> Client<B> {
        Client::of(self.trust.clone(), settings, Resolver::open().knowing(self.names), false)
    }

    /// A client for URLs that users give, in this world.
    pub fn guarded_client<B: Sent>(&self, settings: &Settings, hosts: PrivateHosts) -> GuardedClient<B> {
        GuardedClient::of(self.guarded(settings), hosts, || self.open(settings))
    }
}

/// Trust in the roots of this PEM text alone; the error says what is wrong with it.
pub fn trusting(root: &str) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(root.as_bytes()) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    Ok(roots::trusting(roots))
}
