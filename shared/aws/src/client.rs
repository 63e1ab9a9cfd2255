//! The way to AWS: where, as whom, and how patiently.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sqs::config::{BehaviorVersion, IdentityCache, Region, SharedHttpClient, StalledStreamProtectionConfig};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use bellhop_app::ports::{Clock, PortError, PortResult};
use bellhop_core::action::QueueName;
use bellhop_core::address::PrivateHosts;

use crate::http::Http;
use crate::parameters::Parameters;
use crate::retry::Patience;
use crate::service::{JSON_1_0, JSON_1_1, Service};
use crate::signed::Signed;
use crate::sqs::Queue;
use crate::{
    ActionCalls, Bucket, Events, HttpFetch, Ses, SqsDeadLetters, SqsInbox, SqsReceipts, SsmSecrets, SsmVault, Table,
    WorkQueues,
};

/// How long one attempt of a call may take, and the call with all its attempts: a sender is answered within 3 s.
const ATTEMPT_TIME: Duration = Duration::from_millis(1_200);
const CALL_TIME: Duration = Duration::from_millis(2_500);

/// How long handing a mail over may take.
const MAIL_TIME: Duration = Duration::from_secs(10);

/// How long putting events on a bus may take.
const EVENTS_TIME: Duration = Duration::from_secs(10);

/// A shorter word is no key that AWS gives out, and would be found in every other text.
const SHORTEST_KEY: usize = 5;

/// How often a call is tried, where no more is said of it.
const ATTEMPTS: u32 = 3;

/// How patiently a call is made while somebody waits for it.
const PATIENCE: Patience = Patience { attempts: ATTEMPTS, attempt: ATTEMPT_TIME, call: CALL_TIME };

/// Makes the ports, which share one pool of connections.
#[derive(Debug, Clone)]
pub struct Aws {
    http: Http,
    credentials: Credentials,
    region: String,
    endpoint: Option<String>,
}

impl Aws {
    /// The way to AWS that the Lambda environment describes; an error names the variable that is missing.
    pub fn from_env() -> PortResult<Self> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// The same, from variables given in another way.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> PortResult<Self> {
        let optional = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let required = |name: &str| optional(name).ok_or_else(|| PortError::new(name, "the variable is not set"));
        let http = Http::new(optional("SSL_CERT_FILE").as_deref())?;
        let region = required("AWS_REGION")?;
        let credentials = Credentials::new(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            optional("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let endpoint = optional("AWS_ENDPOINT_URL").map(|url| url.trim_end_matches('/').to_owned());
        Ok(Self { http, credentials, region, endpoint })
    }

    /// The table with hooks, events and tasks.
    pub fn table(&self, name: String, clock: Arc<dyn Clock>) -> Table {
        Table::new(self.service("dynamodb", JSON_1_0, PATIENCE), self.clone(), name, clock)
    }

    /// The record of events, with the bucket that holds the largest bodies.
    pub fn events(&self, table: Table, bodies: Bucket) -> Events {
        Events::new(table, bodies)
    }

    /// The bucket for bodies too large for a message or a row.
    pub fn bucket(&self, name: &str) -> Bucket {
        // A local endpoint has no names for buckets; a large body may need most of a call's time.
        let address = match self.endpoint.as_deref() {
            Some(endpoint) => format!("{endpoint}/{name}"),
            None => regional_address(&format!("{name}.s3"), &self.region),
        };
        Bucket::new(self.signed("s3", Patience { attempts: 2, attempt: CALL_TIME, call: CALL_TIME }), address)
    }

    /// The inbox, on a standard queue.
    pub fn inbox(&self, queue_url: String, bodies: Bucket) -> SqsInbox {
        SqsInbox::new(self.queue(queue_url), bodies)
    }

    /// The workers' queues at these URLs, for sending.
    pub fn work_queues(&self, urls: Vec<(QueueName, String)>) -> WorkQueues {
        WorkQueues::new(urls.into_iter().map(|(kind, url)| (kind, self.queue(url))).collect())
    }

    /// Messages of a queue that a worker has received.
    pub fn receipts(&self, queue_url: String) -> SqsReceipts {
        SqsReceipts::new(self.queue(queue_url))
    }

    /// The messages that a queue has put aside in the dead-letter queue at this URL.
    pub fn dead_letters(&self, queue_url: String) -> SqsDeadLetters {
        let client = aws_sdk_sqs::Client::new(&self.config("sqs"));
        SqsDeadLetters::new(client, self.queue(queue_url))
    }

    /// Secrets, those of our own below a prefix of parameter names.
    pub fn secrets(&self, prefix: String) -> SsmSecrets {
        SsmSecrets::new(self.parameters(PATIENCE), prefix)
    }

    /// The place for secret values, below a prefix of parameter names.
    pub fn vault(&self, prefix: String) -> SsmVault {
        // Few writes a second are allowed, and whoever applies a configuration can wait.
        let (attempt, call) = (Duration::from_secs(2), Duration::from_secs(10));
        SsmVault::new(self.parameters(Patience { attempts: 9, attempt, call }), prefix)
    }

    /// Mails through SES. A call is made once: one that was made twice could send two mails, and tasks are tried again.
    pub fn ses(&self) -> Ses {
        let patience = Patience { attempts: 1, attempt: MAIL_TIME, call: MAIL_TIME };
        Ses::new(self.signed("ses", patience), &self.address("email"))
    }

    /// The services that actions call, in whatever region.
    pub fn action_calls(&self) -> ActionCalls {
        ActionCalls::new(self.clone())
    }

    /// Documents that senders publish.
    pub fn fetch(&self) -> HttpFetch {
        HttpFetch::new(self.http.guarded())
    }

    /// The hosts that may be private though users name them: every one where AWS itself is a stand-in, none otherwise.
    pub fn private_hosts(&self) -> PrivateHosts {
        if self.endpoint.is_some() { PrivateHosts::every() } else { PrivateHosts::default() }
    }

    /// Opens the connection to SQS before it is needed; that it fails is only logged.
    pub async fn warm_sqs(&self) {
        if let Err(error) = self.http.open(&self.address("sqs")).await {
            log::warn!(error:%; "no connection to SQS yet");
        }
    }

    /// The parameter store.
    fn parameters(&self, patience: Patience) -> Parameters {
        Parameters::new(self.service("ssm", JSON_1_1, patience))
    }

    /// A queue.
    fn queue(&self, url: String) -> Queue {
        Queue::new(self.service("sqs", JSON_1_0, PATIENCE), url)
    }

    /// A service that speaks this version of JSON.
    fn service(&self, name: &'static str, version: &'static str, patience: Patience) -> Service {
        Service::new(self.signed(name, patience), &self.address(name), version)
    }

    /// Calls of our own to a service.
    fn signed(&self, service: &'static str, patience: Patience) -> Signed {
        self.signed_in(&self.region, service, patience)
    }

    /// Calls of our own to a service in a region.
    pub(crate) fn signed_in(&self, region: &str, service: &'static str, patience: Patience) -> Signed {
        Signed::new(self.http.clone(), self.credentials.clone(), region.to_owned(), service, patience)
    }

    /// A client of EventBridge in a region. A call is made once: one that was made twice could put its events there twice,
    /// and tasks are tried again.
    pub(crate) fn event_buses(&self, region: &str) -> aws_sdk_eventbridge::Client {
        let times = TimeoutConfig::builder().operation_attempt_timeout(EVENTS_TIME).operation_timeout(EVENTS_TIME);
        let config = aws_sdk_eventbridge::config::Builder::from(&self.config("events"))
            .region(Region::new(region.to_owned()))
            .endpoint_url(self.address_in(region, "events"))
            .retry_config(RetryConfig::disabled())
            .timeout_config(times.build());
        aws_sdk_eventbridge::Client::from_conf(config.build())
    }

    /// A text of a service without who we are: one that finds a signature wrong repeats what it was made over.
    pub(crate) fn without_credentials(&self, text: &str) -> String {
        let keys = [self.credentials.access_key_id(), self.credentials.secret_access_key()].into_iter();
        let words = keys.chain(self.credentials.session_token()).filter(|word| word.len() >= SHORTEST_KEY);
        words.fold(text.to_owned(), |text, word| text.replace(word, "[redacted]"))
    }

    /// The region.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// The configuration of one service's SDK client, made when there is a use for it: few functions have one.
    pub(crate) fn config(&self, service: &str) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials.clone()))
            // They never change while a function lives.
            .identity_cache(IdentityCache::no_cache())
            .http_client(SharedHttpClient::new(self.http.clone()))
            .retry_config(retries())
            .timeout_config(times())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            // Given an address, the SDK does not look one up in its tables.
            .endpoint_url(self.address(service))
            .build()
    }

    /// Where a service is.
    fn address(&self, service: &str) -> String {
        self.address_in(&self.region, service)
    }

    /// Where a service is in a region.
    pub(crate) fn address_in(&self, region: &str, service: &str) -> String {
        self.endpoint.clone().unwrap_or_else(|| regional_address(service, region))
    }
}

/// The public address of a service in a region.
fn regional_address(service: &str, region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{service}.{region}.{domain}")
}

/// Tries again quickly: callers wait.
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_secs(1))
}

/// The times of an attempt, and of a call.
fn times() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIME).operation_timeout(CALL_TIME).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(without: &str, endpoint: &str) -> PortResult<Aws> {
        Aws::from_variables(|name| match name {
            name if name == without => None,
            "AWS_REGION" => Some("eu-central-1".to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
            "AWS_ENDPOINT_URL" => Some(endpoint.to_owned()),
            _ => None,
        })
    }

    #[test]
    fn a_missing_variable_is_named() {
        for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            let error = variables(name, "").unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn addresses_are_known_without_tables() {
        assert_eq!(variables("", "").unwrap().address("sqs"), "https://sqs.eu-central-1.amazonaws.com");
        assert_eq!(variables("", "http://localhost:1/").unwrap().address("s3"), "http://localhost:1");
        assert_eq!(regional_address("ssm", "cn-north-1"), "https://ssm.cn-north-1.amazonaws.com.cn");
    }

    #[test]
    fn hosts_are_private_only_where_aws_is_a_stand_in() {
        assert!(variables("", "").unwrap().private_hosts().is_empty());
        assert_eq!(variables("", "http://localhost:4566").unwrap().private_hosts(), PrivateHosts::every());
    }

    #[test]
    fn a_file_of_roots_that_is_not_there_is_refused() {
        let error = Http::new(Some("/nonexistent/roots.pem")).unwrap_err().to_string();
        assert!(error.contains("SSL_CERT_FILE"), "{error}");
    }
}
