//! The one table: its keys, and how documents stand in it.
//!
//! | partition | sort | what |
//! |---|---|---|
//! | `HOOKS` | hook id | a hook |
//! | `HOOKS` | `#SETTINGS` | what holds for all hooks |
//! | `EVENT#<day>#<shard>` | event id | an event with its tasks as they were made, by the day (UTC) of its id |
//! | `TASK#<day>#<shard>` | task id | a task that something was written down of since, by the day of its event |
//! | `TASK#<kind>:<destination>` | event id | what came of a turn at a destination that keeps a pace (`turns`) |
//! | `REFUSED#<day>#<shard>` | its id | a refused request |
//! | `DAYS#<kind>` | day and shard | that this shard of the day has rows of the kind |
//! | `TROUBLE#<status>#<shard>` | task id | that a task is dead, or failed and will be tried again |
//! | `SEEN#<sha256>` | `#` | who claimed a sender's delivery for an owner |
//! | `NOTE#<collection>` | key | a document |
//! | `TALLY` | owner's id | how often an owner had an event |
//!
//! The shard is made of the event's id. Versions before had none: their rows stand in `EVENT#<day>` and so on, and are read
//! for as long as they live. A row of trouble may be out of date and is held against its task.
//!
//! A row of an event or a task that was deleted has the attribute `deleted` and nothing else, for as long as a message
//! about it may be on a queue.
//!
//! All but hooks, settings, counts and some documents end at `expires_at`. The service deletes them days later, so readers
//! look at it too.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use bellhop_app::ports::{Clock, DELETED_KNOWN_MS, PortError, PortResult};
use bellhop_core::id::EventId;
use bellhop_core::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::days::Days;
use crate::error::failed;

pub(crate) use crate::key::Key;

/// From how old on an event may have been recorded by a version before shards.
const LATE_MS: u64 = 5_000;

/// The attribute of a row that is a mark: what was here is deleted.
pub(crate) const DELETED: &str = "deleted";

/// A row.
pub(crate) type Row = HashMap<String, AttributeValue>;

/// The table.
#[derive(Clone)]
pub struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) clock: Arc<dyn Clock>,
    /// What this process has marked of days.
    pub(crate) days: Arc<Days>,
}

impl Table {
    /// The table of this name.
    pub(crate) fn new(client: Client, name: String, clock: Arc<dyn Clock>) -> Self {
        Self { client, name, clock, days: Arc::default() }
    }

    /// Whether rows of an event may be of a version before shards: until it is so old, nothing has had a reason to come
    /// twice.
    pub(crate) fn is_late(&self, event: EventId) -> bool {
        self.clock.now().ms_since(event.accepted_at()) > LATE_MS
    }

    /// The row at a key, unless it has expired.
    pub(crate) async fn row(&self, key: &Key) -> PortResult<Option<Row>> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key.row())).consistent_read(true);
        let row = request.send().await.map_err(failed("a row could not be read"))?.item;
        Ok(row.filter(|row| self.is_there(row)))
    }

    /// The rows of a partition, by their sort keys, without those that have expired; only those from one sort key to
    /// another where they are given.
    pub(crate) async fn rows(&self, pk: &str, between: Option<(&str, &str)>) -> PortResult<Vec<Row>> {
        let request = self.query(pk, between);
        let (mut rows, mut next) = (Vec::new(), None);
        loop {
            let page = request.clone().set_exclusive_start_key(next);
            let page = page.send().await.map_err(failed("rows could not be read"))?;
            rows.extend(page.items.unwrap_or_default().into_iter().filter(|row| self.is_there(row)));
            next = page.last_evaluated_key;
            if next.is_none() {
                return Ok(rows);
            }
        }
    }

    /// A request for the rows of a partition.
    pub(crate) fn query(&self, pk: &str, between: Option<(&str, &str)>) -> QueryFluentBuilder {
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .expression_attribute_values(":pk", text(pk))
            .consistent_read(true);
        match between {
            Some((from, to)) => request
                .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
                .expression_attribute_values(":from", text(from))
                .expression_attribute_values(":to", text(to)),
            None => request.key_condition_expression("pk = :pk"),
        }
    }

    /// Writes a row, in place of any other at its key.
    pub(crate) async fn put(&self, row: Row) -> PortResult<()> {
        let request = self.client.put_item().table_name(&self.name).set_item(Some(row));
        request.send().await.map(|_| ()).map_err(failed("a row could not be written"))
    }

    /// Writes a row only where a condition holds for the one at its key; says whether it did.
    pub(crate) async fn put_if(&self, row: Row, condition: &str) -> PortResult<bool> {
        let request = self.client.put_item().table_name(&self.name).set_item(Some(row));
        match request.condition_expression(condition).send().await {
            Err(error) if is_refused(crate::error::code(&error)) => Ok(false),
            result => result.map(|_| true).map_err(failed("a row could not be written")),
        }
    }

    /// Deletes the row at a key, if there is one; says whether there was one that had not expired.
    pub(crate) async fn delete_row(&self, key: &Key) -> PortResult<bool> {
        let request = self.client.delete_item().table_name(&self.name).set_key(Some(key.row()));
        let deleted = request.return_values(ReturnValue::AllOld).send().await;
        let row = deleted.map_err(failed("a row could not be deleted"))?.attributes;
        // Nothing is an empty row to some.
        Ok(row.is_some_and(|row| row.contains_key("pk") && self.is_there(&row)))
    }

    /// Puts a mark in place of a row that is deleted, so that nobody who comes late writes it again.
    pub(crate) async fn mark_deleted(&self, key: &Key) -> PortResult<()> {
        let mut row = key.row();
        row.insert(DELETED.to_owned(), count(1));
        row.insert("expires_at".to_owned(), seconds(self.clock.now().plus_ms(DELETED_KNOWN_MS)));
        self.put(row).await
    }

    /// Whether a row has not expired.
    pub(crate) fn is_there(&self, row: &Row) -> bool {
        let now = self.clock.now().as_seconds();
        number(row, "expires_at").is_none_or(|expires| expires > now)
    }
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
    serde_json::from_str(json).map_err(|e| PortError::unreadable("a stored document", &e))
}

/// A packed attribute.
pub(crate) fn packed(stored: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(stored))
}

/// The packed bytes in a row's attribute.
pub(crate) fn read_packed<'r>(row: &'r Row, name: &str) -> PortResult<&'r [u8]> {
    let value = row.get(name).and_then(|value| value.as_b().ok());
    value.map(AsRef::as_ref).ok_or_else(|| PortError::new("a stored row is incomplete", name))
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
