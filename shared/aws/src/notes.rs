//! The notebook, in the table: a partition for each topic.

use async_trait::async_trait;
use bellhop_app::ports::{NewNote, Note, Notebook, PortError, PortResult, Topic};

use crate::Table;
use crate::error::{code, failed};
use crate::table::{Key, Row, count, is_refused, number, read_text, seconds, text};

#[async_trait]
impl Notebook for Table {
    async fn note(&self, topic: Topic, key: &str) -> PortResult<Option<Note>> {
        self.row(&Key::note(topic, key)).await?.map(|row| read_note(&row)).transpose()
    }

    async fn notes(&self, topic: Topic) -> PortResult<Vec<(String, Note)>> {
        let rows = self.rows(&Key::note(topic, "").pk, None).await?;
        rows.iter().map(|row| Ok((read_text(row, "sk")?.to_owned(), read_note(row)?))).collect()
    }

    async fn write(&self, note: &NewNote<'_>) -> PortResult<()> {
        let expiry = if note.expires.is_some() { ", expires_at = :expires" } else { " REMOVE expires_at" };
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::note(note.topic, note.key).row()))
            .update_expression(format!("SET doc = :doc{expiry} ADD version :one"))
            .expression_attribute_values(":doc", text(note.text))
            .expression_attribute_values(":one", count(1));
        let request = match note.expires {
            Some(expires) => request.expression_attribute_values(":expires", seconds(expires)),
            None => request,
        };
        request.send().await.map(|_| ()).map_err(failed("a note could not be written"))
    }

    async fn swap(&self, note: &NewNote<'_>, version: Option<u64>) -> PortResult<bool> {
        let row = note_row(note, version.unwrap_or_default() + 1);
        let request = self.client.put_item().table_name(&self.name).set_item(Some(row));
        let request = match version {
            Some(version) => request
                .condition_expression("version = :version AND (attribute_not_exists(expires_at) OR expires_at > :now)")
                .expression_attribute_values(":version", count(version)),
            None => request.condition_expression("attribute_not_exists(pk) OR expires_at <= :now"),
        };
        match request.expression_attribute_values(":now", seconds(self.clock.now())).send().await {
            Err(error) if is_refused(code(&error)) => Ok(false),
            result => result.map(|_| true).map_err(failed("a note could not be written")),
        }
    }

    async fn erase_note(&self, topic: Topic, key: &str) -> PortResult<bool> {
        self.delete_row(&Key::note(topic, key)).await
    }
}

/// A note's row.
fn note_row(note: &NewNote<'_>, version: u64) -> Row {
    let mut row = Key::note(note.topic, note.key).row();
    row.insert("doc".to_owned(), text(note.text));
    row.insert("version".to_owned(), count(version));
    if let Some(expires) = note.expires {
        row.insert("expires_at".to_owned(), seconds(expires));
    }
    row
}

/// The note in a row.
fn read_note(row: &Row) -> PortResult<Note> {
    let version = number(row, "version").ok_or_else(|| PortError::new("a stored note is incomplete", "version"))?;
    Ok(Note { text: read_text(row, "doc")?.to_owned(), version })
}
