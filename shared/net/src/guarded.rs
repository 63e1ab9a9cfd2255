//! A client for whatever URL a user gave.

use std::sync::Arc;

use bellhop_core::address::PrivateHosts;
use http::Request;
use rustls::ClientConfig;

use crate::client::{Client, Sent, Settings};
use crate::failure::Failure;
use crate::read::{Limits, Reply};

/// Calls public addresses over https, and the hosts that the operator named wherever they are.
#[derive(Debug)]
pub struct GuardedClient<B> {
    guarded: Client<B>,
    private: Option<Arc<Private<B>>>,
}

/// The hosts that may be private, and the client for them.
#[derive(Debug)]
struct Private<B> {
    hosts: PrivateHosts,
    client: Client<B>,
}

impl<B> Clone for GuardedClient<B> {
    fn clone(&self) -> Self {
        Self { guarded: self.guarded.clone(), private: self.private.clone() }
    }
}

impl<B: Sent> GuardedClient<B> {
    /// A client without connections yet.
    pub fn new(trust: &ClientConfig, settings: &Settings, hosts: PrivateHosts) -> Self {
        let guarded = Client::guarded(trust.clone(), settings);
        Self::of(guarded, hosts, || Client::open(trust.clone(), settings))
    }

    /// The same with these clients, the second of which is made only where there are private hosts.
    pub(crate) fn of(guarded: Client<B>, hosts: PrivateHosts, open: impl FnOnce() -> Client<B>) -> Self {
        let private = (!hosts.is_empty()).then(|| Arc::new(Private { hosts, client: open() }));
        Self { guarded, private }
    }

    /// Sends a request and reads its answer, within these limits. An answer of any status is one.
    pub async fn send(&self, request: Request<B>, limits: &Limits) -> Result<Reply, Failure> {
        let named = self.private.as_ref().filter(|private| private.hosts.names(request.uri()));
        named.map_or(&self.guarded, |private| &private.client).send(request, limits).await
    }
}
