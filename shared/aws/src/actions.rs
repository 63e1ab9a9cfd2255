//! What actions call: buses of EventBridge through the SDK, and other services by calls of our own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::operation::put_events::PutEventsError;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::DateTime;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use bellhop_app::ports::{AwsAnswer, AwsApi, AwsCall, AwsRefusal, BusEvent};
use http::Method;

use crate::Aws;
use crate::error::chain;
use crate::refusal::Refusal;
use crate::retry::Patience;
use crate::signed::{Call, Signed};

/// Makes the calls of actions. Clients are made when there is a use for them, one for each region that an action names.
pub struct ActionCalls {
    aws: Aws,
    buses: Mutex<HashMap<String, Client>>,
    services: Mutex<HashMap<(&'static str, String), Signed>>,
}

impl ActionCalls {
    /// Calls on this way to AWS.
    pub(crate) fn new(aws: Aws) -> Self {
        Self { aws, buses: Mutex::default(), services: Mutex::default() }
    }

    /// A refusal as it may be told.
    fn told(&self, refusal: AwsRefusal) -> AwsRefusal {
        AwsRefusal { why: self.aws.without_credentials(&refusal.why), ..refusal }
    }

    /// The client of EventBridge in a region.
    fn bus(&self, region: &str) -> Client {
        let mut buses = self.buses.lock().unwrap_or_else(PoisonError::into_inner);
        buses.entry(region.to_owned()).or_insert_with(|| self.aws.event_buses(region)).clone()
    }

    /// What makes a call of a service.
    fn service(&self, call: &AwsCall<'_>) -> Signed {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = Patience { attempts: 1, attempt: call.time, call: call.time };
        let key = (call.service, call.region.to_owned());
        let signed = services.entry(key).or_insert_with(|| self.aws.signed_in(call.region, call.service, patience));
        signed.once_within(call.time)
    }
}

#[async_trait]
impl AwsApi for ActionCalls {
    fn region(&self) -> &str {
        self.aws.region()
    }

    async fn put_events(
        &self,
        region: &str,
        bus: &str,
        events: &[BusEvent<'_>],
    ) -> Result<Vec<Result<String, AwsRefusal>>, AwsRefusal> {
        let entry = |event: &BusEvent<'_>| {
            PutEventsRequestEntry::builder()
                .event_bus_name(bus)
                .source(event.source)
                .detail_type(event.detail_type)
                .detail(event.detail)
                .time(DateTime::from_millis(i64::try_from(event.time.as_ms()).unwrap_or(i64::MAX)))
                .build()
        };
        let request = self.bus(region).put_events().set_entries(Some(events.iter().map(entry).collect()));
        let answer = request.send().await.map_err(|error| self.told(refused(&error)))?;
        let entries = answer.entries.unwrap_or_default().into_iter();
        Ok(entries.map(|entry| taken(entry).map_err(|refusal| self.told(refusal))).collect())
    }

    async fn call(&self, call: AwsCall<'_>) -> Result<AwsAnswer, AwsRefusal> {
        let url = format!("{}{}", self.aws.address_in(call.region, call.service), call.path);
        let signed = self.service(&call);
        let made = Call { method: Method::POST, url: &url, headers: call.headers, body: call.body };
        let reply = signed.call(&made).await.map_err(|why| AwsRefusal { why, ..AwsRefusal::default() })?;
        let status = reply.status.as_u16();
        if !reply.status.is_success() {
            let Refusal { code, why, .. } = Refusal::read(&reply);
            return Err(self.told(AwsRefusal { status: Some(status), code, why }));
        }
        let headers = reply.headers.iter();
        let headers = headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        Ok(AwsAnswer { status, headers: headers.collect(), body: reply.body })
    }
}

/// What became of one event.
fn taken(entry: PutEventsResultEntry) -> Result<String, AwsRefusal> {
    match (entry.event_id, entry.error_code) {
        (Some(id), None) => Ok(id),
        (_, code) => {
            let why = entry.error_message.unwrap_or_else(|| "no reason given".to_owned());
            Err(AwsRefusal { status: None, code: code.unwrap_or_default(), why })
        }
    }
}

/// Why a call was not done.
///
/// The SDK's own long form is not used: it repeats answers.
fn refused(error: &SdkError<PutEventsError, HttpResponse>) -> AwsRefusal {
    let status = error.raw_response().map(|response| response.status().as_u16());
    match error.as_service_error() {
        Some(said) => AwsRefusal {
            status,
            code: said.code().unwrap_or_default().to_owned(),
            why: said.message().unwrap_or("no reason given").to_owned(),
        },
        None => AwsRefusal { status, code: String::new(), why: chain(error) },
    }
}
