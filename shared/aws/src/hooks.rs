//! The hooks and settings, in the table.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use bellhop_app::ports::{HookReader, HookWriter, PortError, PortResult};
use bellhop_core::config::Settings;
use bellhop_core::hook::Hook;
use bellhop_core::id::HookId;

use crate::Table;
use crate::error::failed;
use crate::table::{Key, Row, document, read_document, read_text, text};

/// How many rows one transaction may change.
const MOST_CHANGES: usize = 100;

#[async_trait]
impl HookReader for Table {
    async fn hooks_and_settings(&self) -> PortResult<(Vec<Hook>, Settings)> {
        let settings_key = Key::settings();
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :hooks")
            .expression_attribute_values(":hooks", text(&settings_key.pk))
            .consistent_read(true);
        let (mut hooks, mut settings, mut next) = (Vec::new(), Settings::default(), None);
        loop {
            let page = request.clone().set_exclusive_start_key(next);
            let page = page.send().await.map_err(failed("hooks could not be read"))?;
            for row in page.items() {
                match read_text(row, "sk")? == settings_key.sk {
                    true => settings = read_document(row, "doc")?,
                    false => hooks.extend(read_hook(row)),
                }
            }
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok((hooks, settings));
            }
        }
    }

    async fn settings(&self) -> PortResult<Settings> {
        let row = self.row(&Key::settings()).await?;
        row.map_or_else(|| Ok(Settings::default()), |row| read_document(&row, "doc"))
    }
}

#[async_trait]
impl HookWriter for Table {
    async fn write_hooks(&self, put: &[Hook], delete: &[HookId], settings: Option<&Settings>) -> PortResult<()> {
        let mut changes = Vec::with_capacity(put.len() + delete.len() + 1);
        for hook in put {
            changes.push(self.put_change(&Key::hook(&hook.id), hook)?);
        }
        if let Some(settings) = settings {
            changes.push(self.put_change(&Key::settings(), settings)?);
        }
        for id in delete {
            let delete = Delete::builder().table_name(&self.name).set_key(Some(Key::hook(id).row())).build();
            let delete = delete.map_err(|e| PortError::new("a hook cannot be deleted", e))?;
            changes.push(TransactWriteItem::builder().delete(delete).build());
        }
        if changes.is_empty() {
            return Ok(());
        }
        if changes.len() > MOST_CHANGES {
            let why = format!("{} changes at once, and the table takes {MOST_CHANGES}", changes.len());
            return Err(PortError::new("the hooks cannot be written", why));
        }
        let request = self.client.transact_write_items().set_transact_items(Some(changes));
        request.send().await.map(|_| ()).map_err(failed("the hooks could not be written"))
    }
}

impl Table {
    /// A change that writes a document.
    fn put_change(&self, key: &Key, value: &impl serde::Serialize) -> PortResult<TransactWriteItem> {
        let mut row = key.row();
        row.insert("doc".to_owned(), document(value)?);
        let put = Put::builder().table_name(&self.name).set_item(Some(row)).build();
        let put = put.map_err(|e| PortError::new("a document cannot be written", e))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// A hook's row; one that this version cannot read is left out, so that it does not close every other door.
fn read_hook(row: &Row) -> Option<Hook> {
    let hook = read_document(row, "doc");
    hook.inspect_err(|error| {
        let hook = read_text(row, "sk").unwrap_or_default();
        log::error!(hook, error:%; "hook left out");
    })
    .ok()
}
