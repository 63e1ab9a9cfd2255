//! Documents in memory.

use async_trait::async_trait;
use bellhop_core::time::Timestamp;

use super::{Memory, World};
use crate::ports::{Collection, Document, Documents, NewDocument, PortResult};

/// Where a document is.
pub(super) type Place = (Collection, String);

/// A document, and when it expires, if ever.
pub(super) struct Kept {
    document: Document,
    expires: Option<Timestamp>,
}

impl Kept {
    /// Whether it is still there.
    fn lives(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }
}

impl World {
    /// The document at a place, unless it has expired.
    pub(super) fn note(&self, place: &Place, now: Timestamp) -> Option<&Document> {
        self.documents.get(place).filter(|kept| kept.lives(now)).map(|kept| &kept.document)
    }

    /// Writes a document, in place of any other at its key.
    pub(super) fn overwrite(&mut self, new: &NewDocument<'_>, now: Timestamp) {
        let version = self.note(&(new.collection, new.key.to_owned()), now).map_or(0, |document| document.version);
        self.write(new, version + 1);
    }

    /// Writes a document.
    pub(super) fn write(&mut self, new: &NewDocument<'_>, version: u64) {
        let document = Document { text: new.text.to_owned(), version };
        self.documents.insert((new.collection, new.key.to_owned()), Kept { document, expires: new.expires });
    }

    /// Writes a document where the one at its key has this version; says whether it did.
    pub(super) fn swap(&mut self, new: &NewDocument<'_>, version: Option<u64>, now: Timestamp) -> bool {
        let found = self.note(&(new.collection, new.key.to_owned()), now).map(|document| document.version);
        if found == version {
            self.write(new, version.unwrap_or_default() + 1);
        }
        found == version
    }
}

#[async_trait]
impl Documents for Memory {
    async fn document(&self, collection: Collection, key: &str) -> PortResult<Option<Document>> {
        self.call("document", |world, now| world.note(&(collection, key.to_owned()), now).cloned()).await
    }

    async fn documents(&self, collection: Collection) -> PortResult<Vec<(String, Document)>> {
        self.call("documents", |world, now| {
            let of_topic = world.documents.iter().filter(|((of, _), kept)| *of == collection && kept.lives(now));
            of_topic.map(|((_, key), kept)| (key.clone(), kept.document.clone())).collect()
        })
        .await
    }

    async fn write(&self, document: &NewDocument<'_>) -> PortResult<()> {
        self.call("write", |world, now| world.overwrite(document, now)).await
    }

    async fn swap(&self, document: &NewDocument<'_>, version: Option<u64>) -> PortResult<bool> {
        self.call("swap", |world, now| world.swap(document, version, now)).await
    }

    async fn delete_document(&self, collection: Collection, key: &str) -> PortResult<bool> {
        self.call("delete_document", |world, now| {
            let was_there = world.note(&(collection, key.to_owned()), now).is_some();
            world.documents.remove(&(collection, key.to_owned()));
            was_there
        })
        .await
    }
}
