//! Hooks, settings and kept secrets on the SQLite file.

use async_trait::async_trait;
use bellhop_app::ports::{HookReader, HookWriter, PortResult, Vault};
use bellhop_core::config::Settings;
use bellhop_core::hook::Hook;
use bellhop_core::id::HookId;
use bellhop_core::secret::Secret;
use rusqlite::OptionalExtension as _;

use crate::database::Database;
use crate::packed::{from_json, signed, to_json};

#[async_trait]
impl HookReader for Database {
    async fn hooks_and_settings(&self) -> PortResult<(Vec<Hook>, Settings)> {
        let (hooks, settings) = self.read(|connection| {
            let mut select = connection.prepare_cached("SELECT doc FROM hooks")?;
            let hooks = select.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
            let mut select = connection.prepare_cached("SELECT doc FROM settings WHERE one = 1")?;
            Ok((hooks, select.query_row([], |row| row.get::<_, String>(0)).optional()?))
        })?;
        let hooks = hooks.iter().map(|doc| from_json(doc)).collect::<PortResult<_>>()?;
        Ok((hooks, settings.as_deref().map(from_json).transpose()?.unwrap_or_default()))
    }

    async fn settings(&self) -> PortResult<Settings> {
        Ok(self.hooks_and_settings().await?.1)
    }
}

#[async_trait]
impl HookWriter for Database {
    async fn write_hooks(&self, put: &[Hook], delete: &[HookId], settings: Option<&Settings>) -> PortResult<()> {
        let put = put.iter().map(|hook| Ok((hook.id.clone(), to_json(hook)?))).collect::<PortResult<Vec<_>>>()?;
        let (delete, settings) = (delete.to_vec(), settings.map(to_json).transpose()?);
        self.write(move |connection| {
            for (id, doc) in &put {
                connection.execute("INSERT OR REPLACE INTO hooks (id, doc) VALUES (?1, ?2)", (id.as_str(), doc))?;
            }
            for id in &delete {
                connection.execute("DELETE FROM hooks WHERE id = ?1", [id.as_str()])?;
            }
            if let Some(doc) = settings {
                connection.execute("INSERT OR REPLACE INTO settings (one, doc) VALUES (1, ?1)", [doc])?;
            }
            Ok(())
        })
        .await
    }

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
