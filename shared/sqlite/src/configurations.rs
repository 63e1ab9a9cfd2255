//! Changes of what people configure, made together on the SQLite file.

use async_trait::async_trait;
use bellhop_app::ports::{ConfigChange, ConfigWriter, NewDocument, PortResult};
use rusqlite::Connection;
use serde::Serialize;

use crate::database::Database;
use crate::packed::milliseconds;
use crate::{documents, due};

/// Makes one change.
fn make(connection: &Connection, change: &ConfigChange) -> rusqlite::Result<()> {
    match change {
        ConfigChange::Hook(hook) => {
            let put = "INSERT OR REPLACE INTO hooks (id, doc) VALUES (?1, ?2)";
            connection.execute(put, (hook.id.as_str(), json(hook)?)).map(|_| ())
        }
        ConfigChange::NoHook(id) => connection.execute("DELETE FROM hooks WHERE id = ?1", [id.as_str()]).map(|_| ()),
        ConfigChange::Settings(settings) => {
            let put = "INSERT OR REPLACE INTO settings (one, doc) VALUES (1, ?1)";
            connection.execute(put, [json(settings)?]).map(|_| ())
        }
        ConfigChange::Document { collection, key, text } => {
            documents::put(connection, &(collection.as_str(), key.clone(), text.clone(), None))
        }
        ConfigChange::NoDocument { collection, key } => {
            let delete = "DELETE FROM documents WHERE collection = ?1 AND key = ?2";
            connection.execute(delete, (collection.as_str(), key)).map(|_| ())
        }
        ConfigChange::Due(time) => due::add(connection, &time.into()),
    }
}

/// Makes all these changes.
fn make_all(connection: &Connection, changes: &[ConfigChange]) -> rusqlite::Result<()> {
    changes.iter().try_for_each(|change| make(connection, change))
}

/// A document as JSON, within a write.
fn json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

#[async_trait]
impl ConfigWriter for Database {
    async fn write_together(&self, changes: Vec<ConfigChange>) -> PortResult<()> {
        self.write(move |connection| make_all(connection, &changes)).await
    }

    async fn swap_together(
        &self,
        swap: &NewDocument<'_>,
        version: Option<u64>,
        changes: Vec<ConfigChange>,
    ) -> PortResult<bool> {
        let (row, now) = (documents::row(swap), milliseconds(self.now()));
        self.write(move |connection| {
            let swapped = documents::swap(connection, &row, version, now)?;
            if swapped {
                make_all(connection, &changes)?;
            }
            Ok(swapped)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use bellhop_app::ports::{Collection, Documents as _, DueTime, DueTimes as _, SettingsReader as _};
    use bellhop_core::config::Settings;
    use bellhop_core::id::JobId;
    use bellhop_core::time::Timestamp;

    use super::*;

    /// Renames a table.
    async fn rename(database: &Database, from: &str, to: &str) {
        let rename = format!("ALTER TABLE {from} RENAME TO {to}");
        database.write(move |connection| connection.execute_batch(&rename)).await.unwrap();
    }

    #[tokio::test]
    async fn changes_of_several_kinds_are_made_together_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path()).unwrap();
        let settings = Settings { retention_days: 7, ..Settings::default() };
        let (at, job) = (Timestamp::from_ms(5), JobId::from_random(&[7; 22]));
        let time = DueTime { at, job, version: 1, due: at, local: None, count: 0 };
        let changes = vec![
            ConfigChange::Settings(settings.clone()),
            ConfigChange::Document { collection: Collection::Replay, key: "a".to_owned(), text: "1".to_owned() },
            ConfigChange::Due(time.clone()),
        ];
        let swap = NewDocument { collection: Collection::Job, key: "j", text: "1", expires: None };
        for away in ["documents", "due"] {
            rename(&database, away, "away").await;
            database.write_together(changes.clone()).await.unwrap_err();
            database.swap_together(&swap, None, changes.clone()).await.unwrap_err();
            assert_eq!(database.settings().await.unwrap(), Settings::default(), "the settings went before {away}");
            rename(&database, "away", away).await;
            assert_eq!(database.document(Collection::Replay, "a").await.unwrap(), None, "without {away}");
            assert_eq!(database.document(Collection::Job, "j").await.unwrap(), None, "without {away}");
            assert_eq!(database.earliest().await.unwrap(), None, "without {away}");
        }
        database.write_together(changes).await.unwrap();
        assert_eq!(database.settings().await.unwrap(), settings);
        assert!(database.document(Collection::Replay, "a").await.unwrap().is_some());
        assert_eq!(database.due(at, 9).await.unwrap(), [time]);
    }
}
