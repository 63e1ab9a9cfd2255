//! Services of AWS that actions call.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_core::arn::Targets;
use bellhop_core::time::Timestamp;
use bytes::Bytes;

/// An event for a bus of EventBridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusEvent<'a> {
    /// The source that rules go by.
    pub source: &'a str,
    /// The type that rules go by.
    pub detail_type: &'a str,
    /// The detail, a JSON object.
    pub detail: &'a str,
    /// When it came.
    pub time: Timestamp,
}

/// A call of a service.
#[derive(Debug, Clone)]
pub struct AwsCall<'a> {
    /// The service, as signatures and addresses name it: `lambda`.
    pub service: &'static str,
    /// The region.
    pub region: &'a str,
    /// The path, percent-encoded, without a query.
    pub path: &'a str,
    /// Headers, by lower-case name.
    pub headers: &'a [(&'static str, &'static str)],
    /// The body, which is posted.
    pub body: Bytes,
    /// How long an answer is waited for.
    pub time: Duration,
}

/// What a service answered, if that was no refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsAnswer {
    /// The HTTP status, 2xx.
    pub status: u16,
    /// The headers, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// A service did not do what was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{why}", code, if code.is_empty() { "" } else { ": " })]
pub struct AwsRefusal {
    /// The HTTP status, where it answered.
    pub status: Option<u16>,
    /// The service's code for it, without a namespace: `AccessDeniedException`; empty where it gave none.
    pub code: String,
    /// The service's sentence, or what broke on the way to it; it holds no credential.
    pub why: String,
}

/// Calls services of AWS, as the identity of this process. Each call is made once: whether it is made again is for whoever
/// makes it to say.
#[async_trait]
pub trait AwsApi: Send + Sync {
    /// The region that this process is in, or was told to work in.
    fn region(&self) -> &str;

    /// Puts at most ten events on the bus of this ARN in this region: for each, in their order, the id that it was given, or
    /// why it was not taken. An error is about all of them: whether any was taken is not known where no answer came.
    async fn put_events(
        &self,
        region: &str,
        bus: &str,
        events: &[BusEvent<'_>],
    ) -> Result<Vec<Result<String, AwsRefusal>>, AwsRefusal>;

    /// Makes a call of another service.
    async fn call(&self, call: AwsCall<'_>) -> Result<AwsAnswer, AwsRefusal>;
}

/// The way to AWS, and what actions may call there.
#[derive(Clone)]
pub struct AwsReach {
    /// What makes calls.
    pub api: Arc<dyn AwsApi>,
    /// What may be called: the operator says it, and nobody who writes a hook.
    pub targets: Arc<Targets>,
}

impl AwsReach {
    /// Calls over this port, to what is on this list of ARNs, which is separated by commas.
    pub fn new(api: Arc<dyn AwsApi>, targets: &str) -> Self {
        Self { api, targets: Arc::new(Targets::read(targets)) }
    }
}
