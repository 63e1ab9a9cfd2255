//! The ports on AWS: DynamoDB, SQS, S3, SES, Systems Manager, EventBridge and whatever else actions call. Nothing of the SDK shows outside.
//!
//! Start at [`Aws`], which makes the others; each of them is what one IAM statement of a function allows.

mod actions;
mod batch;
mod client;
mod days;
mod error;
mod http;
mod key;
mod pack;
mod parameters;
mod record;
mod refusal;
mod request;
mod retry;
mod service;
mod signature;
mod signed;
mod sqs;
mod value;

mod bodies;
mod configurations;
mod counts;
mod dead_letters;
mod documents;
mod due;
mod events;
mod fetch;
mod history;
mod hooks;
mod inbox;
mod merge;
mod newest;
mod queue;
mod receipts;
mod secrets;
mod ses;
mod table;
mod tasks;
mod trouble;
mod turns;
mod vault;

pub use actions::ActionCalls;
pub use bodies::Bucket;
pub use client::Aws;
pub use dead_letters::SqsDeadLetters;
pub use events::Events;
pub use fetch::HttpFetch;
pub use inbox::SqsInbox;
pub use queue::WorkQueues;
pub use receipts::SqsReceipts;
pub use secrets::SsmSecrets;
pub use ses::Ses;
pub use table::Table;
pub use vault::SsmVault;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod promises;
