//! The documents, in the table: a partition for each collection.

use async_trait::async_trait;
use bellhop_app::ports::{Collection, Document, Documents, NewDocument, PortError, PortResult};

use crate::Table;
use crate::refusal::failed;
use crate::request::{PUT, Request, UPDATE, values};
use crate::table::{Key, Row, count, number, read_text, seconds, text};

#[async_trait]
impl Documents for Table {
    async fn document(&self, collection: Collection, key: &str) -> PortResult<Option<Document>> {
        self.row(&Key::document(collection, key)).await?.map(|row| read_note(&row)).transpose()
    }

    async fn documents(&self, collection: Collection) -> PortResult<Vec<(String, Document)>> {
        let rows = self.rows(&Key::document(collection, "").pk, None).await?;
        rows.iter().map(|row| Ok((read_text(row, "sk")?.to_owned(), read_note(row)?))).collect()
    }

    async fn write(&self, document: &NewDocument<'_>) -> PortResult<()> {
        let expiry = if document.expires.is_some() { ", expires_at = :expires" } else { " REMOVE expires_at" };
        let mut values = values([(":doc", text(document.text)), (":one", count(1))]);
        values.extend(document.expires.map(|expires| (":expires".to_owned(), seconds(expires))));
        let request = Request {
            key: Key::document(document.collection, document.key).row(),
            update: Some(format!("SET doc = :doc{expiry} ADD version :one").into()),
            values,
            ..self.request()
        };
        self.ask(UPDATE, &request).await.map(|_| ()).map_err(failed("a document could not be written"))
    }

    async fn swap(&self, document: &NewDocument<'_>, version: Option<u64>) -> PortResult<bool> {
        let (row, condition, values) = self.swapped(document, version);
        let request = Request { item: row, condition: Some(condition.into()), values, ..self.request() };
        match self.ask(PUT, &request).await {
            Err(refusal) if refusal.is_of_condition() => Ok(false),
            result => result.map(|_| true).map_err(failed("a document could not be written")),
        }
    }

    async fn delete_document(&self, collection: Collection, key: &str) -> PortResult<bool> {
        self.delete_row(&Key::document(collection, key)).await
    }
}

impl Table {
    /// The row of a document that takes the place of one of this version, the condition for it, and the condition's values.
    pub(crate) fn swapped(&self, document: &NewDocument<'_>, version: Option<u64>) -> (Row, &'static str, Row) {
        let mut values = values([(":now", seconds(self.clock.now()))]);
        let condition = match version {
            Some(version) => {
                values.insert(":version".to_owned(), count(version));
                "version = :version AND (attribute_not_exists(expires_at) OR expires_at > :now)"
            }
            None => "attribute_not_exists(pk) OR expires_at <= :now",
        };
        (note_row(document, version.unwrap_or_default() + 1), condition, values)
    }
}

/// A document's row.
fn note_row(document: &NewDocument<'_>, version: u64) -> Row {
    let mut row = Key::document(document.collection, document.key).row();
    row.insert("doc".to_owned(), text(document.text));
    row.insert("version".to_owned(), count(version));
    if let Some(expires) = document.expires {
        row.insert("expires_at".to_owned(), seconds(expires));
    }
    row
}

/// The document in a row.
fn read_note(row: &Row) -> PortResult<Document> {
    let version = number(row, "version").ok_or_else(|| PortError::new("a stored document is incomplete", "version"))?;
    Ok(Document { text: read_text(row, "doc")?.to_owned(), version })
}
