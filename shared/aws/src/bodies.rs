//! Bodies in S3, under `bodies/<event id>`.

use async_trait::async_trait;
use bellhop_app::ports::{Bodies, PortError, PortResult};
use bellhop_core::id::EventId;
use bellhop_net::Reply;
use http::Method;

use crate::pack::{pack, unpack};
use crate::signed::{Call, Signed};

/// The bucket of bodies.
#[derive(Clone)]
pub struct Bucket {
    signed: Signed,
    address: String,
}

impl Bucket {
    /// The bucket at this address.
    pub(crate) const fn new(signed: Signed, address: String) -> Self {
        Self { signed, address }
    }

    /// Keeps an event's body.
    pub(crate) async fn put(&self, event: EventId, body: &[u8]) -> PortResult<()> {
        self.call("a body could not be stored", Method::PUT, event, pack(body)).await.map(|_| ())
    }

    /// Deletes an event's body, if there is one.
    pub(crate) async fn delete(&self, event: EventId) -> PortResult<()> {
        self.call("a body could not be deleted", Method::DELETE, event, Vec::new()).await.map(|_| ())
    }

    /// Makes a call about an event's body; an answer other than 2xx is an error.
    async fn call(&self, what: &str, method: Method, event: EventId, body: Vec<u8>) -> PortResult<Reply> {
        let url = format!("{}/bodies/{event}", self.address);
        let call = Call { method, url: &url, headers: &[], body: body.into() };
        let reply = self.signed.call(&call).await.map_err(|why| PortError::new(what, why))?;
        match reply.status.is_success() {
            true => Ok(reply),
            false => Err(PortError::new(what, format_args!("{} {}", reply.status, reason(&reply.body)))),
        }
    }
}

#[async_trait]
impl Bodies for Bucket {
    async fn get(&self, event: EventId) -> PortResult<Vec<u8>> {
        let reply = self.call("a body could not be read", Method::GET, event, Vec::new()).await?;
        unpack(&reply.body)
    }
}

/// The code in an error's XML.
fn reason(xml: &[u8]) -> String {
    let xml = String::from_utf8_lossy(xml);
    let code = xml.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map_or_else(String::new, |(code, _)| code.chars().take(60).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Bucket {
        /// Makes the bucket itself.
        pub(crate) async fn make(&self) -> PortResult<()> {
            let place = b"<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                <LocationConstraint>eu-central-1</LocationConstraint></CreateBucketConfiguration>";
            let call = Call { method: Method::PUT, url: &self.address, headers: &[], body: place.as_slice().into() };
            let reply = self.signed.call(&call).await.unwrap();
            assert!(reply.status.is_success(), "{}", reason(&reply.body));
            Ok(())
        }
    }

    #[test]
    fn errors_are_named_by_their_code() {
        assert_eq!(reason(b"<Error><Code>NoSuchKey</Code><Message>m</Message></Error>"), "NoSuchKey");
        assert_eq!(reason(b"not XML"), "");
    }
}
