//! Notes on the SQLite file.

use async_trait::async_trait;
use bellhop_app::ports::{NewNote, Note, Notebook, PortResult, Topic};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::database::Database;
use crate::packed::{milliseconds, signed, unsigned};

#[async_trait]
impl Notebook for Database {
    async fn note(&self, topic: Topic, key: &str) -> PortResult<Option<Note>> {
        let now = milliseconds(self.now());
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT text, version FROM notes
                 WHERE topic = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)",
            )?;
            select.query_row((topic.as_str(), key, now), |row| note(row, 0)).optional()
        })
    }

    async fn notes(&self, topic: Topic) -> PortResult<Vec<(String, Note)>> {
        let now = milliseconds(self.now());
        self.read(|connection| {
            let mut select = connection.prepare_cached(
                "SELECT key, text, version FROM notes
                 WHERE topic = ?1 AND (expires_at IS NULL OR expires_at > ?2) ORDER BY key",
            )?;
            select.query_map((topic.as_str(), now), |row| Ok((row.get(0)?, note(row, 1)?)))?.collect()
        })
    }

    async fn write(&self, note: &NewNote<'_>) -> PortResult<()> {
        let row = row(note);
        Database::write(self, move |connection| {
            let mut put = connection.prepare_cached(
                "INSERT INTO notes (topic, key, text, version, expires_at) VALUES (?1, ?2, ?3, 1, ?4)
                 ON CONFLICT (topic, key) DO UPDATE SET
                    text = excluded.text, version = version + 1, expires_at = excluded.expires_at",
            )?;
            put.execute(row).map(|_| ())
        })
        .await
    }

    async fn swap(&self, note: &NewNote<'_>, version: Option<u64>) -> PortResult<bool> {
        let ((topic, key, text, expires), now) = (row(note), milliseconds(self.now()));
        let swap = move |connection: &Connection| {
            let written = match version {
                Some(version) => connection
                    .prepare_cached(
                        "UPDATE notes SET text = ?3, version = version + 1, expires_at = ?4
                         WHERE topic = ?1 AND key = ?2 AND version = ?6 AND (expires_at IS NULL OR expires_at > ?5)",
                    )?
                    .execute((topic, key, text, expires, now, signed(version)))?,
                None => connection
                    .prepare_cached(
                        "INSERT INTO notes (topic, key, text, version, expires_at) VALUES (?1, ?2, ?3, 1, ?4)
                         ON CONFLICT (topic, key) DO UPDATE SET
                            text = excluded.text, version = version + 1, expires_at = excluded.expires_at
                         WHERE expires_at <= ?5",
                    )?
                    .execute((topic, key, text, expires, now))?,
            };
            Ok(written > 0)
        };
        // An offered secret stands in its note until it is taken out.
        if note.topic == Topic::Offer { self.erase_by(swap).await } else { Database::write(self, swap).await }
    }

    async fn erase_note(&self, topic: Topic, key: &str) -> PortResult<bool> {
        let row = (topic.as_str(), key.to_owned(), milliseconds(self.now()));
        self.erase_by(move |connection| {
            let mut delete = connection.prepare_cached(
                "DELETE FROM notes WHERE topic = ?1 AND key = ?2 RETURNING expires_at IS NULL OR expires_at > ?3",
            )?;
            Ok(delete.query_row(row, |row| row.get(0)).optional()?.unwrap_or(false))
        })
        .await
    }
}

/// A note as its row, without its version.
fn row(note: &NewNote<'_>) -> (&'static str, String, String, Option<i64>) {
    (note.topic.as_str(), note.key.to_owned(), note.text.to_owned(), note.expires.map(milliseconds))
}

/// A note from a row, its text at this column and its version at the next.
fn note(row: &Row<'_>, column: usize) -> rusqlite::Result<Note> {
    Ok(Note { text: row.get(column)?, version: unsigned(row.get(column + 1)?) })
}
