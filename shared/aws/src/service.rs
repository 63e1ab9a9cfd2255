//! Services that speak JSON, and what we ask of them.

use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::refusal::Refusal;
use crate::signed::{Call, Signed};

/// The versions of the protocol.
pub(crate) const JSON_1_0: &str = "application/x-amz-json-1.0";
pub(crate) const JSON_1_1: &str = "application/x-amz-json-1.1";

/// A service at an address.
#[derive(Clone)]
pub(crate) struct Service {
    signed: Signed,
    url: String,
    version: &'static str,
}

impl Service {
    /// The service at this address, which speaks this version.
    pub(crate) fn new(signed: Signed, address: &str, version: &'static str) -> Self {
        Self { signed, url: format!("{address}/"), version }
    }

    /// Asks for an operation, by its full name: `DynamoDB_20120810.GetItem`.
    pub(crate) async fn ask<A: DeserializeOwned>(
        &self,
        operation: &'static str,
        fields: &impl Serialize,
    ) -> Result<A, Refusal> {
        let unreadable = |what: &str, error: &serde_json::Error| {
            // Where it went wrong, and nothing of what stood there.
            Refusal::unanswered(format!("its {what} is unreadable at column {}", error.column()))
        };
        let body = serde_json::to_vec(fields).map_err(|error| unreadable("question", &error))?;
        let answer = self.exchange(operation, body).await?;
        // Nothing is an answer without fields to some.
        let answer = if answer.is_empty() { b"{}" } else { &answer[..] };
        serde_json::from_slice(answer).map_err(|error| unreadable("answer", &error))
    }

    /// Sends a question, and gives the answer to it.
    async fn exchange(&self, operation: &'static str, body: Vec<u8>) -> Result<bytes::Bytes, Refusal> {
        let headers = [("content-type", self.version), ("x-amz-target", operation)];
        let call = Call { method: Method::POST, url: &self.url, headers: &headers, body: body.into() };
        let reply = self.signed.call(&call).await.map_err(Refusal::unanswered)?;
        if reply.status.is_success() { Ok(reply.body) } else { Err(Refusal::read(&reply)) }
    }
}
