//! AWS in memory, which does what is asked or does not, as it is told.

use async_trait::async_trait;

use super::{Memory, World};
use crate::ports::{AwsAnswer, AwsApi, AwsCall, AwsRefusal, BusEvent};

/// What decides on what becomes of events.
pub type Putting = Box<dyn FnMut(&[AwsSeen]) -> Result<Vec<Result<String, AwsRefusal>>, AwsRefusal> + Send>;

/// What decides on the answer to a call.
pub type Calling = Box<dyn FnMut(&AwsSeen) -> Result<AwsAnswer, AwsRefusal> + Send>;

/// An event that was put on a bus, or a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsSeen {
    /// Which call it was in, counted from 1.
    pub call: usize,
    /// The region.
    pub region: String,
    /// The ARN of the bus; the service and the path of a call.
    pub place: String,
    /// The source and the type of an event; the headers of a call.
    pub words: Vec<String>,
    /// The detail; the body of a call.
    pub text: String,
}

/// What AWS is.
#[derive(Default)]
pub(super) struct FakeAws {
    calls: usize,
    seen: Vec<AwsSeen>,
    putting: Option<Putting>,
    calling: Option<Calling>,
}

impl Memory {
    /// Has EventBridge answer so; until then it takes every event.
    pub fn answer_events(&self, putting: Putting) {
        self.world().aws.putting = Some(putting);
    }

    /// Has other services answer so; until then they answer nothing, well.
    pub fn answer_call(&self, calling: Calling) {
        self.world().aws.calling = Some(calling);
    }

    /// Everything that was asked of AWS, oldest first.
    pub fn asked_of_aws(&self) -> Vec<AwsSeen> {
        self.world().aws.seen.clone()
    }
}

#[async_trait]
impl AwsApi for Memory {
    fn region(&self) -> &'static str {
        "eu-central-1"
    }

    async fn put_events(
        &self,
        region: &str,
        bus: &str,
        events: &[BusEvent<'_>],
    ) -> Result<Vec<Result<String, AwsRefusal>>, AwsRefusal> {
        let World { aws, .. } = &mut *self.world();
        aws.calls += 1;
        let seen = events.iter().map(|event| AwsSeen {
            call: aws.calls,
            region: region.to_owned(),
            place: bus.to_owned(),
            words: vec![event.source.to_owned(), event.detail_type.to_owned()],
            text: event.detail.to_owned(),
        });
        let seen: Vec<_> = seen.collect();
        aws.seen.extend(seen.iter().cloned());
        let well = || Ok((0..seen.len()).map(|place| Ok(format!("id-{}-{place}", aws.calls))).collect());
        aws.putting.as_mut().map_or_else(well, |putting| putting(&seen))
    }

    async fn call(&self, call: AwsCall<'_>) -> Result<AwsAnswer, AwsRefusal> {
        let World { aws, .. } = &mut *self.world();
        aws.calls += 1;
        let seen = AwsSeen {
            call: aws.calls,
            region: call.region.to_owned(),
            place: format!("{}{}", call.service, call.path),
            words: call.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect(),
            text: String::from_utf8_lossy(&call.body).into_owned(),
        };
        aws.seen.push(seen.clone());
        let well = || Ok(AwsAnswer { status: 200, ..AwsAnswer::default() });
        aws.calling.as_mut().map_or_else(well, |calling| calling(&seen))
    }
}
