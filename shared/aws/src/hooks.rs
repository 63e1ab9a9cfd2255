//! The hooks and settings, in the table.

use async_trait::async_trait;
use bellhop_app::ports::{DoorReader, HookReader, HookWriter, PortResult, SettingsReader};
use bellhop_core::config::Settings;
use bellhop_core::hook::{DoorHook, Hook};
use serde::de::DeserializeOwned;

use crate::Table;
use crate::refusal::failed;
use crate::request::{PUT, Request, values};
use crate::table::{Key, Row, count, document, read_document, read_text};

#[async_trait]
impl HookReader for Table {
    async fn hooks_and_settings(&self) -> PortResult<(Vec<Hook>, Settings)> {
        self.configuration().await
    }
}

#[async_trait]
impl DoorReader for Table {
    async fn doors_and_settings(&self) -> PortResult<(Vec<DoorHook>, Settings)> {
        self.configuration().await
    }
}

#[async_trait]
impl SettingsReader for Table {
    async fn settings(&self) -> PortResult<Settings> {
        let row = self.row(&Key::settings()).await?;
        row.map_or_else(|| Ok(Settings::default()), |row| read_document(&row, "doc"))
    }
}

#[async_trait]
impl HookWriter for Table {
    async fn replace_hook(&self, hook: &Hook, version: u64) -> PortResult<bool> {
        let condition = Some("version = :version".into());
        let values = values([(":version", count(version))]);
        let request = Request { item: hook_row(hook)?, condition, values, ..self.request() };
        match self.ask(PUT, &request).await {
            Err(refusal) if refusal.is_of_condition() => Ok(false),
            result => result.map(|_| true).map_err(failed("a hook could not be written")),
        }
    }
}

impl Table {
    /// The hooks, as far as they are asked for, and the settings.
    async fn configuration<H: DeserializeOwned>(&self) -> PortResult<(Vec<H>, Settings)> {
        let settings_key = Key::settings();
        let (mut hooks, mut settings) = (Vec::new(), Settings::default());
        for row in &self.rows(&settings_key.pk, None).await? {
            match read_text(row, "sk")? == settings_key.sk {
                true => settings = read_document(row, "doc")?,
                false => hooks.extend(read_hook(row)),
            }
        }
        Ok((hooks, settings))
    }
}

/// A hook's row. Its version is an attribute of its own besides, so that a write can depend on it.
pub(crate) fn hook_row(hook: &Hook) -> PortResult<Row> {
    let mut row = Key::hook(&hook.id).row();
    row.insert("doc".to_owned(), document(hook)?);
    row.insert("version".to_owned(), count(hook.version));
    Ok(row)
}

/// The hook in a row; one that this version cannot read is left out, so that it does not close every other door.
fn read_hook<H: DeserializeOwned>(row: &Row) -> Option<H> {
    let hook = read_document(row, "doc");
    hook.inspect_err(|error| {
        let hook = read_text(row, "sk").unwrap_or_default();
        log::error!(hook, error:%; "hook left out");
    })
    .ok()
}
