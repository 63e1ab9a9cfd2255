//! Changes of what people configure, made together, in the table.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Delete, Put, TransactWriteItem, Update};
use aws_smithy_runtime_api::client::result::SdkError;
use bellhop_app::ports::{ConfigChange, ConfigWriter, NewDocument, PortError, PortResult};

use crate::Table;
use crate::due::due_row;
use crate::error::failed;
use crate::hooks::hook_row;
use crate::table::{Key, Row, count, document, text};
use crate::value::Value;

/// How many rows one transaction may change.
const MOST_CHANGES: usize = 100;

#[async_trait]
impl ConfigWriter for Table {
    async fn write_together(&self, changes: Vec<ConfigChange>) -> PortResult<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let changes = changes.into_iter().map(|change| self.transacted(change)).collect::<PortResult<_>>()?;
        self.transact(changes).await.map(|_| ())
    }

    async fn swap_together(
        &self,
        swap: &NewDocument<'_>,
        version: Option<u64>,
        changes: Vec<ConfigChange>,
    ) -> PortResult<bool> {
        let mut all = vec![self.swap_change(swap, version)?];
        for change in changes {
            all.push(self.transacted(change)?);
        }
        self.transact(all).await
    }
}

impl Table {
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
            ConfigChange::Due(time) => self.put_change(due_row(&time)),
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
        built(Put::builder().table_name(&self.name).set_item(Some(sdk_row(row))))
    }

    /// A swap of a document as a part of a transaction.
    fn swap_change(&self, swap: &NewDocument<'_>, version: Option<u64>) -> PortResult<TransactWriteItem> {
        let (row, condition, values) = self.swapped(swap, version);
        let put = Put::builder().table_name(&self.name).set_item(Some(sdk_row(row)));
        built(put.condition_expression(condition).set_expression_attribute_values(Some(sdk_row(values))))
    }

    /// Makes these changes, or none of them; says whether the condition of the first held.
    async fn transact(&self, changes: Vec<TransactWriteItem>) -> PortResult<bool> {
        if changes.len() > MOST_CHANGES {
            let why = format!("{} changes at once, and the table takes {MOST_CHANGES}", changes.len());
            return Err(PortError::too_much("the configuration cannot be written", why));
        }
        let client = Client::new(&self.aws.config("dynamodb"));
        match client.transact_write_items().set_transact_items(Some(changes)).send().await {
            Err(error) if is_of_first_condition(&error) => Ok(false),
            result => result.map(|_| true).map_err(failed("the configuration could not be written")),
        }
    }
}

/// Whether it was the condition of a transaction's first change that did not hold, whatever else stood in the way.
fn is_of_first_condition<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return false;
    };
    let first = cancelled.cancellation_reasons().first().and_then(CancellationReason::code);
    first == Some("ConditionalCheckFailed")
}

/// The change that writes a row.
fn built(put: PutBuilder) -> PortResult<TransactWriteItem> {
    let put = put.build().map_err(|e| PortError::new("a row cannot be written", e))?;
    Ok(TransactWriteItem::builder().put(put).build())
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
