//! Hooks, settings and kept secrets on the SQLite file.

use std::path::Path;

use async_trait::async_trait;
use bellhop_app::configuration::Stored as Configured;
use bellhop_app::ports::{Collection, DoorReader, HookReader, HookWriter, PortResult, SettingsReader, Vault};
use bellhop_core::config::Settings;
use bellhop_core::hook::{DoorHook, Hook};
use bellhop_core::secret::Secret;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use serde::de::DeserializeOwned;

use crate::database::{Database, database_error};
use crate::documents::texts;
use crate::packed::{from_json, signed, to_json};

/// The hooks and the settings as they are stored, as JSON.
struct Stored {
    hooks: Vec<String>,
    settings: Option<String>,
}

/// Reads the hooks and the settings.
fn stored(connection: &Connection) -> rusqlite::Result<Stored> {
    let mut select = connection.prepare_cached("SELECT doc FROM hooks")?;
    let hooks = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut select = connection.prepare_cached("SELECT doc FROM settings WHERE one = 1")?;
    Ok(Stored { hooks, settings: select.query_row([], |row| row.get(0)).optional()? })
}

impl Stored {
    /// What stands there; the defaults where nothing was ever set.
    fn parsed<H: DeserializeOwned>(&self) -> PortResult<(Vec<H>, Settings)> {
        let hooks = self.hooks.iter().map(|doc| from_json(doc)).collect::<PortResult<_>>()?;
        Ok((hooks, self.settings.as_deref().map(from_json).transpose()?.unwrap_or_default()))
    }
}

/// What is configured in the file of a folder, which is read and not changed, whoever else has it open; the defaults
/// where there is no file.
pub fn stored_configuration(folder: &Path) -> PortResult<Configured> {
    let file = folder.join("bellhop.db");
    if !file.exists() {
        return Ok(Configured::default());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&file, flags).map_err(|e| database_error(&e))?;
    let (hooks, settings) = stored(&connection).map_err(|e| database_error(&e))?.parsed()?;
    let jobs = texts(&connection, Collection::Job).map_err(|e| database_error(&e))?;
    let jobs = jobs.iter().map(|text| from_json(text)).collect::<PortResult<_>>()?;
    Ok(Configured { hooks, jobs, settings })
}

#[async_trait]
impl HookReader for Database {
    async fn hooks_and_settings(&self) -> PortResult<(Vec<Hook>, Settings)> {
        self.read(stored)?.parsed()
    }
}

#[async_trait]
impl DoorReader for Database {
    async fn doors_and_settings(&self) -> PortResult<(Vec<DoorHook>, Settings)> {
        self.read(stored)?.parsed()
    }
}

#[async_trait]
impl SettingsReader for Database {
    async fn settings(&self) -> PortResult<Settings> {
        Ok(self.hooks_and_settings().await?.1)
    }
}

#[async_trait]
impl HookWriter for Database {
    async fn replace_hook(&self, hook: &Hook, version: u64) -> PortResult<bool> {
        let row = (hook.id.as_str().to_owned(), to_json(hook)?, signed(version));
        self.write(move |connection| {
            // A hook of a former Bellhop has no version yet.
            let replace = "UPDATE hooks SET doc = ?2 WHERE id = ?1 AND coalesce(doc ->> '$.version', 0) = ?3";
            Ok(connection.execute(replace, row)? > 0)
        })
        .await
    }
}

#[async_trait]
impl Vault for Database {
    async fn keep(&self, name: &str, value: &Secret) -> PortResult<()> {
        let (name, value) = (name.to_owned(), value.clone());
        self.write(move |connection| {
            let put = "INSERT OR REPLACE INTO vault (name, value) VALUES (?1, ?2)";
            connection.execute(put, (name, value.expose())).map(|_| ())
        })
        .await
    }

    async fn forget(&self, names: &[String]) -> PortResult<()> {
        if names.is_empty() {
            return Ok(());
        }
        let names = names.to_vec();
        self.erase_by(move |connection| {
            names
                .iter()
                .try_for_each(|name| connection.execute("DELETE FROM vault WHERE name = ?1", [name]).map(|_| ()))
        })
        .await
    }
}

impl Database {
    /// The value kept under a name.
    pub(crate) fn kept_secret(&self, name: &str) -> PortResult<Option<String>> {
        self.read(|connection| {
            connection.query_row("SELECT value FROM vault WHERE name = ?1", [name], |row| row.get(0)).optional()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_stored_is_read_beside_whoever_has_the_file_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("nowhere");
        assert_eq!(stored_configuration(&nowhere).unwrap(), Configured::default());
        assert!(!nowhere.exists());
        let database = Database::open(folder.path()).unwrap();
        let settings = Settings { retention_days: 7, ..Settings::default() };
        database.write_hooks(&[], &[], Some(&settings)).await.unwrap();
        assert_eq!(stored_configuration(folder.path()).unwrap(), Configured { settings, ..Configured::default() });
    }
}
