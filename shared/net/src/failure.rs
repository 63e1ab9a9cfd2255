//! Why no answer came.

use std::error::Error;
use std::io;

use bellhop_core::address::NotPublic;

/// No answer came. Its own text names neither the URL nor anything sent, for either may hold a secret; its causes, which
/// are for a log of calls to our own services alone, may name the host.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct Failure {
    /// What it was.
    pub kind: Kind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kept an answer away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Kind {
    /// The request itself is none.
    #[error("the request could not be made")]
    BadRequest,
    /// The address is not one of those that may be called.
    #[error("only public addresses are called here, and only over https")]
    Forbidden,
    /// The name leads to no address.
    #[error("the name of the host leads nowhere")]
    NoName,
    /// No connection.
    #[error("no connection")]
    NotConnected,
    /// There was a connection, but no TLS over it.
    #[error("no connection: TLS was not agreed on, or the certificate is not trusted")]
    NoTls,
    /// The connection broke, or the answer was none.
    #[error("the connection broke before the whole answer was there")]
    Broken,
    /// The answer is longer than was asked for.
    #[error("the whole answer is too long")]
    TooLong,
    /// Nothing within the time.
    #[error("no answer in time")]
    TimedOut,
}

/// The system's resolver knows no address of a name.
#[derive(Debug, thiserror::Error)]
#[error("the name of the host leads nowhere")]
pub(crate) struct NoAddress(#[source] pub(crate) Option<Box<dyn Error + Send + Sync>>);

impl From<Kind> for Failure {
    fn from(kind: Kind) -> Self {
        Self { kind, source: None }
    }
}

impl Failure {
    /// The address in the URL may not be called.
    pub(crate) fn forbidden(why: NotPublic) -> Self {
        Self { kind: Kind::Forbidden, source: Some(why.into()) }
    }

    /// Why a request that was sent got no head of an answer.
    pub(crate) fn of_exchange(error: hyper_util::client::legacy::Error) -> Self {
        let kind = if error.is_connect() { of_connecting(&error) } else { Kind::Broken };
        Self { kind, source: Some(error.into()) }
    }

    /// Why the body of an answer did not come.
    pub(crate) fn of_body(error: Box<dyn Error + Send + Sync>) -> Self {
        Self { kind: Kind::Broken, source: Some(error) }
    }
}

/// What kept a connection from being made, by the innermost cause that is known.
fn of_connecting(error: &(dyn Error + 'static)) -> Kind {
    if causes(error).any(|cause| cause.is::<NotPublic>()) {
        Kind::Forbidden
    } else if causes(error).any(|cause| cause.is::<NoAddress>()) {
        Kind::NoName
    } else if causes(error).any(is_of_tls) {
        Kind::NoTls
    } else {
        Kind::NotConnected
    }
}

/// An error and its causes.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (**error).source())
}

/// Whether an error is one of TLS, in however many wrappings of the standard library.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || inner.is_some_and(|inner| is_of_tls(inner))
}
