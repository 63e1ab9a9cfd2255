//! Documents on the SQLite file.

use async_trait::async_trait;
use bellhop_app::ports::{Collection, Document, Documents, NewDocument, PortResult};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::database::Database;
use crate::packed::{milliseconds, signed, unsigned};

/// A document about to be written: its collection, its key, its text, and when it expires.
pub(crate) type NewRow = (&'static str, String, String, Option<i64>);

/// The documents of a collection that never expire.
pub(crate) fn texts(connection: &Connection, collection: Collection) -> rusqlite::Result<Vec<String>> {
    let mut select = connection
        .prepare_cached("SELECT text FROM documents WHERE collection = ?1 AND expires_at IS NULL ORDER BY key")?;
    select.query_map([collection.as_str()], |row| row.get(0))?.collect()
}

#[async_trait]
impl Documents for Database {
    async fn document(&self, collection: Collection, key: &str) -> PortResult<Option<Document>> {
        let now = milliseconds(self.now());
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT text, version FROM documents
                 WHERE collection = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)",
            )?;
            select.query_row((collection.as_str(), key, now), |row| document(row, 0)).optional()
        })
    }

    async fn documents(&self, collection: Collection) -> PortResult<Vec<(String, Document)>> {
        let now = milliseconds(self.now());
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT key, text, version FROM documents
                 WHERE collection = ?1 AND (expires_at IS NULL OR expires_at > ?2) ORDER BY key",
            )?;
            select.query_map((collection.as_str(), now), |row| Ok((row.get(0)?, document(row, 1)?)))?.collect()
        })
    }

    async fn write(&self, document: &NewDocument<'_>) -> PortResult<()> {
        let row = row(document);
        Database::write(self, move |connection| put(connection, &row)).await
    }

    async fn swap(&self, document: &NewDocument<'_>, version: Option<u64>) -> PortResult<bool> {
        let (row, now) = (row(document), milliseconds(self.now()));
        let swap = move |connection: &Connection| swap(connection, &row, version, now);
        // An offered secret stands in its document until it is taken out.
        if document.collection == Collection::Offer {
            self.erase_by(swap).await
        } else {
            Database::write(self, swap).await
        }
    }

    async fn delete_document(&self, collection: Collection, key: &str) -> PortResult<bool> {
        let row = (collection.as_str(), key.to_owned(), milliseconds(self.now()));
        self.erase_by(move |connection| {
            let mut delete = connection.prepare_cached(
                "DELETE FROM documents WHERE collection = ?1 AND key = ?2 RETURNING expires_at IS NULL OR expires_at > ?3",
            )?;
            Ok(delete.query_row(row, |row| row.get(0)).optional()?.unwrap_or(false))
        })
        .await
    }
}

/// Writes a document, in place of any other at its key.
pub(crate) fn put(connection: &Connection, row: &NewRow) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT INTO documents (collection, key, text, version, expires_at) VALUES (?1, ?2, ?3, 1, ?4)
         ON CONFLICT (collection, key) DO UPDATE SET
            text = excluded.text, version = version + 1, expires_at = excluded.expires_at",
    )?;
    put.execute((row.0, &row.1, &row.2, row.3)).map(|_| ())
}

/// Writes a document where the one at its key has this version; says whether it did.
pub(crate) fn swap(connection: &Connection, row: &NewRow, version: Option<u64>, now: i64) -> rusqlite::Result<bool> {
    let (collection, key, text, expires) = row;
    let written = match version {
        Some(version) => connection
            .prepare_cached(
                "UPDATE documents SET text = ?3, version = version + 1, expires_at = ?4
                 WHERE collection = ?1 AND key = ?2 AND version = ?6 AND (expires_at IS NULL OR expires_at > ?5)",
            )?
            .execute((collection, key, text, expires, now, signed(version)))?,
        None => connection
            .prepare_cached(
                "INSERT INTO documents (collection, key, text, version, expires_at) VALUES (?1, ?2, ?3, 1, ?4)
                 ON CONFLICT (collection, key) DO UPDATE SET
                    text = excluded.text, version = version + 1, expires_at = excluded.expires_at
                 WHERE expires_at <= ?5",
            )?
            .execute((collection, key, text, expires, now))?,
    };
    Ok(written > 0)
}

/// A document as its row, without its version.
pub(crate) fn row(document: &NewDocument<'_>) -> NewRow {
    (
        document.collection.as_str(),
        document.key.to_owned(),
        document.text.to_owned(),
        document.expires.map(milliseconds),
    )
}

/// A document from a row, its text at this column and its version at the next.
fn document(row: &Row<'_>, column: usize) -> rusqlite::Result<Document> {
    Ok(Document { text: row.get(column)?, version: unsigned(row.get(column + 1)?) })
}
