//! Small documents that the parts of Bellhop share.

use async_trait::async_trait;
use bellhop_core::time::Timestamp;

use super::PortResult;

/// What documents are about; each collection is a list of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Collection {
    /// What is known of a destination, by its kind and name: `telegram:123`.
    Destination,
    /// How much of a limit is left, by hook id, or `*` for the limit over all.
    Limit,
    /// Which events a hook with a cap or a cool-down has acted on, by hook id.
    Quota,
    /// A token of the management API, by the SHA-256 of its value in hex.
    Token,
    /// How far a replay is, by its id.
    Replay,
    /// Networks that a provider publishes, by the set's name.
    Ranges,
    /// Until when a hook's sender was asked for lost deliveries, by hook id.
    Reconciled,
    /// When an order to do a task again was begun, by the task and which time.
    Retry,
    /// The secret that a sender offered, by hook id.
    Offer,
    /// What the operator was last told of, by kind and destination.
    Notice,
    /// The message that stands for a key, by its kind, its destination and a digest of the key.
    Message,
    /// How often a function began with a message that had come to it before, by the queue's id for the message.
    Crash,
    /// The jobs, by id.
    Job,
    /// What is known of a job's runs, by job id.
    Run,
}

impl Collection {
    /// Every collection.
    pub const ALL: [Self; 14] = [
        Self::Destination,
        Self::Limit,
        Self::Quota,
        Self::Token,
        Self::Replay,
        Self::Ranges,
        Self::Reconciled,
        Self::Retry,
        Self::Offer,
        Self::Notice,
        Self::Message,
        Self::Crash,
        Self::Job,
        Self::Run,
    ];

    /// The collection's name in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Destination => "destination",
            Self::Limit => "limit",
            Self::Quota => "turnstile",
            Self::Token => "token",
            Self::Replay => "replay",
            Self::Ranges => "ranges",
            Self::Reconciled => "reconciled",
            Self::Retry => "retry",
            Self::Offer => "offer",
            Self::Notice => "notice",
            Self::Message => "message",
            Self::Crash => "crash",
            Self::Job => "job",
            Self::Run => "run",
        }
    }
}

/// A document: a small document that the parts of Bellhop share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The document, as JSON.
    pub text: String,
    /// How often it has been written, from 1.
    pub version: u64,
}

/// A document about to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewDocument<'a> {
    /// What it is about.
    pub collection: Collection,
    /// Its key within the collection.
    pub key: &'a str,
    /// The document, as JSON.
    pub text: &'a str,
    /// When it may be deleted, if ever; from then on it is absent.
    pub expires: Option<Timestamp>,
}

/// Small documents by collection and key.
#[async_trait]
pub trait Documents: Send + Sync {
    /// The document at a key.
    async fn document(&self, collection: Collection, key: &str) -> PortResult<Option<Document>>;

    /// Every document of a collection with its key, by key.
    async fn documents(&self, collection: Collection) -> PortResult<Vec<(String, Document)>>;

    /// Writes a document, in place of any other at its key.
    async fn write(&self, document: &NewDocument<'_>) -> PortResult<()>;

    /// Writes a document only where the one at its key has still this version; `None`: where there is none. Says whether it
    /// was written.
    async fn swap(&self, document: &NewDocument<'_>, version: Option<u64>) -> PortResult<bool>;

    /// Deletes a document; says whether there was one.
    async fn delete_document(&self, collection: Collection, key: &str) -> PortResult<bool>;
}
