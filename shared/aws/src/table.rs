//! The one table: its keys, and how documents stand in it.
//!
//! | partition | sort | what |
//! |---|---|---|
//! | `HOOKS` | hook id | a hook |
//! | `HOOKS` | `#SETTINGS` | what holds for all hooks |
//! | `EVENT#<hour>` | event id | an event, by the hour (UTC) of its id |
//! | `TASK#<hour>` | task id | a task, by the hour of its event |
//! | `SEEN#<sha256>` | `#` | who claimed a sender's delivery for a hook |
//! | `CHAT#<chat>` | `#` | what is remembered of a chat |
//!
//! All but hooks and settings end at `expires_at`. The service deletes them days later, so readers look at it too.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use bellhop_app::ports::{Clock, PortError, PortResult};
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::error::failed;

/// A row.
pub(crate) type Row = HashMap<String, AttributeValue>;

/// The table.
#[derive(Clone)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Where a row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Table {
    /// The table of this name.
    pub(crate) fn new(client: Client, name: String, clock: Arc<dyn Clock>) -> Self {
        Self { client, name, clock }
    }

    /// The row at a key, unless it has expired.
    pub(crate) async fn row(&self, key: &Key) -> PortResult<Option<Row>> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key.row())).consistent_read(true);
        let row = request.send().await.map_err(failed("a row could not be read"))?.item;
        let now = self.clock.now().as_seconds();
        Ok(row.filter(|row| number(row, "expires_at").is_none_or(|expires| expires > now)))
    }

    /// Writes a row, in place of any other at its key.
    pub(crate) async fn put(&self, row: Row) -> PortResult<()> {
        let request = self.client.put_item().table_name(&self.name).set_item(Some(row));
        request.send().await.map(|_| ()).map_err(failed("a row could not be written"))
    }

    /// Writes a row unless there is one at its key.
    pub(crate) async fn put_new(&self, row: Row) -> PortResult<()> {
        let request = self.client.put_item().table_name(&self.name).set_item(Some(row));
        match request.condition_expression("attribute_not_exists(pk)").send().await {
            Err(error) if is_refused(crate::error::code(&error)) => Ok(()),
            result => result.map(|_| ()).map_err(failed("a row could not be written")),
        }
    }
}

impl Key {
    /// Where a hook is.
    pub(crate) fn hook(id: &HookId) -> Self {
        Self::new("HOOKS".to_owned(), id.as_str())
    }

    /// Where the settings are: beside the hooks, so that one query reads both.
    pub(crate) fn settings() -> Self {
        Self::new("HOOKS".to_owned(), "#SETTINGS")
    }

    /// Where an event is.
    pub(crate) fn event(id: EventId) -> Self {
        Self::new(format!("EVENT#{}", hour(id)), &id.to_string())
    }

    /// Where a task is; `None` where the id is not one of ours.
    pub(crate) fn task(id: &TaskId) -> Option<Self> {
        let event: EventId = id.as_str().split('.').next()?.parse().ok()?;
        Some(Self::new(format!("TASK#{}", hour(event)), id.as_str()))
    }

    /// Where the claim on a delivery is; a digest, as senders choose their ids as they like.
    pub(crate) fn claim(hook: &HookId, delivery: &str) -> Self {
        let digest = Sha256::new().chain_update(hook.as_str()).chain_update([0]).chain_update(delivery).finalize();
        Self::new(format!("SEEN#{}", hex::encode(digest)), "#")
    }

    /// Where a chat is.
    pub(crate) fn chat(chat: &str) -> Self {
        Self::new(format!("CHAT#{chat}"), "#")
    }

    /// The beginning of a row.
    pub(crate) fn row(&self) -> Row {
        Row::from([("pk".to_owned(), text(&self.pk)), ("sk".to_owned(), text(&self.sk))])
    }

    fn new(pk: String, sk: &str) -> Self {
        Self { pk, sk: sk.to_owned() }
    }
}

/// The hour of an event's id: `2026-11-21T03`.
fn hour(id: EventId) -> String {
    let mut moment = id.accepted_at().rfc3339();
    moment.truncate(13);
    moment
}

/// Whether a call was refused by its condition.
pub(crate) fn is_refused(code: Option<&str>) -> bool {
    code == Some("ConditionalCheckFailedException")
}

/// A text attribute.
pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// A number attribute.
pub(crate) fn count(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A moment's attribute, in whole seconds as the service wants it for expiry.
pub(crate) fn seconds(moment: Timestamp) -> AttributeValue {
    count(moment.as_seconds())
}

/// A document's attribute.
pub(crate) fn document(value: &impl Serialize) -> PortResult<AttributeValue> {
    let json = serde_json::to_string(value).map_err(|e| PortError::new("a document cannot be written", e))?;
    Ok(AttributeValue::S(json))
}

/// The document in a row's attribute.
pub(crate) fn read_document<T: DeserializeOwned>(row: &Row, name: &str) -> PortResult<T> {
    let json = read_text(row, name)?;
    serde_json::from_str(json).map_err(|e| PortError::new("a stored document is unreadable", e))
}

/// The text in a row's attribute.
pub(crate) fn read_text<'r>(row: &'r Row, name: &str) -> PortResult<&'r str> {
    let value = row.get(name).and_then(|value| value.as_s().ok());
    value.map(String::as_str).ok_or_else(|| PortError::new("a stored row is incomplete", name))
}

/// The number in a row's attribute, if it has one.
pub(crate) fn number(row: &Row, name: &str) -> Option<u64> {
    row.get(name)?.as_n().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_and_tasks_stand_in_the_hour_of_the_event() {
        let id = EventId::new(Timestamp::from_ms(1_700_000_000_000), &[0; 10]);
        assert_eq!(Key::event(id).pk, "EVENT#2023-11-14T22");
        let task = TaskId::new(id, &HookId::from_text("hk_1"), 0);
        let key = Key::task(&task).unwrap();
        assert_eq!((key.pk.as_str(), key.sk.as_str()), ("TASK#2023-11-14T22", task.as_str()));
        assert_eq!(Key::task(&TaskId::from_text("nobody's")), None);
    }

    #[test]
    fn claims_of_other_hooks_and_deliveries_are_others() {
        let claim = |hook: &str, delivery: &str| Key::claim(&HookId::from_text(hook), delivery).pk;
        assert_eq!(claim("a", "b").len(), 5 + 64);
        assert_ne!(claim("a", "bc"), claim("ab", "c"));
    }
}
