//! Configured things of any kind among the documents.

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use bellhop_core::config::Configured;

use crate::ports::{Collection, ConfigChange, Configurations, Document, Documents, NewDocument, PortError, PortResult};

/// The things of a kind, each a document of the kind's collection, by its id.
pub struct InDocuments<K> {
    documents: Arc<dyn Documents>,
    collection: Collection,
    kind: PhantomData<fn() -> K>,
}

impl<K: Configured> InDocuments<K> {
    /// The things of a kind, in a collection that is theirs alone.
    pub fn new(documents: Arc<dyn Documents>, collection: Collection) -> Self {
        Self { documents, collection, kind: PhantomData }
    }
}

/// A thing as JSON.
fn text<K: Configured>(thing: &K) -> PortResult<String> {
    serde_json::to_string(thing).map_err(|error| PortError::new(K::KIND, error))
}

/// The thing in a document.
fn read<K: Configured>(key: &str, document: &Document) -> PortResult<K> {
    let unreadable = |error| PortError::unreadable(&format!("the {} {key}", K::KIND), &error);
    serde_json::from_str(&document.text).map_err(unreadable)
}

#[async_trait]
impl<K: Configured> Configurations<K> for InDocuments<K> {
    async fn all(&self) -> PortResult<Vec<K>> {
        let documents = self.documents.documents(self.collection).await?;
        documents.iter().map(|(key, document)| read(key, document)).collect()
    }

    async fn changes(&self, put: Vec<K>, delete: Vec<String>) -> PortResult<Vec<ConfigChange>> {
        let collection = self.collection;
        let put = put
            .iter()
            .map(|thing| Ok(ConfigChange::Document { collection, key: thing.id().to_owned(), text: text(thing)? }));
        put.chain(delete.into_iter().map(|key| Ok(ConfigChange::NoDocument { collection, key }))).collect()
    }

    async fn replace(&self, thing: &K, version: u64) -> PortResult<bool> {
        let Some(found) = self.documents.document(self.collection, thing.id()).await? else { return Ok(false) };
        if read::<K>(thing.id(), &found)?.version() != version {
            return Ok(false);
        }
        // Whoever wrote it in between has made another version of the document.
        let (key, text) = (thing.id(), &*text(thing)?);
        let document = NewDocument { collection: self.collection, key, text, expires: None };
        self.documents.swap(&document, Some(found.version)).await
    }
}
