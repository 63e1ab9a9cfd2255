//! The hooks and settings, in the table.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};
use bellhop_app::ports::{
    ConfigChange, ConfigWriter, DoorReader, HookReader, HookWriter, PortError, PortResult, SettingsReader,
};
use bellhop_core::config::Settings;
use bellhop_core::hook::{DoorHook, Hook};
use serde::de::DeserializeOwned;

use crate::Table;
use crate::error::failed;
use crate::refusal;
use crate::request::{PUT, Request, values};
use crate::table::{Key, Row, count, document, read_document, read_text, text};
use crate::value::Value;

/// How many rows one transaction may change.
const MOST_CHANGES: usize = 100;

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
impl ConfigWriter for Table {
    async fn write_together(&self, changes: Vec<ConfigChange>) -> PortResult<()> {
        if changes.is_empty() {
            return Ok(());
        }
        if changes.len() > MOST_CHANGES {
            let why = format!("{} changes at once, and the table takes {MOST_CHANGES}", changes.len());
            return Err(PortError::too_much("the configuration cannot be written", why));
        }
        let changes = changes.into_iter().map(|change| self.transacted(change)).collect::<PortResult<_>>()?;
        let client = Client::new(&self.aws.config("dynamodb"));
        let request = client.transact_write_items().set_transact_items(Some(changes));
        request.send().await.map(|_| ()).map_err(failed("the configuration could not be written"))
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
            result => result.map(|_| true).map_err(refusal::failed("a hook could not be written")),
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

    /// A change as a part of a transaction.
    fn transacted(&self, change: ConfigChange) -> PortResult<TransactWriteItem> {
        match change {
            ConfigChange::Hook(hook) => self.put_change(hook_row(&hook)?),
            ConfigChange::NoHook(id) => self.delete_change(&Key::hook(&id)),
            ConfigChange::Settings(settings) => {
                let mut row = Key::settings().row();
                row.insert("doc".to_owned(), document(&settings)?);
                self.put_change(row)
            }
            ConfigChange::Document { collection, key, text: doc } => {
                let update = Update::builder()
                    .table_name(&self.name)
                    .set_key(Some(sdk_row(Key::document(collection, &key).row())))
                    .update_expression("SET doc = :doc REMOVE expires_at ADD version :one")
                    .expression_attribute_values(":doc", sdk_value(text(&doc)))
                    .expression_attribute_values(":one", sdk_value(count(1)));
                let update = update.build().map_err(|e| PortError::new("a document cannot be written", e))?;
                Ok(TransactWriteItem::builder().update(update).build())
            }
            ConfigChange::NoDocument { collection, key } => self.delete_change(&Key::document(collection, &key)),
        }
    }

    /// A change that deletes a row.
    fn delete_change(&self, key: &Key) -> PortResult<TransactWriteItem> {
        let delete = Delete::builder().table_name(&self.name).set_key(Some(sdk_row(key.row()))).build();
        let delete = delete.map_err(|e| PortError::new("a row cannot be deleted", e))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// A change that writes a row.
    fn put_change(&self, row: Row) -> PortResult<TransactWriteItem> {
        let put = Put::builder().table_name(&self.name).set_item(Some(sdk_row(row))).build();
        let put = put.map_err(|e| PortError::new("a row cannot be written", e))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// A row as the SDK has it.
fn sdk_row(row: Row) -> HashMap<String, AttributeValue> {
    row.into_iter().map(|(name, value)| (name, sdk_value(value))).collect()
}

/// A value as the SDK has it.
fn sdk_value(value: Value) -> AttributeValue {
    match value {
        Value::S(text) => AttributeValue::S(text),
        Value::N(digits) => AttributeValue::N(digits),
        Value::B(bytes) => AttributeValue::B(Blob::new(bytes)),
        Value::Other => AttributeValue::Null(true),
    }
}

/// A hook's row. Its version is an attribute of its own besides, so that a write can depend on it.
fn hook_row(hook: &Hook) -> PortResult<Row> {
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
