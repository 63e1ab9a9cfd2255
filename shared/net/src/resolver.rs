//! From names to addresses, as they are at the moment of connecting.

use std::error::Error;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use bellhop_core::address::{NotPublic, is_public};
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use crate::failure::NoAddress;

type Found = Result<std::vec::IntoIter<SocketAddr>, Box<dyn Error + Send + Sync>>;

/// Looks names up, and keeps those addresses that may be called.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    system: GaiResolver,
    may_be_called: fn(IpAddr) -> bool,
    #[cfg(feature = "testing")]
    names: crate::testing::Names,
}

impl Resolver {
    /// Leads to every address.
    pub(crate) fn open() -> Self {
        Self::with_rule(|_| true)
    }

    /// Leads to public addresses alone.
    pub(crate) fn public_only() -> Self {
        Self::with_rule(is_public)
    }

    /// Leads to the addresses of which this holds.
    pub(crate) fn with_rule(may_be_called: fn(IpAddr) -> bool) -> Self {
        Self {
            system: GaiResolver::new(),
            may_be_called,
            #[cfg(feature = "testing")]
            names: |_| None,
        }
    }

    /// The same, where a test says what some names lead to.
    #[cfg(feature = "testing")]
    pub(crate) fn knowing(self, names: crate::testing::Names) -> Self {
        Self { names, ..self }
    }
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Found> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let may_be_called = self.may_be_called;
        #[cfg(feature = "testing")]
        if let Some(known) = (self.names)(name.as_str()) {
            let known = known.into_iter().map(|address| SocketAddr::new(address, 0));
            return Box::pin(async move { filtered(known, may_be_called) });
        }
        let looking_up = self.system.call(name);
        Box::pin(async move {
            let found = looking_up.await.map_err(|error| NoAddress(Some(error.into())))?;
            filtered(found, may_be_called)
        })
    }
}

/// The addresses that may be called; an error where there are none.
fn filtered(found: impl Iterator<Item = SocketAddr>, may_be_called: fn(IpAddr) -> bool) -> Found {
    let mut found = found.peekable();
    if found.peek().is_none() {
        return Err(NoAddress(None).into());
    }
    let kept: Vec<_> = found.filter(|address| may_be_called(address.ip())).collect();
    if kept.is_empty() { Err(NotPublic.into()) } else { Ok(kept.into_iter()) }
}
